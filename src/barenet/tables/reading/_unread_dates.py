"""Dates in layouts that are not read because they are ambiguous or in another language.

A column of such dates is rejected. The error names a format that reads them, if there is one.
"""

import re
from collections.abc import Collection, Sequence

from barenet.errors import DataError
from barenet.tables.reading import _date_formats as date_formats, _parsing as parsing
from barenet.tables.reading._date_formats import parse_datetime
from barenet.tables.reading._distinct_texts import FEW, MANY, DistinctTexts

#: Maximum number of different words of months and days of a language beside dates; addresses have
#: more.
MOST_DATE_WORDS = 24
#: Maximum number of characters of a date.
MOST_CHARACTERS = 80
#: Maximum number of different two-digit years beside a month.
MOST_YEARS = 40
#: Minimum numbers of different months and weeks beside years, if they may also be other numbers.
LEAST_NUMBERS = {"month": 10, "week": 40}
#: Maximum number of different terms of a year, such as 2024-1 and 2024-2; there are more months.
MOST_TERMS = 4

#: A day or a month.
_PART = r"(?:0?[1-9]|[12]\d|3[01])"
#: A date; 1.2.10 is a version, and 12.30.45 is a time.
_POINTED = r"\d\d\.(?:0\d|1[0-2])\."
NUMERIC_DATE = re.compile(
    rf"(?=.*[/-]|.*\d{{4}}|{_POINTED}){_PART}([./-]){_PART}\1(\d\d){{1,2}}((T|_|,? +)\d.*)?"
)

#: Three groups of digits, the year first or last, between any other signs.
_YEAR_FIRST = re.compile(rf"(1[5-9]|2[01])\d\d\D{{1,2}}{_PART}\D{{1,2}}{_PART}\D?([ T]\d.*)?")
_YEAR_LAST = re.compile(rf"{_PART}\D{{1,2}}{_PART}\D{{1,2}}(1[5-9]|2[01])\d\d([ T]\d.*)?")

#: A year of the 20th or 21st century, and the number of a week.
YEAR = r"(?:19|20)\d\d"
WEEK_NUMBER = r"(?:0?[1-9]|[1-4]\d|5[0-3])"

