"""Stream rows: the training rows of a stream, encoded once into arrays in temporary files.

The arrays are mapped into memory, and trained on as any others.
"""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

from numpy.typing import NDArray

from barenet.data._block_order import BlockOrder
from barenet.data._dataset import Dataset
from barenet.data._mapped_array import map_array, prefetch, release_pages
from barenet.data._stream_memory import check_training, rows_of_group
from barenet.engines._block_rows import BlockRows
from barenet.errors import ArgumentError
from barenet.model._array_dataset import ArrayDataset
from barenet.optimization.optimizers import LBFGS, Optimizer


class StreamRows(BlockRows):
    """Arrays of all training rows. A block is encoded when the first epoch comes to it."""

    stream: Any
    encode: Callable[[Dataset], ArrayDataset]
    #: X and y.
    arrays: list[NDArray[Any]]
    #: Numbers of the blocks that have training rows, and the row at which each begins.
    used: list[int]
    first_rows: list[int]
    #: The positions of the encoded blocks in these lists.
    encoded: set[int]

    @classmethod
    def of(
        cls, stream: Any, encode: Callable[[Dataset], ArrayDataset], sample: ArrayDataset
    ) -> "StreamRows":
        """Make the arrays of a stream by a function of its blocks; of a sample, they exist."""
        check_training(stream, sample)
        X, y = arrays = [map_array(stream.n_rows, part) for part in (sample.X, sample.y)]
        rows = cls(X, y, None, sample.scale)
        rows.stream, rows.encode, rows.sample = stream, encode, sample
        rows.arrays, rows.encoded = arrays, set()
        rows.used = [number for number, length in enumerate(stream.lengths) if length]
        rows.lengths = [stream.lengths[number] for number in rows.used]
        rows.first_rows = [*accumulate(rows.lengths, initial=0)]
        return rows

    def orders(self, seed: int | None, epochs: Sequence[int]) -> list[BlockOrder]:
        size = rows_of_group(self.stream.n_inputs)
        return [BlockOrder(self.lengths, seed, epoch, size, self._prepare) for epoch in epochs]

    def check_steps(self, optimizer: Optimizer | LBFGS, batch_size: int) -> None:
        if optimizer.full_batch:
            problem = "needs all rows in each step, and a stream has some at a time"
            raise ArgumentError(problem, argument="optimizer", value=optimizer)
        check_training(self.stream, self.sample, batch_size)

    def _prepare(self, group: Sequence[int], following: Sequence[int] = ()) -> None:
        """Encode the blocks of a group, let others go, and have those of the next group read."""
        for position in group:
            if position not in self.encoded:
                self._encode(position)
        for array in self.arrays:
            release_pages(array)
            for position in self.encoded.intersection([*group, *following]):
                prefetch(array, *self.first_rows[position : position + 2])

    def _encode(self, position: int) -> None:
        """Read a block from its file, and write its arrays."""
        start, stop = self.first_rows[position : position + 2]
        block = self.encode(self.stream.read_block(self.used[position]))
        for array, part in zip(self.arrays, block[:2], strict=True):
            array[start:stop] = part
        self.encoded.add(position)
