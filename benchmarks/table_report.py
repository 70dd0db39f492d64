"""The page of the comparison on tables, and its pictures, from the measured rows."""

from __future__ import annotations

import io
import math
import statistics
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from barenet.errors import count_of
from benchmarks.machine import machine
from benchmarks.markdown import significant, table, time as shown
from benchmarks.table_models import MODELS

__all__ = ["Pair", "pair", "pictures", "report", "shortfalls"]

#: A model's figures on the test rows of a split.
Row = dict[str, Any]

#: The model that the others are compared with.
OWN = "barenet ensemble"

#: Samples of the bootstrap, and the quantiles of an interval.
SAMPLES, INTERVAL = 10_000, (0.025, 0.975)


class Pair(NamedTuple):
    """By how much the ensemble is better than another model on the same splits.

    Attributes
    ----------
    mean, low, high : float
        The mean over the tables, and its 95 % interval, by a bootstrap of the tables.
    wins, ties, losses : int
        Tables by the sign of their mean; a tie is a mean within its standard error over the splits.
    """

    mean: float
    low: float
    high: float
    wins: int
    ties: int
    losses: int


def pair(rows: Sequence[Row], other: str, figure: str = "score") -> Pair | None:
    """Compare the ensemble with another model.

    Parameters
    ----------
    rows : sequence of dict
        From `benchmarks.tables.measure`.
    other : str
        The other model.
    figure : {"score", "log_loss", "auc"}
        What is compared; of the log loss, less is better.

    Returns
    -------
    Pair or None
        None if the two share no table.
    """
    found = _by_split(rows, figure)
    sign = -1 if figure == "log_loss" else 1
    differences: dict[str, list[float]] = {}
    for (name, seed, model), value in found.items():
        if model == OWN and (name, seed, other) in found:
            own = sign * (value - found[name, seed, other])
            differences.setdefault(name, []).append(own)
    if not differences:
        return None
    means = np.array([np.mean(each) for each in differences.values()])
    errors = np.array([_standard_error(each) for each in differences.values()])
    draws = np.random.default_rng(0).integers(0, len(means), (SAMPLES, len(means)))
    low, high = np.quantile(means[draws].mean(axis=1), INTERVAL)
    signs = np.where(np.abs(means) > errors, np.sign(means), 0)
    counts = (int((signs == sign).sum()) for sign in (1, 0, -1))
    return Pair(float(means.mean()), float(low), float(high), *counts)


def _standard_error(values: Sequence[float]) -> float:
    """The standard error of a mean; 0 for one value."""
    return float(np.std(values, ddof=1) / math.sqrt(len(values))) if len(values) > 1 else 0.0


def _by_split(rows: Sequence[Row], figure: str) -> dict[tuple[str, int, str], float]:
    """A figure by table, split and model."""
    return {
        (row["table"], row["split"], row["model"]): row[figure]
        for row in rows
        if row.get(figure) is not None
    }


def shortfalls(rows: Sequence[Row]) -> dict[str, float]:
    """Mean distance of each model from the best on the same table.

    Parameters
    ----------
    rows : sequence of dict
        From `benchmarks.tables.measure`.

    Returns
    -------
    dict of str to float
        By the models' names; a mean over the tables that all models have.
    """
    models = list(dict.fromkeys(row["model"] for row in rows))
    means = _means(rows, "score")
    shared = [t for t in _tables(rows) if all((t, model) in means for model in models)]
    best = {t: max(means[t, model] for model in models) for t in shared}
    return {
        model: statistics.fmean(best[t] - means[t, model] for t in shared) if shared else math.nan
        for model in models
    }


def _tables(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["table"] for row in rows))


def _means(rows: Sequence[Row], figure: str) -> dict[tuple[str, str], float]:
    """The mean of a figure over the splits, by table and model."""
    found: dict[tuple[str, str], list[float]] = {}
    for (name, _, model), value in _by_split(rows, figure).items():
        found.setdefault((name, model), []).append(value)
    return {key: statistics.fmean(values) for key, values in found.items()}


def _measured(rows: Sequence[Row]) -> tuple[list[Row], list[str]]:
    """The rows without errors, and the names of their models in order."""
    rows = [row for row in rows if "error" not in row]
    return rows, [name for name in MODELS if any(row["model"] == name for row in rows)]


def report(rows: Sequence[Row], notes: Sequence[str] = ()) -> str:
    """Sum up in Markdown.

    Parameters
    ----------
    rows : sequence of dict
        From `benchmarks.tables.measure`.
    notes : sequence of str
        Lines about models that are left out.

    Returns
    -------
    str
        A page.
    """
    failed = [row for row in rows if "error" in row]
    rows, models = _measured(rows)
    n_splits = len({row["split"] for row in rows})
    sections = [
        "# Tables",
        f"{count_of(len(_tables(rows)), 'table')}, {count_of(n_splits, 'split')} of each, on "
        f"{_where()}.",
        table(_SUMMARY, [_summary(rows, model) for model in models]),
        "The score is the accuracy or R² on held-out rows, and the shortfall its distance from the "
        "best on the same table. Both are means over the tables; so are log loss and AUC, over "
        "those with classes. Seconds and bytes are medians.",
        *_comparison(rows, models),
        "## Scores by table",
        table(("table", "rows", *models), [_line(rows, t, models) for t in _tables(rows)]),
    ]
    left_out = [f"- {line}" for line in (*notes, *_failures(failed))]
    return "\n\n".join([*sections, *(["\n".join(left_out)] if left_out else [])]) + "\n"