#: Dates without signs between their parts, beside a time: 20240131-1230, 20240131_123000.
_COMPACT = re.compile(
    rf"{YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[-_ ]([01]\d|2[0-3])(:?[0-5]\d){{1,2}}"
)
#: Dates with a two-digit year, 5.1.24, which may also be versions; and months with one: 03/24,
#: 24-03.
_SHORT_DATE = re.compile(rf"({_PART})\.(?:0?[1-9]|1[0-2])\.\d\d")
_SHORT_MONTH = re.compile(r"(?:0[1-9]|1[0-2])\s?[-/]\s?\d\d")
_SHORT_YEAR_AND_MONTH = re.compile(r"\d\d\s?[-/]\s?(?:0[1-9]|1[0-2])")
#: Months, quarters, terms, halves and weeks in layouts that are not read: M03-2024, Q1-24, 1Q24,
#: FY24Q1, T1 2024, 2024H1, W05/2024, Week 5, 2024.
_OTHER_PERIOD = re.compile(
    rf"""(?:fy\s?)?(?:{YEAR}|'?\d\d)[-/ ]?q[1-4]
       |(?:q[1-4]|[1-4]q)(?:[-/ ]?|,\s?|\sof\s)(?:fy\s?)?(?:{YEAR}|'?\d\d)
       |(?:fy\s?)?{YEAR}[-/ ]?(?:[hs][12]|t[1-4])
       |(?:[hs][12]|[12][hs]|t[1-4]|[1-4]t)[-/ ]?{YEAR}
       |(?:w|cw|kw|wk|week)[. ]?{WEEK_NUMBER}(?:[-/ ]|,\s?|\sof\s)(?:{YEAR}|\d\d)
       |{YEAR}(?:[-/ _]?|,\s?)(?:w|cw|kw|wk|week)[. ]?{WEEK_NUMBER}
       |m(?:0?[1-9]|1[0-2])[-/ ](?:{YEAR}|\d\d)
       |{YEAR}[-/ _]m(?:0?[1-9]|1[0-2])
       |{YEAR}\s?[年년]\s?(?:0?[1-9]|1[0-2])\s?[月월]
       |{YEAR}[_ |\\](?:0[1-9]|1[0-2])
       |(?:0?[1-9]|1[0-2])(?:[_ |\\]|\s[-/]\s){YEAR}""",
    re.VERBOSE | re.IGNORECASE,
)
#: Months, halves and terms of a two-digit year, and weeks, which may also be other numbers: 8/22,
#: 22/8, 1H08, H1 08, T1 08, 36/2022.
_SHORT_PERIODS = (
    re.compile(r"(?P<month>0?[1-9]|1[0-2])\s?/\s?(?P<year>\d\d)"),
    re.compile(r"(?P<year>\d\d)\s?/\s?(?P<month>0?[1-9]|1[0-2])"),
    re.compile(r"(?:[12]h[-/ ]?|h[12][-/ ]|t[1-4][-/ ])'?(?P<year>\d\d)", re.IGNORECASE),
    re.compile(rf"(?P<week>{WEEK_NUMBER})\s?[-/]\s?(?P<year>{YEAR})"),
)
#: A month or a week and a year as a decimal number: 03.2024, 36.2024.
PERIOD_AND_POINT = rf"{WEEK_NUMBER}\.{YEAR}"
#: Dates that may also be numbers, unless they are beside other dates: 03.2024, 20240131, 8/22.
_MONTH_AND_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_DAY_AND_MONTH = r"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])"
_BESIDE_DATES = re.compile(
    rf"""{PERIOD_AND_POINT}|(?:0?[1-9]|1[0-2])/\d\d
       |{YEAR}{_MONTH_AND_DAY}|(?:{_MONTH_AND_DAY}|{_DAY_AND_MONTH}){YEAR}""",
    re.VERBOSE,
)
#: A year and a number that may be a month, a week, a term or a season: 2024-5, 2024/38.
_NUMBER_IN_YEAR = re.compile(rf"({YEAR})\s?[-/]\s?(\d\d?)")
#: Seconds or milliseconds since 1970, and days, as they are marked: @1579008140, /Date(…)/, D:….
_MARKED_MOMENT = re.compile(
    r"@\d{9,13}|/Date\(-?\d+(?:[+-]\d{4})?\)/|D:\d{8}(?:\d{4,6})?(?:Z|[+-]\d\d'\d\d'?)?"
)
#: The day of the year in ISO 8601: 2024-060.
_ORDINAL = re.compile(rf"{YEAR}-(?:00[1-9]|0[1-9]\d|[12]\d\d|3[0-5]\d|36[0-6])")

#: Every date has one.
_DIGIT = re.compile(r"\d")

#: A date and a time, and the letters of a zone.
_ZONED = re.compile(r"(.*:\d\d.*?) ?[\[(]?([A-Za-z]{2,5}|[A-Za-z]+/[A-Za-z_/]+)[\])]?")

#: The first letters of months in the languages of Western Europe, and a month and a year in them.
_MONTHS = (
    "jan|jän|gen|ene|feb|fev|fév|mar|mär|mrz|mrt|maa|apr|avr|abr|mai|may|mei|mag|jun|juin|giu"
    "|jul|juil|lug|aug|aoû|ago|sep|set|okt|oct|out|ott|nov|dez|dec|déc|dic"
)
_MONTH_AND_YEAR = re.compile(rf"(?:{_MONTHS})[^\W\d_]*[.]?[-/ ](?:de )?{YEAR}", re.IGNORECASE)

#: Formats of dates without signs between their parts, or without a month or a day.
_WHOLE_FORMATS = (
    "%m/%y", "%m-%y", "%y/%m", "%y-%m", "%m / %y", "%m - %y", "%y / %m", "%y - %m",
    "%m / %Y", "%m - %Y", "%Y / %m", "%Y - %m", "%Y|%m", "%m|%Y", "%m.%Y", "%Y%m%d",
    "%Y_%m", "%Y %m", "%m_%Y", "%m %Y", "%Y-M%m", "%Y/M%m", "%Y M%m", "M%m-%Y", "M%m/%Y", "M%m %Y",
    "%Y年%m月", "%Y년 %m월", "D:%Y%m%d", "D:%Y%m%d%H%M%S",
    "%Y%m%d-%H%M", "%Y%m%d_%H%M", "%Y%m%d %H%M", "%Y%m%d-%H%M%S", "%Y%m%d_%H%M%S", "%Y%m%d %H%M%S",
    "%Y%m%d-%H:%M", "%Y%m%d_%H:%M", "%Y%m%d %H:%M",
    "%Y%m%d-%H:%M:%S", "%Y%m%d_%H:%M:%S", "%Y%m%d %H:%M:%S",
)  # fmt: skip

