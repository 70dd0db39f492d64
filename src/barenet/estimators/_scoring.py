"""Scores of validation rows after each epoch: accuracy or R², or scorers of scikit-learn.

A scorer of scikit-learn calls an estimator's `predict`. It receives a copy that shares the network
and has the network's output for these rows already, so nothing is computed twice.
"""

from __future__ import annotations

import copy
import functools
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import get_scorer, get_scorer_names, make_scorer

from barenet._registry import lookup
from barenet.errors import ArgumentError
from barenet.estimators._label_encoder import LabelEncoder
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray, InputArray

#: The parameter `scoring`: names, or functions of an estimator, X, y and optionally sample weights.
Scoring = (
    str | Callable[..., float] | Sequence[str] | Mapping[str, str | Callable[..., float]] | None
)


class DefaultScorer:
    """Accuracy or R², computed from the network's output.

    scikit-learn's functions check their arguments for longer than a small network trains.
    """

    def __init__(
        self, name: str, measure: Callable[[FloatArray, ArrayDataset], float], rows: ArrayDataset
    ) -> None:
        self.names: tuple[str, ...] = (name,)
        self._measure, self._rows = measure, rows

    def __call__(self, output: FloatArray) -> dict[str, float]:
        """Score an output; NaN if it isn't finite."""
        finite = np.isfinite(output).all()
        return {self.names[0]: self._measure(output, self._rows) if finite else math.nan}


def accuracy(correct: NDArray[np.bool_], sample_weight: FloatArray | None) -> float:
    """Weighted fraction of the rows that are correct.

    Examples
    --------
    >>> accuracy(np.array([True, False]), np.array([3.0, 1.0]))
    0.75
    """
    if sample_weight is None:
        return float(correct.mean())
    total = sample_weight.sum(dtype=np.float64)
    return float(sample_weight[correct].sum(dtype=np.float64) / total) if total > 0 else math.nan


def r2(y: FloatArray, output: FloatArray, sample_weight: FloatArray | None) -> float:
    """R² = 1 − Σ w (y − ŷ)² / Σ w (y − ȳ)², averaged over the outputs.

    Examples
    --------
    >>> y, output = np.array([[0.0], [1.0], [5.0]]), np.array([[0.0], [3.0], [5.0]])
    >>> r2(y, output, np.array([1.0, 1.0, 0.0]))  # 1 − 4 / 0.5
    -7.0
    """
    if len(y) < 2:
        return math.nan
    weight = np.ones(len(y)) if sample_weight is None else sample_weight.astype(np.float64)
    total = weight.sum()
    if not total > 0:
        return math.nan
    mean = weight @ y / total
    unexplained, variance = weight @ np.square(y - output), weight @ np.square(y - mean)
    constant = np.where(unexplained == 0, 1.0, 0.0)
    varied = variance > 0
    return float(np.where(varied, 1 - unexplained / np.where(varied, variance, 1), constant).mean())


class _Scorer(NamedTuple):
    measure: Callable[..., float]
    #: Whether it is one of scikit-learn's, given by its name.
    is_named: bool


def as_scorers(scoring: Scoring) -> dict[str, _Scorer]:
    """The scorers of the parameter `scoring` by their names.

    Examples
    --------
    >>> as_scorers(["roc_auc", "neg_log_loss"]).keys()
    dict_keys(['roc_auc', 'neg_log_loss'])
    """
    if scoring is None:
        return {}
    if isinstance(scoring, str):
        return {scoring: _as_scorer(scoring)}
    if isinstance(scoring, Mapping):
        scorers: dict[Any, object] = dict(scoring)
    else:
        entries = scoring if isinstance(scoring, list | tuple) else [scoring]
        scorers = {each if isinstance(each, str) else _name_of(each): each for each in entries}
        if len(scorers) < len(entries):
            raise ArgumentError(
                "two scorers have one name",
                argument="scoring",
                remedy="give a dict of names to scorers",
            )
    if not scorers or "loss" in scorers:
        raise ArgumentError.of("scoring", scorers, "a scorer or several, none with the name 'loss'")
    return {str(name): _as_scorer(scorer) for name, scorer in scorers.items()}


