"""Inputs: X as the user has it, and as the network takes it.

X may be most of what a program holds, bytes of images or a file larger than the memory. So it is
checked, kept as it is, and turned into the network's dtype a batch at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from barenet.model.arrays import FloatArray, InputArray
from barenet.model.validation import (
    check_finite,
    check_inputs,
    check_positive,
    check_shape,
    numeric_array,
)

__all__ = ["as_inputs", "check_scale", "input_blocks", "validate_inputs"]

#: Rows in a block.
BLOCK = 8192

#: The types, in the machine's own byte order, that are kept.
KEPT = (np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.uint8))


def as_inputs(X: InputArray, dtype: np.dtype[Any], scale: float = 1.0) -> FloatArray:
    """Turn inputs into what a network takes: first its dtype, then times the scale.

    Examples
    --------
    >>> import numpy as np
    >>> as_inputs(np.array([[0, 64, 128]], np.uint8), np.dtype("float32"), 1 / 256)
    array([[0. , 0.25, 0.5 ]], dtype=float32)
    """
    if scale == 1:
        return np.ascontiguousarray(X, dtype)
    return np.multiply(X, dtype.type(scale), dtype=dtype, order="C")


def validate_inputs(X: ArrayLike, dtype: np.dtype[Any], n_inputs: int | None) -> InputArray:
    """Check X, and keep it as it is where batches of it can be taken.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.ones((4, 2))
    >>> np.shares_memory(validate_inputs(X[::-2], np.dtype("float32"), 2), X)
    True
    """
    if not (isinstance(X, np.ndarray) and _is_kept(X)):
        return np.require(check_inputs(X, dtype, n_inputs), requirements="A")
    check_shape(X, n_inputs)
    array = numeric_array(X, "X")
    check_finite(array, dtype, "X")
    return array


def input_blocks(X: InputArray, dtype: np.dtype[Any]) -> Iterator[FloatArray]:
    """Turn inputs into what a network takes, some thousand rows at a time."""
    for start in range(0, len(X), BLOCK):
        yield as_inputs(X[start : start + BLOCK], dtype)


def check_scale(scale: object, dtype: np.dtype[Any]) -> float:
    """Return a factor above 0 that a dtype can hold, times a byte as well."""
    factor, limits = check_positive(scale, "scale"), np.finfo(dtype)
    if not float(limits.tiny) <= factor <= float(limits.max) / 255:
        raise ValueError(f"scale: {factor:g} is beyond the range of {dtype}")
    return factor


def _is_kept(X: np.ndarray[Any, np.dtype[Any]]) -> bool:
    """Tell if an array is of a type that is kept, each entry at a whole number of items."""
    return X.dtype in KEPT and X.flags.aligned and not any(s % X.itemsize for s in X.strides)