#: Layouts of dates that are recognized but not read.
_UNREAD_LAYOUTS = (
    _YEAR_FIRST, _YEAR_LAST, _COMPACT, _OTHER_PERIOD, _ORDINAL, _MONTH_AND_YEAR, _MARKED_MOMENT,
)  # fmt: skip

#: The zone after a time: 12:30:00 +0100.
_OFFSET = r"(?<=:\d\d)[+-]\d{4}|(?<=:\d\d )[+-]\d{4}"

#: A day, a word and a year: 5. Januar 2024, 5 de enero de 2024.
_WORDED = re.compile(r"\d{1,2}[-./ ]*(?:de )?([^\W\d_]{3,12})\.?(?: de)?[-./ ]*\d{4}( .*)?")

#: Words beside the digits of a date, including abbreviated zones, as written by the command `date`.
_DATE_WORDS = re.compile(
    f"{date_formats.MONTH_WORD}|(mon|tue|wed|thu|fri|sat|sun)([a-z]*day)?"
    "|am|pm|t|of|at|st|nd|rd|th|z|utc|gmt|bst|cest|cet|eest|eet|ist|jst|kst|[aecmp][sd]t"
)


def refuse_unread_dates(column: DistinctTexts) -> None:
    """Reject dates in an ambiguous layout, or in another language."""
    readable = set(column.find(parse_datetime))
    candidates = column.find(_looks_like_date)
    candidates += _short_dates(column)
    candidates += _numbers_in_years(column)
    if len(readable) >= FEW:
        candidates += column.find(_BESIDE_DATES.fullmatch)
    worded = column.find(_WORDED.fullmatch)
    words = {_word_of(text) for text in column.texts_of(worded)}
    if len(words) <= MOST_DATE_WORDS:
        candidates += worded
    codes = []
    for code in dict.fromkeys(candidates):  # each text once
        if code not in readable:
            codes.append(code)
    both = {*codes, *readable}
    if codes and (column.are_nearly_all_different(both) or column.are_nearly_all(both)):
        raise unread_dates(column, codes)


def refuse_dates_beside(column: DistinctTexts, readable: Sequence[int]) -> None:
    """Reject dates that are not read beside more that are, such as 03.2024 beside 2024-03-01.

    They stand for no missing value, as few other texts beside dates may.
    """
    if not readable:
        return
    unread = []
    for code in column.others(readable):
        text = column.texts[code]
        if _looks_like_date(text) or _BESIDE_DATES.fullmatch(text):
            unread.append(code)
    both = {*unread, *readable}
    are_few = 0 < len(unread) < len(readable)
    if not are_few or not column.are_nearly_all(both):
        return
    texts = column.texts_of(unread)
    formats = _fitting_formats(texts, is_numeric=False)
    are_periods = all(_BESIDE_DATES.fullmatch(text) for text in texts)
    if formats or are_periods:
        raise unread_dates(column, unread, formats)


def _short_dates(column: DistinctTexts) -> list[int]:
    """Find months such as 03/24, halves such as 1H08, or days such as 30.1.24, but no versions."""
    for layout in (_SHORT_MONTH, _SHORT_YEAR_AND_MONTH):
        months = column.find(layout.fullmatch)
        if len(months) >= MANY and not column.others(months):
            return months
    for layout in _SHORT_PERIODS:
        periods = column.find(layout.fullmatch)
        has_others = len(column.others(periods)) > 0
        if not has_others and _may_have_years(layout, column.texts_of(periods)):
            return periods
    days = column.find(_SHORT_DATE.fullmatch)
    for text in column.texts_of(days):
        day, _, _ = text.partition(".")
        if int(day) > 12 and len(days) >= MANY:
            return days
    return []


