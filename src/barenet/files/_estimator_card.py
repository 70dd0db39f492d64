"""The model card of a fitted estimator.

An estimator does not store its rows, so the fingerprint on the card needs them again.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._registry import spec_of
from barenet.data._encoding import TableEncoding
from barenet.data._fingerprint import fingerprint
from barenet.data._to_frame import column_names, columns_by_name
from barenet.errors import ArgumentError, brief
from barenet.files._fitted_pipeline import FittedPipeline
from barenet.files._model_card import ModelCard
from barenet.training._history import History

#: Parameters that do not affect the network.
IRRELEVANT = ("callbacks", "threads", "verbose", "warm_start")


def make_card(fitted: FittedPipeline, X: Any, y: ArrayLike | None) -> ModelCard:
    """The card of a fitted estimator; `X` and `y` are its training rows, if given."""
    estimator, history = fitted.estimator, fitted.estimator.history_
    if len(history) != len(estimator.loss_curve_):  # after several calls
        history = History(engine=history.engine)
    rows = dict(estimator._n_rows) if len(history) else {}
    parameters = estimator.get_params(deep=False).items()
    settings = {n: _setting(v) for n, v in parameters if v is not None and n not in IRRELEVANT}
    return ModelCard(
        settings={"estimator": type(estimator).__name__, **settings},
        data_fingerprint=None if X is None and y is None else _fingerprint(fitted, X, y, rows),
        rows=rows,
        scores=_scores(history) if len(history) else {},
    ).with_history(history)


def _fingerprint(fitted: FittedPipeline, X: Any, y: Any, rows: Mapping[str, int]) -> str:
    """The fingerprint of the training rows, with the columns that the network takes."""
    if X is None or y is None:
        problem = "expected both, the rows and their targets, or neither"
        raise ArgumentError(problem, argument="X, y")
    targets = _encoded(np.asarray(y), fitted.classes)
    if rows and len(targets) not in (rows["training"], sum(rows.values())):
        problem = f"{len(targets)} rows, and the model was trained on {rows['training']}"
        raise ArgumentError(problem, argument="y")
    if isinstance(fitted.preprocessing, TableEncoding):
        return fingerprint(fitted.preprocessing.frame_of(X), targets)
    if column_names(X) is not None:
        X = columns_by_name(X, fitted.feature_names or column_names(X) or ())
        X = np.asarray(X, np.float64)  # as numbers are read from a file
    expected = len(targets), fitted.estimator.n_features_in_
    if np.shape(X) != expected:
        raise ArgumentError(f"expected shape {expected}, got {np.shape(X)}", argument="X")
    return fingerprint(X, targets)


def _encoded(y: NDArray[Any], classes: NDArray[Any] | None) -> NDArray[Any]:
    """Class indices, or numbers."""
    if classes is None:
        return y.astype(np.float64)
    if unknown := y[~np.isin(y, classes)].tolist():
        raise ArgumentError(f"{unknown[0]!r} is not among the classes of the model", argument="y")
    return np.searchsorted(classes, y).astype(np.int64)


def _scores(history: History) -> dict[str, dict[str, float]]:
    """The scores of the validation rows in the selected epoch."""
    selected = -1 if history.best_epoch is None else history.best_epoch - 1
    scores = {
        name.removeprefix("validation_"): float(curve[selected])
        for name, curve in history.curves.items()
        if name.startswith("validation_") and math.isfinite(curve[selected])
    }
    return {"validation": scores} if scores else {}


def _setting(value: Any) -> Any:
    """Convert a parameter for a card."""
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
