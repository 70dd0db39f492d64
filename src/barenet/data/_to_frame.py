"""Converts tables to frames: pandas, polars, Arrow, dictionaries and arrays.

None of those libraries is imported: columns that convert to arrays are enough. A `FrameTable` takes
the place of a file.
"""

import numbers
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from barenet.data._frame import TEXT, Frame, Names, Table, check_names, check_unique
from barenet.data._parsing import as_numbers, class_name, to_utc
from barenet.errors import ArgumentError, DataError

#: Whole numbers up to here are exact in float64; beyond, two of them may become one.
MAX_EXACT = 2**53

#: The kinds of values in a column of objects; a boolean is a number, too, and so comes first.
_KINDS: dict[str, Any] = {
    "text": str,
    "truth": (bool, np.bool_),
    "date": date,
    "number": (numbers.Real, Decimal),
}


def as_frame(
    X: Any,
    names: Sequence[str] | None = None,
    *,
    only: Sequence[str] | None = None,
    unusable: dict[str, DataError] | None = None,
) -> Frame:
    """Convert a table to a frame; columns that cannot be converted go to `unusable`, if given.

    >>> as_frame({"age": [36, None], "town": ["London", "Paris"]})
    <Frame of 2 rows: age: float64, town: StringDType()>
    """
    if isinstance(X, Frame):
        return X if only is None else X.select(only)
    titles = column_names(X)
    if titles is None:
        X = _matrix(X)
        titles = [f"x{at}" for at in range(X.shape[1])] if names is None else list(names)
        if len(titles) != X.shape[1]:
            raise ArgumentError(f"has {X.shape[1]} columns, expected {len(titles)}", argument="X")
    check_unique(titles, argument="X")
    found = titles if only is None else check_names(only, titles)
    raw = dict(zip(titles, _columns(X), strict=True))
    columns = {}
    for name, each in zip(titles if only is None else only, found, strict=True):
        try:
            columns[name] = as_column(raw[each], name)
        except DataError as error:
            if unusable is None or len(unusable) == len(titles) - 1:
                raise
            unusable[name] = error
    if not any(map(len, columns.values())):
        raise ArgumentError("the table is empty", argument="X")
    return Frame(columns)


def column_names(X: Any) -> list[str] | None:
    """Names of a table's columns; None if it has no names."""
    if type(X).__name__ == "LazyFrame":
        problem, remedy = "expected rows in memory, got a LazyFrame", "pass X.collect()"
        raise ArgumentError(problem, argument="X", remedy=remedy)
    if isinstance(X, Mapping):
        return [str(name) for name in X]
    # The ``columns`` of a pyarrow.Table are the values.
    names = getattr(X, "column_names", getattr(X, "columns", None))
    return None if names is None else [str(name) for name in names]


def columns_by_name(X: Any, names: Sequence[str]) -> Any:
    """Select columns of numbers by their names; a table without names is returned as it is."""
    if isinstance(X, Mapping | Frame) or hasattr(X, "column_names"):
        frame = as_frame(X, only=names)
        return np.column_stack([as_numbers(frame, name, ()) for name in names])
    columns = {str(column): column for column in X.columns}
    has_names = any(isinstance(column, str) for column in X.columns)
    if not has_names and columns.keys().isdisjoint(names):
        return X
    return X[[columns[name] for name in check_names(names, columns)]]


def columns_of_records(X: Any) -> Any:
    """The columns of a list of records, which are mappings; other tables are returned."""
    if not (isinstance(X, list | tuple) and X and all(isinstance(row, Mapping) for row in X)):
        return X
    names = dict.fromkeys(name for row in X for name in row)
    return {name: [row.get(name) for row in X] for name in names}


def has_rows(X: Any) -> bool:
    """Whether a table has rows: a mapping has none if all of its columns are empty."""
    columns = [*X.values()] if isinstance(X, Mapping) else [X]
    lengths = [
        (len(each),) if isinstance(each, list | tuple) else getattr(each, "shape", ())[:1]
        for each in columns
    ]
    return {*lengths} != {(0,)}


