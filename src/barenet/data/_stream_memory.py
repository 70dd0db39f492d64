"""The memory of a stream: estimates against the limit that the user allows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from barenet.data._file_io import format_size
from barenet.data._frame import TEXT, Frame
from barenet.data._parquet import ParquetTable
from barenet.errors import ArgumentError
from barenet.model._array_dataset import ArrayDataset

#: Minimum number of rows in a group of blocks that are shuffled together, and its most values.
GROUP_ROWS, GROUP_NUMBERS = 2**16, 2**24

#: Groups whose pages are in memory: a chunk of batches has rows of two, and often of one.
N_GROUPS = 2

#: Copies of a block while it is encoded, and of a batch; bytes for the place of a row in the order.
N_COPIES, PER_INDEX = 2, 24

#: Copies of the outputs of the rows in memory, from which metrics are computed.
N_OUTPUTS = 2

#: Bytes of memory for each value of a block that is read: in columns, parsed, and in copies.
PER_VALUE = 24

#: Factor on the estimate, as not all freed memory is used again.
SLACK = 1.5


def rows_of_group(n_inputs: int) -> int:
    """Rows of a group of blocks, at least."""
    return max(1, min(GROUP_ROWS, GROUP_NUMBERS // n_inputs))


def check_training(stream: Any, sample: ArrayDataset, batch_size: int = 0) -> None:
    """Refuse a limit below an estimate, to which a batch of several groups adds."""
    held_out = [each for each in (stream.validation, stream.test) if each is not None]
    n_evaluated = sample.n_rows + sum(each.n_samples for each in held_out)
    largest, n_grouped = max(stream.lengths), rows_of_group(stream.n_inputs)
    n_batch = batch_size if batch_size > n_grouped else 0
    row_bytes = (sample.X.nbytes + sample.y.nbytes) / sample.n_rows
    n_rows = N_GROUPS * (largest + n_grouped) + N_COPIES * (largest + n_batch) + n_evaluated
    needed = n_rows * row_bytes + PER_INDEX * (largest + n_grouped)
    needed += N_OUTPUTS * n_evaluated * sample.y.shape[1] * sample.y.itemsize
    needed += sum(bytes_of(each.X) for each in [stream.sample, *held_out])
    blocks = stream.source.blocks
    check_blocks(blocks, stream.memory, int(SLACK * needed) + _memory_to_read(blocks), n_batch)


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
    row_bytes, lengths = PER_VALUE * len(blocks[0].names), [block.n_rows for block in blocks]
    n_sampled = min(GROUP_ROWS, sum(lengths), 2 * GROUP_NUMBERS // row_bytes)
    n_rows = max(lengths) + n_samples * n_sampled
    return int(SLACK * (n_rows * row_bytes + max(block.memory_to_read for block in blocks)))


def bytes_of(rows: Frame) -> int:
    """The memory of the columns of a frame."""
    columns = rows.columns.values()
    texts = [int(np.strings.str_len(each).sum()) for each in columns if each.dtype == TEXT]
    return sum(texts) + sum(each.nbytes for each in columns)
