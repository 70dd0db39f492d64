"""JAX trajectory: several epochs in one call, and then their measurement.

With networks that are computed together, each call makes a thread wait for all the others. A call
after each epoch would take much longer than the epochs of small networks.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.engines._engine import ChunkResult, Orders, Rates, Trajectory
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray
from barenet.model._network import Network


class JaxTrajectory(Trajectory):
    """The vectors of a network after each epoch, which its program returns.

    Parameters
    ----------
    network : Network
        The network.
    learn, losses_and_outputs : callable
        The methods of the `JaxEngine` of the network.
    """

    def __init__(
        self,
        network: Network,
        learn: Callable[..., Any],
        losses_and_outputs: Callable[..., tuple[FloatArray, FloatArray]],
    ) -> None:
        self.n_parameters = network.n_parameters
        self.learn = learn
        self.losses_and_outputs = losses_and_outputs
        n_numbers = network.n_parameters + network.statistics.size
        self.vectors = np.empty((0, n_numbers), network.dtype)

    def run(self, orders: Orders, batch_size: int, rates: Rates, first_step: int) -> ChunkResult:
        epoch_length = len(rates) // len(orders)
        learned = self.learn(orders, batch_size, rates, first_step, epoch_length=epoch_length)
        vectors = [learned.parameters_of_epochs, learned.statistics_of_epochs]
        self.vectors = np.concatenate(vectors, axis=1)
        return ChunkResult(learned.losses, learned.norms)

    def evaluate(self, rows: ArrayDataset) -> tuple[NDArray[np.float64], FloatArray]:
        parameters, statistics = np.split(self.vectors, [self.n_parameters], axis=1)
        state = {"parameters": parameters, "statistics": statistics}
        losses, outputs = self.losses_and_outputs(rows, state, len(self.vectors))
        means = [mean_loss(losses_of_epoch, rows) for losses_of_epoch in losses]
        return np.array(means), outputs


def mean_loss(losses: FloatArray, rows: ArrayDataset) -> float:
    """Average the losses of rows, by their weights; 0 if no row has a weight."""
    if rows.sample_weight is None:
        return float(losses.mean(dtype=float))
    weights = rows.sample_weight[rows.row_indices()].astype(float)
    total = weights.sum()
    return 0.0 if total == 0 else float(losses.astype(float) @ (weights / total))
