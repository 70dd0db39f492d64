"""The reference engine: the training step in NumPy, written to be read.

It is the specification: any other engine computes the same steps, but faster.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np

from barenet.engines._engine import ChunkResult, Engine, Job, Order, Orders, Rates
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray
from barenet.model._network import Objective
from barenet.model._randomness import derive_key
from barenet.optimization._penalties import add_penalties
from barenet.optimization.optimizers import Optimizer
from barenet.optimization.optimizers._optimizer import check_in_place, euclidean_norm

#: Maximum number of rows that are evaluated at a time: X is never converted as a whole.
EVALUATED_ROWS = 4096
#: Maximum number of values in these rows.
EVALUATED_NUMBERS = 2**24


def take_steps(
    engine: Engine, orders: Orders, batch_size: int, rates: Rates, first_step: int
) -> ChunkResult:
    """Take the steps of a chunk in NumPy, from the gradients of an engine: see `Engine.run`."""
    job = engine.job
    optimizer = job.optimizer
    parameters = job.network.parameters
    assert isinstance(optimizer, Optimizer)
    losses = np.empty(len(rates))
    norms = np.empty(len(rates))
    batches_per_epoch = len(rates) // len(orders)
    if not optimizer.elementwise:
        optimizer.layout = job.network.layout
    # Between chunks, the network has the average of its parameters, if the optimizer keeps one. The
    # steps are taken from the parameters themselves, so these are in the network until the end of
    # the chunk, or until a step fails.
    if optimizer.average:
        raw = engine.raw_parameters()
        parameters[:] = raw
    optimizer.prepare(parameters)
    kept = KeptParts(job.frozen, [parameters, *optimizer.moments.values()])
    try:
        for i, rate in enumerate(rates.tolist()):
            epoch, batch_of_epoch = divmod(i, batches_per_epoch)
            first_row = batch_of_epoch * batch_size
            batch = orders[epoch][first_row : first_row + batch_size]
            losses[i], gradient = engine.value_and_gradient(batch, first_step + i)
            norms[i] = euclidean_norm(gradient)
            if job.clipping is not None:
                check_in_place(job.clipping.clip(gradient), job.clipping, "clip")
            optimizer.step(parameters, gradient, rate)
            if job.limits is not None:
                job.limits.project(parameters)
            if optimizer.average:
                update_average(optimizer, parameters)
            kept.restore()
    finally:
        if optimizer.average:
            raw[:] = parameters
            parameters[:] = optimizer.moments["average"]
    return ChunkResult(losses, norms)


def update_average(optimizer: Optimizer, parameters: FloatArray) -> None:
    """Update the average of the parameters, which starts as the mean over all steps."""
    average = optimizer.moments["average"]
    share = max(1 - optimizer.average, 1 / optimizer.n_steps)
    average += share * (parameters - average)


class KeptParts:
    """Copies of some parts of vectors, which are restored after each step.

    An optimizer may change a parameter whose gradient is 0, by its momentum or by weight decay.
    """

    def __init__(self, parts: Sequence[slice], vectors: Sequence[FloatArray]) -> None:
        self.parts = parts
        self.vectors = vectors
        self.copies = []
        if parts:
            for vector in vectors:
                self.copies.append(vector.copy())

    def restore(self) -> None:
        """Set these parts of the vectors to their earlier values."""
        if not self.parts:
            return
        for vector, copy in zip(self.vectors, self.copies, strict=True):
            for part in self.parts:
                vector[part] = copy[part]


class ReferenceEngine(Engine):
    """NumPy, one batch after the other.

    Parameters
    ----------
    job : Job
        Network, training set, loss and optimizer.
    threads : int, optional
        Ignored; NumPy's own settings apply.

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
            strengths = job.strengths(penalty, job.network.dtype)
            self._penalties.append((penalty, strengths))

    def value_and_gradient(
        self, batch: Order | None = None, step: int = 0
    ) -> tuple[float, FloatArray]:
        network = self.job.network
        rows = self._all_rows if batch is None else self.job.rows.take(batch, network.dtype)
        key = derive_key(self.job.seed, step)
        value, gradient = self._objective.value_and_gradient(rows, rng_key=key)
        self.job.clear_frozen(gradient)
        if self._penalties:
            weight = rows.inverse_weight
            value = add_penalties(self._penalties, network.parameters, value, gradient, weight)
        return value, gradient

    def evaluate(self, rows: ArrayDataset) -> tuple[float, FloatArray]:
        n_inputs = rows.X.shape[1]
        size = max(1, min(EVALUATED_ROWS, EVALUATED_NUMBERS // n_inputs))
        values = []
        outputs = []
        dtype = self.job.network.dtype
        for start in range(0, rows.n_rows, size):
            block = rows.take(slice(start, start + size), dtype)
            value, output = self._objective.value_and_output(block)
            values.append(value)
            outputs.append(output)
        weights = rows.batch_weights(size)
        total_weight = weights.sum()
        if total_weight == 0:  # rows without weight have the loss 0
            total_weight = 1
        shares = weights / total_weight
        return float(values @ shares), np.concatenate(outputs)

    @cached_property
    def _all_rows(self) -> ArrayDataset:
        """The training set in the network's dtype, for the repeated evaluations of L-BFGS."""
        return self.job.rows.take(dtype=self.job.network.dtype)
