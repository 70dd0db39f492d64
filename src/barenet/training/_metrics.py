"""Metrics: accuracy, R² and the usual errors of predictions."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from barenet.model._arrays import FloatArray

#: Takes the outputs and the targets, each of shape (n_samples, n_outputs).
Metric: TypeAlias = Callable[[FloatArray, FloatArray], float]


def accuracy(output: FloatArray, y: FloatArray) -> float:
    """Fraction of the rows that are predicted correctly.

    Parameters
    ----------
    output : ndarray of shape (n_samples, n_outputs)
        Probabilities. A single output predicts 1 above ½; of several, the largest is the class.
    y : ndarray of shape (n_samples, n_outputs)
        0 or 1, or one-hot classes. If rows have several 1s or none, each output is a label of its
        own, and all labels of a row have to be correct.

    Returns
    -------
    float
        From 0 to 1.

    Examples
    --------
    >>> accuracy(np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    0.5
    """
    if y.shape[1] > 1 and np.allclose(y.sum(axis=1), 1, atol=1e-3):
        return float((output.argmax(axis=1) == y.argmax(axis=1)).mean())
    return float(((output > 0.5) == (y > 0.5)).all(axis=1).mean())


def r2(output: FloatArray, y: FloatArray) -> float:
    """Explained fraction of the targets' variance: 1 − Σ(y − ŷ)² / Σ(y − ȳ)².

    Parameters
    ----------
    output, y : ndarray of shape (n_samples, n_outputs)
        Predictions and targets.

    Returns
    -------
    float
        1 at best, 0 for predicting the mean, averaged over the outputs; an output with constant
        targets has 1 if they are met, else 0.

    Examples
    --------
    >>> r2(np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [2.0], [6.0]])).__round__(4)
    0.3571
    """
    residual = ((y - output) ** 2).sum(axis=0, dtype=np.float64)
    total = ((y - y.mean(axis=0)) ** 2).sum(axis=0, dtype=np.float64)
    constant = np.where(residual == 0, 1.0, 0.0)
    return float(np.where(total > 0, 1 - residual / np.where(total > 0, total, 1), constant).mean())


def mean_absolute_error(output: FloatArray, y: FloatArray) -> float:
    """Mean of ``|ŷ − y|``, in the targets' unit.

    Parameters
    ----------
    output, y : ndarray of shape (n_samples, n_outputs)
        Predictions and targets.

    Returns
    -------
    float
        0 at best.

    Examples
    --------
    >>> mean_absolute_error(np.array([[1.0], [2.0]]), np.array([[1.0], [4.0]]))
    1.0
    """
    return float(np.abs(output - y).mean(dtype=np.float64))


def root_mean_squared_error(output: FloatArray, y: FloatArray) -> float:
    """Root of the mean of (ŷ − y)², in the targets' unit.

    Parameters
    ----------
    output, y : ndarray of shape (n_samples, n_outputs)
        Predictions and targets.

    Returns
    -------
    float
        0 at best.

    Examples
    --------
    >>> root_mean_squared_error(np.array([[1.0], [2.0]]), np.array([[1.0], [4.0]])).__round__(4)
    1.4142
    """
    return float(np.sqrt(((output - y) ** 2).mean(dtype=np.float64)))


#: Every metric by its name, and by its common abbreviation.
METRICS: dict[str, Metric] = {"accuracy": accuracy, "r2": r2}
METRICS |= dict.fromkeys(("mean_absolute_error", "mae"), mean_absolute_error)
METRICS |= dict.fromkeys(("root_mean_squared_error", "rmse"), root_mean_squared_error)

#: Curves of all three sets that are better the greater they are.
MAXIMIZED = frozenset(
    prefix + name for prefix in ("", "validation_", "test_") for name in ("accuracy", "r2")
)
