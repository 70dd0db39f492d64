"""ArrayDataset: samples with their targets and weights, validated and ready for batching."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._constraints import check_number
from barenet.errors import ArgumentError
from barenet.model._arrays import (
    FloatArray,
    InputArray,
    check_sample_weight,
    check_targets,
    validate_inputs,
)
from barenet.model.losses import Loss

#: Maximum number of rows that are converted at a time for prediction.
PREDICTED_ROWS = 8192
#: Maximum number of values in these rows.
PREDICTED_NUMBERS = 2**25


#: Some rows of a dataset.
Rows: TypeAlias = slice | NDArray[np.intp]


class ArrayDataset(NamedTuple):
    """Samples with their targets."""

    #: float32, float64 or uint8, of any strides, or sparse; (n_samples, n_inputs); never written to
    X: InputArray
    #: the targets, in the network's dtype, of shape (n_samples, n_outputs)
    y: FloatArray
    #: the sample weights, in the network's dtype, of shape (n_samples,)
    sample_weight: FloatArray | None
    #: factor that X is multiplied by
    scale: float = 1.0
    #: which rows of X, y and the weights are in the dataset, in this order; by default all
    selection: NDArray[np.intp] | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.X) if self.selection is None else len(self.selection)

    @property
    def in_memory(self) -> ArrayDataset:
        """The rows that metrics are computed for: all, or a sample of those not in memory."""
        return self

    def row_indices(self, rows: Rows = slice(None)) -> Rows:
        """Return the indices in X, y and the weights of some rows of the dataset."""
        return rows if self.selection is None else self.selection[rows]

    def select(self, rows: slice) -> ArrayDataset:
        """Select some of the rows, without a copy."""
        if self.selection is None:
            selection = np.arange(*rows.indices(len(self.X)))
        else:
            selection = self.selection[rows]
        return ArrayDataset(self.X, self.y, self.sample_weight, self.scale, selection)

    def take(self, rows: Rows = slice(None), dtype: np.dtype[Any] | None = None) -> ArrayDataset:
        """Copy rows, all by default; with a dtype, X is converted to it, then scaled."""
        indices = self.row_indices(rows)
        X = self.X[indices]
        scale = self.scale
        if dtype is not None:
            if scale == 1:
                X = np.ascontiguousarray(X, dtype)
            else:
                X = np.multiply(X, dtype.type(scale), dtype=dtype, order="C")
                scale = 1.0
        sample_weight = self.sample_weight
        if sample_weight is not None:
            sample_weight = sample_weight[indices]
        return ArrayDataset(X, self.y[indices], sample_weight, scale)

    @property
    def inverse_weight(self) -> float:
        """One over the total weight of the rows; 0 if that is 0."""
        total = self.total_weight
        return 1 / total if total > 0 else 0.0

    @property
    def total_weight(self) -> float:
        """The total weight of the rows."""
        if self.sample_weight is None:
            return float(self.n_rows)
        return float(self.batch_weights(self.n_rows).sum())

    def batch_weights(self, size: int, order: NDArray[np.intp] | None = None) -> FloatArray:
        """Sum the weights of each batch, shape (n_batches,), of one order of the rows or more."""
        if self.sample_weight is None:
            n_batches = math.ceil(self.n_rows / size)
            weights = np.full(n_batches, float(size))
            weights[-1:] = self.n_rows - (n_batches - 1) * size  # the last batch has the rest
            return weights
        starts = np.arange(0, self.n_rows, size)
        indices = self.row_indices() if order is None else self.row_indices(order)
        row_weights = self.sample_weight[indices].astype(float)
        return np.add.reduceat(row_weights, starts, axis=-1)

    def batch_shares(self, size: int) -> FloatArray:
        """Compute the share of each batch in the weight of all rows; 0 if no row has a weight."""
        weights = self.batch_weights(size)
        total = weights.sum()
        return weights / total if total > 0 else weights


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
        scale = check_number(scale, "scale", gt=0)
        limits = np.finfo(dtype)
        # The scale, and its product with a byte, must be in range.
        if not float(limits.tiny) <= scale <= float(limits.max) / 255:
            raise ArgumentError(f"{scale:g} is beyond the range of {dtype}", argument="scale")
    inputs = validate_inputs(X, dtype, network.n_inputs)
    n_outputs = network.n_outputs or inputs.shape[1]
    per_target = loss.outputs_per_target
    if n_outputs % per_target:
        problem = f"{loss.name} needs {per_target} outputs a target"
        problem += f", and the network has {n_outputs}"
        raise ArgumentError(problem, argument="loss")
    targets = check_targets(y, len(inputs), n_outputs // per_target, dtype)
    if per_target > 1:
        targets = np.tile(targets, per_target)
    loss.check_targets(targets)
    if sample_weight is not None:
        sample_weight = check_sample_weight(sample_weight, len(inputs), dtype)
    return ArrayDataset(inputs, targets, sample_weight, scale)


def class_probabilities(output: FloatArray) -> FloatArray:
    """Expand a single output, the probability of the second class, into two columns."""
    return output if output.shape[1] > 1 else np.concatenate([1 - output, output], axis=1)


def predicted_classes(output: FloatArray, threshold: float | None = None) -> NDArray[np.intp]:
    """Return the index of each row's class: the most probable one or, with a threshold, the second.

    >>> predicted_classes(np.array([[0.2], [0.3], [0.6]])).tolist()
    [0, 0, 1]
    >>> predicted_classes(np.array([[0.2], [0.3], [0.6]]), threshold=0.3).tolist()
    [0, 1, 1]
    """
    probabilities = class_probabilities(output)
    if threshold is None:
        return probabilities.argmax(axis=1)
    return (probabilities[:, 1] >= threshold).astype(np.intp)


def predictions_of(
    output: FloatArray, labels: NDArray[Any] | None, threshold: float | None = None
) -> NDArray[Any]:
    """Turn outputs into predictions: the labels of the predicted classes, or numbers."""
    if labels is None and output.shape[1] == 1:
        return output[:, 0]
    if labels is None:
        return output
    return labels[predicted_classes(output, threshold)]
