"""Validation of arrays at the public edge; the code behind it trusts its arguments."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from barenet.errors import ArgumentError
from barenet.model._arrays import FloatArray, InputArray

Array: TypeAlias = NDArray[Any]

#: Entries that are checked at a time: they stay in the processor's cache.
BLOCK_ENTRIES = 2**18

#: Dtypes of X that are used without a copy, in native byte order.
INPUT_DTYPES = (np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.uint8))


def check_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """Return float32 or float64 as a dtype."""
    try:
        result = None if dtype is None else np.dtype(dtype)
    except TypeError:
        result = None
    if result not in (np.float32, np.float64):
        raise ArgumentError.of("dtype", dtype, "float32 or float64")
    return result


def numeric_array(values: ArrayLike, argument: str) -> Array:
    """Convert to an array of real numbers."""
    if hasattr(values, "tocsr"):
        remedy = f"use {argument}.toarray()"
        raise ArgumentError("sparse matrices are not supported", argument=argument, remedy=remedy)
    if np.ma.isMaskedArray(values) and np.ma.getmaskarray(values).any():
        remedy = "fill them, or leave their rows out"
        raise ArgumentError("has masked entries", argument=argument, remedy=remedy)
    try:
        array = np.asarray(values)
        if array.dtype == object:
            array = array.astype(np.float64)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise ArgumentError(f"expected an array of numbers: {error}", argument=argument) from error
    if array.dtype.kind not in "buif":
        raise ArgumentError(f"expected real numbers, got {array.dtype}", argument=argument)
    return array


def as_finite(values: ArrayLike, dtype: np.dtype[Any], argument: str) -> FloatArray:
    """Convert to a C-contiguous array of finite numbers of a dtype."""
    array = numeric_array(values, argument)
    check_finite(array, dtype, argument)
    return np.ascontiguousarray(array, dtype=dtype)


def check_finite(array: Array, dtype: np.dtype[Any], argument: str) -> None:
    """Reject numbers that are not finite, or would not be in a dtype.

    Examples
    --------
    >>> check_finite(np.array([1.0, np.nan]), np.dtype("float32"), "y")
    Traceback (most recent call last):
    barenet.errors.ArgumentError: y: nan at (1,); only finite numbers can be used
    """
    if array.dtype.kind != "f" or array.size == 0:
        return
    array = np.atleast_1d(array)
    n_rows = max(1, BLOCK_ENTRIES // array[0].size)
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(array), n_rows):
            block = array[start : start + n_rows]
            largest = max(-block.min(), block.max())  # NaN if any entry is
            if not math.isfinite(dtype.type(largest)):
                raise _not_finite(block, start, dtype, argument)


def check_shape(X: ArrayLike, n_inputs: int | None, argument: str = "X") -> None:
    """Reject anything but a matrix of the network's width with at least one row."""
    try:
        shape = np.shape(X)
    except ValueError as error:
        problem = f"expected rows of one length: {error}"
        raise ArgumentError(problem, argument=argument) from error
    if len(shape) != 2:
        raise ArgumentError(
            f"expected 2 dimensions (n_samples, n_features), got shape {shape}",
            argument=argument,
            remedy=f"for one sample {argument}.reshape(1, -1), for one feature "
            f"{argument}.reshape(-1, 1)"
            if len(shape) == 1
            else "",
        )
    if 0 in shape:
        raise ArgumentError(f"is empty, its shape is {shape}", argument=argument)
    if n_inputs is not None and shape[1] != n_inputs:
        problem = f"has {shape[1]} features, and the network takes {n_inputs} inputs"
        raise ArgumentError(problem, argument=argument)


def check_inputs(
    X: ArrayLike, dtype: np.dtype[Any], n_inputs: int | None, argument: str = "X"
) -> FloatArray:
    """Return X as a finite matrix of the network's dtype and width.

    Examples
    --------
    >>> check_inputs([[1, 2]], np.dtype("float32"), 2)
    array([[1., 2.]], dtype=float32)
    """
    check_shape(X, n_inputs, argument)
    return as_finite(X, dtype, argument)


def validate_inputs(X: ArrayLike, dtype: np.dtype[Any], n_inputs: int | None) -> InputArray:
    """Check X, without a copy where batches can be taken from it as it is.

    X may take most of the memory, hold images as bytes, or be a memory-mapped file; it is converted
    to the network's dtype one batch at a time.

    Examples
    --------
    >>> X = np.ones((4, 2))
    >>> np.shares_memory(validate_inputs(X[::-2], np.dtype("float32"), 2), X)
    True
    """
    usable = isinstance(X, np.ndarray) and X.dtype in INPUT_DTYPES and X.flags.aligned
    if not usable or np.mod(np.asarray(X).strides, np.asarray(X).itemsize).any():
        return np.require(check_inputs(X, dtype, n_inputs), requirements="A")
    check_shape(X, n_inputs)
    array = numeric_array(X, "X")
    check_finite(array, dtype, "X")
    return array


def check_outputs(output: FloatArray) -> FloatArray:
    """Reject outputs that are not finite, from rows with very large values."""
    finite = np.isfinite(output).all(axis=1)
    if not finite.all():
        raise ArgumentError(
            f"row {int(finite.argmin())} has values so large that the network's output is "
            f"beyond the range of {output.dtype}",
            argument="X",
        )
    return output


def _not_finite(block: Array, start: int, dtype: np.dtype[Any], argument: str) -> ArgumentError:
    """The error for a block of rows from `start` with NaN, or a number beyond the dtype."""
    wrong = np.argwhere(~np.isfinite(block))
    if len(wrong):
        row, *column = (int(i) for i in wrong[0])
        problem = f"{block[row, *column]} at {(start + row, *column)}"
        return ArgumentError(problem, argument=argument, remedy="only finite numbers can be used")
    return ArgumentError(
        f"{max(-block.min(), block.max()):g} is too large for {dtype}",
        argument=argument,
        remedy="scale the data, or use a float64 network",
    )
