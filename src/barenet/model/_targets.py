"""Targets: class indices or numbers, as an array of the shape of the network's output."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._constraints import check_count
from barenet.errors import ArgumentError
from barenet.model._arrays import FloatArray
from barenet.model._validation import as_finite, numeric_array


def one_hot(y: ArrayLike, n_classes: int, dtype: Any = np.float32) -> FloatArray:
    """Encode class indices as rows that are 1 at the class and 0 elsewhere.

    Parameters
    ----------
    y : array-like of int of shape (n_samples,)
        Class indices from 0 to n_classes − 1.
    n_classes : int
        Number of columns.
    dtype : dtype, default=float32
        Dtype of the result.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)
        One row for each sample.

    Raises
    ------
    ValueError
        If an index is not a whole number, or out of range.

    Examples
    --------
    >>> one_hot([0, 2], 3)
    array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    check_count(n_classes, "n_classes")
    indices = numeric_array(y, "y")
    if indices.ndim != 1 or indices.dtype.kind not in "bui":
        raise ArgumentError(
            "expected class indices, whole numbers of shape (n_samples,), got "
            f"{indices.dtype} of shape {indices.shape}",
            argument="y",
        )
    return _one_hot(indices, n_classes, dtype)


def check_targets(y: ArrayLike, n_samples: int, n_outputs: int, dtype: np.dtype[Any]) -> FloatArray:
    """Return y in the shape of the network's output.

    Examples
    --------
    >>> check_targets([1, 0], 2, 2, np.dtype("float64"))
    array([[0., 1.],
           [1., 0.]])
    """
    try:
        array = numeric_array(y, "y")
    except ArgumentError as error:
        hint = "number the classes first: classes, y = np.unique(y, return_inverse=True)"
        error.remedy = error.remedy or hint
        raise
    if array.ndim == 0 or array.shape[0] != n_samples:
        count = array.shape[0] if array.shape else "no"
        raise ArgumentError(f"has {count} rows, and X has {n_samples}", argument="y")
    if array.ndim == 1 and n_outputs == 1:
        return as_finite(array.reshape(-1, 1), dtype, "y")
    if array.ndim == 1 and array.dtype.kind in "bui":
        return _one_hot(array, n_outputs, dtype)
    if array.shape != (n_samples, n_outputs):
        raise ArgumentError(
            f"expected shape ({n_samples}, {n_outputs}), or class indices as whole numbers of "
            f"shape ({n_samples},), got {array.dtype} of shape {array.shape}",
            argument="y",
        )
    return as_finite(array, dtype, "y")


def class_probabilities(output: FloatArray) -> FloatArray:
    """Expand a single output, the probability of the second class, into two columns.

    Examples
    --------
    >>> class_probabilities(np.array([[0.25]]))
    array([[0.75, 0.25]])
    """
    return np.hstack([1 - output, output]) if output.shape[1] == 1 else output


def _one_hot(indices: NDArray[Any], n_classes: int, dtype: Any) -> FloatArray:
    """One-hot rows of class indices, whose range is checked."""
    if len(indices) and not (indices.min() >= 0 and indices.max() < n_classes):
        raise ArgumentError(
            f"class indices go from {indices.min()} to {indices.max()}, "
            f"and {n_classes} outputs take 0 to {n_classes - 1}",
            argument="y",
        )
    rows = np.zeros((len(indices), n_classes), dtype=dtype)
    rows[np.arange(len(indices)), indices.astype(np.intp)] = 1
    return rows
