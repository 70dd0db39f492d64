"""Arrays: their types, and the checks of public arguments; internal code trusts its arguments."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from barenet._constraints import check_count
from barenet._messages import brief
from barenet._sparse_rows import SparseRows
from barenet.errors import ArgumentError

#: A float32 or float64 array.
FloatArray: TypeAlias = NDArray[np.floating[Any]]

#: X in training: float32, float64, the bytes of images, or the rows of a sparse matrix.
InputArray: TypeAlias = NDArray[np.floating[Any] | np.uint8] | SparseRows

#: Sample weights of shape (n_samples,), or None for equal ones.
Weights: TypeAlias = FloatArray | None

#: Shape of an array.
Shape: TypeAlias = tuple[int, ...]

#: Arrays of a layer by name.
Arrays: TypeAlias = Mapping[str, FloatArray]

#: The result of ``forward`` that ``backward`` takes.
Cache: TypeAlias = Any

#: The result of ``forward``: the output, and the cache.
Forward: TypeAlias = tuple[FloatArray, Cache]

#: Entries that are checked at a time: they stay in the processor's cache.
BLOCK_ENTRIES = 2**18

#: Maximum size of an array that is checked by its dot product with itself, the fastest check; BLAS
#: would start threads for a larger one.
SHORT = 10_000

#: Numbers below this limit are finite in float32, as are numbers whose squares sum to less.
SAFE = 1e37

#: Remedy for a data frame of text or dates.
ENCODE = "encode text and dates with TablePreprocessor, or train by Task.open, which takes tables"

#: Dtypes of X that are used without a copy, in native byte order.
INPUT_DTYPES = (np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.uint8))


def check_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """Return float32 or float64 as a dtype."""
    with contextlib.suppress(TypeError):
        if dtype is not None and np.dtype(dtype) in INPUT_DTYPES[:2]:
            return np.dtype(dtype)
    raise ArgumentError.of("dtype", dtype, "float32 or float64")


def check_in_memory(values: Any, argument: str) -> None:
    """Reject rows that another library has not computed yet, or holds in partitions elsewhere.

    NumPy would silently load all of them into this process.
    """
    package = type(values).__module__.partition(".")[0]
    if type(values).__name__ == "LazyFrame":
        problem = "expected rows in memory, got a LazyFrame"
        remedy = f"pass {argument}.collect()"
        raise ArgumentError(problem, argument=argument, remedy=remedy)
    if package in ("dask", "dask_expr") and hasattr(values, "__dask_graph__"):
        problem = "expected rows in memory, and Dask has these in parts"
        remedy = f"pass {argument}.compute()"
        if argument == "X":
            is_frame = hasattr(values, "columns")
            parts = "map_partitions(model.predict)"
            if not is_frame:
                parts = "map_blocks(model.predict, drop_axis=1, dtype=float)"
            remedy += f" if they fit, predict part by part by X.{parts}, or train one network on"
            remedy += " all parts by barenet.train"
        raise ArgumentError(problem, argument=argument, remedy=remedy)


def numeric_array(values: ArrayLike, argument: str, remedy: str = "") -> NDArray[Any]:
    """Convert to an array of real numbers; an error for other values ends with the remedy."""
    if not isinstance(values, np.ndarray):
        check_in_memory(values, argument)
    if hasattr(values, "tocsr"):
        remedy = f"use {argument}.toarray()"
        raise ArgumentError("sparse matrices are not supported", argument=argument, remedy=remedy)
    if hasattr(values, "mask") and np.ma.is_masked(values):
        remedy = "fill them, or leave their rows out"
        raise ArgumentError("has masked entries", argument=argument, remedy=remedy)
    try:
        array = np.asarray(values)
        if array.dtype == object:
            array = array.astype(np.float64)
    except (ValueError, TypeError, ArithmeticError) as error:
        problem = f"expected an array of numbers: {error}"
        raise ArgumentError(problem, argument=argument, remedy=remedy) from error
    if array.dtype.kind not in "buif":
        problem = f"expected real numbers, got {array.dtype}"
        raise ArgumentError(problem, argument=argument, remedy=remedy)
    return array


def check_result(values: Any, shape: Shape, part: Any, method: str) -> NDArray[Any]:
    """Return the result of a method that a user may have written, of real numbers and this shape.

    NumPy would broadcast many wrong shapes, and fail far from the method at others.
    """
    array = np.asarray(values)
    if array.shape == shape and array.dtype.kind in "biuf":
        return array
    expected = f"real numbers of shape {shape}" if shape else "a real number"
    got = brief(values) if array.dtype == object else f"{array.dtype} of shape {array.shape}"
    problem = f"{type(part).__name__}.{method}: expected {expected}, got {got}"
    argument = getattr(part, "role", "layers")
    raise ArgumentError(problem, argument=argument, value=values, expected=expected)


def as_finite(values: ArrayLike, dtype: np.dtype[Any], argument: str) -> FloatArray:
    """Convert to a C-contiguous array of finite numbers of a dtype."""
    array = numeric_array(values, argument)
    check_finite(array, dtype, argument)
    return np.ascontiguousarray(array, dtype=dtype)


def is_safe(array: NDArray[Any]) -> bool:
    """Return True if the fastest check shows that all numbers are finite, in float32 too."""
    if array.size > SHORT:
        return False
    if array.dtype.char not in "fd":  # float32 and float64
        return False
    sum_of_squares = np.vdot(array, array)  # NaN or infinite if any number is
    return bool(sum_of_squares < SAFE)


def check_finite(array: NDArray[Any], dtype: np.dtype[Any], argument: str) -> None:
    """Reject numbers that are not finite, or that overflow in a dtype."""
    if array.dtype.kind != "f" or array.size == 0 or is_safe(array):
        return
    array = np.atleast_1d(array)
    n_rows = max(1, BLOCK_ENTRIES // array[0].size)
    for start in range(0, len(array), n_rows):
        block = array[start : start + n_rows]
        with np.errstate(over="ignore", invalid="ignore"):
            largest = max(-block.min(), block.max())  # NaN if any entry is NaN
            if math.isfinite(dtype.type(largest)):
                continue
        problem = f"{largest:g} is too large for {dtype}"
        remedy = "scale the data, or use a float64 network"
        places = np.argwhere(~np.isfinite(block))
        if len(places):
            row, *column = places[0].tolist()
            value = block[row, *column]
            place = (start + row, *column)
            problem = f"{value} at {place}"
            remedy = "only finite numbers can be used"
        raise ArgumentError(problem, argument=argument, remedy=remedy)


def check_matrix(X: Any, dtype: np.dtype[Any], n_inputs: int | None, argument: str) -> Any:
    """Convert to a matrix of the network's width with at least one row, of finite numbers."""
    array: Any = X
    if not isinstance(X, SparseRows):
        remedy = ENCODE if hasattr(X, "columns") else ""
        array = numeric_array(X, argument, remedy)
    if array.ndim != 2:
        problem = f"expected 2 dimensions (n_samples, n_features), got shape {array.shape}"
        remedy = ""
        if array.ndim == 1:
            remedy = f"for one sample {argument}.reshape(1, -1)"
            remedy += f", for one feature {argument}.reshape(-1, 1)"
        raise ArgumentError(problem, argument=argument, remedy=remedy)
    if 0 in array.shape:
        raise ArgumentError(f"is empty, its shape is {array.shape}", argument=argument)
    if n_inputs not in (None, array.shape[1]):
        problem = f"has {array.shape[1]} features, and the network takes {n_inputs} inputs"
        raise ArgumentError(problem, argument=argument)
    check_finite(getattr(array, "values", array), dtype, argument)
    return array


