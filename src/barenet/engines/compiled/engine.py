"""The compiled engine: the arithmetic of `reference`, in kernels that run a slice in one call."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from barenet.engines.engine import Engine, Job, SliceReport
from barenet.model.arrays import FloatArray
from barenet.model.layers import Dense
from barenet.model.losses import loss_on
from barenet.model.rows import Rows
from barenet.optimization.optimizers import Optimizer

__all__ = ["CompiledEngine"]

#: Rows that are predicted at a time.
CHUNK = 512


class CompiledEngine(Engine):
    """Numba kernels, with explicit vector code for the products, on one thread or several.

    Parameters
    ----------
    job : Job
        What to do.
    threads : int, optional
        By default what pays, and never more than the cores allowed. The bits do not depend on it.

    Examples
    --------
    >>> import numpy as np
    >>> from barenet import Network, SGD, SquaredError
    >>> from barenet.engines import Job
    >>> from barenet.model.rows import check_rows
    >>> network = Network.dense([1, 1], init="zeros", dtype="float64")
    >>> rows = check_rows(network, SquaredError(), [[1.0]], [2.0])
    >>> job = Job(network=network, rows=rows, loss=SquaredError(), optimizer=SGD())
    >>> CompiledEngine(job).run(np.array([0]), 1, np.array([0.1]), 0).losses
    array([2.])
    """

    name: ClassVar[str] = "compiled"

    def __init__(self, job: Job, threads: int | None = None) -> None:
        from barenet.engines.compiled import simd
        from barenet.engines.compiled import threads as cores

        super().__init__(job)
        network = job.network
        self._loss, self._logits = loss_on(job.loss, network.output_activation)
        self._width = simd.host_width()
        self._lanes = 16 * len(self._width) // network.dtype.itemsize
        self._asked = threads
        self._choose = cores.choose_threads
        self._capacity = 0
        self._data = _flat(job.rows)

    @classmethod
    def refusal(cls, job: Job) -> str | None:
        from barenet.engines.compiled.program import KINDS, knows

        strangers = [layer for layer in job.network.layers if type(layer) not in KINDS]
        if strangers:
            return f"{strangers[0]!r} is not one of barenet's own layers"
        return knows(job)

    def run(
        self,
        order: NDArray[np.intp],
        batch_size: int,
        rates: NDArray[np.float64],
        first_step: int,
    ) -> SliceReport:
        from barenet.engines.compiled.step import train_slice

        job, optimizer = self.job, self.job.optimizer
        assert isinstance(optimizer, Optimizer)
        self._prepare(min(batch_size, len(job.rows.X)))
        optimizer.prepare(job.network.parameters)
        nothing = self._data[2][:0]
        vectors = (job.network.parameters, *optimizer.moments.values(), nothing, nothing)[:3]
        losses, norms = np.empty(len(rates)), np.empty(len(rates))
        train_slice(
            self._width, self._work, vectors, job.network.statistics, self._data, order, batch_size,
            np.asarray(rates), first_step, optimizer.n_steps, np.uint64(job.seed),
            self._threads(batch_size), losses, norms,
        )  # fmt: skip
        optimizer.n_steps += len(rates)
        return SliceReport(losses, norms)

    def value_and_gradient(self) -> tuple[float, FloatArray]:
        from barenet.engines.compiled.step import value_and_gradient
        from barenet.model.randomness import derive_key

        job, n_rows = self.job, len(self.job.rows.X)
        self._prepare(n_rows)
        gradient = np.empty_like(job.network.parameters)
        value = value_and_gradient(
            self._width, self._work, job.network.parameters, job.network.statistics, self._data,
            np.arange(n_rows), np.uint64(derive_key(job.seed, 0)), self._threads(n_rows), gradient,
        )  # fmt: skip
        return value, gradient

    def evaluate(self, rows: Rows) -> tuple[float, FloatArray]:
        from barenet.engines.compiled.prediction import evaluate

        network, n_rows = self.job.network, len(rows.X)
        self._prepare(min(CHUNK, n_rows))
        output = np.empty(rows.y.shape, network.dtype)
        data = _flat(rows)
        total = evaluate(
            self._width, self._work, network.parameters, network.statistics, data, n_rows,
            self._capacity, self._threads(self._capacity), output.reshape(-1),
        )  # fmt: skip
        weight = (
            n_rows if rows.sample_weight is None else float(rows.sample_weight.sum(dtype=float))
        )
        return (total / weight if weight > 0 else 0.0), output

    def _prepare(self, capacity: int) -> None:
        """Reserve memory for batches of that many rows."""
        from barenet.engines.compiled.program import Lowering

        if capacity > self._capacity:
            lowering = Lowering(self.job, self._loss, self._logits, capacity, self._lanes)
            self._work, self._capacity = lowering.work(self.job.network.dtype), capacity

    def _threads(self, n_rows: int) -> int:
        weights = sum(
            layer.weights.size for layer in self.job.network.layers if isinstance(layer, Dense)
        )
        return self._choose(self._asked, 3 * n_rows * weights)


def _flat(rows: Rows) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """X, y and the sample weights in one dimension, as the kernels read them."""
    weight = np.empty(0, rows.y.dtype) if rows.sample_weight is None else rows.sample_weight
    return rows.inputs(rows.y.dtype).reshape(-1), rows.y.reshape(-1), weight
