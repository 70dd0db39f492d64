"""Converts a column of any library to one of the four types of a frame."""

import numbers
import re
import sys
from collections.abc import Callable, Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.errors import DataError
from barenet.tables.frames._coded_texts import CodedTexts
from barenet.tables.frames._plain_values import class_name, to_utc

#: Whole numbers up to this limit are exact in float64; larger ones may become equal to others.
MAX_EXACT = 2**53

#: The kinds of values in a column of objects; booleans come first, as they are also numbers.
_KINDS: dict[str, Any] = {
    "text": str,
    "truth": (bool, np.bool_),
    "date": (date, np.datetime64),
    "time of day": time,
    "number": (numbers.Real, Decimal),
}

#: A whole number as text, or an empty text.
_WHOLE_OR_MISSING = re.compile(r"([+-]?\d+(\.0*)?)?", re.ASCII)

#: Characters that text files can't contain.
_UNUSABLE = re.compile("[\0\ud800-\udfff]")

#: The remedies for columns with certain types of values; others have a general remedy.
_REMEDIES = {
    "Period": "convert it to dates, as by .dt.to_timestamp(), or leave it out: {columns}",
    "Interval": "convert it to text, as by .astype(str), or leave it out: {columns}",
    "timedelta": "convert it to numbers, as by .dt.total_seconds(), or leave it out: {columns}",
}


def declares_categories(values: Any, column: NDArray[Any] | CodedTexts) -> bool:
    """Return whether a column declares its whole numbers as categories, given the converted column.

    A category of pandas does, a dictionary of Arrow, and a categorical or an enumeration of polars.
    """
    arrow_type = getattr(values, "type", None)
    if arrow_type is None:
        arrow_type = getattr(getattr(values, "dtype", None), "pyarrow_dtype", None)
    is_dictionary = hasattr(arrow_type, "index_type")
    is_category = _declared_type(values).startswith(("categor", "enum"))
    return (is_dictionary or is_category) and are_whole_numbers(column)


def are_whole_numbers(column: NDArray[Any] | CodedTexts) -> bool:
    """Return whether all values of a column are whole numbers or their texts, or missing.

    >>> are_whole_numbers(np.array([3, np.nan])), are_whole_numbers(CodedTexts.of(["3", "x"]))
    (True, False)
    """
    if isinstance(column, CodedTexts):
        return all(map(_WHOLE_OR_MISSING.fullmatch, column.of_rows().texts))
    if column.dtype.kind != "f":
        return False
    present = column[~np.isnan(column)]
    return bool((present == np.floor(present)).all())


class _UnusableError(Exception):
    """A column that cannot be converted, the reason, the remedy, and the row of a wrong value."""

    def __init__(self, problem: str, remedy: str = "", row: int | None = None) -> None:
        super().__init__(problem)
        self.remedy = remedy or "convert it to numbers, dates or text, or leave it out: {columns}"
        self.row = row


def as_column(values: Any, name: str, **place: Any) -> NDArray[Any] | CodedTexts:
    """Convert a column to one of the four types of a frame; errors name X by default."""
    try:
        return _convert(values)
    except _UnusableError as error:
        place = place or {"argument": "X"}
        problem = f"column {name!r}: {error}"
        refused = DataError(problem, remedy=error.remedy, columns={name: "drop"}, **place)
        refused.row = error.row
        refused.column = name
        raise refused from None


def _wrong_dimensions(array: NDArray[Any]) -> _UnusableError:
    """Describe a column that is a single value, or has several values in each row."""
    problem = "expected one value in each row, as in [row] for one record"
    if array.ndim == 0:
        return _UnusableError(problem, "put one record into a list: [record]")
    return _UnusableError(problem)