def check_inputs(
    X: ArrayLike, dtype: np.dtype[Any], n_inputs: int | None, argument: str = "X"
) -> FloatArray:
    """Return X as a finite matrix of the network's dtype and width."""
    return np.ascontiguousarray(check_matrix(X, dtype, n_inputs, argument), dtype)


def validate_inputs(X: ArrayLike, dtype: np.dtype[Any], n_inputs: int | None) -> InputArray:
    """Check X, and copy it only if batches can't be taken from it directly.

    X may take most of the memory, hold images as bytes, or be a memory-mapped file; it is converted
    to the network's dtype one batch at a time. A sparse matrix is converted to compressed rows.
    """
    if hasattr(X, "tocsr"):
        X = SparseRows.of(X, dtype)
    array = check_matrix(X, dtype, n_inputs, "X")
    if isinstance(X, SparseRows):
        return array
    is_usable = isinstance(X, np.ndarray) and X.dtype in INPUT_DTYPES and X.flags.aligned
    # Strides may be any multiple of the size of a number.
    if is_usable and not np.mod(array.strides, array.itemsize).any():
        return array
    return np.require(array, dtype, ("C", "A"))


def check_targets(y: ArrayLike, n_samples: int, n_outputs: int, dtype: np.dtype[Any]) -> FloatArray:
    """Return y in the shape of the network's output."""
    remedy = "number the classes first: classes, y = np.unique(y, return_inverse=True)"
    array = numeric_array(y, "y", remedy)
    if array.ndim == 0 or len(array) != n_samples:
        count = str(len(array)) if array.ndim else "no"
        raise ArgumentError(f"has {count} rows, and X has {n_samples}", argument="y")
    if array.ndim == 1 and n_outputs == 1:
        array = array.reshape(-1, 1)
    elif array.ndim == 1 and array.dtype.kind in "bui":
        return _one_hot(array, n_outputs, dtype)
    if array.shape != (n_samples, n_outputs):
        problem = f"expected shape ({n_samples}, {n_outputs})"
        problem += f", or class indices as whole numbers of shape ({n_samples},)"
        problem += f", got {array.dtype} of shape {array.shape}"
        raise ArgumentError(problem, argument="y")
    return as_finite(array, dtype, "y")


