"""The style of all plots.

Each role has one colour everywhere, of Okabe and Ito's palette (then Tol's), which colour-blind
readers can tell apart. Styles are set on the axes; matplotlib's global settings, which other
threads and the user's own plots share, are not changed.
"""

import math
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from barenet._extras import require
from barenet._messages import printable
from barenet.model._arrays import FloatArray

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure

#: Types of matplotlib, whose names do not import it.
Axes: TypeAlias = "matplotlib.axes.Axes"
Figure: TypeAlias = "matplotlib.figure.Figure"

PAPER = "#FFFFFF"
INK = "#262626"
MUTED = "#6B6B6B"
GRID = "#E8E8E8"
TRAINING = "#0072B2"
VALIDATION = "#009E73"
TEST = "#D55E00"
ACTUAL = "#8A8A8A"
PREDICTED = "#AA3377"
WRONG = "#B3001B"

#: Colours and markers of classes. Ten and seven, so that no pair repeats before 70 classes.
CLASS_COLORS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#F0E442",
    "#332288",
    "#882255",
    "#999933",
)
CLASS_MARKERS = ("o", "s", "^", "D", "v", "P", "X")

TITLE_SIZE = 11.0
LABEL_SIZE = 10.0
SMALL_SIZE = 9.0

#: The dashes of a line to compare with, in points.
DASHES = (0, (4, 3))

#: The look of slanted labels of ticks.
SLANTED: dict[str, Any] = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"}
_LABELS: dict[str, Any] = {"fontsize": LABEL_SIZE, "color": INK, "fontweight": "normal"}


def new_figure(
    panel: tuple[float, float],
    *,
    n_panels: int = 1,
    columns: int = 1,
    title: str | None = None,
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

    rows = math.ceil(n_panels / columns)
    panel_width, panel_height = panel
    size = (panel_width * columns, panel_height * rows)
    figure = NotebookFigure(figsize=size, dpi=100, facecolor=PAPER, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08)  # type: ignore[union-attr, call-arg]
    if title:
        figure.suptitle(literal(title), fontsize=TITLE_SIZE + 1, fontweight="bold", color=INK)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=share, sharey=share)
    panels = list(grid.flat)
    for axes in panels[n_panels:]:
        axes.remove()
    for axes in panels[:n_panels]:
        _apply_style(axes)
    return figure, panels[:n_panels]


def _apply_style(axes: Axes) -> None:
    """Set a white background, two thin spines and horizontal grid lines."""
    axes.set_facecolor(PAPER)
    show_grid(axes, "y")
    axes.set_axisbelow(True)
    axes.minorticks_off()
    for side, spine in axes.spines.items():
        spine.set(visible=side in ("left", "bottom"), color=MUTED, linewidth=0.8)
    axes.tick_params(which="both", direction="out", length=3.5, width=0.8, pad=3.5)
    axes.tick_params(which="both", colors=MUTED, labelcolor=INK, labelsize=SMALL_SIZE)
    axes.tick_params(which="both", top=False, right=False, left=True, bottom=True)


def show_grid(axes: Axes, axis: Literal["x", "y", "both"]) -> None:
    """Draw the grid lines of one axis or of both, and no others."""
    axes.grid(visible=False, which="both")
    axes.grid(axis=axis, color=GRID, linewidth=0.8, linestyle="-", alpha=1.0)


def show_matrix(
    axes: Axes, values: FloatArray, cmap: str, limits: tuple[float, float] | None = None
) -> None:
    """Draw a matrix without ticks, grid and spines; by default the limits are around 0."""
    axes.set(xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    most = float(np.abs(values).max())
    if most == 0:  # any limits show zeros in the middle of the colours
        most = 1.0
    low, high = limits or (-most, most)
    axes.imshow(
        values, cmap, vmin=low, vmax=high, interpolation="nearest", origin="upper", aspect="equal"
    )


def dots(axes: Axes, x: FloatArray, y: FloatArray, **look: Any) -> None:
    """Draw points without lines, by default smaller where there are many."""
    n_points = max(1, len(x))
    size = np.clip(70 / np.sqrt(n_points), 2.1, 6.3)
    usual: dict[str, Any] = {"marker": "o", "markeredgewidth": 0, "markersize": size}
    axes.plot(x, y, linestyle="none", **(usual | look))


def literal(name: str) -> str:
    r"""Escape a text, in which matplotlib might see a formula.

    Examples
    --------
    >>> print(literal("price ($), tax ($)"))
    price (\$), tax (\$)
    """
    lines = []
    for line in name.split("\n"):
        if line:
            lines.append(printable(line))
        else:
            lines.append("")
    return "\n".join(lines).replace("$", r"\$")


def title(axes: Axes, text: str, **look: Any) -> None:
    """Set the title of a panel."""
    look = _LABELS | {"loc": "left", "fontsize": TITLE_SIZE, "pad": 6} | look
    axes.set_title(literal(text), **look)


def label_axes(axes: Axes, x: str = "", y: str = "") -> None:
    """Label the axes of a panel."""
    axes.set_xlabel(literal(x), loc="center", labelpad=4, **_LABELS)
    axes.set_ylabel(literal(y), loc="center", labelpad=4, **_LABELS)


def write(axes: Axes, x: float, y: float, text: str, **look: Any) -> None:
    """Write text into a panel."""
    usual: dict[str, Any] = {"color": INK, "fontsize": SMALL_SIZE, "va": "center"}
    axes.text(x, y, literal(text), **(usual | look))


def legend(figure: Figure) -> None:
    """Put one legend for all panels below the figure."""
    handles: dict[str, Any] = {}
    for axes in figure.axes:
        axes_handles, names = axes.get_legend_handles_labels()
        for handle, name in zip(axes_handles, names, strict=True):
            handles[name] = handle
    box = figure.legend(
        handles.values(),
        [literal(name) for name in handles],
        loc="outside lower center",
        ncols=min(5, len(handles)),
        frameon=False,
        fontsize=SMALL_SIZE,
        labelcolor=INK,
        handletextpad=0.5,
        columnspacing=1.4,
        borderaxespad=0.2,
    )
    for artist in box.legend_handles:
        artist.set(alpha=1.0, markersize=6.0)  # type: ignore[union-attr]
