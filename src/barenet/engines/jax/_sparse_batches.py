"""Sparse rows on the device: the entries of each row, and batches of them made dense.

Most numbers of an encoded table or of a sparse matrix are 0, so only the others are sent. A batch
is made dense on the device: its product with the first layer takes a GPU less time than looking up
the entries, and its gradient is the same in every run.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._sparse_rows import SparseRows
from barenet.engines.jax import _jax_library as library


def entries_of(rows: SparseRows, dtype: np.dtype[Any]) -> dict[str, NDArray[Any]]:
    """Return the entries of rows as arrays, each row filled up to the largest number of entries.

    Returns
    -------
    dict of str to ndarray
        ``columns`` and ``values`` of shape (n_rows, n_entries): filled up with the column after
        the last one, whose value is left out. ``run_of_column`` of shape (n_columns,): the number
        of the run that each column is in, and `n_runs` for others. ``run_ends`` and ``run_values``
        of shape (n_rows, n_runs + 1): the first columns of a run, before ``run_ends``, have the
        value. A row has at most one end of each run, as encoded tables do.

    Examples
    --------
    A row has 5 columns. Columns 1 to 4 are a run, of which columns 1 and 2 have the value 1.

    >>> rows = SparseRows(
    ...     np.array([0.5, 1.0]), np.array([3, 8], np.int32), np.array([[0, 2]]), 5, runs=((1, 5),)
    ... )
    >>> entries = entries_of(rows, np.dtype("float32"))
    >>> entries["columns"].tolist(), entries["values"].tolist()
    ([[3]], [[0.5]])
    >>> entries["run_of_column"].tolist(), entries["run_ends"].tolist()
    ([1, 0, 0, 0, 0], [[3, 0]])
    """
    n_rows, n_columns = rows.shape
    row, place, value = rows.places()
    run_of_column = np.full(n_columns, len(rows.runs), np.int32)
    for number, (first, end) in enumerate(rows.runs):
        run_of_column[first:end] = number
    run_ends = np.zeros((n_rows, len(rows.runs) + 1), np.int32)
    run_values = np.zeros((n_rows, len(rows.runs) + 1), dtype)
    is_end = place >= n_columns
    ends = place[is_end] - n_columns
    run = run_of_column[ends - 1]  # an end stands for the columns before it
    run_ends[row[is_end], run] = ends
    run_values[row[is_end], run] = value[is_end]

    row = row[~is_end]
    counts = np.bincount(row, minlength=n_rows)
    shape = (n_rows, max(1, int(counts.max(initial=0))))
    entries_before = np.cumsum(counts) - counts
    number_in_row = np.arange(len(row)) - entries_before[row]
    columns = np.full(shape, n_columns, np.int32)
    columns[row, number_in_row] = place[~is_end]
    values = np.zeros(shape, dtype)
    values[row, number_in_row] = value[~is_end]
    return {
        "columns": columns,
        "values": values,
        "run_of_column": run_of_column,
        "run_ends": run_ends,
        "run_values": run_values,
    }


def dense_batch(entries: dict[str, Any], rows: Any) -> Any:
    """Make some rows dense on the device, shape (n_rows, n_columns)."""
    jnp = library.jnp
    columns = entries["columns"][rows]
    values = entries["values"][rows]
    run_of_column = entries["run_of_column"]
    n_rows = len(columns)
    n_columns = len(run_of_column)
    row_numbers = jnp.arange(n_rows)[:, None]
    dense = jnp.zeros((n_rows, n_columns), values.dtype)
    dense = dense.at[row_numbers, columns].set(values, mode="drop")
    ends = entries["run_ends"][rows][:, run_of_column]
    values_of_runs = entries["run_values"][rows][:, run_of_column]
    is_before_end = jnp.arange(n_columns) < ends
    return dense + jnp.where(is_before_end, values_of_runs, 0)
