"""The compiled engine: the arithmetic of `reference`, in kernels that run a slice in one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from barenet.engines.engine import Engine, Job, SliceReport
from barenet.model.arrays import FloatArray
from barenet.model.layers import Dense
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
    >>> CompiledEngine(job).run(np.array([0]), 1, [0.1], 0).losses
    array([2.])
    """

    name: ClassVar[str] = "compiled"

    def __init__(self, job: Job, threads: int | None = None) -> None:
        from barenet.engines.compiled import simd
        from barenet.engines.compiled.threads import choose_threads

        super().__init__(job)
        self._kind = simd.kind_of(job.network.dtype)
        self._programs: dict[str, Any] = {}
        self._weights = sum(
            layer.weights.size for layer in job.network.layers if isinstance(layer, Dense)
        )
        self._asked, self._choose = threads, choose_threads
        self._threads: dict[int, int] = {}

    @classmethod
    def refusal(cls, job: Job) -> str | None:
        from barenet.engines.compiled.lowering import refusal

        return refusal(job)

    def run(
        self, order: NDArray[np.intp], batch_size: int, rates: Sequence[float], first_step: int
    ) -> SliceReport:
        optimizer, parameters = self.job.optimizer, self.job.network.parameters
        assert isinstance(optimizer, Optimizer)
        optimizer.prepare(parameters)
        program = self._program("learn", min(batch_size, len(order)), self.job.rows)
        moments = {f"moment_{i}": m for i, m in enumerate(optimizer.moments.values(), 1)}
        program.point(**moments)
        program.step["n_steps"] = optimizer.n_steps
        report = self._go(program, order, batch_size, rates, first_step)
        optimizer.n_steps += len(rates)
        return report

    def value_and_gradient(self) -> tuple[float, FloatArray]:
        n_rows = len(self.job.rows.X)
        program = self._program("differentiate", n_rows, self.job.rows)
        gradient = np.empty_like(self.job.network.parameters)
        program.point(gradient=gradient)
        report = self._go(program, np.arange(n_rows), n_rows, [0.0], 0)
        return float(report.losses[0]), gradient

    def evaluate(self, rows: Rows) -> tuple[float, FloatArray]:
        n_rows, size = len(rows.X), min(CHUNK, len(rows.X))
        program = self._program("predict", size, rows)
        output = np.empty(rows.y.shape, self.job.network.dtype)
        program.point(output=output)
        starts = np.arange(0, n_rows, size)
        losses = self._go(program, np.arange(n_rows), size, [0.0] * len(starts), 0).losses
        weight = np.ones(n_rows) if rows.sample_weight is None else rows.sample_weight
        shares = np.add.reduceat(weight, starts, dtype=float)
        total = shares.sum()
        return (float(losses @ shares / total) if total > 0 else 0.0), output

    def _program(self, task: str, capacity: int, rows: Rows) -> Any:
        """The program of a task, for batches of that many rows."""
        from barenet.engines.compiled.program import Program

        key = f"{task} {rows.X.dtype} {rows.sample_weight is not None}"
        program = self._programs.get(key)
        if program is None or program.capacity < capacity:
            program = self._programs[key] = Program(self.job, self._kind, capacity, task, rows)
        program.read(rows)
        return program

    def _go(
        self, program: Any, order: NDArray[np.intp], size: int, rates: Sequence[float], first: int
    ) -> SliceReport:
        """Let the interpreter go through the program for all batches."""
        from barenet.engines.compiled.interpreter import run
        from barenet.engines.compiled.memory import address

        order, rates = np.ascontiguousarray(order, np.int64), np.asarray(rates, float)
        losses, norms = np.empty(len(rates)), np.empty(len(rates))
        run(
            program.address, address(order), len(order), size, address(rates), len(rates),
            first, self._count_threads(size), address(losses), address(norms),
        )  # fmt: skip
        return SliceReport(losses, norms)

    def _count_threads(self, n_rows: int) -> int:
        if n_rows not in self._threads:
            self._threads[n_rows] = self._choose(self._asked, 3 * n_rows * self._weights)
        return self._threads[n_rows]
