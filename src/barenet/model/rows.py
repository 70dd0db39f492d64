"""Rows: samples, targets and weights, in the shape and precision that a network takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from numpy.typing import ArrayLike

from barenet.model.arrays import FloatArray
from barenet.model.losses import Loss
from barenet.model.targets import check_targets
from barenet.model.validation import check_inputs, check_sample_weight

if TYPE_CHECKING:
    from barenet.model.network import Network

__all__ = ["Rows", "check_rows"]


class Rows(NamedTuple):
    """Samples with their targets.

    Attributes
    ----------
    X : ndarray of shape (n_samples, n_inputs)
        The samples.
    y : ndarray of shape (n_samples, n_outputs)
        What the network should say of them.
    sample_weight : ndarray of shape (n_samples,), optional
        How much each counts.
    """

    X: FloatArray
    y: FloatArray
    sample_weight: FloatArray | None


def check_rows(
    network: Network,
    loss: Loss,
    X: ArrayLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
) -> Rows:
    """Bring rows into the network's dtype and shape, or say what does not fit.

    Parameters
    ----------
    network : Network
        What they are for.
    loss : Loss
        What they are measured with.
    X : array-like of shape (n_samples, n_inputs)
        The samples.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Numbers, or class indices from 0.
    sample_weight : array-like of shape (n_samples,), optional
        How much each sample counts.

    Returns
    -------
    Rows
        Not copied where that is not needed.

    Raises
    ------
    ValueError
        If anything does not fit the network, the loss or each other; the message names it.
    """
    inputs = check_inputs(X, network.dtype, network.n_inputs)
    n_outputs = network.n_outputs or inputs.shape[1]
    targets = check_targets(y, len(inputs), n_outputs, network.dtype)
    loss.check_targets(targets)
    if sample_weight is None:
        return Rows(inputs, targets, None)
    weights = check_sample_weight(sample_weight, len(inputs), network.dtype)
    return Rows(inputs, targets, weights)
