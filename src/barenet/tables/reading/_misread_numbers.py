"""Numbers that are dates, or have points between their thousands: 310124, 03.2024, 1.024.

They would be read as other numbers, of which nobody would notice. A column of them is rejected, if
chance can't explain that all of its values have such a layout.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from barenet.tables.reading import _parsing as parsing
from barenet.tables.reading._distinct_texts import FEW, MANY, DistinctTexts
from barenet.tables.reading._unread_dates import PERIOD_AND_POINT, WEEK_NUMBER, YEAR, unread_dates

_DAY = r"(?:0[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0[1-9]|1[0-2])"
#: A day and a month at the beginning of a number, perhaps without the zero before them.
_FIRST_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_FIRST_MONTH = r"(?:0?[1-9]|1[0-2])"

#: Formats of dates that are whole numbers, perhaps without the zero before them. Those of 20240105
#: and 202401 are not among them, as these numbers grow with the time.
FORMATS_OF_DIGITS = {
    "%d%m%Y": rf"(?P<day>{_DAY})(?P<month>{_MONTH})(?P<year>{YEAR})",
    "%m%d%Y": rf"(?P<month>{_MONTH})(?P<day>{_DAY})(?P<year>{YEAR})",
    "%m%Y": rf"(?P<month>{_MONTH})(?P<year>{YEAR})",
    "%d%m%y": rf"(?P<day>{_DAY})(?P<month>{_MONTH})(?P<year>\d\d)",
    "%m%d%y": rf"(?P<month>{_MONTH})(?P<day>{_DAY})(?P<year>\d\d)",
    "%y%m%d": rf"(?P<year>\d\d)(?P<month>{_MONTH})(?P<day>{_DAY})",
}
#: Months and weeks as decimal numbers, 03.2024, 36.2024; unlike these, 2024.03 grows with the time.
_MONTH_AND_YEAR = re.compile(rf"(?P<month>{WEEK_NUMBER})\.(?P<year>{YEAR})", re.ASCII)
#: Whole numbers below a million with a point before the last three digits, or below a thousand.
_THOUSANDS = re.compile(r"[+-]?(?:0|[1-9]\d{0,2}(?:\.\d{3})?)", re.ASCII)
#: Numbers that count after a point, such as months, 2024.1 to 2024.12, and versions; and those of
#: them that no decimal number is.
_COUNTED = re.compile(r"\d+\.[1-9]\d?", re.ASCII)
_TENS = re.compile(r"\d+\.[1-9]0", re.ASCII)
#: Whole numbers that often stand for a missing value beside decimal numbers.
_MARKERS = {"0", "-1", "9", "-9", "99", "-99", "999", "-999"}
#: Minimum number of different months, and of different whole numbers beside points of thousands.
_SEVERAL = 3
#: Maximum number of quarters, which may be mistaken for months.
_QUARTERS = 4


class Layout(NamedTuple):
    """A pattern of numbers whose texts are compared in `kind_of`, as they may be misread.

    Markers of missing values may be beside them.
    """

    pattern: str
    #: Whether some of the numbers have a point; then, whole ones may be beside them.
    has_points: bool
    #: The least fraction of the numbers, or of those with a point.
    share: float = 0.5
    #: The pattern of at least one number.
    sign: str = r".*\d.*"


#: Columns of a file remain texts, at first, if their numbers have these layouts.
LAYOUTS = (
    Layout(rf"{_FIRST_DAY}{_MONTH}(?:{YEAR}|\d\d)", has_points=False),
    Layout(rf"{_FIRST_MONTH}{_DAY}(?:{YEAR}|\d\d)", has_points=False),
    Layout(rf"{_FIRST_MONTH}{YEAR}", has_points=False),
    Layout(PERIOD_AND_POINT, has_points=True),
    Layout(r"[+-]?[1-9]\d{0,2}\.\d{3}", has_points=True, share=1.0),
    Layout(_COUNTED.pattern, has_points=True, share=1.0, sign=_TENS.pattern),
)


def refuse_digits_of_dates(column: DistinctTexts) -> None:
    """Reject many whole numbers that are nearly all dates, such as 05012024, or months: 012024.

    Dates whose year is first are rejected only if they would be names because of a zero before
    them, such as 050131.
    """
    codes = column.find(re.compile(r"\d+", re.ASCII).fullmatch)
    texts = column.texts_of(codes)
    if len(texts) < MANY:
        return
    lengths = {len(text) for text in texts}
    full_length = max(lengths)
    padded = {}
    for code, text in zip(codes, texts, strict=True):
        padded[code] = text.zfill(full_length)
    formats = []
    dates: list[int] = []
    for date_format, layout in FORMATS_OF_DIGITS.items():
        codes_of_dates = _dates_of(padded, re.compile(layout, re.ASCII))
        are_dates = column.are_nearly_all_different(codes_of_dates)
        if are_dates or column.are_nearly_all(codes_of_dates):
            formats.append(date_format)
            dates = codes_of_dates
    if not formats:
        return
    have_names = any(parsing.is_code(text) for text in texts)
    if formats == ["%y%m%d"] and not have_names:
        return
    if "%y%m%d" in formats and not have_names and _may_have_years_first([*padded.values()]):
        return
    if len(lengths) > 1 and not have_names:
        formats = []  # Python would read 1112024 as 11 January
    raise unread_dates(column, dates, formats, are_numbers=not have_names)


def _may_have_years_first(texts: Sequence[str]) -> bool:
    """Return whether the last two digits differ as often as the first two, or more often.

    A table has days of many different numbers, but of few years.
    """
    first_parts = {text[:2] for text in texts}
    last_parts = {text[-2:] for text in texts}
    return len(first_parts) <= len(last_parts)


def _dates_of(texts: Mapping[int, str], pattern: re.Pattern[str]) -> list[int]:
    """Find the codes of texts in a layout, if they have the days, months and years of dates.

    Numbers of employees, such as 100101 to 100199, have a single day, and numbers of rooms, such
    as 030112, more different years than days.
    """
    codes = []
    days = set()
    months = set()
    years = set()
    has_days = "day" in pattern.groupindex
    for code, text in texts.items():
        match = pattern.fullmatch(text)
        if match is None:
            continue
        codes.append(code)
        months.add(match["month"])
        years.add(match["year"])
        if has_days:
            days.add(match["day"])
    if len(months) < _SEVERAL:
        return []
    has_long_years = any(len(year) == 4 for year in years)
    if not has_days or has_long_years:
        return codes
    if len(days) < MANY or len(years) > len(days):
        return []
    return codes


def refuse_decimals_of_months(column: DistinctTexts) -> None:
    """Reject decimal numbers that are nearly all months, such as 03.2024, or weeks: 36.2024."""
    if not column.find_nearly_all(_MONTH_AND_YEAR.fullmatch):
        return
    codes = _dates_of(column.texts, _MONTH_AND_YEAR)
    if len(codes) < FEW:
        return
    months = {int(text.partition(".")[0]) for text in column.texts_of(codes)}
    if column.are_nearly_all_different(codes) or column.are_nearly_all(codes):
        formats = ["%m.%Y"]
        are_weeks = max(months) > 12
        if are_weeks or len(months) <= _QUARTERS:
            formats = []
        raise unread_dates(column, codes, formats, are_numbers=True)


def refuse_points_of_thousands(column: DistinctTexts) -> None:
    """Reject whole numbers some of which have a point between their thousands: 1.250 beside 223.

    They can't be decimals: in a file that keeps the zeros after a point, 223 would be 223.000, and
    in any other file, 1.250 would be 1.25. Even if no value ends in 0, all of many would not have
    three decimals.
    """
    with_points = []
    whole = set()
    has_final_zero = False
    for code, text in column.texts.items():
        plain = parsing.plain_minus(text)
        if _THOUSANDS.fullmatch(plain) is None:
            return
        if "." not in plain:
            whole.add(plain)
            continue
        with_points.append(code)
        has_final_zero = has_final_zero or plain.endswith("0")
    has_whole_numbers = len(whole - _MARKERS) >= _SEVERAL
    is_sure = has_final_zero or len(with_points) >= 2 * MANY
    if len(with_points) >= FEW and has_whole_numbers and is_sure:
        expected = "a number without a thousands separator"
        remedy = f"if they are decimal points, use {{numeric}}; {column.if_names}"
        error = column.fault(with_points, expected, f"remove the thousands separators; {remedy}")
        # With decimal=",", the file may have commas, which have become points.
        if column.frame.has_csv_options and "," not in str(error.value):
            remedy = f"for points between thousands, use {{thousands}} and {{decimal}}; {remedy}"
            error = column.fault(with_points, expected, remedy, thousands=".", decimal=",")
        raise error


def refuse_counts_after_points(column: DistinctTexts) -> None:
    """Reject numbers that count after a point, such as the months 2024.1 to 2024.12, and versions.

    They can't be decimals, and 2024.1 would be equal to 2024.10: a file that keeps the zeros at the
    end has no 2024.1, and any other file no 2024.10.
    """
    if not column.are_all(_COUNTED.fullmatch):
        return
    counted = [*column.texts]
    tens = column.find(_TENS.fullmatch)
    if len(counted) < MANY or not tens:
        return
    numbers_of_decimals = set()
    for text in column.texts_of(counted):
        _, _, decimals = text.partition(".")
        numbers_of_decimals.add(len(decimals))
    if len(numbers_of_decimals) == 1:
        return
    remedy = "for months, write 2024.1 as 2024.01; if they are decimals, use {numeric}; "
    remedy += column.if_names
    raise column.fault(tens, "a decimal number without a zero at its end", remedy)
