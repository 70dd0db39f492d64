"""The reference engine: the training step in NumPy, written to be read.

It is the specification and the interface: any other engine computes the same, only faster.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np

from barenet.engines._engine import ChunkResult, Job, Order, Rates
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray
from barenet.model._layout import euclidean_norm
from barenet.model._network import Objective
from barenet.model._randomness import derive_key
from barenet.optimization.optimizers import Optimizer

#: Rows, and numbers in them, that are evaluated at a time: X is never converted as a whole.
BLOCK, BLOCK_NUMBERS = 4096, 2**24


class ReferenceEngine:
    """NumPy, one batch after the other.

    Parameters
    ----------
    job : Job
        Network, training set, loss and optimizer.
    threads : int, optional
        Left to NumPy's own settings.

    Attributes
    ----------
    name : str
        The key in `ENGINES`.
    pace : float
        Rows times parameters that it can certainly process in a second; 0 if unknown.
    row_orders : callable, optional
        Orders the rows for some epochs as the training loop does, but faster.

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
    >>> ReferenceEngine(job).run(np.array([0]), 1, np.array([0.1]), 0).losses
    array([2.])
    """

    name: ClassVar[str] = "reference"
    pace: ClassVar[float] = 0.0
    row_orders: Callable[[int, int, Sequence[int]], Order] | None = None

    def __init__(self, job: Job, threads: int | None = None) -> None:
        self.job, network = job, job.network
        if isinstance(job.optimizer, Optimizer):
            job.optimizer.layout = network.layout
        self._objective = Objective(network, job.loss)
        self._penalties = []
        for penalty in job.penalties:
            self._penalties.append((penalty, penalty.expand(network.layout, network.dtype)))

    def run(self, order: Order, batch_size: int, rates: Rates, first_step: int) -> ChunkResult:
        """Take one step for each batch of a chunk.

        Parameters
        ----------
        order : ndarray of shape (n_rows,) or (n_epochs, n_rows)
            Row indices of all batches, the last of which may be smaller.
        batch_size : int
            Rows in a batch.
        rates : ndarray of shape (n_batches,)
            The learning rate of each step.
        first_step : int
            Number of steps before the chunk, which decides its random numbers.

        Returns
        -------
        ChunkResult
            Losses and gradient norms; no later call changes the arrays.
        """
        job = self.job
        assert isinstance(job.optimizer, Optimizer)
        losses, norms = np.empty(len(rates)), np.empty(len(rates))
        orders = order if isinstance(order, list) else np.atleast_2d(order)
        in_epoch = len(rates) // len(orders)  # batches
        parameters, optimizer = job.network.parameters, job.optimizer
        if optimizer.average:
            parameters[:] = raw = self.raw_parameters()
        try:
            for i, rate in enumerate(rates.tolist()):
                epoch, number = divmod(i, in_epoch)
                batch = orders[epoch][number * batch_size : (number + 1) * batch_size]
                value, gradient = self._value_and_gradient(batch, first_step + i)
                losses[i], norms[i] = value, euclidean_norm(gradient)
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

    def value_and_gradient(self) -> tuple[float, FloatArray]:
        """Compute the loss of the training set with the penalties, and its gradient.

        Returns
        -------
        float, and ndarray of shape (n_parameters,)
            The loss and the gradient.
        """
        return self._value_and_gradient(None, 0)

    def raw_parameters(self) -> FloatArray:
        """Find the parameters that steps are taken from, which the network's are an average of.

        Both begin from the network's parameters, and again where these have been changed since.

        Returns
        -------
        ndarray of shape (n_parameters,)
            The parameters, which the next steps change.
        """
        optimizer, parameters = self.job.optimizer, self.job.network.parameters
        assert isinstance(optimizer, Optimizer)
        optimizer.prepare(parameters)
        raw, average = optimizer.moments["raw"], optimizer.moments["average"]
        if not np.array_equal(average, parameters):
            raw[:] = average[:] = parameters
        return raw

    def close(self, *, reusable: bool = True) -> None:
        """Let go of memory, which other jobs may reuse.

        Parameters
        ----------
        reusable : bool, default=True
            False if NaN may have come into it.
        """

    def evaluate(self, rows: ArrayDataset) -> tuple[float, FloatArray]:
        """Compute the loss of any rows without penalties, and the outputs.

        Parameters
        ----------
        rows : ArrayDataset
            The rows.

        Returns
        -------
        float, and ndarray of shape (n_rows, n_outputs)
            The loss and the outputs.
        """
        size = max(1, min(BLOCK, BLOCK_NUMBERS // rows.X.shape[1]))
        blocks = (slice(start, start + size) for start in range(0, rows.n_rows, size))
        measured = (self._objective.value_and_output(rows.take(block)) for block in blocks)
        values, outputs = zip(*measured, strict=True)
        weights = rows.batch_weights(size)
        return float(values @ (weights / (weights.sum() or 1))), np.concatenate(outputs)

    @cached_property
    def _all_rows(self) -> ArrayDataset:
        """The training set in the network's dtype, for the repeated evaluations of L-BFGS."""
        rows = self.job.rows.take()
        return ArrayDataset(rows.inputs(self.job.network.dtype), rows.y, rows.sample_weight)

    def _value_and_gradient(self, batch: Order | None, step: int) -> tuple[float, FloatArray]:
        """Compute the loss of a batch or of all rows with the penalties, and its gradient."""
        rows = self._all_rows if batch is None else self.job.rows.take(batch)
        key = derive_key(self.job.seed, step)
        value, gradient = self._objective.value_and_gradient(rows, rng_key=key)
        if self._penalties:
            value = self._add_penalties(value, gradient, rows.inverse_weight)
        return value, gradient

    def _add_penalties(self, value: float, gradient: FloatArray, inverse_weight: float) -> float:
        """Add the gradients of the penalties in place, and return the loss with them."""
        parameters = self.job.network.parameters
        for penalty, strengths in self._penalties:
            if penalty.normalize_by_batch:
                strengths = strengths * inverse_weight
            value += penalty.value(parameters, strengths)
            gradient += penalty.gradient(parameters, strengths)
        return value
