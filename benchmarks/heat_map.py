"""The picture of the map: a heat map for each panel, with the ratio in every cell.

The colours are ColorBrewer's BrBG, which colour-blind readers can tell apart: brown where a peer is
as fast or faster, green where barenet is ahead.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from benchmarks.markdown import significant
from benchmarks.speed_map import PANELS
from benchmarks.turns import ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw"]

#: Where each colour begins, the colour, and its text's.
STEPS = (
    (0.0, "#A6611A", "#FFFFFF"),
    (0.9, "#DFC27D", "#262626"),
    (1.1, "#E3F4F1", "#262626"),
    (1.5, "#B5E2DB", "#262626"),
    (2.5, "#7CCBBF", "#262626"),
    (5.0, "#3AA296", "#262626"),
    (10.0, "#01665E", "#FFFFFF"),
)
NAMES = ("< 0.9", "0.9–1.1", "1.1–1.5", "1.5–2.5", "2.5–5", "5–10", "≥ 10 ×")
MISSING = "#E8E8E8"


def draw(results: dict[str, Any], kind: str = "svg") -> bytes:
    """Draw the map.

    Parameters
    ----------
    results : dict
        From `benchmarks.speed_map.measure`.
    kind : {"svg", "png"}
        The format of the file.

    Returns
    -------
    bytes
        The file.
    """
    import matplotlib as mpl

    from barenet.insight.plots._style import new_figure

    headline = "How many times faster than the best peer? (time of the best peer / time of barenet)"
    figure, panels = new_figure((5.2, 3.5), n_panels=len(results), columns=2, title=headline)
    for axes, (name, grid) in zip(panels, results.items(), strict=True):
        _draw_panel(axes, name, grid)
    _legend(figure)
    file = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "barenet", "svg.fonttype": "path"}):
        undated = {"Date": None} if kind == "svg" else {}
        figure.savefig(file, format=kind, dpi=160, metadata=undated)
    return file.getvalue()


def _draw_panel(axes: Axes, name: str, grid: dict[str, Any]) -> None:
    """The lowest row of a panel is its smallest value, as on an axis."""
    from barenet.insight.plots._style import label_axes, title

    panel, n_rows, n_columns = PANELS[name], len(grid["rows"]), len(grid["columns"])
    for i, line in enumerate(grid["cells"]):
        for j, seconds in enumerate(line):
            _draw_cell(axes, j, i, ratio(seconds))
    axes.set(xlim=(-0.5, n_columns - 0.5), ylim=(-0.5, n_rows - 0.5))
    axes.set_xticks(range(n_columns), [_short(value) for value in grid["columns"]])
    axes.set_yticks(range(n_rows), [_short(value) for value in grid["rows"]])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    title(axes, panel.title)
    label_axes(axes, x=panel.across, y=panel.down)


def _draw_cell(axes: Axes, x: int, y: int, found: tuple[str, float] | None) -> None:
    from matplotlib.patches import Rectangle

    fill, ink = (MISSING, "#262626") if found is None else _colors(found[1])
    cell = Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=fill, edgecolor="white", linewidth=1.5)
    axes.add_patch(cell)
    text = "–" if found is None else significant(found[1])
    axes.text(x, y, text, color=ink, fontsize=9, ha="center", va="center")


def _colors(value: float) -> tuple[str, str]:
    """The colour of a ratio, and of its text."""
    return next((fill, ink) for start, fill, ink in reversed(STEPS) if value >= start)


def _legend(figure: Figure) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(facecolor=fill) for _, fill, _ in STEPS]
    figure.legend(
        handles, NAMES, loc="outside lower center", ncols=len(NAMES), frameon=False, fontsize=9
    )


def _short(value: Any) -> str:
    if not isinstance(value, int):
        return {"sgd": "SGD", "adam": "Adam"}.get(value, str(value))
    for unit, factor in (("M", 10**6), ("k", 1_000)):
        if value >= factor and value % factor == 0:
            return f"{value // factor} {unit}"
    return f"{value:,}"
