"""Converts tables to frames: pandas, polars, Arrow, dictionaries and arrays.

None of those libraries is imported: columns that convert to arrays are enough.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data._datetimes import in_microseconds, to_utc
from barenet.data._frame import TEXT, Frame, check_names, check_unique
from barenet.data._labels import class_name
from barenet.data._parsing import as_numbers
from barenet.errors import ArgumentError, DataError

__all__ = ["MOST_EXACT", "as_column", "as_frame", "column_names", "columns_by_name"]

#: Whole numbers up to here are exact in float64; beyond, two of them may become one.
MOST_EXACT = 2**53


def as_frame(
    X: Any, names: Sequence[str] | None = None, *, only: Sequence[str] | None = None
) -> Frame:
    """Convert a table to a frame.

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
    check_names(only or (), titles)
    column_at, places = _column_getter(X), {title: at for at, title in enumerate(titles)}
    selected = titles if only is None else only
    columns = {title: as_column(column_at(places[title]), title) for title in selected}
    if not any(map(len, columns.values())):
        raise ArgumentError("the table is empty", argument="X")
    return Frame(columns)


def column_names(X: Any) -> list[str] | None:
    """Names of a table's columns; None if it has no names."""
    if isinstance(X, Mapping):
        return [str(name) for name in X]
    if hasattr(X, "column_names"):  # pyarrow.Table, whose ``columns`` are the values
        return list(X.column_names)
    return [str(name) for name in X.columns] if hasattr(X, "columns") else None


def columns_by_name(X: Any, names: Sequence[str]) -> Any:
    """Select columns of numbers by their names; a table without names is returned as it is."""
    if isinstance(X, Mapping | Frame) or hasattr(X, "column_names"):
        frame = as_frame(X, only=names)
        return np.column_stack([as_numbers(frame, name, ()) for name in names])
    columns = {str(column): column for column in X.columns}
    has_names = any(isinstance(column, str) for column in X.columns)
    if not has_names and columns.keys().isdisjoint(names):
        return X
    check_names(names, columns)
    return X[[columns[name] for name in names]]


def _column_getter(X: Any) -> Callable[[int], Any]:
    """A function that returns a column by its position."""
    if isinstance(X, np.ndarray):
        return lambda at: X[:, at]
    if hasattr(X, "column_names"):
        return X.column
    keys = list(X if isinstance(X, Mapping) else X.columns)
    return lambda at: X[keys[at]]


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


def as_column(values: Any, name: str) -> NDArray[Any]:
    """Convert a column to one of the four types of a frame."""
    if np.ma.isMaskedArray(values):
        mask = np.ma.getmaskarray(values)
        values = np.ma.getdata(values).astype(object)
        values[mask] = None
    try:
        array = np.asarray(values)
    except ValueError:  # rows of several lengths
        array = np.empty((0, 0))
    if array.ndim != 1:
        raise _unusable(name, "expected one value in each row")
    kind = array.dtype.kind
    if kind == "f" and _has_integers(values) and (np.abs(array) >= MOST_EXACT).any():
        return _from_objects(_to_list(values), name)
    is_inexact = kind in "iu" and (np.abs(array.astype(np.float64)) >= MOST_EXACT).any()
    if kind == "O" or is_inexact:
        return _from_objects(array.tolist(), name)
    if kind == "M":
        return in_microseconds(array, name)
    if kind not in "iufUTb":
        raise _unusable(name, f"values of type {array.dtype} cannot be encoded")
    return array if kind == "b" else array.astype(TEXT if kind in "UT" else np.float64)


def _unusable(name: str, problem: str) -> DataError:
    """The error of a column that cannot be converted."""
    return DataError(f"column {name!r}: {problem}", argument="X")


def _has_integers(values: Any) -> bool:
    """Whether floats were integers: Arrow and polars convert those with missing values."""
    return "int" in str(getattr(values, "type", getattr(values, "dtype", ""))).lower()


def _to_list(values: Any) -> list[Any]:
    return list(values.to_pylist() if hasattr(values, "to_pylist") else values.to_list())


def _from_objects(values: list[Any], name: str) -> NDArray[Any]:
    """Convert objects to the type that all of them have, missing values aside."""
    values = [None if _is_missing(value) else value for value in values]
    known = [value for value in values if value is not None]
    kinds = {_kind(value, name) for value in known}
    if not kinds or (kinds == {"number"} and not any(map(_is_inexact, known))):
        return np.array([np.nan if value is None else float(value) for value in values])
    if kinds == {"date"}:
        dates = [None if value is None else to_utc(value) for value in values]
        return np.array(dates, "M8[us]")
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


def _kind(value: Any, name: str) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool | np.bool_):
        return "truth"
    if isinstance(value, date):
        return "date"
    if isinstance(value, numbers.Real | Decimal):
        return "number"
    raise _unusable(name, f"values of type {type(value).__name__} cannot be encoded")


def _is_inexact(value: Any) -> bool:
    """Whether a whole number may not be exact in float64."""
    if isinstance(value, Decimal):
        return value.is_finite() and abs(value) > MOST_EXACT and value == int(value)
    return isinstance(value, numbers.Integral) and abs(int(value)) > MOST_EXACT


def _to_text(value: Any) -> str:
    """Convert a value to text; a number to the name of a class."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool | np.bool_):
        return str(value).lower()
    return str(int(value)) if _is_inexact(value) else class_name(float(value))