def _convert(values: Any) -> NDArray[Any] | CodedTexts:
    """Convert a list, or a column of any library."""
    if np.ma.isMaskedArray(values):
        mask = np.ma.getmaskarray(values)
        values = np.ma.getdata(values).astype(object)
        values[mask] = None
    if isinstance(values, list | tuple) and _needs_conversion_by_value(values):
        return _from_objects(list(values))
    if hasattr(getattr(values, "dtype", None), "pyarrow_dtype"):
        # pandas can't convert a dictionary or run-length encoding to a NumPy array.
        values = values.array.__arrow_array__()
    if hasattr(getattr(values, "type", None), "index_type"):
        values = _decode_dictionary(values)
    if isinstance(values, CodedTexts):
        return _usable(values)
    array = _as_array(values)
    if array.ndim != 1:
        raise _wrong_dimensions(array)
    dtype_kind = array.dtype.kind
    if dtype_kind == "M":
        return _in_microseconds(array)
    is_whole = dtype_kind in "iu"
    if dtype_kind == "f" and "int" in _declared_type(values):
        is_whole = True  # Arrow and polars convert integers with missing values to floats
    if is_whole and _has_large(array):
        return _from_objects(_to_list(values, array))
    if dtype_kind == "O":
        return _from_objects(array.tolist())
    if dtype_kind not in "iufUTb":
        raise _unusable_type(str(array.dtype))
    if dtype_kind == "b":
        return array
    if dtype_kind in "UT":
        return _as_texts(array.tolist())
    return array.astype(np.float64)


def _as_array(values: Any) -> NDArray[Any]:
    """Convert a column to an array; it has two dimensions if the rows differ in length."""
    if _declared_type(values).endswith("int128"):  # NumPy doesn't have this type
        return np.array(values.to_list(), object)
    try:
        return np.asarray(values)
    except ValueError:
        return np.empty((0, 0))


def _needs_conversion_by_value(values: Sequence[Any]) -> bool:
    """Return whether a NumPy array of values would not keep all of them.

    In an array, every text would take as much memory as the longest, and members of an enumeration
    of texts would be cut to one letter. True beside 1 would become 1, a large whole number the
    nearest float64, and the year 9999 beside nanoseconds another year.
    """
    types = {type(value) for value in values}
    if len(types) > 1 or np.datetime64 in types:
        return True
    if any(issubclass(value_type, str) for value_type in types):
        return True
    return types == {int} and any(abs(value) >= MAX_EXACT for value in values)


def _declared_type(values: Any) -> str:
    """Return the name of the type that a column of a library declares; empty if it has none."""
    if hasattr(values, "type"):  # Arrow
        return str(values.type).lower()
    if hasattr(values, "dtype"):
        return str(values.dtype).lower()
    return ""


def _to_list(values: Any, array: NDArray[Any]) -> list[Any]:
    """List the values of a column by the method of its library, or else those of its array."""
    to_list: Callable[[], list[Any]] = array.tolist
    if hasattr(values, "to_pylist"):  # Arrow
        to_list = values.to_pylist
    elif hasattr(values, "to_list"):  # pandas and polars
        to_list = values.to_list
    return to_list()


def _as_texts(texts: Sequence[str]) -> CodedTexts:
    """Convert texts to a frame's type; reject characters that text files can't contain."""
    return _usable(CodedTexts.of(texts))


def _usable(coded: CodedTexts) -> CodedTexts:
    """Reject characters that text files can't contain."""
    if _UNUSABLE.search("".join(coded.texts)) is not None:
        _refuse_unusable(coded.tolist())
    return coded


def _refuse_unusable(texts: Sequence[str]) -> None:
    """Reject the first text with a character that text files can't contain."""
    for row, text in enumerate(texts):
        match = _UNUSABLE.search(text)
        if match is not None:
            character = "a zero character" if match[0] == "\0" else "half a character"
            problem = f"{character}, {match[0]!a}, in row {row}: {text[:60]!a}"
            remedy = "correct the value, or leave the column out: {columns}"
            raise _UnusableError(problem, remedy, row)


def _decode_dictionary(column: Any) -> NDArray[Any] | CodedTexts:
    """Decode an Arrow dictionary: NumPy would lose missing values, and Arrow can't cast views."""
    values: list[Any] = [None]  # the first code means missing
    parts = [np.array([], np.int64)]
    for chunk in getattr(column, "chunks", [column]):
        codes = chunk.indices.cast("int64").fill_null(-1).to_numpy(zero_copy_only=False)
        parts.append(np.where(codes < 0, 0, codes + len(values)))
        values += chunk.dictionary.to_pylist()
    codes = np.concatenate(parts)
    if "string" in str(column.type.value_type):
        return CodedTexts(codes, ["" if text is None else text for text in values])
    return np.array(values, object)[codes]


def _in_microseconds(dates: NDArray[Any], first_row: int = 0) -> NDArray[np.datetime64]:
    """Convert dates of any unit, from a row on; reject years that Python doesn't support."""
    years = dates.astype("M8[Y]").astype(np.int64) + 1970
    is_beyond = (years < 1) | (years > 9999)
    wrong = np.flatnonzero(~np.isnat(dates) & is_beyond)
    if wrong.size:
        value = str(dates[wrong[0]])
        row = first_row + int(wrong[0])
        raise _UnusableError(f"expected a date of the years 1 to 9999 in row {row}, got {value!r}")
    return dates.astype("M8[us]")


