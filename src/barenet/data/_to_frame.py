"""Converts tables to frames: pandas, polars, Arrow, dictionaries and arrays.

None of those libraries is imported: columns that convert to arrays are enough. A `FrameTable` takes
the place of a file.
"""

import numbers
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from barenet.data._date_formats import to_utc
from barenet.data._frame import TEXT, Frame, Names, Table, check_names, check_unique
from barenet.data._parsing import class_name
from barenet.errors import ArgumentError, DataError
from barenet.model._arrays import check_in_memory

#: Whole numbers up to here are exact in float64; beyond, two of them may become one.
MAX_EXACT = 2**53

#: The kinds of values in a column of objects; a boolean is a number, too, and so comes first.
_KINDS: dict[str, Any] = {
    "text": str,
    "truth": (bool, np.bool_),
    "date": date,
    "time of day": time,
    "number": (numbers.Real, Decimal),
}


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
    found = [*raw] if only is None else check_names(only, raw)
    pairs = zip(raw if only is None else only, found, strict=True)
    columns = {name: as_column(raw[each], name) for name, each in pairs}
    if not any(map(len, columns.values())):
        raise ArgumentError("the table is empty", argument="X")
    return Frame(columns)


def column_names(X: Any) -> list[str] | None:
    """Names of a table's columns; None if it has no names."""
    check_in_memory(X, "X")
    if isinstance(X, Mapping):
        return [str(name) for name in X]
    # The ``columns`` of a pyarrow.Table are the values.
    names = getattr(X, "column_names", getattr(X, "columns", None))
    return None if names is None else [str(name) for name in names]


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


def _columns(X: Any, names: Sequence[str] | None = None) -> dict[str, Any]:
    """The columns of a table by name; those of a matrix have the names x0, x1, … by default."""
    titles = column_names(X)
    if titles is None:
        X = _matrix(X)
        titles = [f"x{at}" for at in range(X.shape[1])] if names is None else list(names)
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


class _UnusableError(Exception):
    """A column that cannot be converted, the reason, the remedy, and the row of a wrong value."""

    def __init__(self, problem: str, remedy: str = "", row: int | None = None) -> None:
        super().__init__(problem)
        self.remedy = remedy or "convert it to numbers, dates or text, or leave it out: {drop}"
        self.row = row


def as_column(values: Any, name: str, **place: Any) -> NDArray[Any]:
    """Convert a column to one of the four types of a frame; errors name the place, by default X."""
    try:
        return _convert(values)
    except _UnusableError as error:
        parts: dict[str, Any] = {"drop": [name], **(place or {"argument": "X"})}
        refused = DataError(f"column {name!r}: {error}", remedy=error.remedy, **parts)
        refused.row = error.row
        refused.column = name
        raise refused from None


def _convert(values: Any) -> NDArray[Any]:
    """Convert a list, or a column of any library."""
    if np.ma.isMaskedArray(values):
        mask, values = np.ma.getmaskarray(values), np.ma.getdata(values).astype(object)
        values[mask] = None
    if isinstance(values, list | tuple):
        types = {type(value) for value in values}
        has_large = types == {int} and any(abs(value) >= MAX_EXACT for value in values)
        # NumPy's array would be as wide as the longest text; True beside 1 would become 1, and a
        # large whole number beside others the nearest float64.
        if str in types or len(types) > 1 or has_large:
            return _from_objects(list(values))
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
        raise _UnusableError("expected one value in each row, as in [row] for one record")
    kind = array.dtype.kind
    if kind == "M":
        return _in_microseconds(array)
    is_whole = kind in "iu" or (kind == "f" and "int" in declared)
    if is_whole and (np.abs(array.astype(np.float64)) >= MAX_EXACT).any():
        to_list = getattr(values, "to_pylist", getattr(values, "to_list", array.tolist))
        return _from_objects(to_list())
    if kind == "O":
        return _from_objects(array.tolist())
    if kind not in "iufUTb":
        raise _UnusableError(f"values of type {array.dtype} cannot be encoded")
    if kind == "b":
        return array
    if kind in "UT":
        return _as_texts(array)
    return array.astype(np.float64)


def _as_texts(values: Sequence[str] | NDArray[Any]) -> NDArray[Any]:
    """Convert texts to the type of a frame's; refuse characters that files of text do not have."""
    texts = values if isinstance(values, list) else np.asarray(values).tolist()
    for row, text in enumerate(texts):
        if text.isascii():
            wrong = text.find("\0")
        else:
            match = re.search("[\0\ud800-\udfff]", text)
            wrong = -1 if match is None else match.start()
        if wrong >= 0:
            character = "a zero character" if text[wrong] == "\0" else "half a character"
            raise _UnusableError(
                f"{character}, {text[wrong]!a}, in row {row}: {text[:60]!a}",
                remedy="correct the value, or leave the column out: {drop}",
                row=row,
            )
    return np.asarray(values, TEXT)


