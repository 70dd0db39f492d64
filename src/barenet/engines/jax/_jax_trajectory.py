"""JAX trajectory: several epochs in one call, and then their measurement.

With networks that are computed together, each call makes a thread wait for all the others. A call
after each epoch would take much longer than the epochs of small networks.
"""

import numpy as np
from numpy.typing import NDArray

from barenet.engines._engine import ChunkResult, Orders, Rates, Trajectory
from barenet.engines.jax._jax_engine import JaxEngine, mean_loss
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray


class JaxTrajectory(Trajectory):
    """The vectors of a network after each epoch, which its program returns.

    Parameters
    ----------
    engine : JaxEngine
        The engine of the network.
    """

    def __init__(self, engine: JaxEngine) -> None:
        self.engine = engine
        network = engine.job.network
        n_numbers = network.n_parameters + network.statistics.size
        self.vectors = np.empty((0, n_numbers), network.dtype)

    def run(self, orders: Orders, batch_size: int, rates: Rates, first_step: int) -> ChunkResult:
        epoch_length = len(rates) // len(orders)
        learned = self.engine.learn(
            orders, batch_size, rates, first_step, epoch_length=epoch_length
        )
        vectors = [learned.parameters_of_epochs, learned.statistics_of_epochs]
        self.vectors = np.concatenate(vectors, axis=1)
        return ChunkResult(learned.losses, learned.norms)

    def evaluate(self, rows: ArrayDataset) -> tuple[NDArray[np.float64], FloatArray]:
        n_parameters = self.engine.job.network.n_parameters
        parameters, statistics = np.split(self.vectors, [n_parameters], axis=1)
        state = {"parameters": parameters, "statistics": statistics}
        n_epochs = len(self.vectors)
        losses, outputs = self.engine.losses_and_outputs(rows, state, n_epochs)
        means = [mean_loss(losses_of_epoch, rows) for losses_of_epoch in losses]
        return np.array(means), outputs
