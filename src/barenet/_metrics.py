"""Metrics: scores of predictions, with the definitions and sample weights of scikit-learn.

AUC and R² are also defined if a class has no rows, and if the targets are constant but their mean
is rounded. The metrics are computed with NumPy, because they are computed after each epoch, and
importing scikit-learn takes about a second.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from barenet._registry import canonical, lookup, unknown_name
from barenet.errors import ArgumentError
from barenet.model._array_dataset import class_probabilities, predicted_classes
from barenet.model._arrays import FloatArray, Weights, as_finite, check_targets, one_hot
from barenet.model.losses import LOSSES

#: Takes the outputs and the targets, both of shape (n_samples, n_outputs), and sample weights.
Metric: TypeAlias = Callable[..., float]


@dataclass(frozen=True)
class NamedMetric:
    """A metric with its title, which can be called like its function.

    Attributes
    ----------
    compute : callable
        The function.
    title : str
        The name to show in sentences and tables.
    of_classes : bool, default=True
        Whether the metric is for classes instead of numbers.
    is_error : bool, default=False
        Whether smaller values are better.
    of_predictions : bool, default=False
        Whether only the predicted classes count, and not their probabilities.

    Examples
    --------
    >>> METRICS["rmse"].title, METRICS["rmse"](np.zeros((1, 1)), np.full((1, 1), 2.0))
    ('RMSE', 2.0)
    """

    compute: Metric
    title: str
    of_classes: bool = True
    is_error: bool = False
    of_predictions: bool = False

    def at_threshold(
        self,
        output: FloatArray,
        y: FloatArray,
        threshold: float | None,
        sample_weight: Weights = None,
    ) -> float:
        """Compute the score, of the classes that a threshold decides on where only they count."""
        if threshold is None or not self.of_predictions:
            return self(output, y, sample_weight)
        actual = (y[:, -1] > 0.5).astype(np.intp)
        predicted = predicted_classes(output, threshold)
        return self(one_hot(predicted, 2), one_hot(actual, 2), sample_weight)

    def __call__(self, output: FloatArray, y: FloatArray, sample_weight: Weights = None) -> float:
        """Compute the score.

        Parameters
        ----------
        output : array-like of shape (n_samples, n_outputs) or (n_samples,)
            Probabilities of classes, or predicted numbers.
        y : array-like of shape (n_samples, n_outputs) or (n_samples,)
            Targets. For several outputs, also indices of the classes.
        sample_weight : ndarray of shape (n_samples,), optional
            The weight of each row.

        Returns
        -------
        float
            The score.

        Raises
        ------
        ValueError
            If the targets don't fit the output, or it has classes instead of probabilities.

        Examples
        --------
        >>> METRICS["accuracy"](np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([0, 1]))
        0.5
        """
        if np.ndim(output) != 2 or np.ndim(y) != 2:
            output = self._as_matrix(output)
            y = check_targets(y, len(output), output.shape[1], output.dtype)
        score = self.compute(output, y, sample_weight)
        if np.ndim(score) > 0 or score is None:
            raise ArgumentError.of("metrics", score, "a number", part=self.title)
        return score

    def _as_matrix(self, output: Any) -> FloatArray:
        """Check predictions, and make a single output a column."""
        array = np.asarray(output)
        if self.of_classes and array.dtype.kind != "f":
            expected = "probabilities, as network.predict or predictor.predict_proba returns them"
            remedy = "for predicted classes, use sklearn.metrics"
            raise ArgumentError.of("output", output, expected, remedy=remedy)
        array = as_finite(array, np.dtype(np.float64), "output")
        return array.reshape(-1, 1) if array.ndim == 1 else array


def weighted_mean(values: NDArray[Any], sample_weight: Weights = None) -> float:
    """Compute the mean over all rows and outputs.

    Parameters
    ----------
    values : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Values of the rows.
    sample_weight : ndarray of shape (n_samples,), optional
        The weight of each row.

    Returns
    -------
    float
        The mean; NaN if all weights are 0.

    Examples
    --------
    >>> weighted_mean(np.array([1.0, 0.0]), np.array([3, 1]))
    0.75
    """
    return float(_means(values, sample_weight).mean())


def _means(values: NDArray[Any], sample_weight: Weights) -> NDArray[np.float64]:
    """Compute the mean of each output over the rows, or NaN if all weights are 0."""
    if sample_weight is not None and not sample_weight.any():
        return np.full(values.shape[1:], np.nan)
    values = np.asarray(values, np.float64)
    if sample_weight is None:
        return np.asarray(values.mean(axis=0))  # takes half the time of `np.average`
    return np.asarray(np.average(values, axis=0, weights=sample_weight))


def accuracy(output: FloatArray, y: FloatArray, sample_weight: Weights = None) -> float:
    """Compute the fraction of rows that are predicted correctly.

    Parameters
    ----------
    output : ndarray of shape (n_samples, n_outputs)
        Probabilities. A single output predicts 1 above ½; with several, the largest one is the
        class.
    y : ndarray of shape (n_samples, n_outputs)
        0 or 1, or one-hot classes. If a row has several 1s or none, each output is a separate
        label, and all labels of a row must be correct.
    sample_weight : ndarray of shape (n_samples,), optional
        The weight of each row.

    Returns
    -------
    float
        A score from 0 to 1.

    Examples
    --------
    >>> accuracy(np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    0.5
    """
    if _are_classes(y):
        is_right = output.argmax(axis=1) == y.argmax(axis=1)
    else:
        has_right_label = (output > 0.5) == (y > 0.5)
        is_right = has_right_label.all(axis=1)
    return weighted_mean(is_right, sample_weight)


def _are_classes(y: FloatArray) -> bool:
    """Return whether several outputs are the classes of one target, instead of separate labels."""
    return y.shape[1] > 1 and np.allclose(y.sum(axis=1), 1, atol=1e-3)


class _ByClass(NamedTuple):
    """Outputs and targets with a column for each class or label, and the weights of the rows."""

    #: The probability of each class, shape (n_samples, n_classes).
    probabilities: FloatArray
    #: Whether each class is predicted, and whether it is correct, of the same shape.
    predicted: NDArray[np.bool_]
    actual: NDArray[np.bool_]
    #: The weight of each row, shape (n_samples,).
    weights: NDArray[np.float64]
    #: The columns that count: for two classes, which mirror each other, the second.
    counted: slice


def _by_class(output: FloatArray, y: FloatArray, sample_weight: Weights) -> _ByClass:
    """Compare outputs and targets for each class of one target, or for each separate label."""
    probabilities = class_probabilities(output)
    targets = class_probabilities(y)
    counted = slice(None)
    if _are_classes(targets):
        classes = np.arange(targets.shape[1])
        predicted = probabilities.argmax(axis=1)[:, None] == classes
        actual = targets.argmax(axis=1)[:, None] == classes
        if len(classes) == 2:
            counted = slice(1, None)
    else:
        predicted = probabilities > 0.5
        actual = targets > 0.5
    weights = np.ones(len(targets)) if sample_weight is None else sample_weight.astype(np.float64)
    return _ByClass(probabilities, predicted, actual, weights, counted)


def _balanced_accuracy(output: FloatArray, y: FloatArray, sample_weight: Weights = None) -> float:
    """Compute the mean recall of the occurring classes: the accuracy if all were equally frequent.

    >>> _balanced_accuracy(np.array([[0.1], [0.2], [0.3]]), np.array([[0.0], [0.0], [1.0]]))
    0.5
    """
    rows = _by_class(output, y, sample_weight)
    is_correct = rows.predicted & rows.actual
    correct = rows.weights @ is_correct
    total = rows.weights @ rows.actual
    occurs = total > 0
    recalls = correct[occurs] / total[occurs]
    return float(recalls.mean())


def _f1(output: FloatArray, y: FloatArray, sample_weight: Weights = None) -> float:
    """Compute F1, the harmonic mean of precision and recall.

    For two classes, this is the F1 of the second class. Otherwise, it is macro F1, the mean over
    all labels, or over the classes that occur or are predicted. F1 is 0 for a label that neither
    occurs nor is predicted.

    >>> _f1(np.array([[0.9], [0.8], [0.2]]), np.array([[1.0], [0.0], [1.0]]))
    0.5
    """
    rows = _by_class(output, y, sample_weight)
    total = rows.weights @ rows.predicted + rows.weights @ rows.actual
    is_correct = rows.predicted & rows.actual
    correct = rows.weights @ is_correct
    divisor = np.where(total > 0, total, 1)
    f1_of_columns = 2 * correct / divisor
    scores = f1_of_columns[rows.counted]
    if _are_classes(y):
        is_in_use = rows.predicted | rows.actual
        are_seen = is_in_use[:, rows.counted].any(axis=0)
        if are_seen.any():
            scores = scores[are_seen]
    return float(scores.mean())


def _auc(output: FloatArray, y: FloatArray, sample_weight: Weights = None) -> float:
    """Compute the area under the ROC curve.

    This is the probability that a row of a class is ranked above a row of another one. For two
    classes, it is that of the second class. For more, it is the mean (one versus rest) over the
    classes with some rows but not all. It is NaN if there are none.

    >>> _auc(np.array([[0.1], [0.4], [0.3], [0.8]]), np.array([[0.0], [0.0], [1.0], [1.0]]))
    0.75
    """
    rows = _by_class(output, y, sample_weight)
    scores_of_columns = rows.probabilities.T[rows.counted]
    actual_of_columns = rows.actual.T[rows.counted]
    areas = []
    for scores, is_of_class in zip(scores_of_columns, actual_of_columns, strict=True):
        distinct_scores, ranks = np.unique(scores, return_inverse=True)
        n_ranks = len(distinct_scores)
        is_other = ~is_of_class
        # The total weight of the rows at each rank, for rows of the class and for all others.
        of_class = np.bincount(ranks[is_of_class], rows.weights[is_of_class], n_ranks)
        others = np.bincount(ranks[is_other], rows.weights[is_other], n_ranks)
        n_pairs = of_class.sum() * others.sum()
        if n_pairs > 0:
            n_below = np.cumsum(others) - others / 2  # ties count as half
            areas.append(of_class @ n_below / n_pairs)
    return float(np.mean(areas)) if areas else np.nan


def _log_loss(output: FloatArray, y: FloatArray, sample_weight: Weights = None) -> float:
    """Compute the cross-entropy: minus the mean logarithm of the probability of the correct class.

    Probabilities are clipped to [ε, 1 − ε], where ε is the relative rounding error of their dtype.

    >>> round(_log_loss(np.array([[0.8]]), np.array([[1.0]])), 6)  # −ln 0.8
    0.223144
    """
    name = "categorical_cross_entropy" if _are_classes(y) else "binary_cross_entropy"
    limit = np.finfo(output.dtype).eps
    p = np.clip(output, limit, 1 - limit, dtype=np.float64)
    return LOSSES[name]().value(p, y, sample_weight)


def r2(output: FloatArray, y: FloatArray, sample_weight: Weights = None) -> float:
    """Compute the explained fraction of variance: 1 − Σ w (y − ŷ)² / Σ w (y − ȳ)².

    Parameters
    ----------
    output, y : ndarray of shape (n_samples, n_outputs)
        Predictions and targets.
    sample_weight : ndarray of shape (n_samples,), optional
        The weight w of each row.

    Returns
    -------
    float
        At most 1, and 0 for predicting the mean, averaged over the outputs. An output with constant
        targets scores 1 if they are predicted exactly, otherwise 0, regardless of the rounding
        error of their mean. NaN for fewer than two rows.

    Examples
    --------
    >>> r2(np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [2.0], [6.0]])).__round__(4)
    0.3571
    """
    if len(y) < 2:
        return np.nan
    reference = 0  # a row with a weight above 0
    if sample_weight is not None:
        if not sample_weight.any():
            return np.nan
        reference = int(sample_weight.argmax())
    centered = np.subtract(y, y[reference], dtype=np.float64)  # exactly 0 for constant targets
    centered -= _means(centered, sample_weight)
    residual = _means(np.subtract(y, output, dtype=np.float64) ** 2, sample_weight)
    total = _means(centered**2, sample_weight)
    explained = 1 - residual / np.where(total > 0, total, 1)
    of_constant = np.where(residual == 0, 1.0, 0.0)
    return float(np.where(total > 0, explained, of_constant).mean())


def _mae(output: FloatArray, y: FloatArray, sample_weight: Weights = None) -> float:
    """Compute the mean of ``|ŷ − y|``, in the units of the targets.

    >>> _mae(np.array([[1.0], [2.0]]), np.array([[1.0], [4.0]]))
    1.0
    """
    return weighted_mean(np.abs(np.subtract(output, y, dtype=np.float64)), sample_weight)


def _rmse(output: FloatArray, y: FloatArray, sample_weight: Weights = None) -> float:
    """Compute the root of the mean of (ŷ − y)², in the units of the targets, averaged over outputs.

    >>> _rmse(np.array([[1.0], [2.0]]), np.array([[1.0], [4.0]])).__round__(4)
    1.4142
    """
    squares = np.subtract(output, y, dtype=np.float64) ** 2
    return float(np.sqrt(_means(squares, sample_weight)).mean())


class UnknownMetricError(ArgumentError, KeyError):
    """A ValueError that is also the KeyError of a dictionary."""


class Metrics(dict[str, NamedMetric]):
    """Metrics by their names; the error for an unknown name suggests a known one.

    Examples
    --------
    >>> METRICS["acc"]
    Traceback (most recent call last):
    barenet._metrics.UnknownMetricError: METRICS: unknown 'acc', did you mean 'accuracy'? (...)
    """

    def __missing__(self, name: Any) -> NamedMetric:
        error = unknown_name(self, name, "METRICS")
        raise UnknownMetricError(
            error.problem, argument=error.argument, value=name, expected=error.expected
        )


#: Every metric by its name; the default ones for classes and for numbers come first.
METRICS: dict[str, NamedMetric] = Metrics(
    {
        "accuracy": NamedMetric(accuracy, "accuracy", of_predictions=True),
        "auc": NamedMetric(_auc, "AUC"),
        "f1": NamedMetric(_f1, "F1", of_predictions=True),
        "balanced_accuracy": NamedMetric(
            _balanced_accuracy, "balanced accuracy", of_predictions=True
        ),
        "log_loss": NamedMetric(_log_loss, "log loss", is_error=True),
        "r2": NamedMetric(r2, "R²", of_classes=False),
        "rmse": NamedMetric(_rmse, "RMSE", of_classes=False, is_error=True),
        "mae": NamedMetric(_mae, "MAE", of_classes=False, is_error=True),
    }
)

#: The names of all metrics.
Name = Literal["accuracy", "auc", "f1", "balanced_accuracy", "log_loss", "r2", "rmse", "mae"]


def metrics_for(of_classes: bool) -> dict[str, NamedMetric]:
    """Return the metrics of classes, or those of numbers, by name."""
    return {name: metric for name, metric in METRICS.items() if metric.of_classes == of_classes}


def as_metrics(
    names: str | Sequence[str], accepted: Mapping[str, NamedMetric] = METRICS
) -> dict[str, NamedMetric]:
    """Look up metrics by their names."""
    if not isinstance(names, str | list | tuple | set):
        raise ArgumentError.of("metrics", names, "names")
    if isinstance(names, str):
        names = [names]
    metrics: dict[str, NamedMetric] = {}
    for spec in names:
        name = canonical(accepted, spec)
        metrics[name] = lookup(accepted, name, "metrics")
    return metrics


def is_maximized(curve: str) -> bool:
    """Return whether larger values are better for the curve of a metric, on any of the three sets.

    >>> is_maximized("validation_r2"), is_maximized("rmse"), is_maximized("test_loss")
    (True, False, False)
    """
    metric = METRICS.get(curve.removeprefix("validation_").removeprefix("test_"))
    return not getattr(metric, "is_error", True)


def score_text(name: str, value: float) -> str:
    """Format scores up to 1 with four decimals, and others with five significant digits.

    >>> score_text("r2", 0.5), score_text("r2", -2e19), score_text("auc", np.nan)
    ('0.5000', '-2e+19', 'n/a')
    """
    if np.isnan(value):
        return "n/a"
    if is_maximized(name) and abs(value) < 1e4:
        return f"{value:.4f}"
    return f"{value:.5g}"


#: Fraction of rows in one class from which accuracy hides how the other classes are predicted.
IMBALANCED = 0.75


class MainMetric(NamedTuple):
    """The score that is shown first, and the reason if it is not the default one."""

    name: str
    reason: str = ""


def main_metric(given: str | None, y: NDArray[Any], classes: Sequence[str] | None) -> MainMetric:
    """Check a metric against the target, or choose accuracy or R², or a metric for rare classes.

    >>> main_metric(None, np.array([0, 0, 0, 0, 1]), ("no", "yes"))
    MainMetric(name='auc', reason="80 % of the rows are of class 'no'")
    """
    of_classes = classes is not None
    names = list(metrics_for(of_classes))
    if given is not None and given not in names:
        target = "classes" if of_classes else "numbers"
        problem = f"{given} is not a metric of {target}; expected {', '.join(names)}"
        raise ArgumentError(problem, argument="metric", value=given)
    if given is None and classes is None and len(y) == 1:  # R² is undefined for one row
        return MainMetric("rmse")
    if given is not None:
        return MainMetric(given)
    if classes is None or len(classes) < 2 or not len(y):
        return MainMetric(names[0])
    counts = np.bincount(y)
    share = counts.max() / len(y)
    if share < IMBALANCED or share == 1:
        return MainMetric(names[0])
    percent = "more than 99" if share > 0.99 else f"{100 * share:.0f}"
    most_frequent = classes[int(counts.argmax())]
    reason = f"{percent} % of the rows are of class {most_frequent!r}"
    if len(classes) == 2:
        return MainMetric("auc", reason)
    return MainMetric("balanced_accuracy", reason)
