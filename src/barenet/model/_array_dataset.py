"""ArrayDataset: samples with their targets and weights, validated and ready for batching."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._constraints import check_count, check_number
from barenet.errors import ArgumentError
from barenet.model._arrays import FloatArray, InputArray, as_finite, numeric_array, validate_inputs
from barenet.model.losses import Loss

#: Rows, and numbers, that are converted at a time for prediction.
BLOCK, BLOCK_NUMBERS = 8192, 2**25


#: Some rows of a dataset.
Rows: TypeAlias = slice | NDArray[np.intp]


class ArrayDataset(NamedTuple):
    """Samples with their targets."""

    #: float32, float64 or uint8, of any strides, or sparse; (n_samples, n_inputs); never written to
    X: InputArray
    #: of the network's dtype, shape (n_samples, n_outputs)
    y: FloatArray
    #: of the network's dtype, shape (n_samples,)
    sample_weight: FloatArray | None
    #: factor on X
    scale: float = 1.0
    #: which rows of X, y and the weights are in the dataset, in this order; by default all
    selection: NDArray[np.intp] | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.X) if self.selection is None else len(self.selection)

    @property
    def in_memory(self) -> ArrayDataset:
        """The rows that metrics are computed for: all, unless they are in files or elsewhere."""
        return self

    def numbers(self, rows: Rows = slice(None)) -> Rows:
        """Row numbers of X for rows of the dataset."""
        return rows if self.selection is None else self.selection[rows]

    def take(self, rows: Rows = slice(None), dtype: np.dtype[Any] | None = None) -> ArrayDataset:
        """Copy rows, all by default; with a dtype, X is converted to it, then scaled."""
        numbers = rows if self.selection is None else self.selection[rows]
        X, scale = self.X[numbers], self.scale
        if dtype is not None and scale == 1:
            X = np.ascontiguousarray(X, dtype)
        elif dtype is not None:
            X, scale = np.multiply(X, dtype.type(scale), dtype=dtype, order="C"), 1.0
        weight = None if self.sample_weight is None else self.sample_weight[numbers]
        return ArrayDataset(X, self.y[numbers], weight, scale)

    @property
    def inverse_weight(self) -> float:
        """One over the total weight of the rows; 0 if that is 0."""
        total = float(self.batch_weights(self.n_rows).sum())
        return 1 / total if total > 0 else 0.0

    def batch_weights(self, size: int, order: NDArray[np.intp] | None = None) -> FloatArray:
        """Total weight of the rows of each batch, shape (n_batches,), or of those of each order."""
        starts = np.arange(0, self.n_rows, size)
        if self.sample_weight is None:
            return np.minimum(size, self.n_rows - starts).astype(float)
        each = self.sample_weight[self.numbers(slice(None) if order is None else order)]
        return np.add.reduceat(each.astype(float), starts, axis=-1)


def validate_arrays(
    network: Any,  # a `Network`, whose module imports this one
    loss: Loss,
    X: ArrayLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    scale: float = 1.0,
) -> ArrayDataset:
    """Check data against a network and a loss; convert targets and weights."""
    dtype = network.dtype
    if type(scale) is not float or scale != 1:
        scale, limits = check_number(scale, "scale", gt=0), np.finfo(dtype)
        if not float(limits.tiny) <= scale <= float(limits.max) / 255:  # its product with a byte
            raise ArgumentError(f"{scale:g} is beyond the range of {dtype}", argument="scale")
    inputs = validate_inputs(X, dtype, network.n_inputs)
    n_outputs, each = network.n_outputs or inputs.shape[1], loss.outputs_per_target
    if n_outputs % each:
        problem = f"{loss.name} needs {each} outputs a target, and the network has {n_outputs}"
        raise ArgumentError(problem, argument="loss")
    targets = check_targets(y, len(inputs), n_outputs // each, dtype)
    targets = targets if each == 1 else np.tile(targets, each)
    loss.check_targets(targets)
    if sample_weight is not None:
        sample_weight = check_sample_weight(sample_weight, len(inputs), dtype)
    return ArrayDataset(inputs, targets, sample_weight, scale)


def check_targets(y: ArrayLike, n_samples: int, n_outputs: int, dtype: np.dtype[Any]) -> FloatArray:
    """Return y in the shape of the network's output."""
    remedy = "number the classes first: classes, y = np.unique(y, return_inverse=True)"
    array = numeric_array(y, "y", remedy)
    if array.ndim == 0 or len(array) != n_samples:
        count = len(array) if array.ndim else "no"
        raise ArgumentError(f"has {count} rows, and X has {n_samples}", argument="y")
    if array.ndim == 1 and n_outputs == 1:
        array = array.reshape(-1, 1)
    elif array.ndim == 1 and array.dtype.kind in "bui":
        return _one_hot(array, n_outputs, dtype)
    if array.shape != (n_samples, n_outputs):
        rows, given = f"shape ({n_samples}, {n_outputs})", f"{array.dtype} of shape {array.shape}"
        indices = f"class indices as whole numbers of shape ({n_samples},)"
        raise ArgumentError(f"expected {rows}, or {indices}, got {given}", argument="y")
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
    exponent = int(np.frexp(weights.max())[1])
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
        given = f"{indices.dtype} of shape {indices.shape}"
        raise ArgumentError(f"{problem}, got {given}", argument="y")
    return _one_hot(indices, n_classes, dtype)


def _one_hot(indices: NDArray[Any], n_classes: int, dtype: Any) -> FloatArray:
    """One-hot rows of class indices, whose range is checked."""
    if len(indices) and not (indices.min() >= 0 and indices.max() < n_classes):
        given = f"class indices go from {indices.min()} to {indices.max()}"
        problem = f"{given}, and {n_classes} outputs take 0 to {n_classes - 1}"
        raise ArgumentError(problem, argument="y")
    rows = np.zeros((len(indices), n_classes), dtype=dtype)
    rows[np.arange(len(indices)), indices.astype(np.intp)] = 1
    return rows


def class_probabilities(output: FloatArray) -> FloatArray:
    """Expand a single output, the probability of the second class, into two columns."""
    return output if output.shape[1] > 1 else np.concatenate([1 - output, output], axis=1)
