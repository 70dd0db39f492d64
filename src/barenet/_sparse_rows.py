"""SparseRows: the rows of a sparse matrix, which become dense one batch at a time."""

from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from barenet.errors import ArgumentError

Array: TypeAlias = NDArray[Any]
Runs: TypeAlias = tuple[tuple[int, int], ...]


def factors_by_place(factors: Array) -> Array:
    """Return the factors of columns and, behind them, of the ends of runs.

    The end k of a run, at ``n_columns + k``, stands for columns up to k - 1, whose factor it has.
    No run ends at 0.

    >>> factors_by_place(np.array([2.0, 3.0]))
    array([2., 3., 1., 2., 3.])
    """
    n_columns = len(factors)
    by_place = np.ones(2 * n_columns + 1, factors.dtype)
    by_place[:n_columns] = factors
    by_place[n_columns + 1 :] = factors
    return by_place


class SparseRows:
    """Rows of a sparse matrix; all selections of rows share its values.

    The values of row i, with ascending columns, are at ``bounds[i, 0]`` to ``bounds[i, 1]``
    (exclusive). NumPy's functions make the rows dense.

    A run is a range of columns in which the first ones often share a value, such as the bins of a
    number. An entry at column ``n_columns + k`` is the value of all columns from the start of the
    run to before column k.

    Examples
    --------
    A row has 5 columns, and columns 1 to 4 are a run. One entry is 0.5, at column 3. The other is
    1, at column 5 + 3: the value of the columns of the run before column 3, which are 1 and 2.

    >>> values = np.array([0.5, 1.0])
    >>> columns = np.array([3, 8], np.int32)
    >>> bounds = np.array([[0, 2]])
    >>> row = SparseRows(values, columns, bounds, n_columns=5, runs=((1, 5),))
    >>> np.asarray(row)
    array([[0. , 1. , 1. , 0.5, 0. ]])
    """

    ndim = 2

    def __init__(
        self, values: Array, columns: Array, bounds: Array, n_columns: int, runs: Runs = ()
    ) -> None:
        #: The dtypes are float32 or float64, int32, and int64.
        self.values = values
        self.columns = columns
        self.bounds = bounds
        self.shape = (len(bounds), n_columns)
        self.dtype = values.dtype
        #: The first column of each run, and the column after its last one.
        self.runs = runs

    @classmethod
    def of(cls, matrix: Any, dtype: np.dtype[Any]) -> Self:
        """Check and convert a sparse matrix of any format; integers are converted to the dtype.

        Examples
        --------
        >>> import scipy.sparse
        >>> rows = SparseRows.of(scipy.sparse.coo_array([[0, 2], [3, 0]]), np.dtype("float32"))
        >>> np.asarray(rows[[1]]), rows.values
        (array([[3., 0.]], dtype=float32), array([2., 3.], dtype=float32))
        """
        if isinstance(matrix, cls):
            return matrix
        if matrix.ndim != 2 or matrix.dtype.kind not in "buif":
            problem = "expected a matrix of real numbers"
            problem += f", got {matrix.dtype} of shape {matrix.shape}"
            raise ArgumentError(problem, argument="X")
        csr = matrix.tocsr()
        try:
            csr.check_format(full_check=True)
        except ValueError as error:
            raise ArgumentError(f"is not a valid sparse matrix: {error}", argument="X") from error
        if not csr.has_canonical_format:
            csr = csr.copy()  # don't change the caller's matrix
            csr.sum_duplicates()
        ends = csr.indptr.astype(np.int64)
        values = csr.data[: csr.nnz]
        if values.dtype not in (np.float32, np.float64):
            values = values.astype(dtype)
        not_finite = np.flatnonzero(~np.isfinite(values))
        if len(not_finite):
            place = not_finite[0]
            row = int(np.searchsorted(ends, place, "right")) - 1
            cell = (row, int(csr.indices[place]))
            remedy = "only finite numbers can be used"
            raise ArgumentError(f"{values[place]} at {cell}", argument="X", remedy=remedy)
        columns = csr.indices.astype(np.int32, copy=False)
        bounds = np.column_stack((ends[:-1], ends[1:]))
        return cls(np.ascontiguousarray(values), columns, bounds, csr.shape[1])

    def __len__(self) -> int:
        return len(self.bounds)

    def __getitem__(self, index: slice | list[int] | Array) -> Self:
        bounds = self.bounds[index]
        return type(self)(self.values, self.columns, bounds, self.shape[1], self.runs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        n_columns = self.shape[1]
        width = 2 * n_columns + 1 if self.runs else n_columns
        every = np.zeros((len(self), width), self.dtype)
        rows, columns, values = self.places()
        every[rows, columns] = values
        dense = every[:, :n_columns]
        ends = every[:, n_columns:]
        for first, end in self.runs:  # an end is the value of all columns before it
            # So column k has the sum of the ends after k in its run, from the right.
            ends_of_run = ends[:, first + 1 : end + 1]
            from_the_right = ends_of_run[:, ::-1].cumsum(axis=1)
            dense[:, first:end] += from_the_right[:, ::-1]
        return dense.astype(dtype or self.dtype, copy=False)

    def scaled_copies(self, factors: Array) -> "SparseRows":
        """Repeat all rows with other factors of their columns.

        Parameters
        ----------
        factors : ndarray of shape (n_copies, n_columns)
            The factors of each copy, the same ones for all columns of a run.

        Returns
        -------
        SparseRows
            All rows with the first factors, then all rows with the second ones, and so on.
        """
        n_copies, n_columns = factors.shape
        n_values = len(self.values)
        values = [
            self.values * factors_by_place(factors_of_copy)[self.columns]
            for factors_of_copy in factors.astype(self.dtype)
        ]
        bounds = [self.bounds + copy * n_values for copy in range(n_copies)]
        return SparseRows(
            np.concatenate(values),
            np.tile(self.columns, n_copies),
            np.concatenate(bounds),
            n_columns,
            self.runs,
        )

    @property
    def counts(self) -> Array:
        """Number of entries of each row."""
        return self.bounds[:, 1] - self.bounds[:, 0]

    @property
    def nbytes(self) -> int:
        """Number of bytes of `entries`."""
        return 24 * int(self.counts.sum())

    @property
    def entries(self) -> Array:
        """Row, column and value of each entry, shape (n_entries, 3)."""
        return np.column_stack(self.places())

    def tocsr(self) -> Any:
        """Copy rows without runs to a SciPy matrix."""
        from scipy.sparse import csr_array

        rows, columns, values = self.places()
        return csr_array((values, (rows, columns)), shape=self.shape)

    def places(self) -> tuple[Array, Array, Array]:
        """Return the row, column and value of each entry, row by row."""
        counts = self.counts
        rows = np.repeat(np.arange(len(self)), counts)
        entries_before = counts.cumsum() - counts  # the entries of the rows before each row
        # Entry e of all rows is entry e − entries_before[row] of its row.
        number_in_row = np.arange(len(rows)) - entries_before[rows]
        places = self.bounds[rows, 0] + number_in_row
        return rows, self.columns[places], self.values[places]