def _may_have_years(layout: re.Pattern[str], texts: Sequence[str]) -> bool:
    """Return whether the numbers beside months or halves are years, not those of rooms or scores.

    Years follow each other without a gap, and unlike numbers of rooms, they rarely begin with 01.
    A table has nearly all months of a year.
    """
    numbers_by_part: dict[str, set[int]] = {}
    for text in texts:
        match = layout.fullmatch(text)
        if match is None:
            continue
        for part, number in match.groupdict().items():
            numbers_by_part.setdefault(part, set()).add(int(number))
    for part, least in LEAST_NUMBERS.items():
        if part in numbers_by_part and len(numbers_by_part[part]) < least:
            return False
    written_years = numbers_by_part.get("year", set())
    years = {_full_year(year) for year in written_years}
    if not 2 <= len(years) <= MOST_YEARS:
        return False
    if min(written_years) == 1:
        return False
    first = min(years)
    last = max(years)
    has_gap = last - first + 1 > len(years)
    return not has_gap


def _full_year(year: int) -> int:
    """Return the year with its century: a two-digit one is from 1969 to 2068, as %y reads it."""
    if year < 69:
        return 2000 + year
    if year < 100:
        return 1900 + year
    return year


def _numbers_in_years(column: DistinctTexts) -> list[int]:
    """Find years and numbers such as 2024-38, unless they are all terms or seasons: 2009/10."""
    codes = column.find(_NUMBER_IN_YEAR.fullmatch)
    texts = column.texts_of(codes)
    numbers = set()
    for text in texts:
        match = _NUMBER_IN_YEAR.fullmatch(text)
        if match is not None:
            numbers.add(int(match[2]))
    may_be_terms = len(numbers) <= MOST_TERMS
    if may_be_terms or all(is_season(text) for text in texts):
        return []
    return codes


def is_season(text: str) -> bool:
    """Return whether a text is a year and the next one: 2009/10."""
    match = re.fullmatch(r"(\d\d\d\d)\s?[-/]\s?(\d\d)", text)
    if match is None:
        return False
    next_year = int(match[1]) + 1
    return next_year % 100 == int(match[2])


def _word_of(text: str) -> str:
    """Return the word in a date such as 5. Januar 2024."""
    match = _WORDED.fullmatch(text)
    if match is None:
        return ""
    return match[1].lower()


def _looks_like_date(text: str) -> bool:
    """Return whether a text looks like a date, but not in a layout that is read.

    >>> [_looks_like_date(text) for text in ("05-Jan-24", "2024-01-05 12:30 EST", "2024_01_05")]
    [True, True, True]
    >>> [_looks_like_date(text) for text in ("20240105-1230", "2024-060", "1Q24", "Januar 2024")]
    [True, True, True, True]
    >>> [_looks_like_date(text) for text in ("May", "12 May Road", "192.168.100.101")]
    [False, False, False]
    """
    if len(text) > MOST_CHARACTERS or _DIGIT.search(text) is None:
        return False
    for layout in _UNREAD_LAYOUTS:
        if layout.fullmatch(text):
            return True
    zoned = _ZONED.fullmatch(text)
    if zoned is not None and is_date(zoned[1].rstrip()):
        return True
    has_month = False
    for word in re.findall(r"[^\W\d_]+", text.lower()):
        if not _DATE_WORDS.fullmatch(word):
            return False
        if re.fullmatch(date_formats.MONTH_WORD, word):
            has_month = True
    return has_month


def is_date(text: str) -> bool:
    """Return whether a text is a date in any order."""
    return any(parse_datetime(text, order) for order in date_formats.LAYOUTS_BY_ORDER)


def unread_dates(
    column: DistinctTexts,
    codes: Sequence[int],
    formats: Sequence[str] | None = None,
    *,
    is_ambiguous: bool = False,
    is_numeric: bool = False,
    are_numbers: bool = False,
) -> DataError:
    """Make the error for dates, with the formats that they may have."""
    texts = column.texts_of(codes)
    if formats is None:
        formats = _fitting_formats(texts, is_numeric=is_numeric)
    proposed = _proposed(formats)
    remedy = _condition_of(formats, texts, is_ambiguous=is_ambiguous)
    remedy += f"{_way_to_read(column, proposed)}; "
    if are_numbers:
        remedy += "to read numbers, use {numeric}; "
    remedy += column.if_names
    return column.fault(codes, "a date such as 2024-12-31", remedy, **proposed)


