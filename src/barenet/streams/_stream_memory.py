"""The memory of a stream: estimates, which are compared with the user's limit."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from barenet.errors import ArgumentError
from barenet.model._array_dataset import ArrayDataset
from barenet.storage._file_io import format_size
from barenet.tables.files._parquet import ParquetTable
from barenet.tables.frames._coded_texts import CodedTexts
from barenet.tables.frames._frame import TEXT, Frame

#: Minimum number of rows in a group of blocks that are shuffled together, and its maximum number of
#: values.
GROUP_ROWS = 2**16
GROUP_NUMBERS = 2**24

#: Number of groups whose pages are in memory: a chunk of batches has rows of two groups, and often
#: of only one.
N_GROUPS = 2

#: Number of copies of a block while it is encoded, and of a batch.
N_COPIES = 2

#: Bytes for the position of a row in the order.
PER_INDEX = 24

#: Number of copies of the outputs for the rows in memory, from which metrics are computed.
N_OUTPUTS = 2

#: Bytes of memory for each value of a block that is read: in columns, parsed and copied.
PER_VALUE = 24

#: Factor for the estimate, as not all freed memory is reused.
SLACK = 1.5


def rows_of_group(n_inputs: int) -> int:
    """Return the minimum number of rows in a group of blocks."""
    return max(1, min(GROUP_ROWS, GROUP_NUMBERS // n_inputs))


def check_training(stream: Any, sample: ArrayDataset, batch_size: int = 0) -> None:
    """Reject a limit below the estimate, which increases if a batch needs several groups."""
    in_memory = [stream.sample]
    n_evaluated = sample.n_rows
    for held_out in (stream.validation, stream.test):
        if held_out is not None:
            in_memory.append(held_out)
            n_evaluated += held_out.n_samples
    largest = max(stream.lengths)
    n_grouped = rows_of_group(stream.n_inputs)
    needs_groups = batch_size > n_grouped
    n_batch = batch_size if needs_groups else 0
    row_bytes = (sample.X.nbytes + sample.y.nbytes) / sample.n_rows
    output_bytes = sample.y.shape[1] * sample.y.itemsize  # of a row
    n_mapped = N_GROUPS * (largest + n_grouped)
    n_copied = N_COPIES * (largest + n_batch)
    n_rows = n_mapped + n_copied + n_evaluated
    needed = n_rows * row_bytes
    needed += PER_INDEX * (largest + n_grouped)
    needed += N_OUTPUTS * n_evaluated * output_bytes
    needed += sum(bytes_of(rows.X) for rows in in_memory)
    blocks = stream.source.blocks
    n_bytes = int(SLACK * needed) + _memory_to_read(blocks)
    if n_bytes <= stream.memory:
        return
    if needs_groups:
        problem = f"a batch of {batch_size:,} rows, which needs"
        remedy = "take smaller batches, or allow {memory}"
        raise _too_little(stream.memory, n_bytes, problem, remedy, argument="batch_size")
    remedy = "allow {memory}, or hold out fewer rows"
    raise _too_little_for_blocks(blocks, stream.memory, n_bytes, remedy)


def check_blocks(blocks: Sequence[Any], limit: int) -> None:
    """Reject a limit below the estimate for the pass over the blocks."""
    needed = _memory_to_read(blocks, n_samples=2)  # the parts of the sample are joined
    if needed > limit:
        raise _too_little_for_blocks(blocks, limit, needed, "allow {memory}")


def _too_little_for_blocks(
    blocks: Sequence[Any], limit: int, needed: int, remedy: str
) -> ArgumentError:
    """Return the error for a limit that is too small for any batch."""
    n_rows = max(block.n_rows for block in blocks)
    if isinstance(blocks[0], ParquetTable):
        remedy += ", or write smaller row groups"
    return _too_little(limit, needed, f"blocks of up to {n_rows:,} rows, which need", remedy)


def _too_little(
    limit: int, needed: int, rows: str, remedy: str, *, argument: str = "memory"
) -> ArgumentError:
    """Return the error for a limit below an estimate."""
    problem = f"{format_size(limit)} is too little for {rows} about {format_size(needed)}"
    megabytes = math.ceil(needed / 10**6)
    return ArgumentError(problem, argument=argument, remedy=remedy, memory=f"{megabytes}MB")


def _memory_to_read(blocks: Sequence[Any], n_samples: int = 0) -> int:
    """Estimate the bytes of memory to read a block and to sample rows from all blocks."""
    row_bytes = PER_VALUE * len(blocks[0].names)
    n_rows = 0
    longest = 0
    to_read = 0
    for block in blocks:
        n_rows += block.n_rows
        longest = max(longest, block.n_rows)
        to_read = max(to_read, block.memory_to_read)
    n_sampled = min(GROUP_ROWS, n_rows, 2 * GROUP_NUMBERS // row_bytes)
    n_in_memory = longest + n_samples * n_sampled
    return int(SLACK * (n_in_memory * row_bytes + to_read))


def bytes_of(rows: Frame) -> int:
    """Compute the memory of the columns of a frame, if each row has its texts for itself."""
    n_bytes = 0
    for column in rows.columns.values():
        n_bytes += len(column) * column.dtype.itemsize
        if column.dtype == TEXT:
            coded = CodedTexts.joined([column])
            lengths = np.array([len(text) for text in coded.texts])
            n_bytes += int(lengths[coded.codes].sum())
    return n_bytes
