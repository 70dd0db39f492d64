"""Stream engine: training on rows that are read while it trains, group by group."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from barenet.data._block_order import BlockOrder, epoch_positions
from barenet.data._encoded_blocks import EncodedBlocks
from barenet.engines import ChunkResult, Engine, Job, ReferenceEngine, choose_engine
from barenet.engines._engine import Order, Rates
from barenet.errors import ArgumentError, some
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray

#: A group of blocks in memory: the position of its first row, its rows, and their order.
Group: TypeAlias = tuple[int, ArrayDataset, NDArray[np.intp]]


class StreamRows(ArrayDataset):
    """Rows of which a sample is in memory, and all are read in blocks."""

    blocks: EncodedBlocks

    def __new__(cls, sample: ArrayDataset, blocks: EncodedBlocks) -> "StreamRows":
        rows = super().__new__(cls, *sample)
        rows.blocks = blocks
        return rows

    @property
    def n_rows(self) -> int:
        return sum(self.blocks.lengths)

    @property
    def layout(self) -> dict[str, Any]:
        """How the rows are split, which the steps depend on."""
        return {"rows of the blocks": some([*map(str, self.blocks.lengths)])}

    @property
    def in_memory(self) -> ArrayDataset:
        return ArrayDataset(*self)

    def in_order(self, n_epochs: int) -> Any:
        return [epoch_positions(self.n_rows, -1)] * n_epochs

    def make_engine(self, name: str, job: Job, threads: int | None) -> Engine:
        """Make the engine that reads the blocks."""
        return StreamEngine(name, job, threads)


class BlockEngine(ReferenceEngine):
    """Runs another engine on rows in blocks, which are ordered by their positions."""

    engine: Engine

    def row_orders(self, n_rows: int, seed: int, epochs: Sequence[int]) -> Any:
        return [epoch_positions(n_rows, epoch) for epoch in epochs]

    def evaluate(self, rows: ArrayDataset) -> tuple[float, FloatArray]:
        return self.engine.evaluate(rows)

    def close(self, *, reusable: bool = True) -> None:
        self.engine.close(reusable=reusable)


class StreamEngine(BlockEngine):
    """Runs another engine on one group of blocks, while a thread reads the next.

    Parameters
    ----------
    name : str
        The name of the other engine, or "auto".
    job : Job
        Network, loss and optimizer, with rows of the class `StreamRows`.
    threads : int, optional
        Of the other engine.

    Raises
    ------
    ValueError
        If the optimizer needs all rows in each step.
    """

    def __init__(self, name: str, job: Job, threads: int | None = None) -> None:
        if job.optimizer.full_batch:
            problem = "needs all rows in each step, and a stream has some at a time"
            raise ArgumentError(problem, argument="optimizer", value=job.optimizer)
        super().__init__(job)
        rows: Any = job.rows
        self.blocks: EncodedBlocks = rows.blocks
        self.block_order = BlockOrder(self.blocks.lengths, job.seed, self.blocks.group_rows)
        self.engine = choose_engine(name, replace(job, rows=rows.in_memory), threads)
        self.name, self.pace = self.engine.name, self.engine.pace  # type: ignore[misc]
        self._starts = lru_cache(2)(self.block_order.starts)
        self._groups = dict[tuple[int, int], Future[Group]]()
        self._reader = ThreadPoolExecutor(1, "barenet-reader")

    def run(self, orders: Any, batch_size: int, rates: Rates, first_step: int) -> ChunkResult:
        self.blocks.check_memory(batch_size)
        results, done = list[ChunkResult](), 0
        for positions in orders:
            for rows, part in self._batches(positions, batch_size):
                n_steps = -(-len(part) // batch_size)
                self.engine.job = replace(self.engine.job, rows=rows)
                steps = rates[done : done + n_steps]
                results.append(self.engine.run([part], batch_size, steps, first_step + done))
                done += n_steps
        return ChunkResult(*map(np.concatenate, zip(*results, strict=True)))

    def close(self, *, reusable: bool = True) -> None:
        super().close(reusable=reusable)
        self._reader.shutdown(cancel_futures=True)
        self._reader = ThreadPoolExecutor(1, "barenet-reader")  # whose thread a further run starts
        self._groups.clear()

    def _batches(self, positions: range, batch_size: int) -> Iterator[tuple[ArrayDataset, Order]]:
        """Split positions into batches within a group, and batches of rows of several groups."""
        at, stop = positions.start, positions.stop
        while at < stop:
            start, rows, order = self._group_at(at)
            own = order[at - start : stop - start]
            if len(own) < stop - at:
                own = own[: len(own) // batch_size * batch_size]
            if not len(own):
                own = np.arange(min(batch_size, stop - at))
                batch = self._batches(range(at, at + len(own)), 1)
                rows = join([group.take(part) for group, part in batch])
            yield rows, own
            at += len(own)

    def _group_at(self, position: int) -> Group:
        """The group that a position is in; the reading of the next one begins."""
        epoch, place = divmod(position, self.job.rows.n_rows)
        starts = self._starts(epoch)
        number = int(np.searchsorted(starts, place, side="right")) - 1
        following = (epoch, number + 1)
        if number + 2 == len(starts):
            following = (-1 if epoch < 0 else epoch + 1, 0)
        wanted = [(epoch, number), following]
        if wanted[0] not in self._groups:  # both are read anew: each group has the arrays to itself
            self._groups.clear()
        self._groups = {
            key: self._groups.get(key) or self._reader.submit(self._read, *key) for key in wanted
        }
        return self._groups[wanted[0]].result()

    def _read(self, epoch: int, number: int) -> Group:
        """Read the blocks of a group."""
        rows = self.blocks.read(self.block_order.groups(epoch)[number].tolist())
        order = self.block_order.rows(epoch, number, rows.n_rows)
        return self.job.rows.n_rows * epoch + self._starts(epoch)[number], rows, order


def join(parts: Sequence[ArrayDataset]) -> ArrayDataset:
    """Concatenate rows without weights."""
    if len(parts) == 1:
        return parts[0]
    X, y = (np.concatenate([getattr(part, name) for part in parts]) for name in "Xy")
    return ArrayDataset(X, y, None, parts[0].scale)