def _proposed(formats: Sequence[str]) -> dict[str, str]:
    """Return the likeliest format and one whose year is first, by their options in a remedy."""
    proposed = {}
    if formats:
        proposed["date_format"] = formats[0]
    if len(formats) > 1 and formats[-1].startswith("%y"):
        proposed["date_format_"] = formats[-1]
    return proposed


def _condition_of(formats: Sequence[str], texts: Sequence[str], *, is_ambiguous: bool) -> str:
    """Write what must be known or changed before a format reads dates; empty if nothing."""
    condition = ""
    fitting = set(formats)
    fits_both_orders = fitting.issuperset(("%d%m%Y", "%m%d%Y"))
    fits_both_short_orders = fitting.issuperset(("%d%m%y", "%m%d%y"))
    if is_ambiguous or fits_both_orders or fits_both_short_orders:
        condition = "the order of its parts is ambiguous: "
    if not formats:
        return condition
    has_short_year_alone = "%d" not in formats[0] and "%y" in formats[0]
    if has_short_year_alone and _may_be_days(texts):
        condition += "add the year if the number is a day; if it is the year, "
    return condition


def _way_to_read(column: DistinctTexts, proposed: dict[str, str]) -> str:
    """Write how dates are read: with a format, if there is one, or else after a conversion."""
    if not proposed:
        return "convert the column to dates"
    if column.frame.has_csv_options:
        options = [f"{{{option}}}" for option in proposed]
        either = " or, if the year is first, ".join(options)
        return f"read the file with {either}, or convert the column to dates"
    calls = [_conversion(column, date_format) for date_format in proposed.values()]
    either = " or, if the year is first, ".join(calls)
    return f"convert the column to dates with {either}"


def _fitting_formats(texts: Sequence[str], *, is_numeric: bool) -> list[str]:
    """Find formats that read nearly all dates; the likeliest need not, if it has only numbers."""
    formats = []
    for place, date_format in enumerate(_date_formats(texts)):
        is_likeliest = place == 0
        if (is_likeliest and is_numeric) or _fits(date_format, texts):
            formats.append(date_format)
    return formats


def _may_be_days(texts: Sequence[str]) -> bool:
    """Return whether the numbers beside months may be days, as in 23-Mar and 07/21."""
    for text in texts:
        for number in re.findall(r"\d+", text):
            if not 1 <= int(number) <= 31:
                return False
    return True


def _conversion(column: DistinctTexts, date_format: str) -> str:
    """Write the pandas call that reads dates in a format, besides others or missing values."""
    are_all = _n_read(date_format, column.texts.values()) == len(column.texts)
    if are_all and not column.some_missing:
        return f"pandas.to_datetime(column, format={date_format!r})"
    dates = f"pandas.to_datetime(column, format={date_format!r}, errors='coerce')"
    if are_all:
        return dates
    # The format "mixed" would also read some of the others as dates in this order.
    return f"{dates}.fillna(pandas.to_datetime(column, format='ISO8601', errors='coerce'))"


def _fits(date_format: str, texts: Sequence[str]) -> bool:
    """Return whether a format reads nearly all dates, so that it can be recommended."""
    has_year = "%y" in date_format.lower()
    if date_format[:2] == "%y" and "%d" not in date_format:
        years = {text[:2] for text in texts}
        if len(years) > MOST_YEARS:  # these are weeks
            return False
    if not has_year or date_formats.fault_of_format(date_format) is not None:
        return False
    return _n_read(date_format, texts) >= parsing.NEARLY_ALL * len(texts)


def _n_read(date_format: str, texts: Collection[str]) -> int:
    """Count the texts that are dates in a format."""
    n_read = 0
    for text in texts:
        if date_formats.rewrite_date(text, date_format) is not None:
            n_read += 1
    return n_read


