"""Scores of validation rows after each epoch: accuracy or R², or scorers of scikit-learn.

A scorer of scikit-learn calls an estimator's `predict`. It receives a copy that shares the network
and has the network's output for these rows already, so nothing is computed twice.
"""

import copy
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import get_scorer, get_scorer_names

from barenet._registry import lookup
from barenet.errors import ArgumentError
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray, InputArray
from barenet.training._run import Scorer

#: The parameter `scoring`: names, or functions of an estimator, X, y and optionally sample weights.
Scoring = (
    str | Callable[..., float] | Sequence[str] | Mapping[str, str | Callable[..., float]] | None
)


class ValidationScorer(Scorer):
    """Scores of the network's output for validation rows; early stopping follows the first."""

    def __init__(
        self, rows: ArrayDataset, measures: Mapping[str, Callable[[FloatArray], float]]
    ) -> None:
        self.rows, self.measures, self.names = rows, measures, tuple(measures)

    def __call__(self, output: FloatArray) -> dict[str, float]:
        """Score an output; NaN if it isn't finite."""
        if not np.isfinite(output).all():
            return dict.fromkeys(self.names, math.nan)
        return {name: measure(output) for name, measure in self.measures.items()}


def accuracy(correct: NDArray[np.bool_], sample_weight: FloatArray | None) -> float:
    """Weighted fraction of the rows that are correct.

    scikit-learn's functions check their arguments for longer than a small network trains.

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
    weight = np.ones(len(y)) if sample_weight is None else sample_weight.astype(np.float64)
    total = weight.sum()
    if len(y) < 2 or not total > 0:
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
    if isinstance(scoring, Mapping):
        scorers: dict[Any, Any] = dict(scoring)
    else:
        entries = list(scoring) if isinstance(scoring, list | tuple) else [scoring]
        scorers = {_name_of(entry): entry for entry in entries}
        if len(scorers) < len(entries):
            raise ArgumentError(
                "two scorers have one name",
                argument="scoring",
                remedy="give a dict of names to scorers",
            )
    if not scorers or "loss" in scorers:
        raise ArgumentError.of("scoring", scorers, "a scorer or several, none with the name 'loss'")
    return {str(name): _as_scorer(scorer) for name, scorer in scorers.items()}


def sklearn_scorer(
    estimator: Any, scorers: Mapping[str, _Scorer], rows: ArrayDataset, y: NDArray[Any]
) -> ValidationScorer:
    """Score by scorers of scikit-learn, which must be able to score the output of this moment."""
    predict = _KnownOutput(rows.X, estimator._predict_output)
    twin = copy.copy(estimator)
    twin._predict_output = predict
    vars(twin).pop("feature_names_in_", None)  # these rows are an array
    measures = {name: _measure(name, scorers[name], twin, rows, y) for name in scorers}
    scorer = ValidationScorer(rows, measures)
    output = estimator.network_.predict(rows.X)
    try:
        scores = scorer(output)
    except (ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
        problem = f"{', '.join(scorers)} can't score these rows: {error}"
        raise ArgumentError(problem, argument="scoring") from error
    undefined = [name for name in scorers if scorers[name].is_named and math.isnan(scores[name])]
    if undefined and np.isfinite(output).all():
        raise ArgumentError(
            f"{', '.join(undefined)} is undefined for these {len(rows.X)} rows",
            argument="scoring",
            remedy="pass validation_data that have every class, or choose another scorer",
        )
    return scorer


@dataclass
class _KnownOutput:
    """Returns the known output for the validation rows, and computes that of any others."""

    X: InputArray
    compute: Callable[[Any], FloatArray]
    output: FloatArray | None = None

    def __call__(self, X: Any) -> FloatArray:
        return self.compute(X) if self.output is None or X is not self.X else self.output


def _measure(
    name: str, scorer: _Scorer, twin: Any, rows: ArrayDataset, y: NDArray[Any]
) -> Callable[[FloatArray], float]:
    """A scorer as a function of the output, with the sample weights if it accepts them."""
    measure, predict = scorer.measure, twin._predict_output
    if scorer.is_named and y.dtype.kind in "OSU":  # such scorers take 1 for the positive class
        y, twin = np.searchsorted(twin.classes_, y), copy.copy(twin)
        twin._encoder = twin._encoder.with_integers()
        twin.classes_ = twin._encoder.classes
    if scorer.is_named and y.ndim == 1 and hasattr(twin, "classes_"):
        measure = _with_all_labels(measure, twin.classes_)
    weighted = rows.sample_weight is not None and _accepts_weights(measure)
    options = {"sample_weight": rows.sample_weight} if weighted else {}

    def score(output: FloatArray) -> float:
        predict.output = output
        value = measure(twin, rows.X, y, **options)
        try:
            return float(value)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name} returned {value!r}, expected a number") from error

    return score


def _as_scorer(entry: Any) -> _Scorer:
    if isinstance(entry, str):
        name = lookup({name: name for name in get_scorer_names()}, entry, "scoring")
        return _Scorer(get_scorer(name), is_named=True)
    if isinstance(entry, type) or not callable(entry):
        raise ArgumentError.of("scoring", entry, "a name, or a callable of an estimator, X and y")
    return _Scorer(entry, is_named=False)


def _name_of(scorer: object) -> str:
    """The name itself, or that of a function; scorers of `make_scorer` and lambdas have none."""
    if isinstance(scorer, str):
        return scorer
    name = getattr(scorer, "__name__", "score")
    return name if name.isidentifier() else "score"


def _with_all_labels(scorer: Any, classes: NDArray[Any]) -> Any:
    """Pass all classes to a scorer of probabilities, as the scored rows may lack one."""
    takes_labels = "labels" in inspect.signature(scorer._score_func).parameters
    if takes_labels and scorer._response_method != "predict":
        scorer = copy.copy(scorer)
        scorer._kwargs = {**scorer._kwargs, "labels": classes}
    return scorer


def _accepts_weights(measure: Callable[..., float]) -> bool:
    accepts = getattr(measure, "_accept_sample_weight", None)  # of scikit-learn's scorers
    return bool(accepts()) if accepts else "sample_weight" in inspect.signature(measure).parameters
