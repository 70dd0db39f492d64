"""Tables: barenet's defaults beside those of other models, on the same rows.

    python -m benchmarks.tables

measures all models on ten splits of each table of rdatasets.csv, those that take longest last. Each
row of the results is written to tables.jsonl as soon as it is measured, and a run goes on where an
earlier one ended. The page tables.md and its pictures follow from the rows.
"""

import argparse
import functools
import itertools
import json
import logging
import multiprocessing
import pickle
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, log_loss, r2_score, roc_auc_score

from barenet.files._atomic import write_atomically
from benchmarks.results import FOLDER
from benchmarks.table_data import Table, built_in, read, split, targets
from benchmarks.table_models import MODELS
from benchmarks.table_report import pictures, report

__all__ = ["main", "measure"]

#: Predictions are timed so many times, and probabilities below the least count as it.
PREDICTIONS, LEAST = 3, 1e-7

#: Splits of each table, and the most training rows.
SPLITS, ROWS = 10, 8_000

#: Rows of the first fit of a model, which is off the clock.
WARM_UP = 60

#: Seconds for the fit and the predictions of a slow model.
LIMIT = 3600

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
    if MODELS[name].is_slow:
        return
    data = built_in("iris" if classes else "diabetes", classes)
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


def within_limit(table: Table, name: str, seed: int, most: int | None, limit: float) -> Row:
    """Measure in a process of its own, which is killed after a number of seconds."""
    context = multiprocessing.get_context("spawn")
    own, other = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(other, table, name, seed, most))
    process.start()
    other.close()
    row = {"table": table.name, "split": seed, "model": name}
    try:
        if own.poll(limit):
            return own.recv()
        return row | {"error": f"TimeoutError: it took longer than {limit:g} s"}
    except EOFError:
        return row | {"error": "its process ended, perhaps for lack of memory"}
    finally:
        process.kill()
        process.join()


def _send(connection: Connection, *arguments: Any) -> None:
    logging.disable(logging.WARNING)
    connection.send(measure(*arguments))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is not measured yet, write and print."""
    options = _parser().parse_args(arguments)
    logging.disable(logging.WARNING)  # PyTorch Lightning's remarks
    chosen = _chosen(options.models, MODELS, "model")
    notes = [f"{name} is left out: {line}" for name in chosen if (line := MODELS[name].missing)]
    models = [name for name in chosen if not MODELS[name].missing]
    options.output.mkdir(parents=True, exist_ok=True)
    file = options.output / "tables.jsonl"
    rows = _earlier(file, models if options.again else [])
    file.write_text("".join(map(_written, rows)), "utf-8")
    for name, seed, model in _missing(options, models, rows):
        print(f"{name}, split {seed}: {model}", file=sys.stderr, flush=True)
        table = _read(name, options.folder)
        if MODELS[model].is_slow:
            rows.append(within_limit(table, model, seed, options.rows, LIMIT))
        else:
            rows.append(measure(table, model, seed, options.rows))
        with file.open("a", encoding="utf-8") as lines:
            lines.write(_written(rows[-1]))
    for name, content in {"tables.md": report(rows, notes).encode(), **pictures(rows)}.items():
        write_atomically(options.output / name, content)
    print((options.output / "tables.md").read_text("utf-8"), end="")
    return 0


_read = functools.lru_cache(1)(read)


def _earlier(file: Path, again: Sequence[str]) -> list[Row]:
    """The rows of an earlier run, without those that are measured again, as failed ones are."""
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    rows = [json.loads(line) for line in lines]
    return [
        row
        for row in rows
        if row.get("error", "TimeoutError").startswith("TimeoutError") and row["model"] not in again
    ]


def _missing(
    options: Any, models: Sequence[str], rows: Sequence[Row]
) -> Iterator[tuple[str, int, str]]:
    """Tables, splits and models that are still to be measured, slow models last."""
    done = {(row["table"], row["split"], row["model"]) for row in rows}
    tables = _chosen(options.tables, targets(options.folder), "table")
    for is_slow in (False, True):
        own = [name for name in models if MODELS[name].is_slow == is_slow]
        for seed, name, model in itertools.product(range(options.splits), tables, own):
            if (name, seed, model) not in done:
                yield name, seed, model


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
    found.add_argument(
        "--folder", type=Path,
        help="folder for the files of the collection, or of CSV files and a TARGETS.md",
    )  # fmt: skip
    found.add_argument("--tables", metavar="A,B", help="some of the tables (default all)")
    found.add_argument("--models", metavar="A,B", help=f"some of {', '.join(MODELS)}")
    found.add_argument("--splits", type=int, default=SPLITS, help=f"default {SPLITS}")
    found.add_argument("--rows", type=int, default=ROWS, help=f"most training rows, default {ROWS}")
    found.add_argument("--again", action="store_true", help="measure these models anew")
    found.add_argument("--output", type=Path, default=FOLDER, help="folder of the results")
    return found


if __name__ == "__main__":
    sys.exit(main())
