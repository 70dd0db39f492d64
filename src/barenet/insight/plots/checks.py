"""What the pictures ask of their arrays, checked once at the edge.

Each check returns the array in the one form that the drawing code knows, or raises a ValueError
that names the argument, what was expected and what came.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.model.arrays import FloatArray
from barenet.model.validation import as_finite, check_inputs

__all__ = ["Integers", "class_indices", "column", "names", "numbers", "table"]

Integers = NDArray[np.int64]


def numbers(values: ArrayLike, argument: str) -> FloatArray:
    """Return finite numbers of any shape as float64, or say what came instead."""
    return as_finite(values, np.dtype(np.float64), argument)


def table(values: ArrayLike, argument: str) -> FloatArray:
    """Return a matrix of shape (n_samples, n_features), float64, or say what came instead."""
    return check_inputs(values, np.dtype(np.float64), None, argument)


def column(values: ArrayLike, argument: str, n_samples: int) -> FloatArray:
    """Return one number a sample, shape (n_samples,), from that or from (n_samples, 1)."""
    array = numbers(values, argument)
    if array.shape not in ((n_samples,), (n_samples, 1)):
        raise ValueError(
            f"{argument}: expected one number for each of {n_samples} samples, "
            f"got shape {array.shape}"
        )
    return array.reshape(n_samples)


def class_indices(
    values: ArrayLike, argument: str, n_classes: int, n_samples: int | None = None
) -> Integers:
    """Return one class index a sample, shape (n_samples,), each 0 to ``n_classes - 1``.

    Examples
    --------
    >>> class_indices([0, 3], "y", 3)
    Traceback (most recent call last):
    ValueError: y: expected class indices 0 to 2, got 3
    """
    array = numbers(values, argument)
    array = column(array, argument, (array.size or 1) if n_samples is None else n_samples)
    wrong = array[(array != np.floor(array)) | (array < 0) | (array >= n_classes)]
    if wrong.size:
        raise ValueError(
            f"{argument}: expected class indices 0 to {n_classes - 1}, got {wrong[0]:g}"
        )
    return array.astype(np.int64)


def names(values: Sequence[str], argument: str, count: int, what: str) -> tuple[str, ...]:
    """Return one name for each of `count` things, or say how many came."""
    if isinstance(values, str) or len(values) != count:
        came = repr(values) if isinstance(values, str) else len(values)
        raise ValueError(f"{argument}: expected {count} names, one for each {what}, got {came}")
    return tuple(str(value) for value in values)