def _failures(failed: Sequence[Row]) -> list[str]:
    """A line for each model and error, with the tables."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in failed:
        found.setdefault((row["model"], row["error"]), []).append(row["table"])
    return [
        f"{model} on {', '.join(dict.fromkeys(names))}: {error}"
        for (model, error), names in found.items()
    ]


_SUMMARY = ("model", "tables", "score", "shortfall", "log loss", "AUC", "fit", "predict", "size")


def _summary(rows: Sequence[Row], model: str) -> tuple[str, ...]:
    own = [row for row in rows if row["model"] == model]

    def mean(figure: str, middle: Callable[..., float] = statistics.fmean) -> float | None:
        values = [value for (_, name), value in _means(own, figure).items() if name == model]
        return middle(values) if values else None

    scores = [mean("score"), shortfalls(rows)[model], mean("log_loss"), mean("auc")]
    seconds = [shown(mean(figure, statistics.median)) for figure in ("fit", "predict")]
    size = (mean("bytes", statistics.median) or 0) / 2**10
    count = str(len({row["table"] for row in own}))
    return (model, count, *map(_fixed, scores), *seconds, _size(size))


def _size(kib: float) -> str:
    return f"{significant(kib)} KiB" if kib < 999.5 else f"{significant(kib / 2**10)} MiB"


def _fixed(number: float | None) -> str:
    return "–" if number is None or math.isnan(number) else f"{number:.4f}"


def _comparison(rows: Sequence[Row], models: Sequence[str]) -> list[str]:
    """The table of the paired differences, with its explanation."""
    headings = ("ensemble against", "score", "wins–ties–losses", "log loss", "AUC")
    lines = [cells for name in models if name != OWN and (cells := _pair_line(rows, name))]
    if not lines:
        return []
    return [
        "## The ensemble against each of the others",
        table(headings, lines),
        "Positive numbers are in favour of the ensemble: the mean over the tables of the "
        "differences on the same splits, with its 95 % interval by a bootstrap of the tables. A "
        "table is a tie where the mean difference is within its standard error over the splits.",
    ]


def _pair_line(rows: Sequence[Row], other: str) -> tuple[str, ...] | None:
    score, loss, auc = (pair(rows, other, figure) for figure in ("score", "log_loss", "auc"))
    if score is None:
        return None
    counts = f"{score.wins}–{score.ties}–{score.losses}"
    return (other, _interval(score), counts, _interval(loss), _interval(auc))


def _interval(found: Pair | None) -> str:
    if found is None:
        return "–"
    return f"{found.mean:+.4f} ({found.low:+.4f} to {found.high:+.4f})".replace("-", "−")


def _line(rows: Sequence[Row], name: str, models: Sequence[str]) -> tuple[str, ...]:
    means = _means([row for row in rows if row["table"] == name], "score")
    best = max(means.values())
    cells = [means.get((name, model)) for model in models]
    n_rows = max(row["rows"] for row in rows if row["table"] == name)
    marked = [f"**{_fixed(cell)}**" if cell == best else _fixed(cell) for cell in cells]
    return (name, f"{n_rows:,}", *marked)


def _where() -> str:
    found = machine()
    return f"{found['cores']} cores of {found['processor']}"


def pictures(rows: Sequence[Row], kind: str = "svg") -> dict[str, bytes]:
    """Draw the shortfall over the time of a fit, and the paired differences.

    Parameters
    ----------
    rows : sequence of dict
        From `benchmarks.tables.measure`.
    kind : {"svg", "png"}
        The format of the files.

    Returns
    -------
    dict of str to bytes
        The files by their names; none without the ensemble and another model.
    """
    rows, models = _measured(rows)
    if OWN not in models or len(models) < 2:
        return {}
    return {
        f"tables-time.{kind}": _file(_draw_times(rows, models), kind),
        f"tables-pairs.{kind}": _file(_draw_pairs(rows, models), kind),
    }


def _file(figure: Any, kind: str) -> bytes:
    import matplotlib as mpl

    file = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "barenet", "svg.fonttype": "path"}):
        figure.savefig(file, format=kind, dpi=160, metadata={"Date": None} if kind == "svg" else {})
    return file.getvalue()


def _draw_times(rows: Sequence[Row], models: Sequence[str]) -> Any:
    """A point for each model."""
    from barenet.insight.plots._style import label_axes, new_figure

    figure, (axes,) = new_figure((6.4, 3.8), 1, 1)
    lost, seconds = shortfalls(rows), _means(rows, "fit")
    for model in models:
        own = [value for (_, name), value in seconds.items() if name == model]
        x, y = statistics.median(own), lost[model]
        axes.scatter(x, y, s=44, color="#01665E" if model == OWN else "#A6611A")
        axes.annotate(model, (x, y), xytext=(6, 3), textcoords="offset points", fontsize=9)
    axes.set_xscale("log")
    axes.margins(x=0.22, y=0.12)
    axes.set_ylim(bottom=0)
    label_axes(axes, "seconds of a fit (median of the tables)", "mean shortfall from the best")
    return figure


def _draw_pairs(rows: Sequence[Row], models: Sequence[str]) -> Any:
    """An interval for each other model."""
    from barenet.insight.plots._style import label_axes, new_figure

    found = {name: own for name in models if name != OWN and (own := pair(rows, name))}
    figure, (axes,) = new_figure((6.4, 0.8 + 0.36 * len(found)), 1, 1)
    for at, own in enumerate(reversed(found.values())):
        axes.plot([own.low, own.high], [at, at], color="#01665E", linewidth=2)
        axes.scatter(own.mean, at, s=36, color="#01665E", zorder=3)
    axes.axvline(0, color="#262626", linewidth=0.8)
    axes.set_yticks(range(len(found)), [*reversed(found)])
    label_axes(axes, "score of the ensemble − score of the other", "")
    return figure
