"""The page of the comparison on tables, made from the measured rows alone."""

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from typing import Any

from barenet._messages import count_of
from benchmarks.markdown import significant, table, time as shown
from benchmarks.table_measure import Row
from benchmarks.table_models import MODELS
from benchmarks.table_scores import (
    balanced,
    by_table,
    complete,
    difference,
    has_one_split,
    noise,
    ranks,
    shortfalls,
    tables,
)

__all__ = ["ENSEMBLE", "FIGURES", "report"]

#: The model that the others are compared with.
ENSEMBLE = "barenet ensemble"

#: The figures of the page, by their files, and the text that stands for each.
FIGURES = {
    "tables-time.svg": "Mean shortfall from the best score against the median seconds of a fit",
    "tables-differences.svg": "Mean differences of the score, ensemble minus other model",
}

_SUMMARY = (
    *("model", "score", "shortfall", "rank", "log loss", "AUC", "fit", "predict"),
    "size",
)
_DIFFERENCES = ("ensemble minus", "tables", "score", "wins–ties–losses", "log loss", "AUC")


def report(rows: Sequence[Row], figures: bool = False) -> str:
    """Sum up in Markdown.

    Parameters
    ----------
    rows : sequence of dict
        From `measure`, after a line about the machine.
    figures : bool
        Whether the page has the figures.

    Returns
    -------
    str
        A page.
    """
    about, *all_rows = rows
    rows = [row for row in all_rows if "error" not in row]
    models = [name for name in MODELS if any(row["model"] == name for row in rows)]
    whole = complete(rows, models)
    shared = balanced(rows, whole)
    sections = [
        "# Tables",
        _extent(about, shared, rows),
        table(_SUMMARY, [_summary(shared, model) for model in whole]),
        "The score is the accuracy or R² on held-out rows, the shortfall its distance from the "
        "best on the same table, and the rank the model's place on a table by its score. All three "
        "are means over the tables; so are log loss and AUC, over those with classes. Seconds and "
        "bytes are medians over the tables, of the least over the splits: other programs only slow "
        "a fit down.",
        *_pictures(figures, "tables-time.svg"),
        *_differences(rows, models, figures),
        *_losses(rows, models),
        "## Scores by table",
        table(("table", "rows", *whole), _lines(_comparable(rows, shared), whole)),
        *_refusals(about),
        *_left_out(about, all_rows),
    ]
    return "\n\n".join(sections) + "\n"


def _extent(about: Row, shared: Sequence[Row], rows: Sequence[Row]) -> str:
    """How much is measured, and where; a run that goes on has tables with fewer splits."""
    counts = Counter(name for name, _ in {(row["table"], row["split"]) for row in shared})
    few, many = min(counts.values()), max(counts.values())
    splits = count_of(many, "split") if few == many else f"{few} to {many} splits"
    missing = len(tables(rows)) - len(counts)
    lack = "lacks" if missing == 1 else "lack"
    rest = f" {count_of(missing, 'more table')} {lack} some of the models." if missing else ""
    where = f"{about['machine']['cores']} cores of {about['machine']['processor']}"
    return f"{count_of(len(counts), 'table')}, {splits} of each, on {where}.{rest}"


def _pictures(figures: bool, name: str) -> list[str]:
    return [f"![{FIGURES[name]}]({name})"] if figures else []


def _summary(rows: Sequence[Row], model: str) -> tuple[str, ...]:
    own = [row for row in rows if row["model"] == model]

    def mean(figure: str) -> float | None:
        values = by_table(own, figure).values()
        return statistics.fmean(values) if values else None

    def median(figure: str) -> float:
        return statistics.median(by_table(own, figure, min).values())

    first = [mean("score"), shortfalls(rows)[model]]
    last = [mean("log_loss"), mean("auc")]
    seconds = [shown(median(figure)) for figure in ("fit", "predict")]
    rank = f"{ranks(rows)[model]:.1f}"
    size = _size(median("bytes") / 2**10)
    return (model, *map(_fixed, first), rank, *map(_fixed, last), *seconds, size)


def _size(kib: float) -> str:
    return f"{significant(kib)} KiB" if kib < 999.5 else f"{significant(kib / 2**10)} MiB"


def _fixed(number: float | None) -> str:
    missing = number is None or math.isnan(number)
    return "–" if missing else f"{number:.3f}".replace("-", "−")


def _differences(rows: Sequence[Row], models: Sequence[str], figures: bool) -> list[str]:
    """The ensemble beside each other model, on the splits that both have."""
    others = [name for name in models if name != ENSEMBLE] if ENSEMBLE in models else []
    figures = figures and len(complete(rows, models)) > 1
    if not others:
        return []
    return [
        "## The ensemble beside each other model",
        table(_DIFFERENCES, [_difference(rows, name) for name in others]),
        "Each line is about the splits that both models have. The differences are means over the "
        "tables, with 95 % intervals by a bootstrap over the tables; a positive difference of the "
        "score or of the AUC, and a negative one of the log loss, is in favour of the ensemble. "
        + _about_ties(rows),
        *_pictures(figures, "tables-differences.svg"),
    ]


