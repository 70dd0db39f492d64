"""Scoring: how good an estimator is while it is being fitted, on rows that it does not learn from.

A scorer of scikit-learn asks an estimator for predictions. It is handed a copy that shares the
network and remembers what that has just said of these rows, so nothing is computed twice.
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

from barenet.estimators.labels import Labels
from barenet.model.array_dataset import ArrayDataset
from barenet.model.arrays import FloatArray, InputArray
from barenet.registry import lookup

__all__ = ["Scores", "Scoring", "as_scorers"]

#: What `scoring` may be: names, or functions of an estimator, X and y, and maybe sample weights.
Scoring = (
    str | Callable[..., float] | Sequence[str] | Mapping[str, str | Callable[..., float]] | None
)


class Scorer(NamedTuple):
    """A way to measure an estimator.

    Attributes
    ----------
    measure : callable
        Takes an estimator, X and y, and maybe sample weights.
    named : bool
        Whether it is one of scikit-learn's, asked for by its name.
    """

    measure: Callable[..., float]
    named: bool


def as_scorers(scoring: Scoring) -> dict[str, Scorer]:
    """Look scorers up, and give each a name.

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
        named: dict[Any, object] = dict(scoring)
    elif isinstance(scoring, list | tuple):
        named = {entry if isinstance(entry, str) else _name_of(entry): entry for entry in scoring}
        if len(named) < len(scoring):
            raise ValueError("scoring: two scorers have one name; give a dict of names to scorers")
    else:
        named = {_name_of(scoring): scoring}
    if not named or "loss" in named:
        raise ValueError(f"scoring: expected a scorer or several, none called 'loss', got {named}")
    return {str(name): _as_scorer(scorer) for name, scorer in named.items()}


class Scores:
    """Measures what the network says of validation rows, after each epoch.

    Attributes
    ----------
    names : tuple of str
        What the scores are called.
    """

    def __init__(
        self, estimator: Any, scorers: Mapping[str, Scorer], rows: ArrayDataset, y: NDArray[Any]
    ) -> None:
        self.names = tuple(scorers)
        self._named = [name for name, scorer in scorers.items() if scorer.named]
        self._recall = Recall(rows.X, estimator._predict_output)
        self._stand_in = copy.copy(estimator)
        self._stand_in._predict_output = self._recall
        vars(self._stand_in).pop("feature_names_in_", None)  # these rows are an array
        self._X, self._weight = rows.X, rows.sample_weight
        self._calls = [self._call_of(scorer, y) for scorer in scorers.values()]

    def __call__(self, output: FloatArray) -> dict[str, float]:
        """Measure."""
        if not np.isfinite(output).all():
            return dict.fromkeys(self.names, math.nan)
        self._recall.output = output
        pairs = zip(self.names, self._calls, strict=True)
        return {name: _as_number(name, measure()) for name, measure in pairs}

    def try_once(self, output: FloatArray) -> None:
        """Find out if the scorers can be used, before anything is learned."""
        try:
            scores = self(output)
        except (ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
            names = ", ".join(self.names)
            raise ValueError(f"scoring: {names} can't score these rows: {error}") from error
        undefined = [name for name in self._named if math.isnan(scores[name])]
        if undefined and np.isfinite(output).all():
            raise ValueError(
                f"scoring: {', '.join(undefined)} is undefined for these {len(self._X)} rows; "
                "pass validation_data that have every class, or choose another scorer"
            )

    def _call_of(self, scorer: Scorer, y: NDArray[Any]) -> Callable[[], float]:
        """Put together what a scorer is called with: the weights, too, if it takes them."""
        estimator, measure = self._stand_in, scorer.measure
        if scorer.named and y.dtype.kind in "OSU":
            estimator, y = _numbered(estimator, y)
        if scorer.named and y.ndim == 1 and hasattr(estimator, "classes_"):
            measure = _with_labels(measure, estimator.classes_)
        weighs = self._weight is not None and _takes_weights(measure)
        more = {"sample_weight": self._weight} if weighs else {}
        return functools.partial(measure, estimator, self._X, y, **more)


class Recall:
    """Answers with what is known of some rows, and asks for any others.

    Attributes
    ----------
    output : ndarray of shape (n_samples, n_outputs), optional
        What the network says of X.
    """

    def __init__(self, X: InputArray, ask: Callable[[Any], FloatArray]) -> None:
        self.X, self.ask = X, ask
        self.output: FloatArray | None = None

    def __call__(self, X: Any) -> FloatArray:
        """Tell what the network says."""
        return self.ask(X) if self.output is None or X is not self.X else self.output


def _as_scorer(entry: Any) -> Scorer:
    if isinstance(entry, str):
        name = lookup({name: name for name in get_scorer_names()}, entry, "scoring")
        return Scorer(get_scorer(name), named=True)
    if isinstance(entry, type) or not callable(entry):
        raise ValueError(
            f"scoring: expected a name, or a callable of an estimator, X and y, got {entry!r}"
        )
    return Scorer(entry, named=False)


def _name_of(scorer: object) -> str:
    """What a function is called; the scorers of `make_scorer` and lambdas have no name."""
    name = getattr(scorer, "__name__", "score")
    return name if name.isidentifier() else "score"


def _numbered(estimator: Any, y: NDArray[Any]) -> tuple[Any, NDArray[np.intp]]:
    """Number the classes: of two, scikit-learn's scorers take the one called 1 for the yes."""
    twin, classes = copy.copy(estimator), estimator.classes_
    twin._labels = Labels(np.arange(len(classes)))
    twin.classes_ = twin._labels.classes
    return twin, np.searchsorted(classes, y)


def _with_labels(scorer: Any, classes: NDArray[Any]) -> Callable[..., float]:
    """Pass all classes to a scorer of probabilities, as the scored rows may lack one."""
    takes_labels = "labels" in inspect.signature(scorer._score_func).parameters
    if scorer._response_method == "predict" or not takes_labels:
        return scorer
    options = {**scorer._kwargs, "labels": classes}
    measure: Callable[..., float] = make_scorer(
        scorer._score_func,
        response_method=scorer._response_method,
        greater_is_better=scorer._sign > 0,
        **options,
    )
    return measure


def _takes_weights(measure: Callable[..., float]) -> bool:
    asked = getattr(measure, "_accept_sample_weight", None)  # of scikit-learn's own
    return bool(asked()) if asked else "sample_weight" in inspect.signature(measure).parameters


def _as_number(name: str, score: object) -> float:
    try:
        return float(score)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} gave {score!r}, and a number is needed") from error
