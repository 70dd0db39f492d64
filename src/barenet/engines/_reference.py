"""The reference engine: the training step in NumPy, written to be read.

It is the specification: any other engine computes the same steps, but faster.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar

import numpy as np

from barenet.engines._engine import ChunkResult, Engine, Job, Order, Orders, Rates
from barenet.engines._step_additions import step_additions
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
    """Take a step for each batch of a chunk, with the gradients of an engine: see `Engine.run`."""
    losses = np.empty(len(rates))
    norms = np.empty(len(rates))
    batches = split_batches(orders, batch_size)
    with step_additions(engine) as after_step:
        for i, (batch, rate) in enumerate(zip(batches, rates.tolist(), strict=True)):
            losses[i], norms[i] = take_step(engine, batch, rate, first_step + i)
            for add in after_step:
                add()
    return ChunkResult(losses, norms)


def take_step(engine: Engine, batch: Order, rate: float, step: int) -> tuple[float, float]:
    """Change the parameters by the gradient of a batch; return its loss and gradient norm."""
    job = engine.job
    assert isinstance(job.optimizer, Optimizer)
    loss, gradient = engine.value_and_gradient(batch, step)
    norm = euclidean_norm(gradient)
    if job.clipping is not None:
        check_in_place(job.clipping.clip(gradient), job.clipping, "clip")
    job.optimizer.step(job.network.parameters, gradient, rate)
    return loss, norm


def split_batches(orders: Orders, batch_size: int) -> Iterator[Order]:
    """Yield the row indices of each batch; the last batch of an epoch may be smaller."""
    for order in orders:
        for first_row in range(0, len(order), batch_size):
            yield order[first_row : first_row + batch_size]


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

    def value_and_gradient(
        self, batch: Order | None = None, step: int = 0
    ) -> tuple[float, FloatArray]:
        network = self.job.network
        rows = self._all_rows if batch is None else self.job.rows.take(batch, network.dtype)
        key = derive_key(self.job.seed, step)
        value, gradient = self._objective.value_and_gradient(rows, rng_key=key)
        self.job.clear_frozen(gradient)
        terms = self.job.penalty_terms
        if terms:
            weight = rows.inverse_weight
            value = add_penalties(terms, network.parameters, value, gradient, weight)
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
        return float(values @ rows.batch_shares(size)), np.concatenate(outputs)

    @cached_property
    def _all_rows(self) -> ArrayDataset:
        """The training set in the network's dtype, for the repeated evaluations of L-BFGS."""
        return self.job.rows.take(dtype=self.job.network.dtype)
