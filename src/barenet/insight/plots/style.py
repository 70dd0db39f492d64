"""The look that every picture shares.

One colour for one role everywhere, told apart by readers who see few colours (the palette is
Okabe and Ito's, with Tol's to go on with). Everything is set on the axes, nothing in matplotlib's
global settings, which other threads and the user's own pictures share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from barenet.extras import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.figure import Figure

PAPER, INK, MUTED, GRID = "#FFFFFF", "#262626", "#6B6B6B", "#E8E8E8"
TRAINING, VALIDATION, TEST = "#0072B2", "#009E73", "#D55E00"
ACTUAL, PREDICTED = "#8A8A8A", "#AA3377"
WRONG = "#B3001B"

#: One colour and one marker a class. Ten and seven, so that no pair repeats before 70 classes.
CLASS_COLORS = (
    *("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9"),
    *("#D55E00", "#F0E442", "#332288", "#882255", "#999933"),
)
CLASS_MARKERS = ("o", "s", "^", "D", "v", "P", "X")

TITLE_SIZE, LABEL_SIZE, SMALL_SIZE = 11.0, 10.0, 9.0


def new_picture(
    width: float, height: float, rows: int = 1, columns: int = 1, *, share: bool = False
) -> tuple[Figure, list[Axes]]:
    """Make an empty figure with its panels, read row by row.

    Examples
    --------
    >>> picture, panels = new_picture(6, 3, columns=2)
    >>> len(panels)
    2
    """
    require("matplotlib.figure", extra="plot", purpose="a picture")
    from barenet.insight.plots.picture import Picture

    picture = Picture(figsize=(width, height), dpi=100, facecolor=PAPER, layout="constrained")
    picture.get_layout_engine().set(w_pad=0.08, h_pad=0.08)  # type: ignore[union-attr, call-arg]
    panels = picture.subplots(rows, columns, squeeze=False, sharex=share, sharey=share)
    for axes in panels.flat:
        _dress(axes)
    return picture, list(panels.flat)


def needs_log_scale(least: float, most: float) -> bool:
    """Tell if numbers are better read on a logarithmic scale: if they span a factor of 100.

    Examples
    --------
    >>> needs_log_scale(0.01, 1.0), needs_log_scale(0.0, 1.0)
    (True, False)
    """
    return bool(least > 0 and most >= 100 * least)


def _dress(axes: Axes) -> None:
    """Light paper, two thin spines, horizontal lines to read values from."""
    axes.set_facecolor(PAPER)
    axes.grid(visible=False, which="both")
    axes.grid(axis="y", color=GRID, linewidth=0.8, linestyle="-", alpha=1.0)
    axes.set_axisbelow(True)
    axes.minorticks_off()
    for side, spine in axes.spines.items():
        spine.set(visible=side in ("left", "bottom"), color=MUTED, linewidth=0.8)
    axes.tick_params(
        which="both",
        direction="out",
        colors=MUTED,
        labelcolor=INK,
        labelsize=SMALL_SIZE,
        length=3.5,
        width=0.8,
        pad=3.5,
    )
    axes.tick_params(which="both", top=False, right=False, left=True, bottom=True)


def bare(axes: Axes) -> None:
    """Take away what an image does not need: ticks, grid and spines."""
    axes.set(xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def title(axes: Axes, text: str, **changes: object) -> None:
    """Write a panel's title."""
    look = {"loc": "left", "fontsize": TITLE_SIZE, "fontweight": "normal", "color": INK, "pad": 6}
    axes.set_title(text, **(look | changes))  # type: ignore[arg-type]


def label_axes(axes: Axes, x: str | None = None, y: str | None = None) -> None:
    """Name the axes of a panel."""
    look = {"fontsize": LABEL_SIZE, "color": INK, "fontweight": "normal", "labelpad": 4}
    if x is not None:
        axes.set_xlabel(x, loc="center", **look)  # type: ignore[arg-type]
    if y is not None:
        axes.set_ylabel(y, loc="center", **look)  # type: ignore[arg-type]


def headline(figure: Figure, text: str | None) -> None:
    """Write the title of the whole picture, where there is one."""
    if text is not None:
        figure.suptitle(text, fontsize=TITLE_SIZE + 1, fontweight="bold", color=INK)


def legend(figure: Figure, axes: Axes, columns: int = 5) -> None:
    """Name what a panel's colours and markers mean, under the picture and out of its way."""
    handles, names = axes.get_legend_handles_labels()
    key = figure.legend(
        handles,
        names,
        loc="outside lower center",
        ncols=min(columns, len(names)),
        frameon=False,
        fontsize=SMALL_SIZE,
        labelcolor=INK,
        handletextpad=0.5,
        columnspacing=1.4,
        borderaxespad=0.2,
    )
    for handle in key.legend_handles:
        handle.set(alpha=1.0, markersize=6.0)  # type: ignore[union-attr]


def label_ends(axes: Axes, ends: Sequence[tuple[str, float, str]], gap: float = 0.075) -> None:
    """Write each curve's name to the right of its end, apart where two would overlap."""
    to_fraction = axes.transScale + axes.transLimits
    heights = [float(to_fraction.transform((1.0, value))[1]) for _, value, _ in ends]
    for (name, _, color), height in zip(ends, _moved_apart(heights, gap), strict=True):
        look = {"color": color, "fontsize": SMALL_SIZE, "va": "center", "ha": "left"}
        axes.text(1.015, height, name, transform=axes.transAxes, **look)  # type: ignore[arg-type]


def _moved_apart(heights: Sequence[float], gap: float) -> list[float]:
    """Move heights apart by the least squares: an isotonic regression, by its max-min formula.

    Examples
    --------
    >>> [round(height, 2) for height in _moved_apart([0.5, 0.9, 0.5, 0.1], 0.1)]
    [0.55, 0.9, 0.45, 0.1]
    """
    order = sorted(range(len(heights)), key=lambda index: (heights[index], -index))
    low = [heights[index] - gap * place for place, index in enumerate(order)]
    moved = dict.fromkeys(range(len(heights)), 0.0)
    for place, index in enumerate(order):
        pools = (
            min(sum(low[first:end]) / (end - first) for end in range(place + 1, len(low) + 1))
            for first in range(place + 1)
        )
        moved[index] = max(pools) + gap * place
    return list(moved.values())


def dress_scale(bar: Colorbar, text: str, ticks: Sequence[float] | None = None) -> None:
    """Give a colour bar the common look."""
    if ticks is not None:
        bar.set_ticks(ticks)
    bar.set_label(text, fontsize=LABEL_SIZE, color=INK)
    bar.ax.tick_params(labelsize=SMALL_SIZE, labelcolor=INK, length=0)
    bar.outline.set_visible(False)
