"""The reference engine: the training step in NumPy, written to be read.

It is the specification: any other engine computes the same, only faster.
"""

from functools import cached_property
from typing import ClassVar

import numpy as np

from barenet.engines._engine import ChunkResult, Engine, Job, Order, Orders, Rates
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray
from barenet.model._layout import euclidean_norm
from barenet.model._network import Objective
from barenet.model._randomness import derive_key
from barenet.optimization._penalties import add_penalties
from barenet.optimization.optimizers import Optimizer

#: Rows, and numbers in them, that are evaluated at a time: X is never converted as a whole.
BLOCK, BLOCK_NUMBERS = 4096, 2**24


def take_steps(
    engine: Engine, orders: Orders, batch_size: int, rates: Rates, first_step: int
) -> ChunkResult:
    """Take the steps of a chunk in NumPy, from the gradients of an engine: see `Engine.run`."""
    job, parameters, optimizer = engine.job, engine.job.network.parameters, engine.job.optimizer
    assert isinstance(optimizer, Optimizer)
    losses, norms = np.empty(len(rates)), np.empty(len(rates))
    in_epoch = len(rates) // len(orders)  # batches
    if not optimizer.elementwise:
        optimizer.layout = job.network.layout
    if optimizer.average:
        parameters[:] = raw = engine.raw_parameters()
    try:
        for i, rate in enumerate(rates.tolist()):
            epoch, number = divmod(i, in_epoch)
            batch = orders[epoch][number * batch_size : (number + 1) * batch_size]
            losses[i], gradient = engine.value_and_gradient(batch, first_step + i)
            norms[i] = euclidean_norm(gradient)
            if job.clipping is not None:
                job.clipping.clip(gradient)
            optimizer.step(parameters, gradient, rate)
            if optimizer.average:
                average = optimizer.moments["average"]
                share = max(1 - optimizer.average, 1 / optimizer.n_steps)
                average += share * (parameters - average)
    finally:
        if optimizer.average:
            raw[:] = parameters
            parameters[:] = optimizer.moments["average"]
    return ChunkResult(losses, norms)


class ReferenceEngine(Engine):
    """NumPy, one batch after the other.

    Parameters
    ----------
    job : Job
        Network, training set, loss and optimizer.
    threads : int, optional
        Left to NumPy's own settings.

    Examples
    --------
    >>> import numpy as np
    >>> from barenet import Network
    >>> from barenet.losses import SquaredError
    >>> from barenet.optimizers import SGD
    >>> from barenet.engines import Job
    >>> from barenet.model._array_dataset import validate_arrays
    >>> network = Network.dense([1, 1], init="zeros", dtype="float64")
    >>> rows = validate_arrays(network, SquaredError(), [[1.0]], [2.0])
    >>> job = Job(network=network, rows=rows, loss=SquaredError(), optimizer=SGD())
    >>> ReferenceEngine(job).run([np.array([0])], 1, np.array([0.1]), 0).losses
    array([2.])
    """

    name: ClassVar[str] = "reference"
    run = take_steps

    def __init__(self, job: Job, threads: int | None = None) -> None:
        self.job = job
        self._objective = Objective(job.network, job.loss)
        self._penalties = []
        for penalty in job.penalties:
            self._penalties.append((penalty, penalty.expand(job.network.layout, job.network.dtype)))

    def value_and_gradient(
        self, batch: Order | None = None, step: int = 0
    ) -> tuple[float, FloatArray]:
        job, network = self.job, self.job.network
        rows = self._all_rows if batch is None else job.rows.take(batch, network.dtype)
        key = derive_key(job.seed, step)
        value, gradient = self._objective.value_and_gradient(rows, rng_key=key)
        if self._penalties:
            weight = rows.inverse_weight
            value = add_penalties(self._penalties, network.parameters, value, gradient, weight)
        return value, gradient

    def evaluate(self, rows: ArrayDataset) -> tuple[float, FloatArray]:
        size = max(1, min(BLOCK, BLOCK_NUMBERS // rows.X.shape[1]))
        dtype, starts = self.job.network.dtype, range(0, rows.n_rows, size)
        blocks = (rows.take(slice(start, start + size), dtype) for start in starts)
        measured = map(self._objective.value_and_output, blocks)
        values, outputs = zip(*measured, strict=True)
        weights = rows.batch_weights(size)
        return float(values @ (weights / (weights.sum() or 1))), np.concatenate(outputs)

    @cached_property
    def _all_rows(self) -> ArrayDataset:
        """The training set in the network's dtype, for the repeated evaluations of L-BFGS."""
        return self.job.rows.take(dtype=self.job.network.dtype)