def check_sample_weight(weight: ArrayLike, n_samples: int, dtype: np.dtype[Any]) -> FloatArray:
    """Return sample weights, shape (n_samples,), none negative and not all 0.

    Only their ratios matter. Very small or large weights are multiplied by a power of 2, so that
    their sum and their products don't overflow.
    """
    weights = as_finite(weight, dtype, "sample_weight")
    if weights.shape != (n_samples,):
        problem = f"expected shape ({n_samples},), one for each row of X, got {weights.shape}"
        raise ArgumentError(problem, argument="sample_weight")
    if (weights < 0).any() or not weights.any():
        problem = "expected weights of 0 or more, and not all of them zero"
        raise ArgumentError(problem, argument="sample_weight")
    _, exponent = np.frexp(weights.max())  # the largest weight is below 2 to this power
    return weights if abs(exponent) < 64 else np.ldexp(weights, -exponent)


def one_hot(y: ArrayLike, n_classes: int, dtype: Any = np.float32) -> FloatArray:
    """Encode class indices as rows that are 1 at the class and 0 elsewhere.

    Parameters
    ----------
    y : array-like of int of shape (n_samples,)
        Class indices from 0 to n_classes − 1.
    n_classes, dtype : int, and dtype, default=float32
        Number of columns, and the dtype of the result.

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
        problem = "expected class indices, whole numbers of shape (n_samples,)"
        problem += f", got {indices.dtype} of shape {indices.shape}"
        raise ArgumentError(problem, argument="y")
    return _one_hot(indices, n_classes, dtype)


def _one_hot(indices: NDArray[Any], n_classes: int, dtype: Any) -> FloatArray:
    """Encode class indices as one-hot rows, and reject indices that are out of range."""
    n_samples = len(indices)
    if n_samples:
        lowest = indices.min()
        highest = indices.max()
        are_classes = lowest >= 0 and highest < n_classes
        if not are_classes:
            problem = f"class indices go from {lowest} to {highest}"
            problem += f", and {n_classes} outputs take 0 to {n_classes - 1}"
            raise ArgumentError(problem, argument="y")
    rows = np.zeros((n_samples, n_classes), dtype=dtype)
    rows[np.arange(n_samples), indices.astype(np.intp)] = 1
    return rows


def check_outputs(output: FloatArray) -> FloatArray:
    """Reject outputs that are not finite, which come from rows with very large values."""
    if is_safe(output):
        return output
    is_finite = np.isfinite(output)
    if is_finite.all():
        return output
    row = int(is_finite.all(axis=1).argmin())
    problem = f"row {row} has values so large that the network's output"
    problem += f" is beyond the range of {output.dtype}"
    remedy = "scale it, or look for NaN and very large numbers in the network's parameters"
    raise ArgumentError(problem, argument="X", remedy=remedy)
