"""Encodes rows of a table as entries, for kernels that look them up in a layer's weights.

Nearly all numbers of an encoded row are 0, or are 1 for a bin below the value. A numeric column has
three entries instead: the scaled value, the position in its bin, and the end of the run of bins
below. A category has one entry. `Entries` has an example.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from barenet._sparse_rows import Runs, SparseRows, factors_by_place
from barenet.model._network import Network
from barenet.model.layers import Dense
from barenet.tables.encoding._column import Entries
from barenet.tables.encoding._encoding import TableEncoding, refuse_infinite
from barenet.tables.frames._frame import Frame

#: Number of rows that are encoded at a time, which limits the memory of intermediate results.
ROWS = 2**14

#: Minimum number of inputs for which entries without runs are looked up in the first layer's
#: weights.
LOOKED_UP = 256
#: Mean number of inputs of a column above which most of them are 0.
INPUTS_PER_COLUMN = 4


def is_looked_up(encoding: TableEncoding, network: Network) -> bool:
    """Return whether the first layer looks entries up faster than it multiplies all inputs."""
    is_wide = encoding.n_inputs >= max(LOOKED_UP, INPUTS_PER_COLUMN * len(encoding.used))
    return is_wide and isinstance(network.layers[0], Dense)


def table_rows(
    encoding: TableEncoding,
    X: Any,
    dtype: DTypeLike,
    factors: ArrayLike = 1,
    *,
    complete: bool = False,
) -> SparseRows:
    """Encode rows as ``encoding.transform(X, dtype) * factors``.

    The factors are the same for all bins of a column. With `complete`, zeros are entries, too, so
    all rows have the same number of entries.
    """
    frame = encoding.frame_of(X)
    factors = np.full(encoding.n_inputs, factors, dtype)
    factor_of_place = factors_by_place(factors)
    block_values = []
    block_places = []
    block_counts = []
    for start in range(0, len(frame), ROWS):  # a prediction has one such block at a time
        block = frame.take(slice(start, start + ROWS))
        entries = _entries(encoding, block, factors.dtype)
        numbers = entries.values * factor_of_place[entries.places]
        is_entry = (numbers != 0) | complete
        block_values.append(numbers[is_entry])
        block_places.append(entries.places[is_entry].astype(np.int32))
        block_counts.append(is_entry.sum(axis=1))
    values = np.concatenate(block_values)
    places = np.concatenate(block_places)
    counts = np.concatenate(block_counts)
    ends = counts.cumsum()
    bounds = np.column_stack((ends - counts, ends))
    return SparseRows(values, places, bounds, len(factors), _runs(encoding))


def results_by_blocks(
    compute: Callable[[SparseRows], Any], encoding: TableEncoding, X: Any, dtype: DTypeLike
) -> NDArray[Any]:
    """Compute results for rows, encoding some rows at a time.

    A result, or each result of a tuple, has the shape (n_rows, n_outputs).
    """
    frame = encoding.frame_of(X)
    results = []
    for start in range(0, len(frame), ROWS):
        block = frame.take(slice(start, start + ROWS))
        results.append(compute(table_rows(encoding, block, dtype)))
    return np.concatenate(results, axis=-2)


def _entries(encoding: TableEncoding, block: Frame, dtype: np.dtype[Any]) -> Entries:
    """Encode rows as entries, whose places count the inputs of all columns of the table."""
    column_places = []
    column_values = []
    starts = encoding.starts
    entries_by_name = {}
    for column in encoding.used:
        start = starts[column.name]
        with np.errstate(over="ignore"):
            values = column.parse(block, column.name, encoding.missing)
            entries = column.entries(values)
            numbers = entries.values.astype(dtype)
        entries_by_name[column.name] = entries
        refuse_infinite(block, column.name, numbers)
        # The ends of runs follow the inputs of all columns.
        n_inputs = len(column.inputs)
        is_end = entries.places >= n_inputs
        end_offset = start + encoding.n_inputs - n_inputs
        offsets = np.where(is_end, end_offset, start)
        column_places.append(entries.places + offsets)
        column_values.append(numbers)
    start_of_pairs = encoding.n_inputs - encoding.n_pairs
    for pairs in encoding.pairs:
        entries = pairs.entries(entries_by_name[pairs.first], entries_by_name[pairs.second])
        column_places.append(entries.places + start_of_pairs)
        column_values.append(entries.values.astype(dtype))
        start_of_pairs += len(pairs.pairs)
    return Entries(
        places=np.concatenate(column_places, axis=1),
        values=np.concatenate(column_values, axis=1),
    )


def _runs(encoding: TableEncoding) -> Runs:
    """The bins of each column of numbers and of dates."""
    runs = []
    starts = encoding.starts
    for column in encoding.used:
        if column.n_bins:
            first_bin = starts[column.name] + 1  # after the scaled value
            runs.append((first_bin, first_bin + column.n_bins))
    return tuple(runs)