def _about_ties(rows: Sequence[Row]) -> str:
    """Explain which tables are ties; the noise of a single split is unknown."""
    if has_one_split(rows):
        return "With one split of each table, each difference is a win or a loss, however small."
    return (
        "A table is a tie where the difference of the score is within the noise of its splits: the "
        "95 % interval of the corrected t-test (Nadeau and Bengio, 2003) contains 0."
    )


def _difference(rows: Sequence[Row], other: str) -> tuple[str, ...]:
    score, *rest = (
        difference(rows, ENSEMBLE, other, name) for name in ("score", "log_loss", "auc")
    )
    if score is None:
        return (other, "0", *["–"] * 4)
    counts = f"{score.wins}–{score.ties}–{score.losses}"
    return (other, str(score.n_tables), _interval(score), counts, *map(_interval, rest))


def _interval(found: Any) -> str:
    if found is None:
        return "–"
    low, high = (f"{_signed(end)}" for end in found.interval)
    return f"{_signed(found.mean)} ({low} to {high})"


def _signed(number: float) -> str:
    return f"{number:+.3f}".replace("-", "−")


def _losses(rows: Sequence[Row], models: Sequence[str]) -> list[str]:
    """The tables where a model of trees is clearly ahead of the ensemble."""
    trees = [name for name in models if MODELS[name].trees]
    found = [(name, *lead) for name in tables(rows) for lead in _ahead(rows, name, trees)]
    if not found or ENSEMBLE not in models:
        return []
    found.sort(key=lambda line: -line[2])
    lines = [(name, model, f"{lead:.3f}") for name, model, lead in found]
    return [
        "## Where trees are ahead",
        "The tables where a model of gradient-boosted trees scores higher than the ensemble by "
        "more than the noise of the splits, and the model that leads most:",
        table(("table", "model", "lead"), lines),
    ]


def _ahead(rows: Sequence[Row], name: str, models: Sequence[str]) -> list[tuple[str, float]]:
    """The model that leads most on a table, if one leads clearly."""
    scores: dict[str, dict[int, float]] = {}
    for row in rows:
        if row["table"] == name:
            scores.setdefault(row["model"], {})[row["split"]] = row["score"]
    own, leads = scores.get(ENSEMBLE, {}), []
    for model in models:
        both = own.keys() & scores.get(model, {}).keys()
        gaps = [scores[model][split] - own[split] for split in sorted(both)]
        if gaps and statistics.fmean(gaps) > noise(gaps):
            leads.append((model, statistics.fmean(gaps)))
    return [max(leads, key=lambda lead: lead[1])] if leads else []


def _comparable(rows: Sequence[Row], shared: Sequence[Row]) -> list[Row]:
    """The rows of shared splits, and those of other tables."""
    done = tables(shared)
    return [*shared, *(row for row in rows if row["table"] not in done)]


def _lines(rows: Sequence[Row], models: Sequence[str]) -> list[tuple[str, ...]]:
    return [_line(rows, name, models) for name in tables(rows)]


def _line(rows: Sequence[Row], name: str, models: Sequence[str]) -> tuple[str, ...]:
    means = by_table([row for row in rows if row["table"] == name], "score")
    best = max(means.values())
    cells = [means.get((name, model)) for model in models]
    n_rows = max(row["rows"] for row in rows if row["table"] == name)
    marked = [f"**{_fixed(cell)}**" if cell == best else _fixed(cell) for cell in cells]
    return (name, f"{n_rows:,}", *marked)


def _refusals(about: Row) -> list[str]:
    """The lines about tables that barenet takes only with options."""
    refusals = about.get("refusals", [])
    if not refusals:
        return []
    lines = [f"- {line}" for line in refusals]
    return [
        "## Refused at first",
        "barenet refuses these tables with its defaults. They are measured with the options that "
        "its message recommends:",
        "\n".join(lines),
    ]


def _left_out(about: Row, rows: Sequence[Row]) -> list[str]:
    """The lines about tables and models without figures."""
    failed: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if "error" in row:
            failed.setdefault((row["model"], row["error"]), []).append(row)
    lines = [f"{model} on {_places(own)}: {error}" for (model, error), own in failed.items()]
    notes = [f"- {line}" for line in (*about["notes"], *lines)]
    return ["## Left out", "\n".join(notes)] if notes else []


def _places(rows: Sequence[Row]) -> str:
    """The splits that failed, or their number."""
    if len(rows) > 3:
        return f"{count_of(len(rows), 'split')} of {count_of(len(tables(rows)), 'table')}"
    return ", ".join(f"{row['table']}, split {row['split']}" for row in rows)
