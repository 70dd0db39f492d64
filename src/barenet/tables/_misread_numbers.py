"""Numbers that are dates, or have points between their thousands: 310124, 03.2024, 1.024.

They would be read as other numbers, of which nobody would notice. A column of them is rejected, if
chance can't explain that all of its values have such a layout.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from barenet.tables import _parsing as parsing
from barenet.tables._distinct_texts import FEW, MANY, DistinctTexts
from barenet.tables._unread_dates import YEAR, unread_dates

_DAY = r"(?:0[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0[1-9]|1[0-2])"

#: Formats of dates that are whole numbers. Those of 20240105 and 202401 are not among them, as
#: these numbers grow with the time.
FORMATS_OF_DIGITS = {
    "%d%m%Y": rf"{_DAY}{_MONTH}{YEAR}",
    "%m%d%Y": rf"{_MONTH}{_DAY}{YEAR}",
    "%m%Y": rf"{_MONTH}{YEAR}",
    "%d%m%y": rf"{_DAY}{_MONTH}\d\d",
    "%m%d%y": rf"{_MONTH}{_DAY}\d\d",
    "%y%m%d": rf"\d\d{_MONTH}{_DAY}",
}
#: Formats of months that are decimal numbers.
FORMATS_OF_DECIMALS = {
    "%m.%Y": rf"(?:0?[1-9]|1[0-2])\.{YEAR}",
    "%Y.%m": rf"{YEAR}\.{_MONTH}",
}
#: All of these.
MONTHS = "|".join(FORMATS_OF_DECIMALS.values())
#: Whole numbers below a million with a point before the last three digits, or below a thousand.
_THOUSANDS = r"[+-]?(?:0|[1-9]\d{0,2}(?:\.\d{3})?)"


class Layout(NamedTuple):
    """A pattern of misread numbers, their range, and whether some of them have a point."""

    pattern: str
    lowest: float
    highest: float
    has_points: bool


#: Layouts of the numbers that a file may hold without a zero before them.
LAYOUTS = (
    Layout(FORMATS_OF_DIGITS["%d%m%Y"], 1_01_1900, 31_12_2099, has_points=False),
    Layout(FORMATS_OF_DIGITS["%m%d%Y"], 1_01_1900, 12_31_2099, has_points=False),
    Layout(FORMATS_OF_DIGITS["%m%Y"], 1_1900, 12_2099, has_points=False),
    Layout(FORMATS_OF_DIGITS["%d%m%y"], 1_01_00, 31_12_99, has_points=False),
    Layout(FORMATS_OF_DIGITS["%m%d%y"], 1_01_00, 12_31_99, has_points=False),
    Layout(FORMATS_OF_DECIMALS["%m.%Y"], 1, 13, has_points=True),
    Layout(FORMATS_OF_DECIMALS["%Y.%m"], 1900, 2100, has_points=True),
    Layout(_THOUSANDS, -1000, 1000, has_points=True),
)


def refuse_digits_of_dates(column: DistinctTexts) -> None:
    """Reject many whole numbers that are all dates, such as 05012024, or months, such as 012024.

    Dates whose year is first are rejected only if they would be names because of a zero before
    them, such as 050131.
    """
    codes = [*column.texts]
    texts = column.texts_of(codes)
    formats = _formats_of(column, FORMATS_OF_DIGITS)
    if len(texts) < MANY or not formats:
        return
    have_names = any(parsing.is_code(text) for text in texts)
    may_be_years_first = "%y%m%d" in formats or _are_all(column, rf"{YEAR}\d\d")
    first_parts = {text[:2] for text in texts}
    last_parts = {text[-2:] for text in texts}
    # A table has days of many different numbers, but of few years.
    grow_with_time = may_be_years_first and len(first_parts) <= len(last_parts)
    if have_names or not grow_with_time:
        raise unread_dates(column, codes, formats)


def refuse_decimals_of_months(column: DistinctTexts) -> None:
    """Reject decimal numbers that are all months, such as 03.2024 and 2024.03."""
    formats = _formats_of(column, FORMATS_OF_DECIMALS)
    if len(column.texts) >= FEW and formats:
        raise unread_dates(column, [*column.texts], formats)


def refuse_points_of_thousands(column: DistinctTexts) -> None:
    """Reject whole numbers some of which have a point between their thousands: 1.250 beside 223.

    They can't be decimals: in a file that keeps the zeros after a point, 223 would be 223.000, and
    in any other file, 1.250 would be 1.25. Even if no value ends in 0, all of many would not have
    three decimals.
    """
    if not _are_all(column, _THOUSANDS):
        return
    with_points = column.find(re.compile(r".*\..*").fullmatch)
    n_whole = len(column.texts) - len(with_points)
    has_final_zero = any(text.endswith("0") for text in column.texts_of(with_points))
    is_sure = has_final_zero or len(with_points) >= 2 * MANY
    if len(with_points) >= FEW and n_whole and is_sure:
        remedy = "remove the thousands separators; if they are decimal points, use {numeric}; "
        remedy += column.if_names
        raise column.fault(with_points, "a number without a thousands separator", remedy)


def _formats_of(column: DistinctTexts, formats: Mapping[str, str]) -> list[str]:
    """Return the formats that all texts of a column have."""
    return [date_format for date_format, layout in formats.items() if _are_all(column, layout)]


def _are_all(column: DistinctTexts, layout: str) -> bool:
    """Return whether all texts of a column have a layout."""
    match = re.compile(layout, re.ASCII).fullmatch
    return all(match(text) for text in column.texts.values())
