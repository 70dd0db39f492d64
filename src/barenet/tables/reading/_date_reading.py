"""Dates and times of day as text: unambiguous layouts, and the functions that read them.

All dates are read by these functions: in training and prediction, streams, the service, and
exported Python files, which contain this module. Whether 03.04.2024 is in March or in April follows
from other values of the column or of the table (`order`). `read_date` reads dates in a given
format.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.tables.frames._plain_values import in_utc, to_utc

#: Examples of dates, by the order of year, month and day; and of times without a day.
DATES = {
    "ymd": "2026-03-01 or 2026-03-01 12:30",
    "dmy": "31.12.2026",
    "mdy": "12/31/2026",
    "time": "14:30 or 2:30 PM",
    "unix-seconds": "1700000000",
    "unix-milliseconds": "1700000000000",
    "excel": "45123",
}

#: The first moment of dates that are written as numbers, and the seconds of a unit.
COUNTS = {
    "unix-seconds": ("1970-01-01", 1.0),
    "unix-milliseconds": ("1970-01-01", 0.001),
    "excel": ("1899-12-30", 86_400.0),
}

#: A number that counts seconds, milliseconds or days.
COUNT = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?", re.ASCII)

#: The months by the first letters of their English names, which are unambiguous in any order.
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

#: Patterns of the codes of formats; others may have any text.
PATTERNS_OF_CODES = {
    **dict.fromkeys("dmHI", r"\d\d?"),
    **dict.fromkeys("yMS", r"\d\d"),
    "Y": r"\d{4}",
    "j": r"\d{3}",
    "b": "[A-Za-z]{3}",
    "p": "[AaPp][Mm]",
}

#: What is between a format with years of two digits and the last of their years.
UNTIL = " until "

#: Numbers of digits of the codes of formats.
DIGITS_OF_CODES = {"d": 2, "m": 2, "y": 2, "Y": 4, "H": 2, "I": 2, "M": 2, "S": 2, "j": 3}

#: A month in English letters, in full or abbreviated; all patterns are in lower case.
MONTH_WORD = (
    "(?P<word>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)

#: A year, a day of a month with or without th, and the signs between words.
YEAR = r"(?P<year>\d\d\d\d)"
DAY = r"(?P<day>\d\d?)(?:st|nd|rd|th)?"
GAP = "[-/., ]*"

#: Days: 2024-01-05, 2024/1/5 and 2024.01.05; 5 January 2024, 05-Jan-2024, 05JAN2024;
#: Jan 5, 2024; 2024-Jan-05.
DAY_LAYOUTS = (
    rf"{YEAR}-(?P<month>\d\d?)-(?P<day>\d\d?)",
    rf"{YEAR}/(?P<month>\d\d?)/(?P<day>\d\d?)",
    rf"{YEAR}\.(?P<month>\d\d?)\.(?P<day>\d\d?)",
    f"{DAY}{GAP}{MONTH_WORD}{GAP}{YEAR}",
    f"{MONTH_WORD}{GAP}{DAY}[-/., ]+{YEAR}",
    f"{YEAR}{GAP}{MONTH_WORD}{GAP}{DAY}",
)

#: Days whose order of day and month follows from other values of the column.
DMY_LAYOUTS = (
    rf"(?P<day>\d\d?)-(?P<month>\d\d?)-{YEAR}",
    rf"(?P<day>\d\d?)/(?P<month>\d\d?)/{YEAR}",
    rf"(?P<day>\d\d?)\.(?P<month>\d\d?)\.{YEAR}",
)
MDY_LAYOUTS = (
    rf"(?P<month>\d\d?)-(?P<day>\d\d?)-{YEAR}",
    rf"(?P<month>\d\d?)/(?P<day>\d\d?)/{YEAR}",
    rf"(?P<month>\d\d?)\.(?P<day>\d\d?)\.{YEAR}",
)

#: Months, quarters and weeks, which mean their first day: 2024-01, 01/2024, Jan 2024, 2024M01;
#: 2024Q1, 2024-Q1, Q1 2024; 2024-W05, 2024-W05-1.
PERIOD_LAYOUTS = (
    rf"{YEAR}[-/](?P<month>\d\d)",
    rf"(?P<month>\d\d?)[-/]{YEAR}",
    f"{MONTH_WORD}{GAP}{YEAR}",
    f"{YEAR}{GAP}{MONTH_WORD}",
    rf"{YEAR}m(?P<month>\d\d?)",
    f"{YEAR}[-/ ]?q(?P<quarter>[1-4])",
    f"q(?P<quarter>[1-4])[-/ ]?{YEAR}",
    rf"{YEAR}-?w(?P<week>\d\d)(?:-?(?P<weekday>[1-7]))?",
)

#: A weekday before a date, which is not checked.
WEEKDAY = "(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*[., ]+)?"

#: A time of day, and its zone, including GMT+0100 (CET) as browsers write it. Other abbreviations
#: of zones are ambiguous: CST is in America, in China and on Cuba.
MINUTES = r":(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
HALF = "[ \u00a0\u202f]?(?P<half>[ap]\\.?m\\.?)"
TIME = rf"(?P<hour>\d\d?){MINUTES}(?:{HALF})?"
ZONE = r"(?: ?(?P<zone>z|utc|gmt|(?:utc|gmt)?[-+]\d\d(?::?\d\d)?)(?: \([a-z ]+\))?)?"

#: A time after a day, whose minutes may be left out before AM or PM.
TIME_BESIDE_DAY = (
    r"(?:(?:t|:|_|,? +)(?=\d\d?(?::|[ \u00a0\u202f]?[ap]))"
    rf"(?P<hour>\d\d?)(?:{MINUTES})?(?:{HALF})?{ZONE})?"
)

#: A time between the day and the year, as C writes it: Fri Jan 5 12:30:00 2024.
TIME_BEFORE_YEAR = rf"{WEEKDAY}{MONTH_WORD} +{DAY} +{TIME}{ZONE} +{YEAR}"

#: The basic format of ISO 8601: 20240105T123000Z.
COMPACT = (
    r"(?P<year>\d\d\d\d)(?P<month>\d\d)(?P<day>\d\d)t(?P<hour>\d\d)(?P<minute>\d\d)"
    rf"(?P<second>\d\d)?(?:\.(?P<fraction>\d{{1,9}}))?{ZONE}"
)

#: The zone of a time without a date. After minutes, -17:00 may be the end of a range.
AFTER_SECONDS = r"(?:(?<=:\d\d:\d\d)|(?<=\.\d\d\d)|(?<=\.\d\d\d\d\d\d))"
ZONE_OF_TIME = (
    r"(?: ?(?P<zone>z|utc|gmt|(?:utc|gmt)[-+]\d\d(?::?\d\d)?|\+\d\d:?\d\d"
    rf"|{AFTER_SECONDS}-\d\d:\d\d))?"
)

#: Times of day: 14:30, 14:30:05.25, 2:30 PM, 2 PM; 14:30Z, 14:30+01:00, 14:30:00-05:00.
TIME_LAYOUTS = (f"{TIME}{ZONE_OF_TIME}", r"(?P<hour>\d\d?) ?(?P<half>[ap]\.?m\.?)")

#: These patterns compiled, as each text is compared with all of them. A day may have a weekday
#: before it, and a time after it.
ANY_CASE = re.ASCII | re.IGNORECASE
DAYS = [re.compile(f"{WEEKDAY}{day}{TIME_BESIDE_DAY}", ANY_CASE) for day in DAY_LAYOUTS]
DMY_DAYS = [re.compile(f"{WEEKDAY}{day}{TIME_BESIDE_DAY}", ANY_CASE) for day in DMY_LAYOUTS]
MDY_DAYS = [re.compile(f"{WEEKDAY}{day}{TIME_BESIDE_DAY}", ANY_CASE) for day in MDY_LAYOUTS]
PERIODS = [re.compile(layout, ANY_CASE) for layout in (COMPACT, TIME_BEFORE_YEAR, *PERIOD_LAYOUTS)]
TIMES = [re.compile(layout, ANY_CASE) for layout in TIME_LAYOUTS]

#: The patterns of dates by the order of day and month, the common ones first.
LAYOUTS_BY_ORDER = {
    "ymd": [*DAYS, *PERIODS],
    "dmy": [*DAYS, *DMY_DAYS, *PERIODS],
    "mdy": [*DAYS, *MDY_DAYS, *PERIODS],
}


def parse_datetime(text: str, order: str = "ymd") -> datetime | None:
    """Parse a date or a time; None if it is neither. The year may be first in any order.

    The order may be a format of `strptime` instead, beside which plain dates and times are read.

    >>> parse_datetime("2026-03-01T12:30+02:00"), parse_datetime("3/1/2026", "mdy")
    (datetime.datetime(2026, 3, 1, 10, 30), datetime.datetime(2026, 3, 1, 0, 0))
    >>> [str(parse_datetime(text)) for text in ("Mar 1, 2026", "2026-Q1", "01.03.2026")]
    ['2026-03-01 00:00:00', '2026-01-01 00:00:00', 'None']
    """
    if order == "time":
        return parse_time_of_day(text)
    if order in COUNTS:
        return counted_moment(text, order)
    if is_format(order):
        moment = read_date(text, order)
        if moment is not None:
            return moment
        return parse_datetime(text, "time" if is_time(order) else "ymd")
    if len(text) == 10 and text[4] == text[7] == "-":
        with suppress(ValueError):
            return datetime.fromisoformat(text)  # most files have such dates, and it is the fastest
    if re.search("[0-9]{4}", text) is None:  # every date has this, but few names do
        return None
    for layout in LAYOUTS_BY_ORDER[order]:
        match = layout.fullmatch(text)
        if match is not None:
            return moment_of(match.groupdict())
    return None


def counted_moment(text: str, order: str) -> datetime | None:
    """Parse the number of seconds, milliseconds or days since a first moment.

    >>> str(counted_moment("1700000000", "unix-seconds")), str(counted_moment("45123.5", "excel"))
    ('2023-11-14 22:13:20', '2023-07-16 12:00:00')
    """
    if COUNT.fullmatch(text) is None:
        return None
    first_moment, seconds = COUNTS[order]
    try:
        return datetime.fromisoformat(first_moment) + timedelta(seconds=seconds * float(text))
    except OverflowError:
        return None


def parse_time_of_day(text: str) -> datetime | None:
    """Parse a time of day, as a time on 1 January 1970 in UTC; None for any other text.

    >>> str(parse_time_of_day("2:30 PM")), parse_time_of_day("24:30")
    ('1970-01-01 14:30:00', None)
    >>> str(parse_time_of_day("00:30+01:00"))
    '1970-01-01 23:30:00'
    """
    for layout in TIMES:
        match = layout.fullmatch(text)
        if match is not None:
            parts = {"year": "1970", "month": "1", "day": "1", **match.groupdict()}
            moment = moment_of(parts)
            # The zone may have shifted the time to another day.
            return None if moment is None else moment.replace(year=1970, month=1, day=1)
    return None


def moment_of(parts: dict[str, Any]) -> datetime | None:
    """Combine the parts of a date into a time in UTC; None if there is no such day or time."""
    month = int(parts.get("month") or 1)
    if parts.get("word"):
        month = 1 + MONTHS.index(parts["word"][:3].lower())
    if parts.get("quarter"):
        month = 3 * int(parts["quarter"]) - 2
    hour = int(parts.get("hour") or 0)
    if parts.get("half"):
        if not 1 <= hour <= 12:
            return None
        hour %= 12
        if parts["half"][0].lower() == "p":
            hour += 12
    fraction = (parts.get("fraction") or "").ljust(6, "0")[:6]  # microseconds; the rest is dropped
    zone = parts.get("zone") or "z"
    shift = timedelta(0)
    if "+" in zone or "-" in zone:
        digits = re.sub("[^0-9]", "", zone).ljust(4, "0")
        if int(digits[:2]) > 23 or int(digits[2:]) > 59:
            return None
        shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        if "-" in zone:
            shift = -shift
    try:
        if parts.get("week"):
            weekday = int(parts.get("weekday") or 1)
            day = datetime.fromisocalendar(int(parts["year"]), int(parts["week"]), weekday)
        else:
            day = datetime(int(parts["year"]), month, int(parts.get("day") or 1))
        minute = int(parts.get("minute") or 0)
        second = int(parts.get("second") or 0)
        moment = day.replace(hour=hour, minute=minute, second=second, microsecond=int(fraction))
    except (ValueError, OverflowError):
        return None
    return in_utc(moment, shift)


def is_format(kind: str) -> bool:
    """Return whether a kind is a format of dates or times, rather than of numbers.

    >>> is_format("%d.%m.%Y"), is_format("dmy"), is_format("number 1234.5%")
    (True, False, False)
    """
    return "%" in kind and not kind.startswith("number ")


@cache
def format_pattern(date_format: str) -> re.Pattern[str]:
    """Return the pattern of dates in a format; minutes, seconds and years have all digits."""
    pattern = ""
    for literal, code in re.findall(r"([^%]*)(?:%(.))?", date_format):
        pattern += re.escape(literal)
        if code:
            pattern += PATTERNS_OF_CODES.get(code, ".*")
    return re.compile(pattern, re.ASCII)


def read_date(text: str, date_format: str) -> datetime | None:
    """Parse a date in a format, in UTC; None for any other text. A time alone is of 1970.

    Years of two digits are those of 1969 to 2068, or of the 100 years until one that follows the
    format.

    >>> str(read_date("31.12.2024", "%d.%m.%Y")), read_date("1112024", "%d%m%Y")
    ('2024-12-31 00:00:00', None)
    >>> [str(read_date("7/1/62", f"%m/%d/%y{until}")) for until in ("", " until 2026")]
    ['2062-07-01 00:00:00', '1962-07-01 00:00:00']
    """
    date_format, _, last_year = date_format.partition(UNTIL)
    if format_pattern(date_format).fullmatch(text) is None:
        return None
    digits = {len(number) for number in re.findall("[0-9]+", text)}
    for codes in re.findall("(?:%[dmyYHMSjI]){2,}", date_format):
        # Without signs between them, 1112024 could be 1 November or 11 January.
        n_digits = sum(DIGITS_OF_CODES[code] for code in codes[1::2])
        if n_digits not in digits:
            return None
    try:
        moment = datetime.strptime(text, date_format)
        if last_year:
            n_before = (int(last_year) - moment.year) % 100
            moment = moment.replace(year=int(last_year) - n_before)
    except (ValueError, OverflowError, re.error):  # re.error, if a format has a code twice
        return None
    if is_time(date_format):
        moment = moment.replace(year=1970)
    return to_utc(moment)


def is_time(order: str) -> bool:
    """Return whether an order or a format is that of a time of day without a date.

    >>> is_time("time"), is_time("%H.%M"), is_time("dmy"), is_time("%d.%m.%y %H:%M")
    (True, True, False, False)
    """
    codes = {*re.findall("%(.)", order)}
    has_day = not codes.isdisjoint("djmbByYxcDaAwuUWGV")
    return order == "time" or (bool(codes) and not has_day)


def are_missing_dates(
    dates: NDArray[np.datetime64], missing: Iterable[str], order: str
) -> NDArray[np.bool_]:
    """Return whether each date is NaT, or one of the texts for missing values.

    A marker stands for the last minute of its day, too, because databases write 9999-12-31 also as
    9999-12-31 23:59:59.

    >>> dates = np.array(["9999-12-31T23:59:59", "9999-12-31T12:00"], "M8[us]")
    >>> are_missing_dates(dates, ["9999-12-31"], "ymd").tolist()
    [True, False]
    """
    is_missing = np.isnat(dates)
    marks = np.array(missing_dates(missing, order), "M8[us]")
    if not len(marks):
        return is_missing
    is_missing |= np.isin(dates, marks)
    if not is_time(order):
        days = dates.astype("M8[D]").astype("M8[us]")
        is_last_minute = dates - days >= np.timedelta64(23 * 60 + 59, "m")
        is_missing |= is_last_minute & np.isin(days, marks)
    return is_missing


def missing_dates(missing: Iterable[str], order: str) -> list[datetime]:
    """Find dates among the texts for missing values.

    With the order "ymd", a text is read in any order, and is a date if only one reading fits. With
    others, the order of the column comes first.

    >>> missing_dates(["NA", "9999-12-31", "31.12.2999", "1.2.1900"], "ymd")
    [datetime.datetime(9999, 12, 31, 0, 0), datetime.datetime(2999, 12, 31, 0, 0)]
    """
    orders = {
        "time": ["time"],
        "ymd": ["ymd", "dmy", "mdy"],
        "dmy": ["dmy", "mdy"],  # 12/31/9999 is a date in one order only
        "mdy": ["mdy", "dmy"],
    }
    marks: list[datetime] = []
    for text in missing:
        readings = []
        for order_of_parts in orders.get(order, [order, *orders["ymd"]]):
            moment = parse_datetime(text, order_of_parts)
            if moment is not None:
                readings.append(moment)
        is_ambiguous = order == "ymd" and len(set(readings)) > 1
        if readings and not is_ambiguous:
            marks.append(readings[0])
    return marks