def _columns(X: Any) -> Iterable[Any]:
    """The columns of a table, in the order of their names."""
    if isinstance(X, np.ndarray):
        return X.T
    if isinstance(X, Mapping):
        return X.values()
    return X.columns if hasattr(X, "column_names") else [X[key] for key in X.columns]


def _matrix(X: Any) -> NDArray[Any]:
    """Convert rows to an array of two dimensions."""
    if hasattr(X, "tocsr"):
        problem, remedy = "sparse matrices are not supported", "use X.toarray()"
        raise ArgumentError(problem, argument="X", remedy=remedy)
    try:
        array = X if isinstance(X, np.ndarray) else np.array(X, object)
    except ValueError as error:
        raise ArgumentError(f"expected rows of one length: {error}", argument="X") from error
    if array.ndim != 2:
        problem = f"expected shape (n_rows, n_columns), got {array.shape}"
        raise ArgumentError(problem, argument="X")
    return array


def as_column(values: Any, name: str, **place: Any) -> NDArray[Any]:
    """Convert a column to one of the four types of a frame; errors name the place, by default X."""
    if np.ma.isMaskedArray(values):
        mask, values = np.ma.getmaskarray(values), np.ma.getdata(values).astype(object)
        values[mask] = None
    if isinstance(values, list) and str in {*map(type, values)}:
        return _from_objects(values, name)  # NumPy's array would be as wide as the longest text
    if hasattr(getattr(values, "type", None), "index_type"):
        values = _decode_dictionary(values)
    # Arrow and polars convert integers with missing values to floats.
    declared = str(getattr(values, "type", getattr(values, "dtype", ""))).lower()
    if declared.endswith("int128"):  # which NumPy does not have
        values = np.array(values.to_list(), object)
    try:
        array = np.asarray(values)
    except ValueError:  # rows of several lengths
        array = np.empty((0, 0))
    if array.ndim != 1:
        raise _unusable(name, "expected one value in each row, as in [row] for one record")
    kind = array.dtype.kind
    if kind == "M":
        return _in_microseconds(array, name, **(place or {"argument": "X"}))
    is_whole = kind in "iu" or (kind == "f" and "int" in declared)
    if is_whole and (np.abs(array.astype(np.float64)) >= MAX_EXACT).any():
        to_list = getattr(values, "to_pylist", getattr(values, "to_list", array.tolist))
        return _from_objects(to_list(), name)
    if kind == "O":
        return _from_objects(array.tolist(), name)
    if kind not in "iufUTb":
        raise _unusable(name, f"values of type {array.dtype} cannot be encoded")
    if kind == "b":
        return array
    return array.astype(TEXT if kind in "UT" else np.float64, copy=kind != "T")


def _decode_dictionary(column: Any) -> NDArray[Any]:
    """Decode an Arrow dictionary: NumPy would lose missing values, and Arrow casts no views."""
    dtype: Any = TEXT if "string" in str(column.type.value_type) else object
    missing, parts = "" if dtype is TEXT else None, [np.array([], dtype)]
    for chunk in getattr(column, "chunks", [column]):
        values = [missing if value is None else value for value in chunk.dictionary.to_pylist()]
        codes = chunk.indices.cast("int64").fill_null(-1).to_numpy(zero_copy_only=False)
        parts.append(np.array([*values, missing], dtype)[codes])
    return np.concatenate(parts)


def _unusable(name: str, problem: str) -> DataError:
    """The error of a column that cannot be converted."""
    remedy = "convert it to numbers, dates or text, or leave it out: {drop}"
    return DataError(f"column {name!r}: {problem}", argument="X", remedy=remedy, drop=[name])


