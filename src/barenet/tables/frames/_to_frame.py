"""Converts tables to frames: pandas, polars, Arrow, dictionaries and arrays.

None of those libraries is imported: columns that convert to arrays are enough. Narwhals converts
them to the same arrays, but replaces missing values of Arrow dictionaries by others, and takes no
`pyarrow.Array`. A `FrameTable` stands in for a file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from barenet.errors import ArgumentError
from barenet.model._arrays import check_in_memory
from barenet.tables.frames._column_names import Names, check_names, check_unique, fill_names
from barenet.tables.frames._frame import CATEGORY, FileForms, Frame, Origin, Place, Table
from barenet.tables.frames._to_column import as_column, declares_categories


def as_frame(
    X: Any, names: Sequence[str] | None = None, *, only: Sequence[str] | None = None
) -> Frame:
    """Convert a table to a frame.

    >>> as_frame({"age": [36, None], "town": ["London", "Paris"]})
    <Frame of 2 rows: age: float64, town: StringDType()>
    """
    if isinstance(X, Frame):
        return X if only is None else X.select(only)
    raw = _columns(X, names)
    if only is None:
        only = list(raw)
        spellings = only
    else:
        spellings = check_names(only, raw)
    columns = {}
    kinds = {}
    for name, spelling in zip(only, spellings, strict=True):
        columns[name] = as_column(raw[spelling], name)
        if declares_categories(raw[spelling], columns[name]):
            kinds[name] = CATEGORY
    if not any(len(column) for column in columns.values()):
        raise ArgumentError("the table is empty", argument="X")
    return Frame(columns, kinds=kinds)


def column_names(X: Any) -> list[str] | None:
    """Return the names of a table's columns; None if it has no names."""
    check_in_memory(X, "X")
    if isinstance(X, Mapping):
        return [*fill_names([str(name) for name in X])]
    # The ``columns`` of a pyarrow.Table are the values.
    names = getattr(X, "column_names", getattr(X, "columns", None))
    if names is None:
        return None
    return [*fill_names([str(name) for name in names])]


def columns_of_records(X: Any) -> Any:
    """Convert a list of records, which are mappings, to columns; return other tables as is."""
    if not isinstance(X, list | tuple) or not X:
        return X
    if not all(isinstance(row, Mapping) for row in X):
        return X
    names: dict[Any, None] = {}  # an ordered set
    for row in X:
        names.update(dict.fromkeys(row))
    columns = {}
    for name in names:
        columns[name] = [row.get(name) for row in X]
    return columns


def has_rows(X: Any) -> bool:
    """Return whether a table has rows: a mapping has none if all of its columns are empty."""
    columns = [*X.values()] if isinstance(X, Mapping) else [X]
    shapes: set[tuple[int, ...]] = set()
    for column in columns:
        if isinstance(column, list | tuple):
            shapes.add((len(column),))
        else:
            shapes.add(getattr(column, "shape", ())[:1])
    return shapes != {(0,)}


def _columns(X: Any, names: Sequence[str] | None = None) -> dict[str, Any]:
    """Return the columns of a table by name; those of a matrix are x0, x1, … by default."""
    titles = column_names(X)
    if titles is None:
        X = _matrix(X)
        titles = [f"x{place}" for place in range(X.shape[1])] if names is None else list(names)
        if len(titles) != X.shape[1]:
            raise ArgumentError(f"has {X.shape[1]} columns, expected {len(titles)}", argument="X")
    if not titles:
        raise ArgumentError("the table is empty", argument="X")
    check_unique(titles, argument="X")
    columns: Any = getattr(X, "columns", None)
    if isinstance(X, np.ndarray):
        columns = X.T
    elif isinstance(X, Mapping):
        columns = X.values()
    elif not hasattr(X, "column_names"):
        columns = [X[key] for key in columns]
    return dict(zip(titles, columns, strict=True))


