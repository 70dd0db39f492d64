"""Frames from what others hold tables in: pandas, polars, Arrow, dictionaries and arrays.

None of those libraries is imported; what they have in common is enough, their columns as arrays.
"""

from __future__ import annotations

import numbers
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data.datetimes import YEARS, far_off, utc
from barenet.data.frame import TEXT, Frame, check_names
from barenet.data.parsing import as_numbers
from barenet.data.target import class_name
from barenet.errors import DataError

__all__ = ["MOST_EXACT", "as_column", "as_frame", "column_names", "columns_by_name"]

#: The whole numbers up to here are float64 as well; beyond, two of them may become one.
MOST_EXACT = 2**53


def as_frame(
    X: Any, names: Sequence[str] | None = None, *, only: Sequence[str] | None = None
) -> Frame:
    """Turn a table of any kind into a frame.

    Examples
    --------
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
            raise ValueError(f"X: has {X.shape[1]} columns, expected {len(titles)}")
    if twice := next((title for title, count in Counter(titles).items() if count > 1), None):
        raise ValueError(f"X: column {twice!r} occurs {titles.count(twice)} times")
    check_names(only or (), titles)
    take, places = _taker(X), {title: at for at, title in enumerate(titles)}
    columns = {
        title: as_column(take(places[title]), title) for title in (titles if only is None else only)
    }
    if not any(map(len, columns.values())):
        raise ValueError("X: there is nothing in it")
    return Frame(columns)


def column_names(X: Any) -> list[str] | None:
    """Tell how a table's columns are called."""
    if isinstance(X, Mapping):
        return [str(name) for name in X]
    if hasattr(X, "column_names"):  # pyarrow.Table, whose ``columns`` are the values
        return list(X.column_names)
    return [str(name) for name in X.columns] if hasattr(X, "columns") else None


def columns_by_name(X: Any, names: Sequence[str]) -> Any:
    """Take columns of numbers out of a table by their names."""
    if isinstance(X, Mapping | Frame) or hasattr(X, "column_names"):
        frame = as_frame(X, only=names)
        return np.column_stack([as_numbers(frame, name, ()) for name in names])
    columns = {str(column): column for column in X.columns}
    is_named = any(isinstance(column, str) for column in X.columns)
    if not is_named and columns.keys().isdisjoint(names):
        return X
    check_names(names, columns)
    return X[[columns[name] for name in names]]


def _taker(X: Any) -> Callable[[int], Any]:
    """Make a function that takes a column by its place."""
    if isinstance(X, np.ndarray):
        return lambda at: X[:, at]
    if hasattr(X, "column_names"):
        return X.column
    keys = list(X if isinstance(X, Mapping) else X.columns)
    return lambda at: X[keys[at]]


def _matrix(X: Any) -> NDArray[Any]:
    """Take rows of anything."""
    if hasattr(X, "tocsr"):
        raise ValueError("X: sparse matrices are not supported, use X.toarray()")
    try:
        array = X if isinstance(X, np.ndarray) else np.array(X, object)
    except ValueError as error:
        raise ValueError(f"X: expected rows of one length: {error}") from error
    if array.ndim != 2:
        raise ValueError(f"X: expected shape (n_rows, n_columns), got {array.shape}")
    return array


def as_column(values: Any, name: str) -> NDArray[Any]:
    """Turn a column's values into one of a frame's four types."""
    if np.ma.isMaskedArray(values):
        holes = np.ma.getmaskarray(values)
        values = np.ma.getdata(values).astype(object)
        values[holes] = None
    try:
        array = np.asarray(values)
    except ValueError:  # rows of several lengths
        array = np.empty((0, 0))
    if array.ndim != 1:
        raise DataError(f"X: column {name!r}: expected one value in each row")
    if array.dtype.kind == "O":
        return _from_objects(array.tolist(), name)
    if array.dtype.kind in "iu" and (np.abs(array.astype(np.float64)) >= MOST_EXACT).any():
        return _from_objects(array.tolist(), name)
    if array.dtype.kind == "f" and _was_whole(values) and (np.abs(array) >= MOST_EXACT).any():
        return _from_objects(_as_list(values), name)
    if array.dtype.kind in "iuf":
        return array.astype(np.float64)
    if array.dtype.kind == "M":
        return _moments(array, name)
    if array.dtype.kind in "UT":
        return array.astype(TEXT)
    if array.dtype.kind != "b":
        raise DataError(f"X: column {name!r}: values of type {array.dtype} cannot be encoded")
    return array


def _was_whole(values: Any) -> bool:
    """Tell integers with holes: Arrow and polars make floats of them."""
    return "int" in str(getattr(values, "type", getattr(values, "dtype", ""))).lower()


def _as_list(values: Any) -> list[Any]:
    return list(values.to_pylist() if hasattr(values, "to_pylist") else values.to_list())


def _moments(dates: NDArray[Any], name: str) -> NDArray[np.datetime64]:
    if (row := far_off(dates)) is not None:
        raise DataError(f"X: row {row}: column {name!r}: expected {YEARS}, got {dates[row]}")
    return dates.astype("M8[us]")


def _from_objects(values: list[Any], name: str) -> NDArray[Any]:
    """Find the one type that all values have, nothing aside."""
    nothing = [_is_nothing(value) for value in values]
    known = [value for value, none in zip(values, nothing, strict=True) if not none]
    kinds = {_kind(value, name) for value in known}
    if not kinds or (kinds == {"number"} and not any(map(_is_inexact, known))):
        pairs = zip(values, nothing, strict=True)
        return np.array([np.nan if none else float(value) for value, none in pairs])
    if kinds == {"date"}:
        moments = [None if none else utc(v) for v, none in zip(values, nothing, strict=True)]
        return np.array(moments, "M8[us]")
    if kinds == {"truth"} and len(known) == len(values):
        return np.array(values, bool)
    if "date" in kinds:
        raise DataError(f"X: column {name!r}: dates and {min(kinds - {'date'})}s in one column")
    return np.array([_text(v, none) for v, none in zip(values, nothing, strict=True)], TEXT)


def _is_nothing(value: Any) -> bool:
    """Tell if a value is none: None, NaN, NaT, or pandas' NA, which is equal to nothing."""
    if value is None or isinstance(value, str):
        return value is None
    return type(value).__name__ in ("NAType", "NaTType") or bool(np.any(value != value))


def _kind(value: Any, name: str) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool | np.bool_):
        return "truth"
    if isinstance(value, datetime | date):
        return "date"
    if isinstance(value, numbers.Real | Decimal):
        return "number"
    raise DataError(f"X: column {name!r}: values of type {type(value).__name__} cannot be encoded")


def _is_inexact(value: Any) -> bool:
    """Tell a whole number that float64 may take for another."""
    if isinstance(value, Decimal):
        return value.is_finite() and abs(value) > MOST_EXACT and value == int(value)
    return isinstance(value, numbers.Integral) and abs(int(value)) > MOST_EXACT


def _text(value: Any, nothing: bool) -> str:
    """Write a value as text; a number as the name of a class."""
    if nothing:
        return ""
    if _is_inexact(value):
        return str(int(value))
    if isinstance(value, bool | np.bool_):
        return str(value).lower()
    return value if isinstance(value, str) else class_name(float(value))