def _in_microseconds(dates: NDArray[Any], name: str, **place: Any) -> NDArray[np.datetime64]:
    """Convert dates of any unit; refuse years that Python does not have."""
    years = dates.astype("M8[Y]").astype(np.int64) + 1970
    if (wrong := np.flatnonzero(~np.isnat(dates) & ((years < 1) | (years > 9999)))).size:
        expected = "expected a date of the years 1 to 9999"
        problem = f"row {wrong[0]}: column {name!r}: {expected}, got {str(dates[wrong[0]])!r}"
        raise DataError(problem, **place)
    return dates.astype("M8[us]")


def _from_objects(values: list[Any], name: str) -> NDArray[Any]:
    """Convert objects to the type that all of them have, missing values aside."""
    if {*map(type, values)} == {str}:
        return np.array(values, TEXT)
    values = [None if _is_missing(value) else value for value in values]
    known = [value for value in values if value is not None]
    kinds = {_kind(each, name) for each in set(map(type, known))}
    if not kinds or (kinds == {"number"} and not any(map(_is_inexact, known))):
        return np.array([np.nan if value is None else float(value) for value in values])
    if kinds == {"date"}:
        return np.array([None if value is None else to_utc(value) for value in values], "M8[us]")
    if kinds == {"truth"} and len(known) == len(values):
        return np.array(values, bool)
    if "date" in kinds:
        raise _unusable(name, f"dates and {min(kinds - {'date'})}s in one column")
    return np.array([_to_text(value) for value in values], TEXT)


def _is_missing(value: Any) -> bool:
    """Whether a value is None, NaN, NaT, or pandas' NA, which is not equal to itself."""
    if value is None or isinstance(value, str):
        return value is None
    return type(value).__name__ in ("NAType", "NaTType") or bool(np.any(value != value))


def _kind(value_type: type, name: str) -> str:
    for kind, types in _KINDS.items():
        if issubclass(value_type, types):
            return kind
    raise _unusable(name, f"values of type {value_type.__name__} cannot be encoded")


def _is_inexact(value: Any) -> bool:
    """Whether a whole number may not be exact in float64."""
    if isinstance(value, Decimal):
        return value.is_finite() and abs(value) > MAX_EXACT and value == int(value)
    return isinstance(value, numbers.Integral) and abs(int(value)) > MAX_EXACT


def _to_text(value: Any) -> str:
    """Convert a value to text; a number to the name of a class."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool | np.bool_):
        return str(value)
    return str(int(value)) if _is_inexact(value) else class_name(float(value))


@dataclass(frozen=True, eq=False)
class FrameTable(Table):
    """Columns in memory.

    Examples
    --------
    >>> table = FrameTable.of({"size": [1.5, 2.0]}, "rows")
    >>> table.names, table.frame(["size"]).shape
    (('size',), (2, 1))
    """

    rows: Frame
    #: The errors of the columns that cannot be converted, which are raised if one is read.
    unusable: Mapping[str, DataError]

    @classmethod
    def of(cls, X: Any, name: str) -> Self:
        """Convert a data frame, a mapping, records or an array; the name is for errors."""
        unusable: dict[str, DataError] = {}
        rows = as_frame(columns_of_records(X), unusable=unusable)
        return cls(Path(name), (*rows.columns, *unusable), rows, unusable)

    def with_column(self, values: Sequence[Any], name: str) -> Self:
        """Add a column, such as a target that is an array."""
        column = as_column(values, name)
        if name in self.names:
            problem = f"there is a column {name!r} already, which the target would replace"
            remedy = "add the target as a column, and pass its name"
            raise ArgumentError(problem, argument="target", remedy=remedy)
        if len(column) != len(self.rows):
            problem = f"has {len(column):,} rows, and the data have {len(self.rows):,}"
            raise ArgumentError(problem, argument="target")
        columns = {**self.rows.columns, name: column}
        return replace(self, names=(*columns, *self.unusable), rows=Frame(columns))

    def frame(self, names: Names, text: Names = (), categories: Names = ()) -> Frame:
        check_names(names, self.names, path=self.path)
        for name in filter(self.unusable.get, names):
            raise self.unusable[name].renamed("data")
        return Frame({name: self.rows[name] for name in names}, self, self.rows.rows)