def _matrix(X: Any) -> NDArray[Any]:
    """Convert rows to an array of two dimensions."""
    if isinstance(X, str | PathLike):
        remedy = "read the file first, such as by pandas.read_csv"
        raise ArgumentError.of("X", X, "rows", remedy=remedy)
    if hasattr(X, "tocsr"):
        problem = "sparse matrices are not supported"
        raise ArgumentError(problem, argument="X", remedy="use X.toarray()")
    array = X
    try:
        if not isinstance(X, np.ndarray):
            array = np.array(X, object)
    except ValueError as error:
        raise ArgumentError(f"expected rows of one length: {error}", argument="X") from error
    if array.ndim != 2:
        problem = f"expected shape (n_rows, n_columns), got {array.shape}"
        raise ArgumentError(problem, argument="X")
    return array


@dataclass(frozen=True, eq=False)
class FrameTable(Table):
    """Columns in memory, which are converted when they are read.

    Examples
    --------
    >>> table = FrameTable.of({"size": [1.5, 2.0]}, "rows")
    >>> table.names, table.frame(["size"]).shape
    (('size',), (2, 1))
    """

    columns: Mapping[str, Any]
    #: The `Frame` that the columns are from, except an added target.
    source: Frame | None = None

    @classmethod
    def of(cls, X: Any, name: str) -> Self:
        """Make it from a data frame, a mapping, records or an array; errors use the name."""
        columns = _columns(columns_of_records(X))
        source = X if isinstance(X, Frame) else None
        return cls(Path(name), tuple(columns), columns, source)

    def with_target(self, target: Any) -> tuple[Self, str]:
        """Find the named column, or add values, such as an array, as a column; return its name."""
        existing = self._existing_name(target)
        if existing is not None:
            return self, existing
        if len(getattr(target, "columns", ())) == 1:
            target = target[target.columns[0]]
        if np.shape(target)[1:] == (1,):
            target = np.ravel(target)
        if np.ndim(target) != 1:
            expected = "the name of a column, or one value for each row"
            raise ArgumentError.of("target", target, expected)
        name = self._name_for(target)
        return self._with_column(target, name), name

    def _existing_name(self, target: Any) -> str | None:
        """Return the name of the column that the target names; None if it is no such name."""
        label = target
        if isinstance(target, list) and len(target) == 1:
            label = target[0]
        is_name = np.ndim(label) == 0 or isinstance(label, tuple)
        if is_name and str(label) in self.names:
            return str(label)
        return None

    def _name_for(self, target: Any) -> str:
        """Return the name that added targets have in their library, or else a usual one."""
        name = getattr(target, "name", None)
        if name not in (None, ""):
            return str(name)
        if "y" in self.names:
            return "target"
        return "y"

    def _with_column(self, values: Sequence[Any], name: str) -> Self:
        """Add a column."""
        if name in self.names:
            problem = f"there is a column {name!r} already, which the target would replace"
            remedy = "add the target as a column, and pass its name"
            raise ArgumentError(problem, argument="target", remedy=remedy)
        column = as_column(values, name, argument="target")
        first = next(iter(self.columns.values()))
        if hasattr(first, "__len__") and len(column) != len(first):
            problem = f"has {len(column):,} rows, and the data have {len(first):,}"
            raise ArgumentError(problem, argument="target")
        columns = {**self.columns, name: column}
        return replace(self, names=(*columns,), columns=columns)

    def frame(
        self,
        names: Names,
        *,
        target: str | None = None,
        unparsed: Names = (),
    ) -> Frame:
        check_names(names, self.names, path=self.path)
        try:
            columns = {}
            rows = None
            kinds: dict[str, str] = {}
            if self.source is not None:
                rows = self.source.rows
                kinds.update(self.source.kinds)
            for name in names:
                columns[name] = as_column(self.columns[name], name)
                if declares_categories(self.columns[name], columns[name]):
                    kinds[name] = CATEGORY
            return Frame(columns, self, rows, kinds)
        except ArgumentError as error:
            raise error.renamed("data") from error

    def forms_of(self, name: str) -> FileForms:
        origin = self._origin_of(name)
        return super().forms_of(name) if origin is None else origin.forms_of(name)

    def locate(self, row: int, name: str) -> Place:
        origin = self._origin_of(name)
        return super().locate(row, name) if origin is None else origin.locate(row, name)

    def _origin_of(self, name: str) -> Origin | None:
        """Return the file that a column of a `Frame` is from."""
        if self.source is None or name not in self.source:
            return None
        return self.source.origin
