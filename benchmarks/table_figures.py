"""The figures of the comparison on tables: time and score, and differences with intervals."""

import io
import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks.table_measure import Row
from benchmarks.table_models import MODELS
from benchmarks.table_report import ENSEMBLE
from benchmarks.table_scores import balanced, by_table, complete, difference, shortfalls

__all__ = ["draw"]


def draw(rows: Sequence[Row]) -> dict[str, bytes]:
    """Draw the figures of a page.

    Parameters
    ----------
    rows : sequence of dict
        From `measure`, after a line about the machine.

    Returns
    -------
    dict of str to bytes
        SVG files by their names.
    """
    rows = [row for row in rows if "score" in row]
    models = [name for name in MODELS if any(row["model"] == name for row in rows)]
    models = complete(rows, models)
    found = {"tables-time.svg": _time(balanced(rows, models), models)}
    if ENSEMBLE in models and len(models) > 1:
        found["tables-differences.svg"] = _differences(rows, models)
    return found


def _color(model: str) -> str:
    """Blue for barenet, orange for trees, grey for the others."""
    from barenet.insight.plots._style import ACTUAL, TEST, TRAINING

    if model.startswith("barenet"):
        return TRAINING
    return TEST if MODELS[model].trees else ACTUAL


def _time(rows: Sequence[Row], models: Sequence[str]) -> bytes:
    """The best place is the lower left."""
    from barenet.insight.plots._style import label_axes, new_figure, show_grid

    figure, (axes,) = new_figure((7.2, 4.2))
    far = shortfalls(rows)
    seconds = {
        model: statistics.median(
            by_table([row for row in rows if row["model"] == model], "fit", min).values()
        )
        for model in models
    }
    for number, model in enumerate(sorted(models, key=seconds.__getitem__)):
        place = seconds[model], far[model]
        axes.scatter(*place, s=45, color=_color(model), zorder=3)
        offset = (6, 4 if number % 2 else -12)  # so that labels of neighbours keep apart
        axes.annotate(model, place, xytext=offset, textcoords="offset points", fontsize=9)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_ylim(0, 1.1 * max(*far.values(), 0.001))
    axes.margins(x=0.22)
    show_grid(axes, "both")
    label_axes(axes, x="median seconds of a fit", y="mean shortfall from the best score")
    return _svg(figure)


def _differences(rows: Sequence[Row], models: Sequence[str]) -> bytes:
    """A bar of each interval; right of the line, the ensemble is ahead."""
    from barenet.insight.plots._style import MUTED, label_axes, new_figure, show_grid

    found = {name: difference(rows, ENSEMBLE, name) for name in models if name != ENSEMBLE}
    lines = [(name, each) for name, each in found.items() if each is not None]
    figure, (axes,) = new_figure((7.2, 0.9 + 0.36 * len(lines)))
    for place, (name, each) in enumerate(lines):
        axes.plot(each.interval, [place, place], color=_color(name), linewidth=2)
        axes.scatter(each.mean, place, s=40, color=_color(name), zorder=3)
    axes.axvline(0, color=MUTED, linewidth=1)
    axes.set_yticks(range(len(lines)), [name for name, _ in lines])
    axes.set_ylim(len(lines) - 0.5, -0.5)
    show_grid(axes, "x")
    label_axes(axes, x="score of the ensemble minus score of the other model")
    return _svg(figure)


def _svg(figure: Any) -> bytes:
    import matplotlib as mpl

    file = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "barenet", "svg.fonttype": "path"}):
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()
