"""The encoded rows of a table as entries, for the kernels that look them up in a layer's weights.

Nearly all numbers of an encoded row are 0, or the 1 of a bin that lies below the value. A column of
numbers has three entries instead: the scaled value, the position in its bin, and the end of the run
of bins below. A category has one.
"""

from collections.abc import Callable
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from barenet._sparse_rows import Runs, SparseRows
from barenet.data._encoding import TableEncoding, refuse_infinite
from barenet.data._frame import Frame
from barenet.model._network import Network
from barenet.model.layers import Dense

#: Rows that are encoded at a time, which bounds the memory of intermediate results.
ROWS = 2**14

#: Inputs from which on entries without runs are looked up in the first layer's weights; and the
#: mean number of outputs of a column from which on most inputs are 0.
LOOKED_UP, OUTPUTS_PER_COLUMN = 256, 4


def is_looked_up(encoding: TableEncoding, network: Network) -> bool:
    """Whether the first layer looks the entries up faster than it multiplies all inputs."""
    is_wide = encoding.n_outputs >= max(LOOKED_UP, OUTPUTS_PER_COLUMN * len(encoding.used))
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

    The factors are the same for all bins of a column. Rows have as many entries each if they are
    complete, with those that are 0.
    """
    frame, factors = encoding.frame_of(X), np.full(encoding.n_outputs, factors, dtype)
    # The factor of a run's end k is that of column k − 1.
    by_column = np.concatenate((factors, np.ones_like(factors, shape=1), factors))
    blocks = []
    for start in range(0, len(frame), ROWS):
        columns, numbers = _entries(encoding, frame.take(slice(start, start + ROWS)), factors.dtype)
        numbers *= by_column[columns]
        is_entry = (numbers != 0) | complete
        places = columns[is_entry].astype(np.int32)
        blocks.append((numbers[is_entry], places, is_entry.sum(axis=1)))
    values, places, counts = map(np.concatenate, zip(*blocks, strict=True))
    ends = counts.cumsum()
    bounds = np.column_stack((ends - counts, ends))
    return SparseRows(values, places, bounds, len(factors), _runs(encoding))


def results_by_blocks(
    compute: Callable[[SparseRows], Any], encoding: TableEncoding, X: Any, dtype: DTypeLike
) -> NDArray[Any]:
    """Compute results for rows, of which some are encoded at a time.

    A result, or each one of a tuple, has the shape (n_rows, n_outputs).
    """
    frame = encoding.frame_of(X)
    blocks = (frame.take(slice(start, start + ROWS)) for start in range(0, len(frame), ROWS))
    results = [compute(table_rows(encoding, block, dtype)) for block in blocks]
    return np.concatenate(results, axis=-2)


def _entries(
    encoding: TableEncoding, block: Frame, dtype: np.dtype[Any]
) -> tuple[NDArray[np.intp], NDArray[Any]]:
    """Columns and numbers of the entries, of as many for each row."""
    parts = []
    for column, start in zip(encoding.used, _starts(encoding), strict=False):
        with np.errstate(over="ignore"):
            values = column.parse(block, column.name, encoding.missing)
            outputs, numbers = column.entries(values)
            numbers = numbers.astype(dtype)
        refuse_infinite(block, column.name, numbers)
        n_others = encoding.n_outputs - len(column.outputs)
        parts.append((start + outputs + n_others * (outputs >= len(column.outputs)), numbers))
    columns, entries = (np.concatenate(each, axis=1) for each in zip(*parts, strict=True))
    return columns, entries


def _runs(encoding: TableEncoding) -> Runs:
    """The bins of each column of numbers and of dates."""
    runs = []
    for column, start in zip(encoding.used, _starts(encoding), strict=False):
        if column.n_bins:
            runs.append((start + 1, start + 1 + column.n_bins))
    return tuple(runs)


def _starts(encoding: TableEncoding) -> list[int]:
    """The first output of each column."""
    return [*accumulate((len(column.outputs) for column in encoding.used), initial=0)]
