"""The style of all plots.

Each role has one colour everywhere, of Okabe and Ito's palette (then Tol's), which colour-blind
readers can tell apart. Styles are set on the axes; matplotlib's global settings, which other
threads and the user's own plots share, are not changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from barenet._extras import require
from barenet.model._arrays import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
    from matplotlib.ticker import MaxNLocator

PAPER, INK, MUTED, GRID = "#FFFFFF", "#262626", "#6B6B6B", "#E8E8E8"
TRAINING, VALIDATION, TEST = "#0072B2", "#009E73", "#D55E00"
ACTUAL, PREDICTED = "#8A8A8A", "#AA3377"
WRONG = "#B3001B"

#: Colours and markers of classes. Ten and seven, so that no pair repeats before 70 classes.
CLASS_COLORS = (
    *("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9"),
    *("#D55E00", "#F0E442", "#332288", "#882255", "#999933"),
)
CLASS_MARKERS = ("o", "s", "^", "D", "v", "P", "X")

TITLE_SIZE, LABEL_SIZE, SMALL_SIZE = 11.0, 10.0, 9.0


def new_figure(
    panel: tuple[float, float],
    n_panels: int = 1,
    columns: int = 1,
    *,
    margin: tuple[float, float] = (0.0, 0.0),
    share: bool = False,
) -> tuple[Figure, list[Axes]]:
    """Create a figure with panels of a width and height in inches, row by row.

    Examples
    --------
    >>> figure, panels = new_figure((3, 3), n_panels=3, columns=2)
    >>> len(panels), figure.get_size_inches().tolist()
    (3, [6.0, 6.0])
    """
    require("matplotlib.figure", extra="plot", purpose="a plot")
    from barenet.insight.plots._notebook_figure import NotebookFigure

    rows = -(-n_panels // columns)
    size = panel[0] * columns + margin[0], panel[1] * rows + margin[1]
    figure = NotebookFigure(figsize=size, dpi=100, facecolor=PAPER, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08)  # type: ignore[union-attr, call-arg]
    panels = list(figure.subplots(rows, columns, squeeze=False, sharex=share, sharey=share).flat)
    for axes in panels[n_panels:]:
        axes.remove()
    for axes in panels[:n_panels]:
        _apply_style(axes)
    return figure, panels[:n_panels]


def needs_log_scale(least: float, most: float) -> bool:
    """Whether numbers span a factor of 100, and need a logarithmic scale.

    Examples
    --------
    >>> needs_log_scale(0.01, 1.0), needs_log_scale(0.0, 1.0)
    (True, False)
    """
    return bool(least > 0 and most >= 100 * least)


def _apply_style(axes: Axes) -> None:
    """Set a white background, two thin spines and horizontal grid lines."""
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


def show_matrix(
    axes: Axes,
    values: FloatArray,
    cmap: str,
    limits: tuple[float, float],
    aspect: str = "equal",
) -> AxesImage:
    """Draw the entries of a matrix as colours, without ticks, grid and spines."""
    axes.set(xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    low, high = limits
    look = {"interpolation": "nearest", "origin": "upper", "aspect": aspect}
    return axes.imshow(values, cmap=cmap, vmin=low, vmax=high, **look)  # type: ignore[arg-type]


def dots(axes: Axes, x: FloatArray, y: FloatArray, size: float, **look: object) -> None:
    """Draw points without lines."""
    look = {"marker": "o", "markeredgewidth": 0, "markersize": size} | look
    axes.plot(x, y, linestyle="none", **look)  # type: ignore[arg-type]


def dot_size(n_samples: int, scale: float, limits: tuple[float, float]) -> float:
    """Diameter of points, smaller where there are many."""
    return float(np.clip(scale / np.sqrt(n_samples), *limits))


def integer_ticks(nbins: int) -> MaxNLocator:
    """A locator of a few round whole numbers."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=nbins, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1)


def title(axes: Axes, text: str, **changes: object) -> None:
    """Set the title of a panel."""
    look = {"loc": "left", "fontsize": TITLE_SIZE, "fontweight": "normal", "color": INK, "pad": 6}
    axes.set_title(text, **(look | changes))  # type: ignore[arg-type]


def label_axes(axes: Axes, x: str | None = None, y: str | None = None) -> None:
    """Label the axes of a panel."""
    look = {"fontsize": LABEL_SIZE, "color": INK, "fontweight": "normal", "labelpad": 4}
    if x is not None:
        axes.set_xlabel(x, loc="center", **look)  # type: ignore[arg-type]
    if y is not None:
        axes.set_ylabel(y, loc="center", **look)  # type: ignore[arg-type]


def headline(figure: Figure, text: str | None) -> None:
    """Set the title of the figure, where there is one."""
    if text is not None:
        figure.suptitle(text, fontsize=TITLE_SIZE + 1, fontweight="bold", color=INK)


def legend(figure: Figure, axes: Axes, columns: int = 5) -> None:
    """Put the legend of a panel below the figure."""
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
    """Label the end of each curve, without overlaps."""
    to_fraction = axes.transScale + axes.transLimits
    heights = [float(to_fraction.transform((1.0, value))[1]) for _, value, _ in ends]
    for (name, _, color), height in zip(ends, _spaced_out(heights, gap), strict=True):
        look = {"color": color, "fontsize": SMALL_SIZE, "va": "center", "ha": "left"}
        axes.text(1.015, height, name, transform=axes.transAxes, **look)  # type: ignore[arg-type]


def _spaced_out(heights: Sequence[float], gap: float) -> list[float]:
    """Move heights apart by isotonic regression, in its max-min formula.

    Examples
    --------
    >>> [round(height, 2) for height in _spaced_out([0.5, 0.9, 0.5, 0.1], 0.1)]
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


def style_colorbar(bar: Colorbar, text: str, ticks: Sequence[float] | None = None) -> None:
    """Set the style of a colour bar."""
    if ticks is not None:
        bar.set_ticks(ticks)
    bar.set_label(text, fontsize=LABEL_SIZE, color=INK)
    bar.ax.tick_params(labelsize=SMALL_SIZE, labelcolor=INK, length=0)
    bar.outline.set_visible(False)
