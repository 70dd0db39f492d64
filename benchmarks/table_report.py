"""The page of the comparison on tables, made from the measured rows alone."""

import math
import statistics
from collections.abc import Sequence
from typing import Any

from barenet.errors import count_of
from benchmarks.markdown import significant, table, time as shown
from benchmarks.table_measure import Row
from benchmarks.table_models import MODELS

__all__ = ["report", "shortfalls"]


def shortfalls(rows: Sequence[Row]) -> dict[str, float]:
    """Mean distance of each model from the best on the same table.

    Parameters
    ----------
    rows : sequence of dict
        From `measure`.

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
    for row in rows:
        if row.get(figure) is not None:
            found.setdefault((row["table"], row["model"]), []).append(row[figure])
    return {key: statistics.fmean(values) for key, values in found.items()}


def report(rows: Sequence[Row]) -> str:
    """Sum up in Markdown.

    Parameters
    ----------
    rows : sequence of dict
        From `measure`, after a line about the machine.

    Returns
    -------
    str
        A page.
    """
    (about, *rows) = rows
    failed = [f"{r['model']} on {r['table']}, split {r['split']}: {r['error']}" for r in rows
              if "error" in r]  # fmt: skip
    rows = [row for row in rows if "error" not in row]
    models = [name for name in MODELS if any(row["model"] == name for row in rows)]
    n_splits = len({row["split"] for row in rows})
    sections = [
        "# Tables",
        f"{count_of(len(_tables(rows)), 'table')}, {count_of(n_splits, 'split')} of each, on "
        f"{_where(about)}.",
        table(_SUMMARY, [_summary(rows, model) for model in models]),
        "The score is the accuracy or R² on held-out rows, and the shortfall its distance from the "
        "best on the same table. Both are means over the tables; so are log loss and AUC, over "
        "those with classes. Seconds and bytes are medians.",
        "## Scores by table",
        table(("table", "rows", *models), [_line(rows, t, models) for t in _tables(rows)]),
    ]
    left_out = [f"- {line}" for line in (*about["notes"], *failed)]
    return "\n\n".join([*sections, *(["\n".join(left_out)] if left_out else [])]) + "\n"


_SUMMARY = ("model", "tables", "score", "shortfall", "log loss", "AUC", "fit", "predict", "size")


def _summary(rows: Sequence[Row], model: str) -> tuple[str, ...]:
    own = [row for row in rows if row["model"] == model]

    def mean(figure: str, middle: Any = statistics.fmean) -> float | None:
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
    return "–" if number is None or math.isnan(number) else f"{number:.3f}"


def _line(rows: Sequence[Row], name: str, models: Sequence[str]) -> tuple[str, ...]:
    means = _means([row for row in rows if row["table"] == name], "score")
    best = max(means.values())
    cells = [means.get((name, model)) for model in models]
    n_rows = max(row["rows"] for row in rows if row["table"] == name)
    marked = [f"**{_fixed(cell)}**" if cell == best else _fixed(cell) for cell in cells]
    return (name, f"{n_rows:,}", *marked)


def _where(about: Row) -> str:
    found = about["machine"]
    return f"{found['cores']} cores of {found['processor']}"