def _date_formats(texts: Sequence[str]) -> list[str]:
    """Find the formats that dates may have, the likelier first; none for quarters and the like.

    The day comes first unless that makes a month greater than 12.

    >>> _date_formats(["05/17/2024 12:30"]), _date_formats(["24-12-31"])
    (['%m/%d/%Y %H:%M'], ['%d-%m-%y', '%y-%m-%d'])
    >>> _date_formats(["20240105-1230"]), _date_formats(["2024-060"])
    (['%Y%m%d-%H%M'], ['%Y-%j'])
    >>> _date_formats(["05-Jan-24"]), _date_formats(["Fri Jan 5 12:30:00 2024"])
    (['%d-%b-%y'], ['%a %b %d %H:%M:%S %Y'])
    """
    if all(_ORDINAL.fullmatch(text) for text in texts):
        return ["%Y-%j"]
    for date_format in _WHOLE_FORMATS:
        if _fits(date_format, texts):
            return [date_format]
    if re.search(r"[^\W\d_]{6,}", texts[0]) and not _looks_like_date(texts[0]):
        return []
    if _OTHER_PERIOD.fullmatch(texts[0]):  # where a number would be the month
        return []
    split = re.split(rf"({_OFFSET}|\d+|[^\W\d_]+)", texts[0])
    parts = [part for part in split if part]
    has_month = any(re.fullmatch(date_formats.MONTH_WORD, part.lower()) for part in parts)
    has_year = any(re.fullmatch(r"\d{4}", part) for part in parts)
    orders = _orders_of_numbers(texts, has_month=has_month, has_year=has_year)
    hour = "%H"
    if re.search(r"(?i)[ap]m\b", texts[0]):
        hour = "%I"
    times = [hour, "%M", "%S", "%f"]
    return [_format_of(parts, order, times) for order in orders]


def _orders_of_numbers(texts: Sequence[str], *, has_month: bool, has_year: bool) -> list[list[str]]:
    """Find the orders of day, month and year, apart from a month in letters or a four-digit year.

    The likelier order is first.
    """
    first = texts[0]
    if has_month and has_year:
        return [["%d"]]
    if has_month and len(re.findall(r"\d+", first)) == 1:
        return [["%y"]]
    if has_month:
        return [["%d", "%y"]]
    if re.match(r"\D*\d{4}", first):
        return [["%m", "%d"]]
    day_and_month = ["%d", "%m"]
    if _has_month_first(texts):
        day_and_month = ["%m", "%d"]
    if has_year:
        return [day_and_month]
    return [[*day_and_month, "%y"], ["%y", "%m", "%d"]]


def _has_month_first(texts: Sequence[str]) -> bool:
    """Return whether the second number of a date is over 12, so that it can't be a month."""
    for text in texts:
        numbers = re.findall(r"\d+", text)
        if len(numbers) > 1 and int(numbers[1]) > 12:
            return True
    return False


def _format_of(parts: Sequence[str], dates: Sequence[str], times: Sequence[str]) -> str:
    """Write the format of a date, given the codes of its numbers in order."""
    dates = list(dates)
    times = list(times)
    written = []
    for place, part in enumerate(parts):
        neighbours = "".join(parts[max(0, place - 1) : place + 2])
        lower = part.lower()
        if re.fullmatch(r"[+-]\d{4}", part):
            written.append("%z")
        elif re.fullmatch(r"\d{4}", part):
            written.append("%Y")
        elif part.isdecimal() and dates and ":" not in neighbours:
            written.append(dates.pop(0))
        elif part.isdecimal() and times:
            written.append(times.pop(0))
        elif re.fullmatch(date_formats.MONTH_WORD, lower):
            written.append(_code_of_name(part, short="%b", full="%B"))
        elif re.fullmatch("(mon|tue|wed|thu|fri|sat|sun)([a-z]*day)?", lower):
            written.append(_code_of_name(part, short="%a", full="%A"))
        elif lower in ("am", "pm"):
            written.append("%p")
        else:
            written.append(part.replace("%", "%%"))
    return "".join(written)


def _code_of_name(name: str, *, short: str, full: str) -> str:
    """Return the code of an abbreviated or a full name of a month or a day."""
    if len(name) == 3:
        return short
    return full
