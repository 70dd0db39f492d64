"""The measurement of a model on a split of a table."""

import functools
import logging
import pickle
import time
import warnings
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from sklearn.metrics import accuracy_score, log_loss, r2_score, roc_auc_score

from benchmarks.mixed_models import MIXED_MODELS
from benchmarks.table_data import Table, read, split
from benchmarks.table_models import MODELS

__all__ = ["Measurer", "Row", "Source", "failure", "measure"]

#: Predictions are timed so many times, and probabilities below the least count as it.
PREDICTIONS, LEAST = 3, 1e-7

#: Rows of the first fit of a model, which is off the clock.
WARM_UP = 60

#: A model's figures on the test rows of a split.
Row = dict[str, Any]


class Source(Protocol):
    """A collection of tables."""

    @property
    def names(self) -> list[str]:
        """The names of the tables."""

    def read(self, name: str) -> Table:
        """Read a table."""


class Measurer:
    """Measures models on the tables of a source, each of which is read once.

    Parameters
    ----------
    source : Source
        The tables.
    most : int, optional
        The most training rows.
    """

    def __init__(self, source: Source, most: int | None) -> None:
        self._source, self._most = source, most
        self._tables: dict[str, Table] = {}

    def __call__(self, name: str, seed: int, model: str) -> Row:
        """Measure a model on a split of a table."""
        logging.disable(logging.WARNING)  # PyTorch Lightning's remarks
        if name not in self._tables:
            self._tables[name] = self._source.read(name)
        return measure(self._tables[name], model, seed, self._most)


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


def failure(table: str, seed: int, name: str, error: Exception) -> Row:
    """The row of a model that could not be measured."""
    line = next(iter(str(error).strip().splitlines()), "")
    text = f"{type(error).__name__}: {line}"
    return {"table": table, "split": seed, "model": name, "error": text}


def _measured(table: Table, name: str, seed: int, parts: tuple[Any, Any]) -> Row:
    train, test = parts
    row = {"table": table.name, "split": seed, "model": name, "rows": len(train)}
    X, held_out = table.X.iloc[train], table.X.iloc[test]
    try:
        _warm_up(name, bool(table.classes))
        model = _made(table, name, X, seed)
        begun, processor = time.perf_counter(), time.process_time()
        model.fit(X, table.y[train])
        fitted, processor = time.perf_counter() - begun, time.process_time() - processor
        predict = model.predict_proba if table.classes else model.predict
        seconds, found = zip(*(_timed(predict, held_out) for _ in range(PREDICTIONS)), strict=True)
        row |= _judged(found[0], table.y[test], table.classes)
        row |= {"fit": fitted, "processor": processor, "predict": min(seconds)}
        row |= {"bytes": len(pickle.dumps(model))}
    except Exception as error:  # noqa: BLE001 - of any library; the others go on
        return failure(table.name, seed, name, error)
    return row


def _made(table: Table, name: str, X: Any, seed: int) -> Any:
    """Make a model for the training rows of a table."""
    if table.preparation is None:
        return MODELS[name].make(X, bool(table.classes), seed)
    return MIXED_MODELS[name](table, X, seed)


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