class SklearnScorers:
    """Scores of the network's output for validation rows, by scorers of scikit-learn."""

    def __init__(
        self, estimator: Any, scorers: Mapping[str, _Scorer], rows: ArrayDataset, y: NDArray[Any]
    ) -> None:
        self.names = tuple(scorers)
        self._named = [name for name, scorer in scorers.items() if scorer.is_named]
        self._output = _KnownOutput(rows.X, estimator._predict_output)
        self._copy = copy.copy(estimator)
        self._copy._predict_output = self._output
        vars(self._copy).pop("feature_names_in_", None)  # these rows are an array
        self._X, self._weight = rows.X, rows.sample_weight
        self._calls = [self._call_of(scorer, y) for scorer in scorers.values()]

    def __call__(self, output: FloatArray) -> dict[str, float]:
        """Score an output; NaN if it isn't finite."""
        if not np.isfinite(output).all():
            return dict.fromkeys(self.names, math.nan)
        self._output.known = output
        calls = zip(self.names, self._calls, strict=True)
        return {name: _as_number(name, call()) for name, call in calls}

    def check(self, output: FloatArray) -> None:
        """Refuse scorers that can't score these rows, before the training."""
        try:
            scores = self(output)
        except (ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
            problem = f"{', '.join(self.names)} can't score these rows: {error}"
            raise ArgumentError(problem, argument="scoring") from error
        undefined = [name for name in self._named if math.isnan(scores[name])]
        if undefined and np.isfinite(output).all():
            raise ArgumentError(
                f"{', '.join(undefined)} is undefined for these {len(self._X)} rows",
                argument="scoring",
                remedy="pass validation_data that have every class, or choose another scorer",
            )

    def _call_of(self, scorer: _Scorer, y: NDArray[Any]) -> Callable[[], float]:
        """A scorer with its arguments, with the sample weights if it accepts them."""
        estimator, measure = self._copy, scorer.measure
        if scorer.is_named and y.dtype.kind in "OSU":
            estimator, y = _with_integer_classes(estimator, y)
        if scorer.is_named and y.ndim == 1 and hasattr(estimator, "classes_"):
            measure = _with_all_labels(measure, estimator.classes_)
        weighted = self._weight is not None and _accepts_weights(measure)
        options = {"sample_weight": self._weight} if weighted else {}
        return functools.partial(measure, estimator, self._X, y, **options)


class _KnownOutput:
    """Returns the known output for the validation rows, and computes that of any others."""

    def __init__(self, X: InputArray, compute: Callable[[Any], FloatArray]) -> None:
        self.X, self.compute = X, compute
        self.known: FloatArray | None = None

    def __call__(self, X: Any) -> FloatArray:
        return self.compute(X) if self.known is None or X is not self.X else self.known


def _as_scorer(entry: Any) -> _Scorer:
    if isinstance(entry, str):
        name = lookup({name: name for name in get_scorer_names()}, entry, "scoring")
        return _Scorer(get_scorer(name), is_named=True)
    if isinstance(entry, type) or not callable(entry):
        expected = "a name, or a callable of an estimator, X and y"
        raise ArgumentError.of("scoring", entry, expected)
    return _Scorer(entry, is_named=False)


def _name_of(scorer: object) -> str:
    """The name of a function; the scorers of `make_scorer` and lambdas have none."""
    name = getattr(scorer, "__name__", "score")
    return name if name.isidentifier() else "score"


def _with_integer_classes(estimator: Any, y: NDArray[Any]) -> tuple[Any, NDArray[np.intp]]:
    """Encode the classes as integers: scikit-learn's scorers take 1 for the positive class."""
    twin, classes = copy.copy(estimator), estimator.classes_
    twin._label_encoder = LabelEncoder(np.arange(len(classes)))
    twin.classes_ = twin._label_encoder.classes
    return twin, np.searchsorted(classes, y)


def _with_all_labels(scorer: Any, classes: NDArray[Any]) -> Callable[..., float]:
    """Pass all classes to a scorer of probabilities, as the scored rows may lack one."""
    takes_labels = "labels" in inspect.signature(scorer._score_func).parameters
    if scorer._response_method == "predict" or not takes_labels:
        return scorer
    measure: Callable[..., float] = make_scorer(
        scorer._score_func,
        response_method=scorer._response_method,
        greater_is_better=scorer._sign > 0,
        **{**scorer._kwargs, "labels": classes},
    )
    return measure


def _accepts_weights(measure: Callable[..., float]) -> bool:
    accepts = getattr(measure, "_accept_sample_weight", None)  # of scikit-learn's scorers
    return bool(accepts()) if accepts else "sample_weight" in inspect.signature(measure).parameters


def _as_number(name: str, score: object) -> float:
    try:
        return float(score)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} returned {score!r}, expected a number") from error
