"""Metrics: how good a network is, in numbers that people speak of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from barenet.model.arrays import FloatArray
from barenet.registry import lookup

__all__ = [
    "MAXIMIZED",
    "METRICS",
    "accuracy",
    "as_metrics",
    "mean_absolute_error",
    "r2",
    "root_mean_squared_error",
]


def accuracy(output: FloatArray, y: FloatArray) -> float:
    """Share of the rows that are right.

    Parameters
    ----------
    output : ndarray of shape (n_samples, n_outputs)
        Probabilities. One output says yes above ½; of several, the largest one is the class.
    y : ndarray of shape (n_samples, n_outputs)
        1 for yes, or a 1 for the class. Where rows have several 1s or none, every output is a yes
        or no of its own, and all of them have to be right.

    Returns
    -------
    float
        From 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> accuracy(np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    0.5
    """
    if y.shape[1] > 1 and np.allclose(y.sum(axis=1), 1, atol=1e-3):
        return float((output.argmax(axis=1) == y.argmax(axis=1)).mean())
    return float(((output > 0.5) == (y > 0.5)).all(axis=1).mean())


def r2(output: FloatArray, y: FloatArray) -> float:
    """Share of the targets' variance that is explained: 1 − Σ(y − ŷ)² / Σ(y − ȳ)².

    Parameters
    ----------
    output, y : ndarray of shape (n_samples, n_outputs)
        What the network says, and what it should say.

    Returns
    -------
    float
        1 at best, 0 for the mean, averaged over the outputs; of an output whose targets are all
        the same, 1 if it is met and else 0.

    Examples
    --------
    >>> import numpy as np
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
        What the network says, and what it should say.

    Returns
    -------
    float
        0 at best.

    Examples
    --------
    >>> import numpy as np
    >>> mean_absolute_error(np.array([[1.0], [2.0]]), np.array([[1.0], [4.0]]))
    1.0
    """
    return float(np.abs(output - y).mean(dtype=np.float64))


def root_mean_squared_error(output: FloatArray, y: FloatArray) -> float:
    """Root of the mean of (ŷ − y)², in the targets' unit.

    Parameters
    ----------
    output, y : ndarray of shape (n_samples, n_outputs)
        What the network says, and what it should say.

    Returns
    -------
    float
        0 at best.

    Examples
    --------
    >>> import numpy as np
    >>> root_mean_squared_error(np.array([[1.0], [2.0]]), np.array([[1.0], [4.0]])).__round__(4)
    1.4142
    """
    return float(np.sqrt(((output - y) ** 2).mean(dtype=np.float64)))


#: Every metric by its name, and by the short name that people use.
METRICS: dict[str, Callable[[FloatArray, FloatArray], float]] = {
    metric.__name__: metric
    for metric in (accuracy, r2, mean_absolute_error, root_mean_squared_error)
}
METRICS |= {"mae": mean_absolute_error, "rmse": root_mean_squared_error}

#: The curves, of the training set and the held-out sets, that are better the greater they are.
MAXIMIZED = frozenset(
    prefix + name for prefix in ("", "validation_", "test_") for name in ("accuracy", "r2")
)


def as_metrics(
    names: str | Sequence[str],
) -> dict[str, Callable[[FloatArray, FloatArray], float]]:
    """Look metrics up."""
    if not isinstance(names, str | list | tuple | set):
        raise ValueError(f"metrics: expected names, got {names!r}")
    chosen = [names] if isinstance(names, str) else names
    return {name: lookup(METRICS, name, "metrics") for name in chosen}