def _from_objects(values: list[Any]) -> NDArray[Any] | CodedTexts:
    """Convert objects to their common type, ignoring missing values."""
    if {*map(type, values)} == {str}:
        return _as_texts(values)
    present = []
    values_or_none: list[Any] = []
    for value in values:
        if is_missing(value):
            values_or_none.append(None)
        else:
            values_or_none.append(value)
            present.append(value)
    types = {type(value) for value in present}
    kinds = {_kind(value_type) for value_type in types}
    are_exact_numbers = kinds == {"number"} and not any(_is_inexact(value) for value in present)
    if not present or are_exact_numbers:
        return _as_numbers(values_or_none)
    if kinds == {"date"}:
        return _as_dates(values_or_none)
    if kinds == {"truth"} and len(present) == len(values):
        return np.array(values, bool)
    if "date" in kinds:
        raise _UnusableError(f"dates and {min(kinds - {'date'})}s in one column")
    return _as_texts([_to_text(value) for value in values_or_none])


def _as_numbers(values: Sequence[Any]) -> NDArray[np.float64]:
    """Convert numbers; None is NaN."""
    converted = []
    for value in values:
        if value is None:
            converted.append(np.nan)
        else:
            converted.append(float(value))
    return np.array(converted)


def _as_dates(values: Sequence[Any]) -> NDArray[np.datetime64]:
    """Convert dates of Python and NumPy; None is NaT."""
    dates = []
    for row, value in enumerate(values):
        moment = None
        if isinstance(value, np.datetime64):
            [moment] = _in_microseconds(np.array([value]), first_row=row)
        elif value is not None:
            moment = to_utc(value)
        dates.append(moment)
    return np.array(dates, "M8[us]")


def _has_large(array: NDArray[Any]) -> bool:
    """Return whether whole numbers in an array may be inexact in float64."""
    sizes = np.abs(array.astype(np.float64))
    return bool((sizes >= MAX_EXACT).any())


def is_missing(value: Any) -> bool:
    """Return whether a value is None, NaN, NaT, or pandas' NA, which doesn't equal itself."""
    if value is None:
        return True
    if isinstance(value, str | np.ndarray):
        return False
    if type(value).__name__ in ("NAType", "NaTType"):
        return True
    return bool(np.any(value != value))


def _kind(value_type: type) -> str:
    for noun, types in _KINDS.items():
        if issubclass(value_type, types):
            return noun
    raise _unusable_type(value_type.__name__)


def _unusable_type(name: str) -> _UnusableError:
    """Make the error for a column with a type of values, with its remedy."""
    remedy = ""
    for beginning, remedy_for_type in _REMEDIES.items():
        if name.startswith(beginning):
            remedy = remedy_for_type
    return _UnusableError(f"values of type {name} cannot be encoded", remedy)


def _is_inexact(value: Any) -> bool:
    """Return whether a whole number may be inexact in float64."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            return False
        is_small = -MAX_EXACT <= value <= MAX_EXACT
        return not is_small and value == value.to_integral_value()
    if not isinstance(value, numbers.Integral):
        return False
    return abs(int(value)) > MAX_EXACT


def _to_text(value: Any) -> str:
    """Convert a value to text, and a number to the name of a class."""
    if value is None:
        return ""
    if isinstance(value, str):
        return str.__str__(value)  # for a member of an enumeration, its text rather than its name
    if isinstance(value, bool | np.bool_):
        return str(value)
    if isinstance(value, time):
        return value.isoformat()
    if _is_inexact(value):
        return _in_digits(value)
    return class_name(float(value))


def _in_digits(value: Any) -> str:
    """Write a large whole number, also of more than the 4,300 digits that `str` of an int takes.

    >>> _in_digits(2**64), _in_digits(Decimal("12e15")), len(_in_digits(-(10**5000)))
    ('18446744073709551616', '12000000000000000', 5002)
    >>> _in_digits(Decimal("1e999999"))  # whose zeros may take all memory
    '1E+999999'
    """
    if isinstance(value, Decimal) and value.adjusted() > sys.float_info.max_10_exp:
        return str(value)
    return f"{Decimal(int(value)):f}"
