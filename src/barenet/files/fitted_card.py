"""The card of a fitted estimator: its settings, how it has learned, and from which rows.

An estimator does not keep its rows. Whoever ships it gives them once more, for their fingerprint.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.data.encoding import TableEncoding
from barenet.data.fingerprint import csv_equivalent, fingerprint
from barenet.data.to_frame import column_names, columns_by_name
from barenet.errors import brief
from barenet.files.fitted import Fitted
from barenet.files.model_card import ModelCard
from barenet.registry import spec_of
from barenet.training.history import History

__all__ = ["card_of"]

#: Settings that decide nothing of the network.
NOT_ON_A_CARD = ("callbacks", "threads", "verbose", "warm_start")


def card_of(fitted: Fitted, X: Any, y: ArrayLike | None) -> ModelCard:
    """Write down where a fitted estimator comes from."""
    estimator, history = fitted.estimator, fitted.estimator.history_
    is_whole = len(history) == len(estimator.loss_curve_)
    rows = dict(estimator._n_rows) if is_whole else {}
    seen = None if X is None and y is None else _fingerprint(fitted, X, y, rows)
    card = ModelCard(
        settings=_settings(estimator),
        data_fingerprint=seen,
        rows=rows,
        scores=_scores(history) if is_whole else {},
    ).with_history(history)
    return card if is_whole else replace(card, log=None)


def _fingerprint(fitted: Fitted, X: Any, y: ArrayLike | None, rows: Mapping[str, int]) -> str:
    """Compute it as ``barenet train`` does for these rows in a file."""
    if X is None or y is None:
        raise ValueError("X, y: expected both, the rows and their targets, or neither")
    targets = _numbered(np.asarray(y), fitted.classes)
    counts = {rows.get("training"), sum(rows.values())}
    if rows and len(targets) not in counts:
        raise ValueError(
            f"y: {len(targets)} rows, and the model has learned from {rows['training']}"
        )
    if hasattr(X, "tocsr"):
        raise ValueError("X: a sparse matrix has no fingerprint; use X.toarray()")
    if isinstance(fitted.preprocessing, TableEncoding):
        return fingerprint(csv_equivalent(fitted.preprocessing.frame_of(X)), targets)
    if column_names(X) is not None:
        X = columns_by_name(X, fitted.feature_names or column_names(X) or ())
        X = _exact(np.asarray(X))  # as numbers are read from a file
    expected = len(targets), fitted.estimator.n_features_in_
    if np.shape(X) != expected:
        raise ValueError(f"X: expected shape {expected}, got {np.shape(X)}")
    return fingerprint(X, targets)


def _numbered(y: NDArray[Any], classes: NDArray[Any] | None) -> NDArray[Any]:
    """Turn classes into their places."""
    if classes is None:
        return _exact(y)
    if unknown := y[~np.isin(y, classes)].tolist():
        raise ValueError(f"y: {unknown[0]!r} is not among the classes of the model")
    return np.searchsorted(classes, y).astype(np.int64)


def _exact(numbers: NDArray[Any]) -> NDArray[np.float64]:
    """Take float32 for the numbers that it is written as, such as 0.1."""
    return numbers.astype(str if numbers.dtype == np.float32 else np.float64).astype(np.float64)


def _scores(history: History) -> dict[str, dict[str, float]]:
    """The scores of the validation rows, of the epoch that was kept."""
    kept = -1 if history.best_epoch is None else history.best_epoch - 1
    found = {
        name.removeprefix("validation_"): float(curve[kept])
        for name, curve in history.curves.items()
        if name.startswith("validation_") and len(curve)
    }
    found = {name: score for name, score in found.items() if math.isfinite(score)}
    return {"validation": found} if found else {}


def _settings(estimator: Any) -> dict[str, Any]:
    given = estimator.get_params(deep=False).items()
    settings = {n: _setting(v) for n, v in given if v is not None and n not in NOT_ON_A_CARD}
    return {"estimator": type(estimator).__name__, **settings}


def _setting(value: Any) -> Any:
    """Write a setting as a card can hold it."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return tuple(map(_setting, value))
    if isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, float | Mapping):
        return brief(value)
    if isinstance(getattr(value, "name", None), str):
        return spec_of(value)
    return getattr(value, "__name__", type(value).__name__)
