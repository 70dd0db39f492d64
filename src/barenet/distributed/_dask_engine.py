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
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

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
from barenet.engines._reference import take_steps
from barenet.errors import ArgumentError, WorkersError
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray
from barenet.optimization._penalties import add_penalties
from barenet.optimization.optimizers import SGD

if TYPE_CHECKING:
    from distributed import Client, Future

#: Maximum number of attempts at a step when workers are lost, the same as Dask's for a task.
ATTEMPTS = 4
#: Seconds that a run without workers waits for a new worker.
NEW_WORKERS = 30
#: Messages of Dask's errors after one or all workers are lost.
LOST = re.compile("Actor|after shutdown|scheduler has no workers")


class Shares(NamedTuple):
    """The shares of some blocks in the gradient and the loss of a batch."""

    #: The sums of gradients, shape (n_parameters,).
    gradients: Sums
    #: The share in the loss, by the number of the block.
    losses: dict[int, float]


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
        shares: BlockShares,
        first: int,
    ) -> None:
        self.blocks = dict(enumerate(blocks, first))
        self.engine = choose_engine(engine, replace(job, rows=blocks[0]), threads)
        self.shares = shares
        self._order = lru_cache(len(blocks))(shares.order)
        #: The share of each block, which the next step overwrites: new memory costs time.
        self._gradients: dict[int, FloatArray] = {}

    def compute(self, step: int, batch: range, parameters: FloatArray) -> Shares:
        """Compute the shares of all blocks, and add up those of adjacent blocks."""
        n_blocks = len(self.shares.lengths)
        epoch, position = divmod(batch.start, self.shares.n_rows)
        # The positions of the batch in the orders of all blocks.
        starts = self.shares.counts(position)
        stops = self.shares.counts(position + len(batch))
        shares = Shares({}, {})
        self.engine.job.network.parameters[:] = parameters
        for number, block in self.blocks.items():
            self.engine.job = replace(self.engine.job, rows=block)
            order = self._order(epoch, number)
            rows = order[starts[number] : stops[number]]
            share = len(rows) / len(batch)
            if len(rows):
                block_step = step * n_blocks + number  # dropout differs between blocks
                loss, gradient = self.engine.value_and_gradient(rows, block_step)
            else:  # its share is 0
                loss = 0.0
                gradient = parameters
            shares.losses[number] = share * loss
            if number not in self._gradients:
                self._gradients[number] = np.empty_like(parameters)
            share_of_gradient = self._gradients[number]
            np.multiply(share, gradient, out=share_of_gradient)
            shares.gradients[number, number + 1] = share_of_gradient
        add_up(shares.gradients, 0, n_blocks)
        return shares


class WorkerRows(BlockRows):
    """Rows on the workers of a cluster; each worker computes their order from positions.

    Positions continue from one epoch to the next; below 0, rows are not shuffled.
    """

    client: Client
    futures: Sequence[Future[ArrayDataset]]

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
        sample = self.rows.sample
        # Workers compute gradients, and steps are taken here.
        sample_job = replace(job, rows=sample, optimizer=SGD(), penalties=(), clipping=None)
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
        self._silent = SilentWorkers(self.rows.client)
        self._memory = WorkerMemory(self.rows.client)

    may_lose_workers = True

    def close(self, *, reusable: bool = True) -> None:
        self.engine.close(reusable=reusable)
        self._actors = []

    def evaluate(self, rows: ArrayDataset) -> tuple[float, FloatArray]:
        return self.engine.evaluate(rows)

    def run(self, orders: Any, batch_size: int, rates: Rates, first_step: int) -> ChunkResult:
        return take_steps(self, orders, batch_size, rates, first_step)

    def value_and_gradient(self, batch: Any = None, step: int = 0) -> tuple[float, FloatArray]:
        if batch is None:
            [batch] = self.rows.orders(None, [0])
        parameters = self.job.network.parameters
        gradients: Sums = {}
        losses: dict[int, float] = {}
        for shares in self._compute(step, batch, parameters):
            gradients.update(shares.gradients)
            losses.update(shares.losses)
        n_blocks = len(losses)
        add_up(gradients, 0, n_blocks)
        gradient = np.array(gradients[0, n_blocks])
        # Add them in the order of the blocks, so that the bits are always the same.
        loss = float(np.sum([losses[number] for number in sorted(losses)]))
        terms = self.job.penalty_terms
        return add_penalties(terms, parameters, loss, gradient, 1 / len(batch)), gradient

    def _compute(self, step: int, batch: range, parameters: FloatArray) -> list[Shares]:
        """Request the shares of all actors; if one is lost, start them again."""
        client = self.rows.client
        begins_epoch = batch.start % self.rows.n_rows == 0
        with work_on(client, self._memory), client.as_current():
            if begins_epoch and len(client.nthreads()) != self._n_workers:
                self._actors = []
            for _ in range(ATTEMPTS):
                try:
                    if not self._actors:
                        self._actors = self._start(client)
                    calls = [actor.compute(step, batch, parameters) for actor in self._actors]
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
            shares=self._shares,
            first=start,
            actor=True,
            pure=False,
        )
