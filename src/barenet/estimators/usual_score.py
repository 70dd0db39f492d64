"""The usual score: the accuracy or R² of validation rows, where no scorer is asked for.

It is told after each epoch, and an epoch of a small network takes less time than scikit-learn's
functions take to look at their arguments. So it is computed from what the network says, right away.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from barenet.model.array_dataset import ArrayDataset
from barenet.model.arrays import FloatArray

__all__ = ["UsualScore", "share_right", "variance_explained"]


class UsualScore:
    """The score where none is asked for, from what the network says and nothing else.

    Attributes
    ----------
    names : tuple of str
        The name.
    """

    def __init__(
        self, name: str, measure: Callable[[FloatArray, ArrayDataset], float], rows: ArrayDataset
    ) -> None:
        self.names: tuple[str, ...] = (name,)
        self._measure, self._rows = measure, rows

    def __call__(self, output: FloatArray) -> dict[str, float]:
        """Measure; NaN if what the network says is no number."""
        finite = np.isfinite(output).all()
        return {self.names[0]: self._measure(output, self._rows) if finite else math.nan}


def share_right(right: NDArray[np.bool_], sample_weight: FloatArray | None) -> float:
    """Accuracy: the share of the rows that are right, by their weights.

    Examples
    --------
    >>> import numpy as np
    >>> share_right(np.array([True, False]), np.array([3.0, 1.0]))
    0.75
    """
    if sample_weight is None:
        return float(right.mean())
    total = sample_weight.sum(dtype=np.float64)
    return float(sample_weight[right].sum(dtype=np.float64) / total) if total > 0 else math.nan


def variance_explained(
    y: FloatArray, output: FloatArray, sample_weight: FloatArray | None
) -> float:
    """R² = 1 − Σ w (y − ŷ)² / Σ w (y − ȳ)², its mean over the outputs.

    Examples
    --------
    >>> import numpy as np
    >>> y, output = np.array([[0.0], [1.0], [5.0]]), np.array([[0.0], [3.0], [5.0]])
    >>> variance_explained(y, output, np.array([1.0, 1.0, 0.0]))  # 1 − 4 / 0.5
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
    some = variance > 0
    return float(np.where(some, 1 - unexplained / np.where(some, variance, 1), constant).mean())
