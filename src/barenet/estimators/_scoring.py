"""Validation rows, which are set aside, and scored after each epoch by accuracy, R² or others."""

import copy
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import get_scorer, get_scorer_names

from barenet._registry import lookup
from barenet.errors import ArgumentError
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray

#: A scorer's name, or a function of an estimator, X, y and optionally sample weights.
ScorerSpec = str | Callable[..., float]

#: The parameter `scoring`.
Scoring = ScorerSpec | Sequence[str] | Mapping[str, ScorerSpec] | None


def split_validation(
    rows: ArrayDataset,
    fraction: float,
    strata: NDArray[Any] | None,
    rng: np.random.RandomState,
    groups: NDArray[np.intp] | None = None,
) -> tuple[ArrayDataset, ArrayDataset]:
    """Split rows into a training set and a validation set, stratified if there are strata.

    With groups, whose numbers are counted from 0, the validation set has a fraction of the groups.

    Examples
    --------
    >>> rows = ArrayDataset(np.arange(10.0).reshape(10, 1), np.zeros((10, 1)), None)
    >>> training, validation = split_validation(rows, 0.2, None, np.random.RandomState(0))
    >>> len(training.X), validation.X.ravel().tolist()
    (8, [2.0, 8.0])
    """
    from sklearn.model_selection import train_test_split

    n_units = len(rows.X)
    strata_of_units = strata
    if groups is not None:
        _, first_rows = np.unique(groups, return_index=True)
        n_units = len(first_rows)
        if strata is not None:
            strata_of_units = strata[first_rows]
    try:
        training, validation = train_test_split(
            np.arange(n_units), test_size=fraction, stratify=strata_of_units, random_state=rng
        )
    except ValueError as error:
        # The groups of a class may be too few for each part to have one: try again without strata.
        if strata is not None and groups is not None:
            return split_validation(rows, fraction, None, rng, groups)
        raise ArgumentError(str(error), argument="validation_fraction") from error
    if groups is not None:
        is_validation = np.isin(groups, validation)
        training = np.flatnonzero(~is_validation)
        validation = np.flatnonzero(is_validation)
    if len(validation) < 2:
        problem = f"The validation set is too small, {len(validation)} of {len(rows.X)} rows"
        remedy = "take a larger fraction, or more rows"
        raise ArgumentError(problem, argument="validation_fraction", remedy=remedy)
    weights = rows.sample_weight
    for index, purpose in ((training, "training"), (validation, "validation")):
        if weights is not None and not weights[index].any():
            problem = f"all {len(index)} {purpose} rows have weight 0"
            remedy = "give validation_data, another random_state, or weights to more of the rows"
            raise ArgumentError(problem, argument="sample_weight", remedy=remedy)
    return rows.take(training), rows.take(validation)