def _decode_dictionary(column: Any) -> NDArray[Any]:
    """Decode an Arrow dictionary: NumPy would lose missing values, and Arrow casts no views."""
    dtype: Any = TEXT if "string" in str(column.type.value_type) else object
    missing, parts = "" if dtype is TEXT else None, [np.array([], dtype)]
    for chunk in getattr(column, "chunks", [column]):
        values = [missing if value is None else value for value in chunk.dictionary.to_pylist()]
        codes = chunk.indices.cast("int64").fill_null(-1).to_numpy(zero_copy_only=False)
        parts.append(np.array([*values, missing], dtype)[codes])
    return np.concatenate(parts)


def _in_microseconds(dates: NDArray[Any]) -> NDArray[np.datetime64]:
    """Convert dates of any unit; refuse years that Python does not have."""
    years = dates.astype("M8[Y]").astype(np.int64) + 1970
    if (wrong := np.flatnonzero(~np.isnat(dates) & ((years < 1) | (years > 9999)))).size:
        expected, got = "expected a date of the years 1 to 9999", str(dates[wrong[0]])
        raise _UnusableError(f"{expected} in row {wrong[0]}, got {got!r}")
    return dates.astype("M8[us]")


def _from_objects(values: list[Any]) -> NDArray[Any]:
    """Convert objects to the type that all of them have, missing values aside."""
    if {*map(type, values)} == {str}:
        return _as_texts(values)
    values = [None if is_missing(value) else value for value in values]
    known = [value for value in values if value is not None]
    kinds = {_kind(each) for each in set(map(type, known))}
    if not kinds or (kinds == {"number"} and not any(map(_is_inexact, known))):
        return np.array([np.nan if value is None else float(value) for value in values])
    if kinds == {"date"}:
        return np.array([None if value is None else to_utc(value) for value in values], "M8[us]")
    if kinds == {"truth"} and len(known) == len(values):
        return np.array(values, bool)
    if "date" in kinds:
        raise _UnusableError(f"dates and {min(kinds - {'date'})}s in one column")
    return _as_texts([_to_text(value) for value in values])


def is_missing(value: Any) -> bool:
    """Whether a value is None, NaN, NaT, or pandas' NA, which is not equal to itself."""
    if value is None or isinstance(value, str | np.ndarray):
        return value is None
    return type(value).__name__ in ("NAType", "NaTType") or bool(np.any(value != value))


def _kind(value_type: type) -> str:
    for kind, types in _KINDS.items():
        if issubclass(value_type, types):
            return kind
    raise _UnusableError(f"values of type {value_type.__name__} cannot be encoded")


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
    if isinstance(value, time):
        return value.isoformat()
    return str(int(value)) if _is_inexact(value) else class_name(float(value))


@dataclass(frozen=True, eq=False)
class FrameTable(Table):
    """Columns in memory, of which those that are read are converted.

    Examples
    --------
    >>> table = FrameTable.of({"size": [1.5, 2.0]}, "rows")
    >>> table.names, table.frame(["size"]).shape
    (('size',), (2, 1))
    """

    columns: Mapping[str, Any]
    #: Numbers of the rows of a `Frame`.
    rows: Any = None

    @classmethod
    def of(cls, X: Any, name: str) -> Self:
        """Take a data frame, a mapping, records or an array; the name is for errors."""
        columns = _columns(columns_of_records(X))
        return cls(Path(name), (*columns,), columns, X.rows if isinstance(X, Frame) else None)

    def with_target(self, target: Any) -> tuple[Self, str]:
        """Find the column of a label, or add values, such as an array, as a column; its name."""
        label = target[0] if isinstance(target, list) and len(target) == 1 else target
        if (np.ndim(label) == 0 or isinstance(label, tuple)) and str(label) in self.names:
            return self, str(label)
        if len(getattr(target, "columns", ())) == 1:
            target = target[target.columns[0]]
        target = np.ravel(target) if np.shape(target)[1:] == (1,) else target
        if np.ndim(target) != 1:
            expected = "the name of a column, or one value for each row"
            raise ArgumentError.of("target", target, expected)
        name, usual = getattr(target, "name", None), "target" if "y" in self.names else "y"
        name = usual if name in (None, "") else str(name)
        return self._with_column(target, name), name

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

    def frame(self, names: Names, text: Names = (), categories: Names = ()) -> Frame:
        check_names(names, self.names, path=self.path)
        try:
            columns = {name: as_column(self.columns[name], name) for name in names}
            return Frame(columns, self, self.rows)
        except ArgumentError as error:
            raise error.renamed("data") from error
