"""Tables: barenet's defaults beside those of other models, on the same rows.

    python -m benchmarks.tables --folder TABLES --tables pima,german --splits 3

Each row of the results is written to tables.jsonl as soon as it is measured, and a run goes on
where an earlier one ended. tables.md sums up.
"""

import argparse
import functools
import itertools
import json
import logging
import math
import os
import pickle
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, log_loss, r2_score, roc_auc_score

from barenet.errors import count_of
from barenet.files._atomic import write_atomically
from benchmarks.machine import machine
from benchmarks.markdown import significant, table, time as shown
from benchmarks.results import FOLDER
from benchmarks.table_data import BUILT_IN, Table, read, split, targets
from benchmarks.table_models import MODELS

__all__ = ["main", "measure", "report", "shortfalls"]

#: Predictions are timed so many times, and probabilities below the least count as it.
PREDICTIONS, LEAST = 3, 1e-7

#: Rows of the first fit of a model, which is off the clock.
WARM_UP = 60

#: A model's figures on the test rows of a split.
Row = dict[str, Any]


def measure(table: Table, name: str, seed: int, most: int | None = None) -> Row:
    """Fit a model on the training rows of a split, and judge it on the test rows.

    Parameters
    ----------
    table : Table
        The table.
    name : str
        Name of the model.
    seed : int
        The seed of the split and of the model.
    most : int, optional
        The most training rows.

    Returns
    -------
    dict
        The score (accuracy or R²), log loss, AUC, seconds and bytes; or the error.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _measured(table, name, seed, split(table, seed, most))


def _measured(table: Table, name: str, seed: int, parts: tuple[Any, Any]) -> Row:
    train, test = parts
    row = {"table": table.name, "split": seed, "model": name, "rows": len(train)}
    X, held_out = table.X.iloc[train], table.X.iloc[test]
    try:
        _warm_up(name, bool(table.classes))
        model = MODELS[name].make(X, bool(table.classes), seed)
        begun = time.perf_counter()
        model.fit(X, table.y[train])
        fitted = time.perf_counter() - begun
        predict = model.predict_proba if table.classes else model.predict
        seconds, found = zip(*(_timed(predict, held_out) for _ in range(PREDICTIONS)), strict=True)
        row |= _judged(found[0], table.y[test], table.classes)
        row |= {"fit": fitted, "predict": min(seconds), "bytes": len(pickle.dumps(model))}
    except Exception as error:  # noqa: BLE001 - of any library; the others go on
        line = next(iter(str(error).strip().splitlines()), "")
        row["error"] = f"{type(error).__name__}: {line}"
    return row


@functools.cache
def _warm_up(name: str, classes: bool) -> None:
    """Fit a model once to a few rows, so that imports and compiled code are there."""
    data = read("iris" if classes else "diabetes")
    rows, _ = split(data, 0, WARM_UP)
    X = data.X.iloc[rows]
    MODELS[name].make(X, classes, 0).fit(X, data.y[rows])


def _timed(function: Callable[[Any], Any], rows: Any) -> tuple[float, Any]:
    begun = time.perf_counter()
    found = function(rows)
    return time.perf_counter() - begun, np.asarray(found, np.float64)


def _judged(predicted: Any, y: Any, classes: int) -> dict[str, float | None]:
    """The scores of probabilities or numbers."""
    if not classes:
        return {"score": float(r2_score(y, predicted)), "log_loss": None, "auc": None}
    likely = np.clip(predicted, LEAST, 1)
    likely /= likely.sum(axis=1, keepdims=True)
    scores = likely[:, 1] if classes == 2 else likely
    auc = roc_auc_score(y, scores, multi_class="ovr", labels=range(classes))
    loss = log_loss(y, likely, labels=range(classes))
    accuracy = accuracy_score(y, likely.argmax(axis=1))
    return {"score": float(accuracy), "log_loss": float(loss), "auc": float(auc)}


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


def report(rows: Sequence[Row], notes: Sequence[str] = ()) -> str:
    """Sum up in Markdown.

    Parameters
    ----------
    rows : sequence of dict
        From `measure`.
    notes : sequence of str
        Lines about models that are left out.

    Returns
    -------
    str
        A page.
    """
    failed = [f"{r['model']} on {r['table']}, split {r['split']}: {r['error']}" for r in rows
              if "error" in r]  # fmt: skip
    rows = [row for row in rows if "error" not in row]
    models = [name for name in MODELS if any(row["model"] == name for row in rows)]
    n_splits = len({row["split"] for row in rows})
    sections = [
        "# Tables",
        f"{count_of(len(_tables(rows)), 'table')}, {count_of(n_splits, 'split')} of each, on "
        f"{_where()}.",
        table(_SUMMARY, [_summary(rows, model) for model in models]),
        "The score is the accuracy or R² on held-out rows, and the shortfall its distance from the "
        "best on the same table. Both are means over the tables; so are log loss and AUC, over "
        "those with classes. Seconds and bytes are medians.",
        "## Scores by table",
        table(("table", "rows", *models), [_line(rows, t, models) for t in _tables(rows)]),
    ]
    left_out = [f"- {line}" for line in (*notes, *failed)]
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


def _where() -> str:
    found = machine()
    return f"{found['cores']} cores of {found['processor']}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is not measured yet, write and print."""
    options = _parser().parse_args(arguments)
    logging.disable(logging.WARNING)  # PyTorch Lightning's remarks
    known = targets(options.folder) if options.folder else BUILT_IN
    models = _chosen(options.models, MODELS, "model")
    notes = [f"{name} is left out: {line}" for name in models if (line := MODELS[name].missing)]
    models = [name for name in models if not MODELS[name].missing]
    options.output.mkdir(parents=True, exist_ok=True)
    file, page = options.output / "tables.jsonl", options.output / "tables.md"
    rows = _earlier(file, models if options.again else [])
    file.write_text("".join(map(_written, rows)), "utf-8")
    for table_, seed, name in _missing(options, known, models, rows):
        print(f"{table_.name}, split {seed}: {name}", file=sys.stderr, flush=True)
        rows.append(measure(table_, name, seed, options.rows))
        with file.open("a", encoding="utf-8") as lines:
            lines.write(_written(rows[-1]))
    write_atomically(page, report(rows, notes).encode())
    print(page.read_text("utf-8"), end="")
    return 0