class ValidationScorer:
    """Scores the network's output for validation rows; early stopping uses the first score.

    A scorer of scikit-learn calls an estimator's `predict`. It receives a copy that shares the
    network and already has its output for these rows, so nothing is computed twice.
    """

    def __init__(self, estimator: Any, rows: ArrayDataset) -> None:
        self.rows = rows
        self.compute = estimator._predict_output
        self.output: Any = None
        self.X: Any = rows.X
        if hasattr(self.X, "tocsr"):
            self.X = self.X.tocsr()
        self.measures: dict[str, Callable[[], float]] = {}
        encoder = estimator._encoder
        scorers = as_scorers(estimator.scoring)
        self.names = tuple(scorers) or (encoder.score_name,)
        if scorers:
            y = encoder.decode(rows.y)
            twin = copy.copy(estimator)
            twin._predict_output = self._predict_output
            vars(twin).pop("feature_names_in_", None)  # these rows are an array
            for name, scorer in scorers.items():
                self.measures[name] = _measure(scorer, twin, rows._replace(X=self.X), y)
            self._try(scorers, estimator.network_.predict(rows.X))
        else:

            def score() -> float:
                return encoder.score(self.output, rows)

            self.measures[encoder.score_name] = score

    def __call__(self, output: FloatArray) -> dict[str, float]:
        """Score an output; NaN if it isn't finite."""
        if not np.isfinite(output).all():
            return dict.fromkeys(self.names, math.nan)
        self.output = output
        return {name: measure() for name, measure in self.measures.items()}

    def _predict_output(self, X: Any) -> FloatArray:
        """Return the known output for the validation rows; compute it for any others."""
        return self.output if X is self.X else self.compute(X)

    def _try(self, scorers: Mapping[str, ScorerSpec], output: FloatArray) -> None:
        """Reject scorers that can't score the current output."""
        try:
            scores = self(output)
        except (ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
            problem = f"{', '.join(scorers)} can't score these rows: {error}"
            raise ArgumentError(problem, argument="scoring") from error
        undefined = []
        for name, scorer in scorers.items():
            if isinstance(scorer, str) and math.isnan(scores[name]):
                undefined.append(name)
        if undefined and np.isfinite(output).all():
            problem = f"{', '.join(undefined)} is undefined for these {len(self.rows.X)} rows"
            remedy = "pass validation_data that have every class, or choose another scorer"
            raise ArgumentError(problem, argument="scoring", remedy=remedy)


def as_scorers(scoring: Scoring) -> dict[str, ScorerSpec]:
    """Return the scorers of the parameter `scoring` by their names.

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
        entries: list[Any] = [scoring]
        if isinstance(scoring, list | tuple):
            entries = list(scoring)
        scorers = {_name_of(entry): entry for entry in entries}
        if len(scorers) < len(entries):
            remedy = "give a dict of names to scorers"
            raise ArgumentError("two scorers have one name", argument="scoring", remedy=remedy)
    if not scorers or "loss" in scorers:
        raise ArgumentError.of("scoring", scorers, "a scorer or several, none with the name 'loss'")
    for scorer in scorers.values():
        if isinstance(scorer, str):
            lookup(dict.fromkeys(get_scorer_names()), scorer, "scoring")
        elif isinstance(scorer, type) or not callable(scorer):
            expected = "a name, or a callable of an estimator, X and y"
            raise ArgumentError.of("scoring", scorer, expected)
    return {str(name): scorer for name, scorer in scorers.items()}


def _measure(
    scorer: ScorerSpec, twin: Any, rows: ArrayDataset, y: NDArray[Any]
) -> Callable[[], float]:
    """Score an estimator on these rows, with the sample weights if the scorer accepts them."""
    measure: Any
    if isinstance(scorer, str):
        measure = get_scorer(scorer)
        has_classes = y.ndim == 1 and hasattr(twin, "classes_")
        if has_classes and y.dtype.kind in "OSU":  # such scorers expect 1 as the positive class
            y = np.searchsorted(twin.classes_, y)
            twin = _with_numbered_classes(twin)
        if has_classes:
            measure = _with_all_labels(measure, twin.classes_)
    else:
        measure = scorer
    weights = rows.sample_weight
    if weights is not None and _accepts_weights(measure):
        return lambda: float(measure(twin, rows.X, y, sample_weight=weights))
    return lambda: float(measure(twin, rows.X, y))


def _name_of(scorer: object) -> str:
    """Return the name of a scorer; lambdas and results of `make_scorer` have none."""
    if isinstance(scorer, str):
        return scorer
    name = getattr(scorer, "__name__", "score")
    return name if name.isidentifier() else "score"


def _with_numbered_classes(twin: Any) -> Any:
    """Copy an estimator, and replace its classes by their indices."""
    indices = np.arange(len(twin.classes_))
    twin = copy.copy(twin)
    twin.classes_ = indices
    twin._encoder = copy.copy(twin._encoder)
    twin._encoder.classes = indices
    return twin


def _with_all_labels(scorer: Any, classes: NDArray[Any]) -> Any:
    """Pass all classes to a scorer of probabilities, as the scored rows may not have all."""
    takes_labels = "labels" in inspect.signature(scorer._score_func).parameters
    if takes_labels and scorer._response_method != "predict":
        scorer = copy.copy(scorer)
        scorer._kwargs = {**scorer._kwargs, "labels": classes}
    return scorer


def _accepts_weights(measure: Callable[..., float]) -> bool:
    accepts = getattr(measure, "_accept_sample_weight", None)  # scikit-learn's scorers have this
    return bool(accepts()) if accepts else "sample_weight" in inspect.signature(measure).parameters
