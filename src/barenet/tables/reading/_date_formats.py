"""Formats of dates for all columns or by column, as users give them, and dates written as text."""

import re
import warnings
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from barenet.errors import ArgumentError
from barenet.tables.reading._date_reading import UNTIL, is_time
from barenet.tables.reading._parsing import to_number

#: A date format for all columns, formats that name their columns, or formats by column.
DateFormats: TypeAlias = str | Sequence[str] | Mapping[str, str] | None


def check_date_format(date_format: Any) -> None:
    """Reject a date format that Python can't read, without a year, or with an ignored code."""
    expected = "a format of Python's strptime with the year, such as %d.%m.%Y or %m/%d/%y %H:%M"
    complete = date_format
    date_format, until, last_year = str(date_format).partition(UNTIL)
    if until and ("%y" not in date_format or not re.fullmatch("[0-9]{4}", last_year)):
        expected = "a year after 'until' and %y in the format, as in '%m/%d/%y until 2026'"
        raise ArgumentError.of("date_format", complete, expected)
    day = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
    try:
        with warnings.catch_warnings():
            # Newer versions of Python warn of a day without a year, which is rejected below.
            warnings.simplefilter("ignore", DeprecationWarning)
            year = datetime.strptime(day.strftime(date_format), date_format).year
    except (TypeError, ValueError, re.error):
        year = None
    if year != day.year:
        raise ArgumentError.of("date_format", complete, expected)
    fault = fault_of_format(date_format)
    if fault is not None:
        problem, remedy = fault
        raise ArgumentError(problem, argument="date_format", value=date_format, remedy=remedy)


def check_time_format(time_format: str) -> None:
    """Reject a format of times of day that Python can't read, or with a day."""
    afternoon = datetime(1970, 1, 1, 14, 5, 6, tzinfo=UTC)
    try:
        hour = datetime.strptime(afternoon.strftime(time_format), time_format).hour
    except (ValueError, re.error):
        hour = None
    if hour != afternoon.hour or not is_time(time_format):
        expected = "a format of times of day for Python's strptime, such as %H.%M.%S or %I:%M %p"
        raise ArgumentError.of("date_format", time_format, expected)


def fault_of_format(date_format: str) -> tuple[str, str] | None:
    """Find a code that Python's strptime ignores or takes from the machine, and a remedy.

    >>> fault_of_format("%Y-%m-%d %H:%M %p")
    ("strptime ignores %p beside %H in '%Y-%m-%d %H:%M %p'", 'write the hour as %I')
    >>> fault_of_format("%a %d %b %Y %I %p")
    """
    codes = {*re.findall("%(.)", date_format)}
    has_day = not codes.isdisjoint("djxcD")
    weekdays = codes.intersection("aAwu")
    weeks = codes.intersection("UW")
    part = _part_without_larger(codes)
    if part is not None:
        problem = f"{date_format!r} has {part.name} without {part.larger}"
        return problem, f"the codes are {part.right_codes}"
    if "Z" in codes:
        remedy = "convert the dates to one zone and remove its name, or write its offset as %z"
        return f"strptime ignores the zone %Z in {date_format!r}", remedy
    if weeks and not weekdays:
        problem = f"strptime ignores the week %{min(weeks)} without a weekday in {date_format!r}"
        return problem, "convert the weeks to their first days"
    if weekdays and not (weeks or has_day or "V" in codes):
        problem = f"strptime ignores the weekday %{min(weekdays)} without a day in {date_format!r}"
        return problem, "convert the column to dates"
    if "p" in codes and "H" in codes:
        return f"strptime ignores %p beside %H in {date_format!r}", "write the hour as %I"
    if "p" in codes and "I" not in codes:
        return f"strptime ignores %p without an hour in {date_format!r}", "write the hour as %I"
    if "I" in codes and "p" not in codes:
        problem = f"strptime reads %I without %p as the morning in {date_format!r}"
        return problem, "use %H for hours from 0 to 23, or add %p for AM and PM"
    return None


class _Part(NamedTuple):
    """A part of a date or time, which means nothing without the larger part that it belongs to."""

    name: str
    codes: str
    larger: str
    codes_of_larger: str
    #: The codes of both, for a remedy.
    right_codes: str


#: A month and a minute are easily mistaken for each other.
_MONTH_AND_MINUTE = "%m for the month and %M for the minute"
_PARTS = (
    _Part("a day", "d", "a month", "mbBcxD", _MONTH_AND_MINUTE),
    _Part("an hour", "HI", "a day", "djcxDaAwu", "%d for the day and %H for the hour"),
    _Part("a minute", "M", "an hour", "HI", _MONTH_AND_MINUTE),
    _Part("a second", "S", "a minute", "M", "%M for the minute and %S for the second"),
)


