"""Dask engine: workers compute the shares of blocks, which add up to a batch's gradient.

The optimizer, the schedule, the history and checkpoints stay in the caller's process. Each worker
has an actor with some of the blocks. If a worker is lost, Dask loads its blocks elsewhere, and the
step is repeated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet._logging import LOGGER
from barenet.distributed._block_shares import BlockShares, Sums, add_up
from barenet.distributed._dask_workers import (
    LOOKING,
    SilentWorkers,
    WorkerMemory,
    address_of,
    check_workers,
    has_lost_scheduler,
    reaches,
    wait_until_ended,
    work_on,
)
from barenet.engines import ChunkResult, Engine, Job, choose_engine
from barenet.engines._block_rows import BlockRows
from barenet.engines._engine import Rates
from barenet.engines._reference import KeptParts, take_steps
from barenet.errors import ArgumentError, WorkersError
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray
from barenet.optimization._penalties import add_penalties
from barenet.optimization.optimizers import SGD, Optimizer

if TYPE_CHECKING:
    from distributed import Client, Future

#: Maximum number of attempts at a step when workers are lost, the same as Dask's for a task.
ATTEMPTS = 4
#: Seconds that a run without workers waits for a new worker.
NEW_WORKERS = 30
#: Messages of Dask's errors after one or all workers are lost.
LOST = re.compile("Actor|after shutdown|scheduler has no workers")


class LocalSteps(NamedTuple):
    """The numbers that blocks need to take local steps."""

    #: The number of the optimizer's earlier steps.
    n_steps: int
    learning_rate: float


class BatchResult(NamedTuple):
    """The result of a batch, or of the rows of a batch in one block."""

    #: The loss and the gradient norm, shape (2,).
    values: NDArray[np.float64]
    #: The gradient, or the parameters and moments after local steps, (n_vectors, n_parameters).
    vectors: FloatArray


class Shares(NamedTuple):
    """The shares of some blocks in the result of a batch."""

    #: The sums of gradients, or of parameters and moments, shape (n_vectors, n_parameters).
    sums: Sums
    #: The loss and the gradient norm, by the number of the block.
    values: dict[int, NDArray[np.float64]]


class BlockWorker:
    """Computes with some of the blocks on a worker.

    `job` has everything except the rows; `first` is the number of the first block.
    """

    def __init__(
        self,
        *blocks: ArrayDataset,
        job: Job,
        engine: str,
        threads: int,
        sync_every: int,
        shares: BlockShares,
        first: int,
    ) -> None:
        self.blocks = dict(enumerate(blocks, first))
        self.engine = choose_engine(engine, replace(job, rows=blocks[0]), threads)
        self.sync_every = sync_every
        self.shares = shares
        self._order = lru_cache(len(blocks))(shares.order)
        #: The sums of each block, which the next step overwrites: new memory costs time.
        self._sums: dict[int, FloatArray] = {}

    def compute(
        self, step: int, batch: range, vectors: FloatArray, local: LocalSteps | None
    ) -> Shares:
        """Compute the shares of all blocks, and add up those of adjacent blocks."""
        n_blocks = len(self.shares.lengths)
        epoch, position = divmod(batch.start, self.shares.n_rows)
        # The positions of the batch in the orders of all blocks.
        starts = self.shares.counts(position)
        stops = self.shares.counts(position + len(batch))
        shares = Shares({}, {})
        for number, block in self.blocks.items():
            self.engine.job = replace(self.engine.job, rows=block)
            order = self._order(epoch, number)
            rows = order[starts[number] : stops[number]]
            share = len(rows) / len(batch)
            if len(rows):
                block_step = step * n_blocks + number  # dropout differs between blocks
                result = self._result(rows, block_step, vectors, local)
            else:  # its share is 0
                result = BatchResult(np.zeros(2), vectors)
            shares.values[number] = share * result.values
            if number not in self._sums:
                self._sums[number] = np.empty_like(vectors)
            block_sum = self._sums[number]
            np.multiply(share, result.vectors, out=block_sum)
            shares.sums[number, number + 1] = block_sum
        add_up(shares.sums, 0, n_blocks)
        return shares

    def _result(
        self, rows: NDArray[np.intp], step: int, vectors: FloatArray, local: LocalSteps | None
    ) -> BatchResult:
        """Compute the mean gradient of rows, or the vectors after some local steps."""
        parameters = self.engine.job.network.parameters
        parameters[:] = vectors[0]
        if local is not None:
            return self._take_local_steps(rows, step, vectors[1:], local)
        loss, gradient = self.engine.value_and_gradient(rows, step)
        # The caller adds up the gradients of all blocks before it computes a norm.
        return BatchResult(np.array([loss, 0.0]), gradient.reshape(1, -1))

    def _take_local_steps(
        self, rows: NDArray[np.intp], step: int, moments: FloatArray, local: LocalSteps
    ) -> BatchResult:
        """Take steps from the current parameters and these moments, and average the losses."""
        parameters = self.engine.job.network.parameters
        optimizer = self.engine.job.optimizer
        assert isinstance(optimizer, Optimizer)
        optimizer.n_steps = local.n_steps
        optimizer.prepare(parameters)
        for moment, vector in zip(optimizer.moments.values(), moments, strict=True):
            moment[:] = vector
        batch_size = ceil(len(rows) / self.sync_every)
        n_steps = ceil(len(rows) / batch_size)
        rates = np.full(n_steps, local.learning_rate)
        first_step = step * self.sync_every
        result = self.engine.run([rows], batch_size, rates, first_step)
        mean_loss = result.losses.mean()
        mean_norm = result.gradient_norms.mean()
        vectors_after = np.stack([parameters, *optimizer.moments.values()])
        return BatchResult(np.array([mean_loss, mean_norm]), vectors_after)


class WorkerRows(BlockRows):
    """Rows on the workers of a cluster; each worker computes their order from positions.

    Positions continue from one epoch to the next; below 0, rows are not shuffled.
    """

    client: Client
    futures: Sequence[Future[ArrayDataset]]
    sync_every: int

    @property
    def layout(self) -> dict[str, Any]:
        return {**super().layout, "sync_every": self.sync_every}

    def orders(self, seed: int | None, epochs: Sequence[int]) -> list[range]:
        orders = []
        for epoch in epochs:
            start = -self.n_rows if seed is None else self.n_rows * epoch
            orders.append(range(start, start + self.n_rows))
        return orders

    def make_engine(self, name: str, job: Job, threads: int | None) -> Engine:
        return DaskEngine(name, job, threads)


class DaskEngine(Engine):
    """Adds the shares of blocks in one fixed order, on any number of workers.

    Parameters
    ----------
    name : str
        The name of the engine of the workers, or "auto".
    job : Job
        Network, loss and optimizer, with rows of the class `WorkerRows`.
    threads : int, optional
        Number of threads of each worker; by default 1.

    Raises
    ------
    ValueError
        If the network or the optimizer can't be used with rows on workers.
    """

    def __init__(self, name: str, job: Job, threads: int | None = None) -> None:
        assert isinstance(job.rows, WorkerRows)
        self.job = job
        self.rows = job.rows
        if len(job.network.statistics):
            problem = "batch norm needs the whole batch in one place"
            raise ArgumentError(problem, argument="network", remedy="use layer norm")
        self.is_local = self.rows.sync_every > 1
        if self.is_local and job.optimizer.full_batch:
            raise ArgumentError("needs all rows in each step", argument="sync_every, optimizer")
        self.penalties = []
        for penalty in job.penalties:
            strengths = job.strengths(penalty, job.network.dtype)
            self.penalties.append((penalty, strengths))
        sample = self.rows.sample
        sample_job = replace(job, rows=sample)
        if not self.is_local:  # workers compute gradients, and steps are taken here
            sample_job = replace(sample_job, optimizer=SGD(), penalties=(), clipping=None)
        self.engine = choose_engine(name, sample_job, threads)
        self.name = self.engine.name  # type: ignore[misc]
        # The data for every worker; the job has a single row, which the worker replaces with its
        # own.
        self._single_row_job = replace(sample_job, rows=sample.take(slice(1)))
        #: Number of threads of each worker.
        self._threads = 1
        if threads is not None:
            self._threads = threads
        self._shares = BlockShares(tuple(self.rows.lengths), job.seed)
        self._actors: list[Any] = []
        self._n_workers = 0
        self._epoch: int | None = None
        self._silent = SilentWorkers(self.rows.client)
        self._memory = WorkerMemory(self.rows.client)

    may_lose_workers = True

    def close(self, *, reusable: bool = True) -> None:
        self.engine.close(reusable=reusable)
        self._actors = []

    def evaluate(self, rows: ArrayDataset) -> tuple[float, FloatArray]:
        return self.engine.evaluate(rows)

    def run(self, orders: Any, batch_size: int, rates: Rates, first_step: int) -> ChunkResult:
        if not self.is_local:
            return take_steps(self, orders, batch_size, rates, first_step)
        batches: list[Any] = []
        for order in orders:
            batches.extend(
                order[start : start + batch_size] for start in range(0, len(order), batch_size)
            )
        losses = np.empty(len(rates))
        gradient_norms = np.empty(len(rates))
        for i, (batch, rate) in enumerate(zip(batches, rates.tolist(), strict=True)):
            loss, gradient_norm = self._average(first_step + i, batch, rate)
            losses[i] = loss
            gradient_norms[i] = gradient_norm
        return ChunkResult(losses, gradient_norms)

    def _average(self, step: int, batch: range, rate: float) -> NDArray[np.float64]:
        """Average the vectors of all blocks after local steps; return the loss and the norm."""
        parameters = self.job.network.parameters
        optimizer = self.job.optimizer
        assert isinstance(optimizer, Optimizer)
        optimizer.prepare(parameters)
        vectors = [parameters, *optimizer.moments.values()]
        local = LocalSteps(optimizer.n_steps, rate)
        result = self._exchange(step, batch, np.stack(vectors), local)
        kept = KeptParts(self.job.frozen, vectors)
        for vector, mean in zip(vectors, result.vectors, strict=True):
            vector[:] = mean
        kept.restore()  # the mean of equal numbers may be rounded
        optimizer.n_steps += self.rows.sync_every
        return result.values

    def value_and_gradient(self, batch: Any = None, step: int = 0) -> tuple[float, FloatArray]:
        if batch is None:
            [batch] = self.rows.orders(None, [0])
        parameters = self.job.network.parameters
        vectors = parameters.reshape(1, -1)  # a single vector, as a step here needs no moments
        result = self._exchange(step, batch, vectors)
        gradient = result.vectors[0]
        loss = float(result.values[0])
        share = 1 / len(batch)
        penalized = add_penalties(self.penalties, parameters, loss, gradient, share)
        return penalized, gradient

    def _exchange(
        self, step: int, batch: range, vectors: FloatArray, local: LocalSteps | None = None
    ) -> BatchResult:
        """Compute the shares of all blocks, and add them."""
        sums: Sums = {}
        values: dict[int, NDArray[np.float64]] = {}
        for shares in self._compute(step, batch, vectors, local):
            sums.update(shares.sums)
            values.update(shares.values)
        n_blocks = len(values)
        add_up(sums, 0, n_blocks)
        total = sums[0, n_blocks]
        # Add them in the order of the blocks, so that the bits are always the same.
        in_order = [values[number] for number in sorted(values)]
        return BatchResult(np.sum(in_order, axis=0), np.array(total))

    def _compute(
        self, step: int, batch: range, vectors: FloatArray, local: LocalSteps | None
    ) -> list[Shares]:
        """Request the shares of all actors; if one is lost, start them again."""
        client = self.rows.client
        epoch = batch.start // self.rows.n_rows
        with work_on(client, self._memory), client.as_current():
            is_new_epoch = epoch != self._epoch
            if is_new_epoch and len(client.nthreads()) != self._n_workers:
                self._actors = []
            self._epoch = epoch
            for _ in range(ATTEMPTS):
                try:
                    if not self._actors:
                        self._actors = self._start(client)
                    calls = [actor.compute(step, batch, vectors, local) for actor in self._actors]
                    return [self._result_of(call) for call in calls]
                except (OSError, RuntimeError) as error:
                    if has_lost_scheduler(client):
                        raise TimeoutError("the scheduler is lost") from error
                    if not isinstance(error, OSError) and not LOST.search(str(error)):
                        raise
                    LOGGER.warning("step %d is repeated: a worker is lost (%s)", step, error)
                    self._actors = []
        problem = f"workers were lost in {ATTEMPTS} attempts at step {step}"
        raise WorkersError(f"{problem}; {self._memory.advice()}")

    def _result_of(self, call: Any) -> Shares:
        """Wait for the result of an actor, and warn of silent workers meanwhile."""
        while True:
            try:
                shares: Shares = call.result(timeout=LOOKING)
            except TimeoutError:
                if call.done():  # raise the error of the call itself
                    raise
                if has_lost_scheduler(self.rows.client):
                    raise
                self._silent.look()
            else:
                return shares

    def _note_memory(self, client: Client) -> None:
        """Record the memory that each worker has, and needs for its rows.

        It needs twice the size of the rows, as it fetches them from others.
        """
        network = self.job.network
        sample = self.rows.sample
        n_inputs = sample.X.shape[1]
        n_targets = sample.y.shape[1]
        row_bytes = (n_inputs + n_targets) * network.dtype.itemsize
        n_bytes = self.rows.n_rows * row_bytes
        share = n_bytes / max(1, self._n_workers)
        self._memory.n_bytes = round(2 * share)
        self._memory.note_limits(client)

    def _start(self, client: Client) -> list[Any]:
        """Start as many actors as workers, each with adjacent blocks; Dask spreads them evenly.

        Actors are called directly if the client can connect to them and isn't configured otherwise.
        """
        try:
            client.wait_for_workers(1, timeout=NEW_WORKERS)
        except TimeoutError:
            if has_lost_scheduler(client):
                raise
            problem = f"all workers are lost, and no new one has come within {NEW_WORKERS} s"
            raise WorkersError(f"{address_of(client)}: {problem}") from None
        check_workers(client, self._single_row_job)
        futures = self.rows.futures
        self._n_workers = len(client.nthreads())
        self._note_memory(client)
        n_actors = max(1, min(self._n_workers, len(futures)))
        calls = []
        for number in range(n_actors):
            start = len(futures) * number // n_actors
            stop = len(futures) * (number + 1) // n_actors
            calls.append(self._start_actor(client, start, stop))
        wait_until_ended(client, calls)
        actors = [call.result() for call in calls]
        addresses: list[str] = []
        for addresses_of_call in client.who_has(calls).values():
            addresses += addresses_of_call
        if client.direct_to_workers is None and client.sync(reaches, client, addresses):
            client.direct_to_workers = True
        return actors

    def _start_actor(self, client: Client, start: int, stop: int) -> Future[Any]:
        """Start an actor with the blocks from one number up to another."""
        return client.submit(
            BlockWorker,
            *self.rows.futures[start:stop],
            job=self._single_row_job,
            engine=self.name,
            threads=self._threads,
            sync_every=self.rows.sync_every,
            shares=self._shares,
            first=start,
            actor=True,
            pure=False,
        )