def _earlier(file: Path, again: Sequence[str]) -> list[Row]:
    """The rows of an earlier run, without those that failed or are measured again."""
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    rows = [json.loads(line) for line in lines]
    return [row for row in rows if "error" not in row and row["model"] not in again]


def _missing(
    options: Any, known: Any, models: Sequence[str], rows: Sequence[Row]
) -> Iterator[tuple[Table, int, str]]:
    """What is still to be measured."""
    done = {(row["table"], row["split"], row["model"]) for row in rows}
    for name in _chosen(options.tables, known, "table"):
        data = read(name, options.folder)
        for seed, model in itertools.product(range(options.splits), models):
            if (name, seed, model) not in done:
                yield data, seed, model


def _written(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def _chosen(text: str | None, known: Any, kind: str) -> list[str]:
    """The names of a list with commas, or all names."""
    names = list(known) if text is None else [name.strip() for name in text.split(",")]
    for name in names:
        if name not in known:
            raise SystemExit(f"no {kind} {name!r} (choose from {', '.join(known)})")
    return names


def _parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="python -m benchmarks.tables", description=__doc__)
    data = os.environ.get("BARENET_DATA")
    found.add_argument(
        "--folder", type=Path, default=Path(data) / "tables" if data else None,
        help="CSV files and TARGETS.md (default BARENET_DATA/tables, else scikit-learn's data)",
    )  # fmt: skip
    found.add_argument("--tables", metavar="A,B", help="some of the tables (default all)")
    found.add_argument("--models", metavar="A,B", help=f"some of {', '.join(MODELS)}")
    found.add_argument("--splits", type=int, default=3, help="splits of each table (default 3)")
    found.add_argument("--rows", type=int, help="the most training rows (default all)")
    found.add_argument("--again", action="store_true", help="measure these models anew")
    found.add_argument("--output", type=Path, default=FOLDER, help="folder of the results")
    return found


if __name__ == "__main__":
    sys.exit(main())