def _part_without_larger(codes: set[str]) -> _Part | None:
    """Find a part of a date or time whose larger part has no code.

    >>> _part_without_larger({"Y", "m", "H"}).name
    'an hour'
    >>> _part_without_larger({"d", "m", "Y", "H", "M"})
    """
    for part in _PARTS:
        has_part = not codes.isdisjoint(part.codes)
        if has_part and codes.isdisjoint(part.codes_of_larger):
            return part
    return None


def as_date_formats(given: Any) -> str | tuple[str, ...]:
    """Convert date formats to one for all columns, or to several of the form column=format.

    >>> as_date_formats({"start": "%d.%m.%y", "end": "%m/%d/%y"})
    ('start=%d.%m.%y', 'end=%m/%d/%y')
    >>> as_date_formats(["%d.%m.%Y"])
    '%d.%m.%Y'
    """
    formats = _format_list(given)
    columns = set[str]()
    for date_format in formats:
        column, format_alone = _split_format(date_format)
        check_date_format(format_alone)
        if column in columns:
            expected = "one format of a column, as in start=%d.%m.%Y, and one of all others"
            raise ArgumentError.of("date_format", given, expected)
        columns.add(column)
    if not formats:
        raise ArgumentError.of("date_format", given, "a format, or a format for each column")
    if len(formats) > 1:
        return tuple(formats)
    only_format: str = formats[0]
    return only_format


def _format_list(given: Any) -> list[Any]:
    """List the date formats, each of which may follow its column."""
    if given is None:
        return []
    if isinstance(given, Mapping):
        return [f"{column}={date_format}" for column, date_format in given.items()]
    if isinstance(given, Sequence) and not isinstance(given, str):
        return list(given)
    return [given]


def _split_format(date_format: Any) -> tuple[str, Any]:
    """Split a format into its column, which may be empty, and the format itself."""
    if not isinstance(date_format, str):
        return "", date_format
    head, percent, _ = date_format.partition("%")
    column, _, _ = head.rpartition("=")
    if not percent or not column:
        return "", date_format
    return column, date_format[len(column) + 1 :]


def formats_by_column(formats: DateFormats) -> dict[str, str]:
    """Return the date formats of single columns by their names."""
    by_column = {}
    for date_format in _format_list(formats):
        column, format_alone = _split_format(date_format)
        if column:
            by_column[column] = format_alone
    return by_column


def format_of_others(formats: DateFormats) -> str | None:
    """Return the date format of all columns without one of their own, if there is one."""
    for date_format in _format_list(formats):
        column, format_alone = _split_format(date_format)
        if not column:
            return str(format_alone)
    return None


def own_format(formats: DateFormats, name: str) -> str:
    """Return the date format of a column by its name; empty if it has none of its own.

    >>> [own_format(("%d.%m.%Y", "start=%m/%d/%y"), name) for name in ("start", "end")]
    ['%m/%d/%y', '']
    """
    for column, format_alone in formats_by_column(formats).items():
        if column.strip() == name.strip():
            return format_alone
    return ""


def looks_like_numbers(date_format: str) -> bool:
    """Return whether dates in a format look like numbers, as 20240131 does.

    >>> looks_like_numbers("%Y%m%d"), looks_like_numbers("%d.%m.%Y"), looks_like_numbers("")
    (True, False, False)
    """
    date_format, _, _ = date_format.partition(UNTIL)
    return to_number(datetime(2024, 12, 31, tzinfo=UTC).strftime(date_format)) is not None


def iso_text(value: np.datetime64, order: str = "ymd") -> str:
    """Write a date and its time, or a time of day without the day, in the format of ISO 8601.

    >>> iso_text(np.datetime64("2026-03-01")), iso_text(np.datetime64("1970-01-01T12:30"), "time")
    ('2026-03-01T00:00:00', '12:30:00')
    """
    text = str(value.astype("M8[us]"))
    if "." in text:
        text = text.rstrip("0").removesuffix(".")
    if is_time(order):
        _, _, text = text.partition("T")
    return text


def date_text(value: np.datetime64, order: str = "ymd") -> str:
    """Write a date, with the time unless it is midnight, or a time of day, to the microsecond.

    >>> date_text(np.datetime64("2026-03-01")), date_text(np.datetime64("2026-03-01T12:30:00.25"))
    ('2026-03-01', '2026-03-01 12:30:00.25')
    """
    return iso_text(value, order).removesuffix("T00:00:00").replace("T", " ")
