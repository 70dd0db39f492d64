"""The compiled engine: kernels that take the steps of NumPy, a chunk of batches in one call."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from contextlib import suppress
from functools import cache, cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from barenet._sparse_rows import SparseRows
from barenet.engines._engine import (
    ChunkResult,
    Engine,
    Job,
    Order,
    Orders,
    Rates,
    user_defined_part,
)
from barenet.engines._reference import ReferenceEngine, take_steps
from barenet.errors import ArgumentError
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray, InputArray
from barenet.model._network import Network
from barenet.model._randomness import epoch_orders
from barenet.model.layers import Dense, Layer
from barenet.optimization.optimizers import Optimizer

if TYPE_CHECKING:
    from barenet.engines.compiled._program_pool import JobPrograms


class CompiledEngine(Engine):
    """Numba kernels, with explicit vector code, on one thread or several.

    An optimizer that is not elementwise takes its steps in NumPy, with the kernels' gradients.

    Parameters
    ----------
    job : Job
        Network, training set, loss and optimizer.
    threads : int, optional
        Maximum number of threads; by default as many as speed up the step. It never exceeds the
        number of allowed cores, and does not affect the bits.

    Raises
    ------
    ValueError
        If a part of the job has no kernel, such as a user-defined one.

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
    >>> CompiledEngine(job).run([np.array([0])], 1, np.array([0.1]), 0).losses
    array([2.])
    """

    name: ClassVar[str] = "compiled"
    pace: ClassVar[float] = 5e8

    def __init__(self, job: Job, threads: int | None = None) -> None:
        reason = refusal(job)
        if reason is not None:
            problem = f"{self.name} cannot run this: {reason}"
            remedy = "" if has_numba() else "install it (pip install numba), or use {engine}"
            raise ArgumentError(
                problem, argument="engine", value=self.name, remedy=remedy, engine="reference"
            )
        self.job = job
        self.threads = threads

    def run(self, orders: Orders, batch_size: int, rates: Rates, first_step: int) -> ChunkResult:
        optimizer = self.job.optimizer
        order = np.asarray(orders)
        assert isinstance(optimizer, Optimizer)
        # A resumed chunk may have only the rest of an epoch. Its program must have the capacity of
        # whole epochs, on which the bits of a step depend.
        n_rows = max(order.shape[-1], self.job.rows.n_rows)
        capacity = min(batch_size, n_rows)
        if not optimizer.elementwise:
            # This program is made here, with this capacity, so that `value_and_gradient` doesn't
            # make a smaller one if the chunk begins with the smaller last batch of an epoch.
            self._programs.of("gradient", capacity, self.job.rows)
            return take_steps(self, orders, batch_size, rates, first_step)
        parameters = self.job.network.parameters
        optimizer.prepare(parameters)
        program = self._programs.of("learn", capacity, self.job.rows)
        for number, name in enumerate(optimizer.moment_names, 1):
            program.point(f"moment_{number}", optimizer.moments[name])
        if optimizer.average:
            program.point("parameters", self.raw_parameters())
            program.point("average", optimizer.moments["average"])
        if self.job.limits is not None:
            program.point("lower", self.job.limits.lower)
            program.point("upper", self.job.limits.upper)
        program.step["n_steps"] = optimizer.n_steps
        report = program.run(order, batch_size, rates, first_step)
        optimizer.n_steps += len(rates)
        if optimizer.average:
            parameters[:] = optimizer.moments["average"]
        return report

    def row_orders(self, n_rows: int, seed: int | None, epochs: Sequence[int]) -> Orders:
        if seed is None:
            return epoch_orders(n_rows, seed, epochs)
        from barenet.engines.kernels._row_orders import row_orders

        return row_orders(n_rows, seed, epochs)

    def value_and_gradient(
        self, batch: Order | None = None, step: int = 0
    ) -> tuple[float, FloatArray]:
        rows = self.job.rows
        order = batch
        if order is None:
            order = np.arange(rows.n_rows)
        program = self._programs.of("gradient", len(order), rows)
        if "gradient" not in program.pointed:
            program.point("gradient", np.empty_like(self.job.network.parameters))
        rates = np.zeros(1)  # not used
        report = program.run(order, len(order), rates, step)
        gradient: FloatArray = program.pointed["gradient"]  # the next batch overwrites it
        self.job.clear_frozen(gradient)
        if batch is None:
            gradient = gradient.copy()
        return float(report.losses[0]), gradient

    def evaluate(self, rows: ArrayDataset) -> tuple[float, FloatArray]:
        if must_be_dense(self.job.network, rows.X):
            return ReferenceEngine(self.job).evaluate(rows)
        from barenet.engines.compiled._program_builder import EVALUATION_BATCH

        n_rows = rows.n_rows
        size = min(EVALUATION_BATCH, n_rows)
        program = self._programs.of("evaluate", size, rows)
        output = np.empty((n_rows, rows.y.shape[1]), self.job.network.dtype)
        program.point("output", output)
        shares = rows.batch_shares(size)
        rates = np.zeros(len(shares))  # not used
        losses = program.run(np.arange(n_rows), size, rates, 0).losses
        return float(losses @ shares), output

    @cached_property
    def _programs(self) -> JobPrograms:
        """The programs, which are made on first use."""
        from barenet.engines.compiled._program_pool import JobPrograms

        return JobPrograms(self.job, self.threads)

    def take_job(self, job: Job) -> bool:
        programs = vars(self).get("_programs")
        if programs is None or not programs.take_job(job):
            return False
        self.job = job
        return True

    def close(self, *, reusable: bool = True) -> None:
        programs = vars(self).pop("_programs", None)
        if programs is not None and reusable:
            programs.give_back()


def has_numba() -> bool:
    """Return whether Numba can be imported; some platforms have no wheels of it."""
    with suppress(ImportError):
        return find_spec("numba") is not None
    return False


@cache
def _has_numba() -> bool:
    """Return whether Numba is installed, and warn once if it isn't."""
    is_installed = has_numba()
    if not is_installed:
        warnings.warn("Numba is not installed: the slower reference engine is used", stacklevel=2)
    return is_installed


def must_be_dense(network: Network, X: InputArray) -> bool:
    """Return whether X is sparse, but the first layer can't look entries up in its weights."""
    looks_up = isinstance(network.layers[0], Dense)
    return isinstance(X, SparseRows) and not looks_up


def refusal(job: Job) -> str | None:
    """Return the reason that a job can't be compiled; None if it can."""
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return "NUMBA_DISABLE_JIT disables compilation"
    if not _has_numba():
        return "Numba is not installed"
    layers = job.network.layers
    if must_be_dense(job.network, job.rows.X):
        return f"{layers[0]!r} has no kernel for a sparse X"
    part = user_defined_part(job)
    if part is None:
        return None
    if isinstance(part, Layer):
        return f"the layer {part!r} has no kernel"
    return f"{part!r} has no kernel"
