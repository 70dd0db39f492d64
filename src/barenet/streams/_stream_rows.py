"""Stream rows: the training rows of a stream, encoded once into arrays in temporary files.

The arrays are mapped into memory, and used for training like any others. The system reads a page
when it is needed, and reclaims its memory if memory runs short.
"""

import mmap
import os
import tempfile
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from barenet._sparse_rows import SparseRows
from barenet.datasets._dataset import Dataset
from barenet.engines._block_rows import BlockRows
from barenet.errors import ArgumentError
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import InputArray
from barenet.optimization.optimizers import LBFGS, Optimizer
from barenet.storage._file_io import format_size, no_room_error
from barenet.streams._block_order import BlockOrder
from barenet.streams._stream_memory import check_training, rows_of_group

#: Bytes that are written at a time where the system can't reserve disk space.
CHUNK = 2**24


class StreamRows(BlockRows):
    """Arrays of all training rows. Each block is encoded when the first epoch reaches it."""

    stream: Any
    encode: Callable[[Dataset], ArrayDataset]
    #: The arrays that `_arrays_of` describes.
    arrays: list[NDArray[Any]]
    #: The blocks that have training rows, and the row at which each begins.
    used: list[int]
    first_rows: list[int]
    #: The positions of the encoded blocks in these lists.
    encoded: set[int]

    @classmethod
    def of(
        cls, stream: Any, encode: Callable[[Dataset], ArrayDataset], sample: ArrayDataset
    ) -> "StreamRows":
        """Map the arrays of a stream, given a function that encodes blocks, and encoded samples."""
        check_training(stream, sample)
        arrays = [map_array(stream.n_rows, part) for part in _arrays_of(sample)]
        inputs: InputArray
        if isinstance(sample.X, SparseRows):
            y, values, columns, bounds = arrays
            inputs = SparseRows(
                values=values.ravel(),
                columns=columns.ravel(),
                bounds=bounds,
                n_columns=sample.X.shape[1],
                runs=sample.X.runs,
            )
        else:
            y, inputs = arrays
        rows = cls(inputs, y, None, sample.scale)
        rows.stream = stream
        rows.encode = encode
        rows.sample = sample
        rows.arrays = arrays
        rows.encoded = set()
        rows.used = []
        rows.lengths = []
        for number, length in enumerate(stream.lengths):
            if length:
                rows.used.append(number)
                rows.lengths.append(length)
        rows.first_rows = [*accumulate(rows.lengths, initial=0)]
        return rows

    def orders(self, seed: int | None, epochs: Sequence[int]) -> list[BlockOrder]:
        orders = []
        for epoch in epochs:
            order = BlockOrder(
                self.lengths,
                seed=seed,
                epoch=epoch,
                group_rows=rows_of_group(self.stream.n_inputs),
                prepare=self._prepare,
            )
            orders.append(order)
        return orders

    def check_steps(self, optimizer: Optimizer | LBFGS, batch_size: int) -> None:
        if optimizer.full_batch:
            problem = "needs all rows in each step, and a stream has some at a time"
            raise ArgumentError(problem, argument="optimizer", value=optimizer)
        check_training(self.stream, self.sample, batch_size)

    def _prepare(self, group: Sequence[int], following: Sequence[int] = ()) -> None:
        """Encode the blocks of a group, release others, and prefetch those of the next group."""
        for position in group:
            if position not in self.encoded:
                self._encode(position)
        for array in self.arrays:
            release_pages(array)
            for position in self.encoded.intersection([*group, *following]):
                prefetch(array, self.first_rows[position], self.first_rows[position + 1])

    def _encode(self, position: int) -> None:
        """Read a block from its file, and write its arrays."""
        start = self.first_rows[position]
        stop = self.first_rows[position + 1]
        dataset = self.stream.read_block(self.used[position])
        block = self.encode(dataset)
        for array, part in zip(self.arrays, _arrays_of(block, start), strict=True):
            array[start:stop] = part
        self.encoded.add(position)


def _arrays_of(rows: ArrayDataset, first: int = 0) -> list[NDArray[Any]]:
    """Return y and X, or y and the values, columns and bounds of sparse rows, from a row on."""
    if not isinstance(rows.X, SparseRows):
        return [rows.y, rows.X]
    n_rows = len(rows.X)
    values = rows.X.values.reshape(n_rows, -1)
    columns = rows.X.columns.reshape(n_rows, -1)
    entries_before = first * values.shape[1]  # each row has as many entries
    return [rows.y, values, columns, rows.X.bounds + entries_before]


def map_array(n_rows: int, like: Any) -> NDArray[Any]:
    """Make a mapped array with rows like another's; its file is removed together with it."""
    width = like.shape[1]
    size = n_rows * width * like.itemsize
    try:
        with tempfile.TemporaryFile() as file:
            reserve(file, size)
            pages = mmap.mmap(file.fileno(), size)
            return np.ndarray((n_rows, width), like.dtype, pages)
    except OSError as error:
        raise no_room_error(f"{format_size(size)} are needed for encoded rows", error) from error


def reserve(file: BinaryIO, size: int) -> None:
    """Reserve disk space: writing to a mapped page of a full disk kills the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)
        return
    for start in range(0, size, CHUNK):
        file.write(bytes(min(CHUNK, size - start)))
    file.flush()


def release_pages(array: NDArray[Any]) -> None:
    """Drop pages from the memory of the process; the system may keep them in its cache."""
    pages: Any = array.base
    if hasattr(mmap, "MADV_DONTNEED"):  # missing on Windows
        pages.madvise(mmap.MADV_DONTNEED)


def prefetch(array: NDArray[Any], first: int, stop: int) -> None:
    """Have the system read the pages of some rows in the background."""
    pages: Any = array.base
    if hasattr(mmap, "MADV_WILLNEED"):
        row_bytes = array.strides[0]
        start = first * row_bytes
        start -= start % mmap.PAGESIZE  # it has to be the start of a page
        end = stop * row_bytes
        pages.madvise(mmap.MADV_WILLNEED, start, end - start)
