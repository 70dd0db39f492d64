"""The values of a column by its kind: numbers, labels, booleans or dates, with missing values.

The rules are the same for every source. A value of another kind is an error that names its line, or
counts as missing and is noted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from barenet.errors import DataError
from barenet.tables.frames._coded_texts import unique_texts
from barenet.tables.frames._column_names import Names
from barenet.tables.frames._frame import Frame
from barenet.tables.frames._parsed_frame import ParsedFrame
from barenet.tables.frames._plain_values import class_name
from barenet.tables.reading._column_errors import raise_together
from barenet.tables.reading._date_reading import DATES, are_missing_dates, is_time
from barenet.tables.reading._missing_texts import is_absent
from barenet.tables.reading._number_forms import file_number_reader, number_form
from barenet.tables.reading._parsing import (
    WORDS,
    ReadNumber,
    canonical,
    is_code,
    number_of_token,
    read_number,
    to_number,
    truth_of,
)
from barenet.tables.reading._readers import is_date, orders_of, reader_of

#: Number of unread values that a warning names.
MOST_EXAMPLES = 3

#: Parses a text; None if it is not a value of the kind.
Parser = Callable[[str], Any]


def read_number_or_truth(text: str, read: ReadNumber) -> float | None:
    """Parse a number; True and False, as written by pandas, are 1 and 0, as in a data frame."""
    return float(text == "True") if text in WORDS else read(text)


@dataclass(frozen=True)
class Unread:
    """The values of a column that were not read, and count as missing."""

    #: The number of rows with such a value, and of all rows.
    n_rows: int
    n_all: int
    #: Some of the different values, the first ones first.
    texts: tuple[str, ...]
    #: The expected values, and whether each value of the frame is another one; None for several
    #: frames.
    expected: str = ""
    detail: str = ""
    is_unread: NDArray[np.bool_] | None = None

    def fault(self, frame: Frame, name: str) -> DataError:
        """Make the error of the first value, given the frame before it was read."""
        assert self.is_unread is not None
        error = fault_of(frame, name, self.is_unread, self.expected, detail=self.detail)
        value = str(error.value).strip()
        is_plain = read_number(value) is not None and not is_code(value)
        form = number_form(frame.forms_of(name).numbers)
        if self.expected == "a number" and is_plain and form is not None and form.decimal == ",":
            error.remedy = "for decimal points, use {decimal}"
            error.options = {"decimal": "."}
        return error

    def counts(self) -> "Unread":
        """Return the counts without the values of the frame, to save memory."""
        return Unread(self.n_rows, self.n_all, self.texts)

    def __add__(self, other: "Unread") -> "Unread":
        """Add the values of a later block."""
        texts = dict.fromkeys((*self.texts, *other.texts))
        n_rows = self.n_rows + other.n_rows
        return Unread(n_rows, self.n_all + other.n_all, tuple(texts)[:MOST_EXAMPLES])


#: The values that were not read, by the names of their columns.
Losses: TypeAlias = dict[str, Unread]


def as_numbers(
    frame: Frame,
    name: str,
    missing: Names,
    parse: Parser | None = None,
    unread: Losses | None = None,
) -> NDArray[np.float64]:
    """Parse a column as numbers; a missing one is NaN."""
    read_marker = file_number_reader(frame.forms_of(name).numbers)
    if parse is None:
        parse = partial(read_number_or_truth, read=read_marker)
    values = _parse(frame, name, missing, parse, "a number", unread=unread)
    read_token: Parser = number_of_token
    if frame.columns[name].dtype.kind == "T":
        read_token = to_number  # in texts, infinities are already missing values
    numbers = []
    for token in missing:
        number = read_marker(token)
        if number is None:
            number = read_token(token)
        if number is not None:
            numbers.append(number)
    if numbers:
        values[np.isin(values, numbers)] = np.nan
    is_infinite = np.isinf(values)
    if is_infinite.any():
        remedy = "correct it; if it stands for a missing value, use {missing}"
        expected = "a number within float64's range"
        error = fault_of(frame, name, is_infinite, expected, remedy=remedy, missing=[])
        error.options["missing"] = [str(error.value).strip()]  # as written in the file
        raise error
    return values


def complete_numbers(frame: Frame, name: str, expected: str = "a number") -> NDArray[np.float64]:
    """Parse a column of numbers without missing values."""
    values = as_numbers(frame, name, ())
    refuse_where(frame, name, np.isnan(values), expected)
    return values


def as_booleans(
    frame: Frame, name: str, missing: Names, unread: Losses | None = None
) -> NDArray[np.float64]:
    """Parse a column as booleans: 1 and 0; a missing one is NaN."""
    expected = "a boolean"
    detail = "such as yes or no"
    values = _parse(frame, name, missing, truth_of, expected, detail=detail, unread=unread)
    is_boolean = np.isin(values, [0, 1])
    is_wrong = ~is_boolean & ~np.isnan(values)
    refuse_where(frame, name, is_wrong, expected, detail=detail)
    return values


def as_datetimes(
    frame: Frame,
    name: str,
    missing: Names,
    order: str = "ymd",
    unread: Losses | None = None,
) -> NDArray[Any]:
    """Parse a column as dates and times; a missing one is NaT."""
    column = frame.columns[name]
    missing_value = np.datetime64("NaT", "us")
    expected = "a date"
    detail = f"such as {DATES[order]}" if order in DATES else f"in the format {order!r}"
    if is_time(order):
        expected = "a time of day"
        if column.dtype.kind == "M":
            has_day = ~np.isnat(column) & (column.astype("M8[D]") != np.datetime64(0, "D"))
            refuse_where(frame, name, has_day, expected, detail=detail)
    forms = frame.forms_of(name)
    *_, last_order = orders_of(order, forms)
    parse = reader_of(order, forms)
    dates = _parse(
        frame,
        name,
        missing,
        parse,
        expected,
        detail=detail,
        missing_value=missing_value,
        unread=unread,
    )
    dates[are_missing_dates(dates, missing, last_order)] = missing_value
    return dates


def as_texts(frame: Frame, name: str, missing: Names) -> Any:
    """Return a column as texts, and one of texts as it is; other missing values are empty."""
    column = frame.columns[name]
    if column.dtype.kind == "T":
        return column
    codes, texts = _different_texts(frame, name, missing)
    return np.array(texts, object)[codes]


def as_labels(frame: Frame, name: str, missing: Names) -> NDArray[Any]:
    """Parse a column as canonical labels; a missing one is empty."""
    codes, texts = _different_texts(frame, name, missing)
    tokens = {canonical(token) for token in missing}  # -999 stands for -999.0, too
    labels = []
    for text in texts:
        label = canonical(text)
        if label in tokens:
            label = ""
        labels.append(label)
    return np.array(labels, object)[codes]


def _different_texts(
    frame: Frame, name: str, missing: Names
) -> tuple[NDArray[np.int64], Sequence[str]]:
    """Index the different values of a column, as texts."""
    column = frame.columns[name]
    if column.dtype.kind == "T":
        return unique_texts(column)
    if column.dtype.kind == "b":
        return column.astype(np.int64), WORDS
    if column.dtype.kind == "M":  # a date at midnight has no time, as in a CSV file
        is_missing = are_missing_dates(column, missing, "ymd")
        dates = np.char.replace(np.datetime_as_string(column, unit="auto"), "T", " ")
        return unique_texts(np.where(is_missing, "", dates))
    values, codes = np.unique(as_numbers(frame, name, missing), return_inverse=True)
    texts = []
    for value in values:
        text = "" if np.isnan(value) else class_name(value)
        texts.append(text)
    return codes, texts


def parse_column(
    frame: Frame, name: str, kind: str, missing: Names, unread: Losses | None = None
) -> NDArray[Any]:
    """Parse a column by its kind, such as those of `Reading`.

    Values of another kind are an error, or are missing and noted in `unread`. A column of a
    `ParsedFrame` is parsed only the first time.
    """

    def parse() -> NDArray[Any]:
        if kind == "category":
            return as_labels(frame, name, missing)
        if kind == "boolean":
            return as_booleans(frame, name, missing, unread)
        if is_date(kind):
            return as_datetimes(frame, name, missing, kind, unread)
        read = reader_of(kind, frame.forms_of(name))
        return as_numbers(frame, name, missing, read, unread)

    return frame.values(name, kind, missing, parse) if isinstance(frame, ParsedFrame) else parse()


def _parse(
    frame: Frame,
    name: str,
    missing: Names,
    parse: Parser,
    expected: str,
    *,
    detail: str = "",
    missing_value: Any = np.nan,
    unread: Losses | None = None,
) -> NDArray[Any]:
    """Parse the texts of a column, each different one once; dates and numbers are kept as they are.

    Besides the texts of `missing`, those of `is_absent` stand for a missing value.
    """
    column = frame.columns[name]
    dtype = np.asarray(missing_value).dtype
    if column.dtype.kind != "T":
        has_dates = column.dtype.kind == "M"
        needs_dates = dtype.kind == "M"
        if has_dates == needs_dates:
            return column.astype(dtype)
        if np.isnan(column).all():  # a column without values may have any type
            return np.full(len(column), missing_value)
        if has_dates:
            raise frame.fault(0, name, expected, detail=detail)
        column = as_texts(frame, name, missing)  # of numbers such as 20240131
    codes, texts = unique_texts(column)
    values: list[Any] = []
    wrong = []
    missing_texts = {*missing}
    for code, text in enumerate(texts):
        value = missing_value
        if text not in missing_texts:
            parsed = parse(text)
            if parsed is not None:
                value = parsed
            elif not is_absent(text):
                wrong.append(code)
        values.append(value)
    if wrong:
        is_wrong = np.isin(codes, wrong)
        if unread is None:
            raise fault_of(frame, name, is_wrong, expected, detail=detail)
        examples = tuple(texts[code] for code in wrong[:MOST_EXAMPLES])
        n_rows = int(is_wrong.sum())
        unread[name] = Unread(n_rows, len(codes), examples, expected, detail, is_wrong)
    return np.array(values, dtype)[codes]


def refuse_where(
    frame: Frame, name: str, is_wrong: NDArray[np.bool_], expected: str, *, detail: str = ""
) -> None:
    """Raise an error for the first wrong value of a column, if there is one."""
    if is_wrong.any():
        raise fault_of(frame, name, is_wrong, expected, detail=detail)


def fault_of(
    frame: Frame,
    name: str,
    is_wrong: NDArray[np.bool_],
    expected: str,
    *,
    remedy: str = "",
    detail: str = "",
    **options: object,
) -> DataError:
    """Make the error of the first wrong value of a column, with the positions of all."""
    row = first_row(frame, is_wrong)
    error = frame.fault(row, name, expected, remedy, detail=detail, **options)
    error.positions = np.flatnonzero(is_wrong).tolist()
    return error


def first_row(frame: Frame, is_wrong: NDArray[np.bool_]) -> int:
    """Find the wrong value that comes first in the file, whose rows may be in another order."""
    wrong = np.flatnonzero(is_wrong)
    return int(wrong[frame.rows[wrong].argmin()])


def read_frame(
    frame: Frame,
    kinds: Mapping[str, str],
    missing: Names,
    markers: Mapping[str, Names] | None = None,
    errors: list[DataError] | None = None,
) -> tuple[Frame, Losses]:
    """Read the columns of text of a frame by their kinds; names stay text.

    A value of another kind counts as missing. One error names all columns with an infinite number,
    or with dates where numbers are expected; or else, they are added to `errors`. `markers` are
    texts for missing values in single columns, besides those of `missing`.
    """
    columns = dict(frame.columns)
    kinds_read = {**kinds, **frame.kinds}
    unread: Losses = {}
    wrong = []
    for name, column_kind in kinds.items():
        if column_kind == "category" or columns[name].dtype.kind not in "Tf":
            continue
        tokens = (*missing, *(markers or {}).get(name, ()))
        try:
            columns[name] = parse_column(frame, name, column_kind, tokens, unread)
        except DataError as error:
            wrong.append(error)
        kinds_read[name] = column_kind
    if errors is None:
        raise_together(wrong)
    else:
        errors += wrong
    return replace(frame, columns=columns, kinds=kinds_read), unread
