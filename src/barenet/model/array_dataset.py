"""ArrayDataset: samples with their targets and weights, validated and ready for batching."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.model.arrays import FloatArray, InputArray
from barenet.model.inputs import as_inputs, check_scale, validate_inputs
from barenet.model.losses import Loss
from barenet.model.targets import check_targets
from barenet.model.validation import check_sample_weight

if TYPE_CHECKING:
    from barenet.model.network import Network

__all__ = ["ArrayDataset", "validate_arrays"]


class ArrayDataset(NamedTuple):
    """Samples with their targets.

    Attributes
    ----------
    X : ndarray of shape (n_samples, n_inputs), float32, float64 or uint8
        The samples as the user has them, of any strides; it is never written to.
    y : ndarray of shape (n_samples, n_outputs), of the network's dtype
        What the network should say of them.
    sample_weight : ndarray of shape (n_samples,), of the network's dtype, optional
        How much each counts.
    scale : float
        Factor on X.

    Examples
    --------
    >>> import numpy as np
    >>> rows = ArrayDataset(np.array([[0], [255], [51]], np.uint8), np.zeros((3, 1)), None, 1 / 255)
    >>> rows.take(slice(1, None)).inputs(np.dtype("float64"))
    array([[1. ], [0.2]])
    """

    X: InputArray
    y: FloatArray
    sample_weight: FloatArray | None
    scale: float = 1.0

    def take(self, index: slice | NDArray[np.intp]) -> ArrayDataset:
        """Take some of the rows."""
        weight = None if self.sample_weight is None else self.sample_weight[index]
        return ArrayDataset(self.X[index], self.y[index], weight, self.scale)

    def inputs(self, dtype: np.dtype[Any]) -> FloatArray:
        """Turn X into what a network takes."""
        return as_inputs(self.X, dtype, self.scale)

    @property
    def share(self) -> float:
        """One over the weight of all rows; 0 where there is none."""
        if self.sample_weight is None:
            return 1 / len(self.X)
        total = float(self.sample_weight.sum(dtype=np.float64))
        return 1 / total if total > 0 else 0.0

    def batch_weights(
        self, size: int, order: NDArray[np.intp] | None = None
    ) -> NDArray[np.float64]:
        """Add up the weights of the rows of each batch; without weights each row counts 1."""
        if self.sample_weight is None:
            each = np.ones(len(self.X))
        else:
            each = self.sample_weight[slice(None) if order is None else order].astype(float)
        return np.add.reduceat(each, np.arange(0, len(each), size))


def validate_arrays(
    network: Network,
    loss: Loss,
    X: ArrayLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    scale: float = 1.0,
) -> ArrayDataset:
    """Bring targets and weights into the network's dtype and shape, and say what does not fit."""
    scale = check_scale(scale, network.dtype)
    inputs = validate_inputs(X, network.dtype, network.n_inputs)
    n_outputs = network.n_outputs or inputs.shape[1]
    targets = check_targets(y, len(inputs), n_outputs, network.dtype)
    loss.check_targets(targets)
    if sample_weight is None:
        return ArrayDataset(inputs, targets, None, scale)
    weights = check_sample_weight(sample_weight, len(inputs), network.dtype)
    return ArrayDataset(inputs, targets, weights, scale)
