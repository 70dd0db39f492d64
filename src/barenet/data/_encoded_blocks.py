"""The encoded blocks of a stream, and their memory."""

import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import cycle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data._dataset import Dataset
from barenet.data._file_io import format_size
from barenet.data._frame import TEXT, Frame
from barenet.data._parquet import ParquetTable
from barenet.errors import ArgumentError
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray

#: Rows of a group of blocks, which are shuffled among themselves, at least, and most numbers in it.
GROUP_ROWS, GROUP_NUMBERS = 2**16, 2**24

#: Groups in memory: one that is trained on, the next one, and batches that are copied of both.
N_GROUPS = 3

#: Copies of the outputs of the rows in memory, from which metrics are computed.
N_OUTPUTS = 2

#: Bytes of memory for each value of a block that is read: in columns, parsed, and in copies.
PER_VALUE = 24

#: Factor on the estimate, as not all freed memory is used again.
SLACK = 1.5

#: Fraction of the free space of the disk that the encoded blocks may take.
DISK_FRACTION = 0.25


class EncodedBlocks:
    """The blocks of a stream as arrays.

    Each is encoded once, and written to a temporary file, from which it is read in later epochs. If
    the disk has too little room, it is read from its own file and encoded each time.

    Parameters
    ----------
    stream : Stream
        The blocks.
    encode : callable
        Makes arrays of the rows of a block.
    sample : ArrayDataset
        Some rows, encoded.
    """

    def __init__(
        self, stream: Any, encode: Callable[[Dataset], ArrayDataset], sample: ArrayDataset
    ) -> None:
        self.stream, self.encode, self.sample = stream, encode, sample
        self.used = [number for number, length in enumerate(stream.lengths) if length]
        self.lengths = tuple(stream.lengths[number] for number in self.used)
        self.group_rows = max(1, min(GROUP_ROWS, GROUP_NUMBERS // stream.n_inputs))
        #: Bytes of a row.
        self.row_bytes = sample.y.itemsize * (sample.X.shape[1] + sample.y.shape[1])
        #: Rows of the largest block, and bytes that the training needs.
        self.largest = max(block.n_rows for block in stream.source.blocks)
        self.needed = self._estimate()
        self.check_memory()
        #: Bytes that the file may have.
        self.room = DISK_FRACTION * shutil.disk_usage(tempfile.gettempdir()).free
        self.file: Any = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed with the blocks
        weakref.finalize(self, self.file.close)
        self.offsets = dict[int, int]()
        #: X and y of the group that is trained on and of the next one, in turns.
        n_rows = min(sum(self.lengths), self.group_rows + self.largest)
        shapes = [((n_rows, part.shape[1]), part.dtype) for part in (sample.X, sample.y)]
        self.arrays = cycle([[np.empty(*shape) for shape in shapes] for _ in range(2)])

    def read(self, numbers: Sequence[int]) -> ArrayDataset:
        """Read blocks into arrays, which are overwritten by the read after the next one."""
        X, y = next(self.arrays)
        stop = 0
        for number in numbers:
            start, stop = stop, stop + self.lengths[number]
            self._read_into(X[start:stop], y[start:stop], number)
        return ArrayDataset(X[:stop], y[:stop], None, self.sample.scale)

    def _read_into(self, X: NDArray[Any], y: FloatArray, number: int) -> None:
        """Read a block from the temporary file; before it is in there, from its own."""
        if number in self.offsets:
            self.file.seek(self.offsets[number])
            if self.file.readinto(X) + self.file.readinto(y) < X.nbytes + y.nbytes:
                raise OSError("the temporary file of the encoded blocks has been cut short")
            return
        rows = self.encode(self.stream.read_block(self.used[number]))
        X[:], y[:] = rows.X, rows.y
        offset = self.file.seek(0, os.SEEK_END)
        if (end := offset + self.row_bytes * len(X)) <= self.room:
            with suppress(OSError):  # the disk is full
                self.file.write(X)
                self.file.write(y)
            if self.file.seek(0, os.SEEK_END) == end:
                self.offsets[number] = offset
            else:  # a write without a buffer may end early, without an error
                self.file.truncate(offset)

    def check_memory(self, batch_size: int = 0) -> None:
        """Refuse a limit below the estimate, to which a batch of several groups adds."""
        n_rows = batch_size if batch_size > self.group_rows else 0
        needed = self.needed + int(SLACK * N_GROUPS * n_rows * self.row_bytes)
        check_blocks(self.stream.source.blocks, self.stream.memory, needed, n_rows)

    def _estimate(self) -> int:
        """Estimate the memory of the training, in bytes."""
        rows, blocks = self.stream, self.stream.source.blocks
        held_out = [each for each in (rows.validation, rows.test) if each is not None]
        n_rows = self.sample.n_rows + sum(each.n_samples for each in held_out)
        needed = (N_GROUPS * (self.largest + self.group_rows) + n_rows) * self.row_bytes
        needed += N_OUTPUTS * n_rows * self.sample.y.shape[1] * self.sample.y.itemsize
        needed += sum(bytes_of(each.X) for each in [rows.sample, *held_out])
        return int(SLACK * needed) + _memory_to_read(blocks)


def check_blocks(blocks: Sequence[Any], limit: int, needed: int = 0, batch_size: int = 0) -> None:
    """Refuse a limit below an estimate, by default that for the pass over the blocks."""
    remedy = "allow {memory}" + ", or hold out fewer rows" * (needed > 0)
    # A sample of the rows is joined from its parts.
    if (needed := needed or _memory_to_read(blocks, n_samples=2)) <= limit:
        return
    argument, n_rows = "memory", max(block.n_rows for block in blocks)
    rows = f"blocks of up to {n_rows:,} rows, which need"
    if batch_size:
        argument, remedy = "batch_size", "take smaller batches, or allow {memory}"
        rows = f"a batch of {batch_size:,} rows, which needs"
    elif isinstance(blocks[0], ParquetTable):
        remedy += ", or write smaller row groups"
    problem = f"{format_size(limit)} is too little for {rows} about {format_size(needed)}"
    more = f"{-(-needed // 10**6)}MB"
    raise ArgumentError(problem, argument=argument, remedy=remedy, memory=more)


def _memory_to_read(blocks: Sequence[Any], n_samples: int = 0) -> int:
    """Estimate the memory to read a block, and to choose rows of all of them, in bytes."""
    row_bytes = PER_VALUE * len(blocks[0].names)
    n_rows, n_sampled = (f(block.n_rows for block in blocks) for f in (max, sum))
    n_rows += n_samples * min(GROUP_ROWS, n_sampled, 2 * GROUP_NUMBERS // row_bytes)
    return int(SLACK * (n_rows * row_bytes + max(block.memory_to_read for block in blocks)))


def bytes_of(rows: Frame) -> int:
    """The memory of the columns of a frame."""
    columns = rows.columns.values()
    texts = [int(np.strings.str_len(each).sum()) for each in columns if each.dtype == TEXT]
    return sum(texts) + sum(each.nbytes for each in columns)
