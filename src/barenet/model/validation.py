"""Checks of what users hand in, made once at the public edge; the inside trusts its arguments."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from barenet.constraints import check_number
from barenet.errors import ArgumentError
from barenet.model.arrays import FloatArray

__all__ = [
    "check_count",
    "check_dtype",
    "check_finite",
    "check_flag",
    "check_inputs",
    "check_outputs",
    "check_positive",
    "check_sample_weight",
    "check_seed",
    "check_shape",
    "check_share",
    "numeric_array",
]

#: Numbers that are looked at at a time: they stay in the processor's cache, and what is computed of
#: them is never as large as all of them.
BLOCK = 2**18


def check_outputs(output: FloatArray) -> FloatArray:
    """Refuse outputs that are not finite, as those of rows with huge values may be."""
    finite = np.isfinite(output).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"X: row {int(finite.argmin())} has values so large that the network's output is "
            f"beyond the range of {output.dtype}"
        )
    return output


def check_count(value: object, argument: str) -> int:
    """Return a whole number of 1 or more, or say what came instead."""
    return int(check_number(value, argument, ge=1, integer=True))


def check_flag(value: object, argument: str) -> bool:
    """Return True or False, or say what came instead."""
    if not isinstance(value, bool | np.bool_):
        raise ArgumentError.of(argument, value, "True or False")
    return bool(value)


def check_positive(value: object, argument: str) -> float:
    """Return a finite number above 0, or say what came instead."""
    return check_number(value, argument, gt=0)


def check_share(value: object, argument: str) -> float:
    """Return a number from 0 up to but not including 1, or say what came instead."""
    return check_number(value, argument, ge=0, lt=1)


def check_seed(value: object, argument: str = "seed") -> int:
    """Return a whole number from 0 to 2³² − 1, what NumPy's RandomState takes."""
    return int(check_number(value, argument, ge=0, le=2**32 - 1, integer=True))


def check_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """Return float32 or float64 as a dtype."""
    try:
        result = None if dtype is None else np.dtype(dtype)
    except TypeError:
        result = None
    if result not in (np.float32, np.float64):
        raise ArgumentError.of("dtype", dtype, "float32 or float64")
    return result


def numeric_array(values: ArrayLike, argument: str) -> np.ndarray[Any, np.dtype[Any]]:
    """Turn anything array-like into real numbers, or name the argument that isn't."""
    if hasattr(values, "tocsr"):
        raise ValueError(f"{argument}: sparse matrices are not supported, use {argument}.toarray()")
    if np.ma.isMaskedArray(values) and np.ma.getmaskarray(values).any():
        raise ValueError(f"{argument}: has masked entries; fill them, or leave their rows out")
    try:
        array = np.asarray(values)
        if array.dtype == object:
            array = array.astype(np.float64)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise ValueError(f"{argument}: expected an array of numbers: {error}") from error
    if array.dtype.kind not in "buif":
        raise ValueError(f"{argument}: expected real numbers, got {array.dtype}")
    return array


def as_finite(values: ArrayLike, dtype: np.dtype[Any], argument: str) -> FloatArray:
    """Turn anything array-like into finite numbers of a dtype, each row contiguous."""
    array = numeric_array(values, argument)
    check_finite(array, dtype, argument)
    return np.ascontiguousarray(array, dtype=dtype)


def check_finite(
    array: np.ndarray[Any, np.dtype[Any]], dtype: np.dtype[Any], argument: str
) -> None:
    """Refuse what is no finite number, or would be none in a dtype.

    Examples
    --------
    >>> import numpy as np
    >>> check_finite(np.array([1.0, np.nan]), np.dtype("float32"), "y")
    Traceback (most recent call last):
    ValueError: y: nan at (1,); only finite numbers can be used
    """
    if array.dtype.kind != "f" or array.size == 0:
        return
    with np.errstate(over="ignore", invalid="ignore"):
        for start, block in _row_blocks(np.atleast_1d(array)):
            # NaN is the smallest and the largest number of a block that has one.
            if not math.isfinite(dtype.type(max(-block.min(), block.max()))):
                _refuse(block, start, dtype, argument)


def check_inputs(
    X: ArrayLike, dtype: np.dtype[Any], n_inputs: int | None, argument: str = "X"
) -> FloatArray:
    """Return X as a finite matrix of the network's dtype and width.

    Examples
    --------
    >>> import numpy as np
    >>> check_inputs([[1, 2]], np.dtype("float32"), 2)
    array([[1., 2.]], dtype=float32)
    """
    check_shape(X, n_inputs, argument)
    return as_finite(X, dtype, argument)


def check_shape(X: ArrayLike, n_inputs: int | None, argument: str = "X") -> None:
    """Refuse what is no matrix of the network's width, with a row or more."""
    shape = _shape(X, argument)
    if len(shape) != 2:
        hint = (
            f"; for one sample {argument}.reshape(1, -1), for one feature {argument}.reshape(-1, 1)"
            if len(shape) == 1
            else ""
        )
        raise ValueError(
            f"{argument}: expected 2 dimensions (n_samples, n_features), got shape {shape}{hint}"
        )
    if shape[0] == 0 or shape[1] == 0:
        raise ValueError(f"{argument}: there is nothing in it, its shape is {shape}")
    if n_inputs is not None and shape[1] != n_inputs:
        raise ValueError(
            f"{argument}: has {shape[1]} features, and the network takes {n_inputs} inputs"
        )


def check_sample_weight(
    sample_weight: ArrayLike, n_samples: int, dtype: np.dtype[Any]
) -> FloatArray:
    """Return sample weights: one for each sample, none negative, not all 0.

    They count by their ratios. Where they are so small or large that a sum of them, or they
    themselves in a kernel, would not hold, they are multiplied by a power of 2.
    """
    weights = as_finite(sample_weight, dtype, "sample_weight")
    if weights.shape != (n_samples,):
        raise ValueError(
            f"sample_weight: expected shape ({n_samples},), one for each row of X, "
            f"got {weights.shape}"
        )
    if (weights < 0).any() or not weights.any():
        raise ValueError("sample_weight: expected weights of 0 or more, and not all of them zero")
    exponent = int(np.frexp(weights.max())[1])
    return weights if abs(exponent) < 64 else np.ldexp(weights, -exponent)


def _shape(values: ArrayLike, argument: str) -> tuple[int, ...]:
    """Look at the shape before anything is copied."""
    if hasattr(values, "shape"):
        shape: tuple[int, ...] = values.shape
        return shape
    try:
        return np.shape(values)
    except ValueError as error:
        raise ValueError(f"{argument}: expected rows of one length: {error}") from error


def _row_blocks(
    array: np.ndarray[Any, np.dtype[Any]],
) -> Iterator[tuple[int, np.ndarray[Any, np.dtype[Any]]]]:
    """Cut an array into blocks of rows, each with the number of its first row."""
    rows = max(1, BLOCK // array[0].size)
    for start in range(0, len(array), rows):
        yield start, array[start : start + rows]


def _refuse(
    block: np.ndarray[Any, np.dtype[Any]], start: int, dtype: np.dtype[Any], argument: str
) -> NoReturn:
    """Raise an error for a block that has a number beyond the dtype, or NaN."""
    wrong = np.argwhere(~np.isfinite(block))
    if len(wrong):
        row, *column = (int(i) for i in wrong[0])
        raise ValueError(
            f"{argument}: {block[row, *column]} at {(start + row, *column)}; "
            "only finite numbers can be used"
        )
    raise ValueError(
        f"{argument}: {max(-block.min(), block.max()):g} is too large for {dtype}; "
        "scale the data, or use a float64 network"
    )
