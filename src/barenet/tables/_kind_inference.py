"""Infers the kind of a column from its values: number, date, time of day, boolean or category.

There is one rule: a text column is read as names only if nothing else is likely. Texts that mark
missing values (`_missing_texts`) are set aside. If all other values are numbers, dates or times, so
is the column. The column is rejected if nearly all of them are, counted by rows or by different
values; if they look like numbers or dates in an ambiguous layout; or if they look like numbers,
dates or times among the same letters. The error then lists the options that read the column without
a loss. Only what remains is a category.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.errors import LONGEST, DataError, printable, some
from barenet.tables import _date_formats as date_formats, _parsing as parsing
from barenet.tables._date_formats import parse_datetime
from barenet.tables._frame import Frame
from barenet.tables._missing_texts import is_absent

#: How many different values of a kind count as many, and how many others beside them as few.
MANY = 10
FEW = 5

#: Maximum number of different units beside numbers, such as kg and g; house numbers such as 12a
#: have more.
MOST_UNITS = 3
#: Maximum number of different units after a fraction or a space, such as kB, MB and GB; streets
#: have more.
MOST_SPACED_UNITS = 10
#: Maximum number of different words of months and days of a language beside dates; addresses have
#: more.
MOST_DATE_WORDS = 24

#: A number with a comma, and one whose comma cannot separate thousands.
_COMMA = r"[+-]?\d*,\d+"
_DECIMALS = rf"(?![+-]?[1-9]\d{{0,2}},\d{{3}}\Z){_COMMA}"

#: Numbers with points and with commas between their thousands.
_POINTS = r"[+-]?\d{1,3}(\.\d{3})+,\d+|[+-]?\d{1,3}(\.\d{3}){2}"
_COMMAS = r"[+-]?\d{1,3}(,\d{3})+\.\d+|[+-]?\d{1,3}(,\d{3}){2,}"
#: Indian commas: 1,23,45,678.9.
_LAKHS = r"[+-]?\d{1,2}(,\d\d)+,\d{3}(\.\d+)?"

#: A number with a sign such as % or $, in brackets, with spaces between its thousands, or with a
#: dash as its fraction, such as 5,- and 5.–, whose dash `plain_minus` writes as -.
_SIGNED = rf"[+-]?[{parsing.SIGNS}]\s?[+-]?\d[\d.,'’\s]*|[+-]?\d[\d.,'’\s]*[{parsing.SIGNS}]"
_BRACKETED = rf"[{parsing.SIGNS}]?\([{parsing.SIGNS}]?\d[\d.,'’\s]*\)"
_DASHED = r"\d[\d.,'’\s]*[.,]-+"
_MARKED = rf"{_SIGNED}|{_BRACKETED}|{_DASHED}|[+-]?[1-9]\d{{0,2}}(['’\s]\d{{3}})+([.,]\d+)?"

#: A day or a month.
_PART = r"(?:0?[1-9]|[12]\d|3[01])"
#: A date; 1.2.10 is a version, and 12.30.45 is a time.
_POINTED = r"\d\d\.(?:0\d|1[0-2])\."
_DATE = rf"(?=.*[/-]|.*\d{{4}}|{_POINTED}){_PART}([./-]){_PART}\1(\d\d){{1,2}}([ T]\d.*)?"

#: Formats of numbers that depend on the country, and remedies.
_LOCAL_NUMBERS = {
    _POINTS: "remove the points between the thousands, and use {decimal}",
    _COMMAS: "remove the commas between the thousands",
    _LAKHS: "remove the commas between the thousands",
    _MARKED: "write the number alone, (5) as -5; if these are names, use {categories}",
    _DECIMALS: "for a decimal comma, use {decimal}; correct any others",
    _COMMA: "remove commas between thousands; for decimal commas, use {decimal}",
}
LOCAL_NUMBER = re.compile("|".join(_LOCAL_NUMBERS))

#: Decimal points of other scripts: the middle dot, and the Arabic decimal separator.
_DECIMAL_POINTS = "\N{MIDDLE DOT}\N{DOT OPERATOR}\N{ARABIC DECIMAL SEPARATOR}"

#: Remedies that replace the option `decimal`, which only CSV files have.
_WITHOUT_POINTS = "column.str.replace('.', '').str.replace(',', '.')"
_WITH_POINTS = "column.str.replace(',', '.')"
_NUMBERS_IN_MEMORY = {
    _POINTS: f"write numbers with a point alone, as {_WITHOUT_POINTS} of pandas does",
    _DECIMALS: f"for a decimal comma, use {_WITH_POINTS} of pandas; correct any others",
    _COMMA: f"remove commas between thousands; for decimal commas, use {_WITH_POINTS} of pandas",
}

#: A number followed by its unit, such as kg, km/h and m2, or after a sign or a word of comparison;
#: SAP's 5- is -5.
_WITH_UNIT = re.compile(
    r"[+-]?\d[\d.,]*\s?([^\W\d_]{1,8}[23]?(?:/[^\W\d_]{1,5}[23]?)?|[°'\"*][CF]?)"
)
_COMPARED = re.compile(
    r"(?i:[<>≤≥~≈]=?|ca[.]?|circa|approx[.]?|about|under|over|up to)\s?[+-]?\d[\d.,]*|\d+-"
)
#: A unit after a fraction or a space, unlike the letter of a house number.
_SPACED_UNIT = re.compile(r"[+-]?\d+([.,]\d+|\s)[\d.,]*\D.*")

#: A length in feet and inches, an angle with its minutes, or a whole number and a fraction: 6'8",
#: 68°50'19"N, 29 3/8.
_COMPOUND = re.compile(
    r"""\d+\s?['’′]\s?\d+([.]\d+)?\s?(["”″]|'')
      |\d+\s?°\s?\d+([.]\d+)?\s?['’′](\s?\d+([.]\d+)?\s?(["”″]|''))?\s?[NSEWO]?
      |\d+[ -]\d{1,2}/\d{1,2}""",
    re.VERBOSE,
)

#: A number after the code of one of the most traded currencies: USD 57.
_CURRENCIES = (
    "USD|EUR|JPY|GBP|CNY|AUD|CAD|CHF|HKD|SGD|SEK|KRW|NOK|NZD|INR|MXN|TWD|ZAR|BRL|DKK|PLN|THB|ILS"
    "|IDR|CZK|AED|TRY|HUF|CLP|SAR|PHP|MYR|COP|RUB|RON|PEN|UAH|ARS|EGP|VND|NGN|KZT|BGN|ISK"
    "|US[$]|A[$]|C[$]|R[$]|HK[$]|Rs[.]?|kr[.]?"
)
_PRICED = re.compile(rf"(?:{_CURRENCIES})\s?[+-]?\d[\d.,'’\s]*")

#: A time that is not a time of day: a duration such as 45:12 or 0 days 02:30:00; and other texts
#: that may be a duration or a time: 20h28, 2h 5m, PT2H5M, 3 years 2 months, P3Y2M.
_CLOCK = r"[+-]?(\d+ days?,? [+-]?)?\d{1,4}:\d\d(:\d\d(\.\d+)?)?"
_UNIT_OF_TIME = (
    "y|yrs?|years?|mos?|months?|w|wks?|weeks?"
    "|d|days?|h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?"
)
_TIME_IN_WORDS = rf"(\d+([.,]\d+)?\s?({_UNIT_OF_TIME})[,:\s]*)+(\d\d)?"
_ISO_DURATION = r"P(?=T?\d)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(\d+H)?(\d+M)?([\d.]+S)?)?"
_DURATION = re.compile(f"{_CLOCK}|(?i:{_TIME_IN_WORDS}|{_ISO_DURATION})")

#: Dates, times and decimal numbers in a text, and other digits; 1.2.3 is not a number.
_MEASURES = re.compile(
    r"""(?<!\d)(?P<date>(?:\d{4}(?P<sign>[-/.])\d\d?(?P=sign)\d\d?
                        |\d\d?(?P<other>[-/.])\d\d?(?P=other)\d{4})
                       (?:[T ]\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?)?)(?!\d)
      |(?<![\d:])(?P<time>\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?)(?![\d:])
      |(?<![\d.,])(?P<decimal>\d+(?:[.,'’\ ]\d{3})*[.,]\d+)(?![.,]?\d)
      |\d+""",
    re.VERBOSE | re.ASCII,
)

#: Three groups of digits, the year first or last, between any other signs.
_YEAR_FIRST = re.compile(rf"(1[5-9]|2[01])\d\d\D{{1,2}}{_PART}\D{{1,2}}{_PART}\D?([ T]\d.*)?")
_YEAR_LAST = re.compile(rf"{_PART}\D{{1,2}}{_PART}\D{{1,2}}(1[5-9]|2[01])\d\d([ T]\d.*)?")

#: Dates without signs between their parts, beside a time: 20240131-1230, 20240131_123000.
_YEAR = r"(?:19|20)\d\d"
_COMPACT = re.compile(
    rf"{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[-_ ]([01]\d|2[0-3])(:?[0-5]\d){{1,2}}"
)
#: Eight digits that are a day, a month and a year, in either order; and four digits that are a
#: time.
_DIGITS_OF_DATE = re.compile(rf"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|[12]\d|3[01]){_YEAR}")
_DIGITS_OF_TIME = re.compile(r"([01]\d|2[0-3])([0-5]\d)")
#: Dates with a two-digit year, 5.1.24, which may also be versions; and months with one, 03/24.
_SHORT_DATE = re.compile(rf"({_PART})\.(?:0?[1-9]|1[0-2])\.\d\d")
_SHORT_MONTH = re.compile(r"(?:0[1-9]|1[0-2])/\d\d")

#: Quarters, halves and weeks in layouts that are not read: Q1-24, 1Q24, FY24Q1, 2024H1, W05/2024.
_OTHER_PERIOD = re.compile(
    rf"""(?:fy\s?)?(?:{_YEAR}|'?\d\d)[-/ ]?q[1-4]
       |(?:q[1-4]|[1-4]q)[-/ ]?(?:fy\s?)?(?:{_YEAR}|'?\d\d)
       |(?:fy\s?)?{_YEAR}[-/ ]?h[12]
       |(?:h[12]|[12]h)[-/ ]?{_YEAR}
       |(?:w|cw|kw|wk|week)[. ]?(?:0?[1-9]|[1-4]\d|5[0-3])[-/ ]{_YEAR}
       |{_YEAR}[-/ ](?:cw|kw|wk|week)[. ]?(?:0?[1-9]|[1-4]\d|5[0-3])""",
    re.VERBOSE | re.IGNORECASE,
)
#: The day of the year in ISO 8601: 2024-060.
_ORDINAL = re.compile(rf"{_YEAR}-(?:00[1-9]|0[1-9]\d|[12]\d\d|3[0-5]\d|36[0-6])")

#: A date and a time, and the letters of a zone.
_ZONED = re.compile(r"(.*:\d\d.*?) ?[\[(]?([A-Za-z]{2,5}|[A-Za-z]+/[A-Za-z_/]+)[\])]?")

#: The first letters of months in the languages of Western Europe, and a month and a year in them.
_MONTHS = (
    "jan|jän|gen|ene|feb|fev|fév|mar|mär|mrz|mrt|maa|apr|avr|abr|mai|may|mei|mag|jun|juin|giu"
    "|jul|juil|lug|aug|aoû|ago|sep|set|okt|oct|out|ott|nov|dez|dec|déc|dic"
)
_MONTH_AND_YEAR = re.compile(rf"(?:{_MONTHS})[^\W\d_]*[.]?[-/ ](?:de )?{_YEAR}", re.IGNORECASE)

#: Formats of dates without signs between their parts, or without a month or a day.
_WHOLE_FORMATS = (
    "%Y-%j", "%m/%y", "%d%m%Y", "%m%d%Y",
    "%Y%m%d-%H%M", "%Y%m%d_%H%M", "%Y%m%d %H%M", "%Y%m%d-%H%M%S", "%Y%m%d_%H%M%S", "%Y%m%d %H%M%S",
    "%Y%m%d-%H:%M", "%Y%m%d_%H:%M", "%Y%m%d %H:%M",
    "%Y%m%d-%H:%M:%S", "%Y%m%d_%H:%M:%S", "%Y%m%d %H:%M:%S",
)  # fmt: skip

#: Layouts of dates that are recognized but not read.
_UNREAD_LAYOUTS = (
    _YEAR_FIRST, _YEAR_LAST, _COMPACT, _OTHER_PERIOD, _ORDINAL, _MONTH_AND_YEAR,
)  # fmt: skip

#: The zone after a time: 12:30:00 +0100.
_OFFSET = r"(?<=:\d\d)[+-]\d{4}|(?<=:\d\d )[+-]\d{4}"

#: A day, a word and a year: 5. Januar 2024, 5 de enero de 2024.
_WORDED = re.compile(r"\d{1,2}[-./ ]*(?:de )?([^\W\d_]{3,12})\.?(?: de)?[-./ ]*\d{4}( .*)?")

#: The remedy for times and durations.
_WRITE_TIMES = "write a time of day as 20:28, and write a duration as a number, such as its seconds"

#: Words beside the digits of a date, including abbreviated zones, as written by the command `date`.
_DATE_WORDS = re.compile(
    f"{date_formats.MONTH_WORD}|(mon|tue|wed|thu|fri|sat|sun)([a-z]*day)?"
    "|am|pm|t|of|at|st|nd|rd|th|z|utc|gmt|bst|cest|cet|eest|eet|ist|jst|kst|[aecmp][sd]t"
)


@dataclass(frozen=True, eq=False)
class _TextColumn:
    """A text column: the code of each value, and the texts by code, without missing ones."""

    frame: Frame
    name: str
    codes: NDArray[np.int64]
    texts: dict[int, str]
    #: Whether the column may be left out, unlike a column to split the rows by.
    may_be_dropped: bool = True

    @property
    def if_names(self) -> str:
        """The remedy for a column that may hold names."""
        remedy = "if the column holds names, use {categories}"
        if self.may_be_dropped:
            remedy += "; to leave it out, use {drop}"
        return remedy

    @property
    def some_missing(self) -> bool:
        """Whether some values are missing."""
        return len(np.unique(self.codes)) > len(self.texts)

    def find(self, is_one: Callable[[str], Any]) -> list[int]:
        """Find the codes of the values of a kind, in the order of their first rows."""
        codes = []
        for code, text in self.texts.items():
            answer = is_one(text)  # a match or a value (even 0), or else None or False
            if answer is not None and answer is not False:
                codes.append(code)
        return codes

    def others(self, codes: Collection[int]) -> list[int]:
        """Return the codes of all other values that are not missing."""
        left_out = set(codes)
        return [code for code in self.texts if code not in left_out]

    def texts_of(self, codes: Collection[int]) -> list[str]:
        """Return the texts of some codes."""
        return [self.texts[code] for code in codes]

    def share(self, codes: Collection[int]) -> float:
        """Compute the fraction of the rows with a value that have one of these."""
        counts = np.bincount(self.codes)
        n_others = counts[self.others(codes)].sum()
        n_rows = counts[list(self.texts)].sum()
        return float(1 - n_others / n_rows)

    def are_nearly_all(self, codes: Collection[int]) -> bool:
        """Return whether values are in nearly all rows, or are many different ones beside few."""
        if not codes:
            return False
        if self.share(codes) >= parsing.NEARLY_ALL:
            return True
        n_different = len(set(codes))
        n_others = len(self.texts) - n_different
        few = max(FEW, (1 - parsing.NEARLY_ALL) * len(self.texts))
        return n_different >= MANY and n_others <= few

    def are_nearly_all_different(self, codes: Collection[int]) -> bool:
        """Return whether values are nearly all of the different values, however few."""
        return len(set(codes)) >= parsing.NEARLY_ALL * len(self.texts)

    def are_mostly_different(self) -> bool:
        """Return whether there are many values, which are unique in more than half of the rows."""
        counts = np.bincount(self.codes)
        n_rows = counts[list(self.texts)].sum()
        return len(self.texts) >= MANY and len(self.texts) > n_rows / 2

    def fault(
        self, codes: Collection[int], expected: str, remedy: str, **options: object
    ) -> DataError:
        """Describe the first wrong value in the file, where the order of the rows may differ."""
        row = parsing.first_row(self.frame, np.isin(self.codes, [*codes]))
        options |= {"categories": [self.name], "drop": [self.name], "numeric": [self.name]}
        return self.frame.fault(row, self.name, expected, remedy, **options)


def kinds_of(frame: Frame, names: Sequence[str], missing: Collection[str]) -> dict[str, str]:
    """Infer the kinds of columns, by name; a single error names all rejected columns.

    >>> from barenet.tables._to_frame import as_frame
    >>> towns = as_frame({"zip": ["01067", "10115"], "size": ["3", "?"]})
    >>> kinds_of(towns, ["zip", "size"], ["?"])
    {'zip': 'category', 'size': 'number'}
    """
    kinds = {}
    errors = []
    for name in names:
        try:
            kinds[name] = kind_of(frame, name, missing)
        except DataError as error:
            errors.append(error)
    raise_together(errors)
    return kinds


def raise_together(errors: Sequence[DataError]) -> None:
    """Raise the errors of several columns as one, if there are any."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise _joined(errors)


def _joined(errors: Sequence[DataError]) -> DataError:
    """Join the errors of several columns, with a single remedy for those that share it."""
    first, *others = errors
    places = []
    for error in others:
        place = f"row {error.row}"
        if error.line is not None:
            place = f"line {error.line}"
        if error.path != first.path:
            place = f"{printable(error.path)}, {place}"
        shown = str(error.value)[:30]
        places.append(f"{error.column!r} ({place}: {shown!r})")
    columns = "columns"
    if len(others) == 1:
        columns = "column"
    problem = f"{first.problem}; likewise {columns} {some(places)}"

    date_formats = set()
    for error in errors:
        date_format = error.options.get("date_format")
        if date_format is not None:
            date_formats.add(date_format)
    if len(date_formats) > 1:
        for error in errors:
            _name_column_of_formats(error)
    groups: dict[Any, list[DataError]] = {}
    for error in errors:
        others_of_remedy = []
        for value in error.options.values():
            if not isinstance(value, list | dict):
                others_of_remedy.append(str(value))
        groups.setdefault((error.remedy, *others_of_remedy), []).append(error)
    remedies = []
    options: dict[str, object] = {}
    for number, group in enumerate(groups.values()):
        remedy = group[0].remedy
        # The longest first, so that date_format_ isn't taken for date_format.
        for option in sorted(group[0].options, key=len, reverse=True):
            renamed = option + "_" * 2 * number
            remedy = remedy.replace(f"{{{option}}}", f"{{{renamed}}}")
            values = [error.options[option] for error in group]
            options[renamed] = _united(values)
        if len(groups) > 1:
            names = [str(error.column) for error in group]
            remedy = f"for {some(names)}: {remedy}"
        remedies.append(remedy)
    joined = DataError(
        problem,
        argument=first.argument,
        path=first.path,
        line=first.line,
        value=first.value,
        expected=first.expected,
        remedy="; ".join(remedies),
        **options,
    )
    joined.row = first.row
    joined.column = first.column
    return joined


def _name_column_of_formats(error: DataError) -> None:
    """Name the column of each format of dates that an error recommends."""
    for option in ("date_format", "date_format_"):
        if option in error.options:
            error.options[option] = {str(error.column): error.options[option]}


def _united(values: Sequence[Any]) -> Any:
    """Merge the lists or dictionaries of an option; other values are equal."""
    if isinstance(values[0], dict):
        joined: dict[str, Any] = {}
        for value in values:
            joined |= value
        return joined
    if not isinstance(values[0], list):
        return values[0]
    united: dict[Any, None] = {}
    for value in values:
        united |= dict.fromkeys(value)
    return list(united)


def kind_of(
    frame: Frame, name: str, missing: Collection[str], *, may_be_dropped: bool = True
) -> str:
    """Infer the kind of a column, in the form that `parse_column` takes.

    >>> from barenet.tables._to_frame import as_frame
    >>> towns = as_frame({"zip": ["01067", "10115"], "open": ["yes", "no"], "size": ["3", "?"]})
    >>> [kind_of(towns, name, ["?"]) for name in towns.columns]
    ['category', 'boolean', 'number']
    """
    values = frame[name]
    if values.dtype.kind == "f" and np.isinf(values).any():
        parsing.as_numbers(frame, name, missing)  # this rejects infinities that are not missing
    if values.dtype.kind != "T":
        return {"b": "boolean", "M": "ymd"}.get(values.dtype.kind, "number")
    codes, texts = parsing.unique_texts(values)
    present = {}
    values_by_code = {}
    for code, text in enumerate(texts):
        if text in missing:
            continue
        present[code] = text
        if not is_absent(text):
            values_by_code[code] = text
    # A column with only absent values, such as ".", has names.
    column = _TextColumn(frame, name, codes, values_by_code or present, may_be_dropped)
    order = _order_of_dates(column)
    if order is not None:
        return order
    _refuse_other_digits(column)
    _refuse_local_numbers(column)
    numbers = column.find(parsing.read_number)
    _refuse_units(column, numbers)
    if _are_all(column, numbers, "a number"):
        return _number_or_code(column, numbers)
    if _are_all(column, _without_seasons(column), "a date"):
        return "ymd"
    if _are_all(column, column.find(date_formats.parse_time_of_day), "a time of day"):
        return "time"
    _refuse_unread_dates(column)
    _refuse_durations(column)
    _refuse_decorated(column)
    words = {text.lower() for text in column.texts.values()}
    if parsing.are_booleans(words):
        return "boolean"
    return "category"


def _are_all(column: _TextColumn, codes: Sequence[int], expected: str) -> bool:
    """Return whether all values are of a kind; reject a column if nearly all are."""
    others = column.others(codes)
    if not others:
        return True
    if not column.are_nearly_all(codes):
        return False
    share = np.floor(1000 * column.share(codes)) / 10
    texts = column.texts_of(others)
    remedy = "if the column holds names, use {categories}"
    if len(texts[0]) <= LONGEST:
        remedy = f"if it stands for a missing value, use {{missing}}; {remedy}"
    short_texts = [text for text in texts if len(text) <= LONGEST]
    expected = f"{expected}, as in {share:g} % of the rows"
    raise column.fault(others[:1], expected, remedy, missing=short_texts[:FEW])


def _number_or_code(column: _TextColumn, numbers: Sequence[int]) -> str:
    """Return the kind of a column of numbers, some of which may be names, such as 00123."""
    codes = column.find(parsing.is_code)
    if not codes:
        return "number"
    names = column.others(codes)
    widths = {len(text) for text in column.texts.values()}
    few = max(FEW, (1 - parsing.NEARLY_ALL) * len(numbers))
    if len(codes) <= few and len(names) >= MANY and len(widths) > 1:
        expected = "a number of up to 15 digits without a zero before it, as in other rows"
        remedy = "to read numbers, use {numeric}; if the column holds names, use {categories}"
        raise column.fault(codes, expected, remedy)
    _refuse_digits_of_dates(column)
    _refuse_digits_of_times(column)
    return "category"


def _refuse_digits_of_dates(column: _TextColumn) -> None:
    """Reject many eight-digit numbers that are all dates, such as 05012024."""
    dates = column.find(_DIGITS_OF_DATE.fullmatch)
    if len(dates) >= MANY and not column.others(dates):
        texts = column.texts_of(dates)
        if _fits("%d%m%Y", texts) or _fits("%m%d%Y", texts):
            raise _unread_dates(column, dates)


def _refuse_digits_of_times(column: _TextColumn) -> None:
    """Reject many four-digit numbers that are all times of day, such as 0925 and 1400.

    Other codes don't look like hours and minutes: some end with 60 or more, or none with 00.
    """
    times = column.find(_DIGITS_OF_TIME.fullmatch)
    if len(times) < MANY or column.others(times):
        return
    hours = set()
    minutes = set()
    for text in column.texts_of(times):
        hours.add(text[:2])
        minutes.add(text[2:])
    if len(hours) >= MANY and "00" in minutes and max(minutes) >= "45":
        remedy = f"{_WRITE_TIMES}; {column.if_names}"
        raise column.fault(times, "a time of day such as 09:25", remedy)


def _refuse_other_digits(column: _TextColumn) -> None:
    """Reject numbers, dates and times whose digits or signs are not ASCII."""
    written_otherwise = []
    for code, text in column.texts.items():
        if not text.isascii() and not _is_measure(text) and _is_measure(_in_ascii_digits(text)):
            written_otherwise.append(code)
    if not written_otherwise:
        return
    both = {*written_otherwise, *column.find(_is_measure)}
    if column.are_nearly_all_different(both) or column.are_nearly_all(both):
        expected = "the digits 0 to 9, with a point before decimals"
        remedy = f"write numbers, dates and times in these; {column.if_names}"
        raise column.fault(written_otherwise, expected, remedy)


def _is_measure(text: str) -> bool:
    """Return whether a text is a number, a date in any order or a time of day."""
    if parsing.read_number(text) is not None or _is_date(text):
        return True
    return date_formats.parse_time_of_day(text) is not None


def _in_ascii_digits(text: str) -> str:
    """Convert full-width characters, and digits and decimal points of any script, to ASCII.

    >>> _in_ascii_digits("\N{FULLWIDTH DIGIT ONE}\N{MIDDLE DOT}5")
    '1.5'
    """
    written = []
    for character in unicodedata.normalize("NFKC", text):
        digit = unicodedata.decimal(character, None)
        if digit is not None:
            written.append(str(digit))
        elif character in _DECIMAL_POINTS:
            written.append(".")
        else:
            written.append(character)
    return "".join(written)


def _refuse_local_numbers(column: _TextColumn) -> None:
    """Reject numbers in the format of a country, with a remedy."""
    plain = column.find(parsing.read_number)
    plain += column.find(re.compile(_COMMA, re.ASCII).fullmatch)
    for pattern, remedy in _LOCAL_NUMBERS.items():
        local = re.compile(pattern)
        codes = []
        for code, text in column.texts.items():
            if local.fullmatch(parsing.plain_minus(text)):
                codes.append(code)
        both = {*codes, *plain}
        if codes and (column.are_nearly_all_different(both) or column.are_nearly_all(both)):
            if not column.frame.has_csv_options:
                remedy = _NUMBERS_IN_MEMORY.get(pattern, remedy)
            raise column.fault(codes, "a number", remedy, decimal=",")


def _refuse_units(column: _TextColumn, numbers: Sequence[int]) -> None:
    """Reject many numbers with units or a sign of comparison, such as 12 kg, 6'8", <0.5, USD 5."""
    marked = column.find(_COMPARED.fullmatch)
    marked += column.find(_PRICED.fullmatch)
    marked += column.find(_COMPOUND.fullmatch)
    plain = set(numbers)
    with_unit = []
    for code in column.find(_WITH_UNIT.fullmatch):
        if code not in plain:  # the e of 1e3 is not a unit
            with_unit.append(code)
    units = {_unit_of(text) for text in column.texts_of(with_unit)}
    most_units = MOST_UNITS
    if all(_SPACED_UNIT.fullmatch(text) for text in column.texts_of(with_unit)):
        most_units = MOST_SPACED_UNITS
    if len(units) <= most_units:
        marked += with_unit
    both = plain.union(marked)
    if marked and len(both) >= MANY and column.are_nearly_all(both):
        raise column.fault(marked, "a number", f"write the number alone; {column.if_names}")


def _unit_of(text: str) -> str:
    """Return the unit after a number."""
    match = _WITH_UNIT.fullmatch(text)
    if match is None:
        return ""
    return match[1].lower()


def _refuse_durations(column: _TextColumn) -> None:
    """Reject many times that are not times of day."""
    durations = column.find(_DURATION.fullmatch)
    if len(durations) < MANY or not column.are_nearly_all(durations):
        return
    times = set(column.find(date_formats.parse_time_of_day))
    wrong = [code for code in durations if code not in times]
    remedy = f"{_WRITE_TIMES}; {column.if_names}"
    raise column.fault(wrong, "a time of day from 00:00 to 23:59", remedy)


def _refuse_decorated(column: _TextColumn) -> None:
    """Reject many decimal numbers, dates or times among the same letters and signs.

    Whole numbers beside letters, such as id-00123 and A1, are names.
    """
    shapes: dict[str, set[str]] = {"date": set(), "time": set(), "decimal": set()}
    codes: dict[str, list[int]] = {"date": [], "time": [], "decimal": []}
    for code, text in column.texts.items():
        measure = _kind_of_measure(text)
        if measure is not None:
            shapes[measure].add(_MEASURES.sub("0", text))
            codes[measure].append(code)
    for measure, decorated in codes.items():
        # A few different numbers may be names, such as versions; a few dates or times may not.
        has_many = column.are_mostly_different()
        if measure != "decimal":
            n_measures = {shape.count("0") for shape in shapes[measure]}
            if n_measures <= {1}:
                has_many = len(decorated) >= MANY
        most_shapes = MOST_UNITS
        if measure == "date":  # such as a date beside its weekday
            most_shapes = MOST_DATE_WORDS
        is_similar = len(shapes[measure]) <= most_shapes
        if not has_many or not is_similar or not column.are_nearly_all(decorated):
            continue
        if measure == "date":
            raise _unread_dates(column, decorated)
        if measure == "time":
            remedy = f"{_WRITE_TIMES}; {column.if_names}"
            raise column.fault(decorated, "a time of day such as 14:30 or 14:30Z", remedy)
        raise column.fault(decorated, "a number", f"write the number alone; {column.if_names}")


def _kind_of_measure(text: str) -> str | None:
    """Return the kind of the first date, time or decimal number in a text, if there is one.

    >>> [_kind_of_measure(text) for text in ("x=1.50", "at 17:45", "on 2024-01-05", "v1.2.3", "A1")]
    ['decimal', 'time', 'date', None, None]
    """
    for match in _MEASURES.finditer(text):
        for measure in ("date", "time", "decimal"):
            if match[measure] is not None:
                return measure
    return None


def _without_seasons(column: _TextColumn) -> list[int]:
    """Return the codes of dates, unless they are all seasons, such as 2009/10 and 2010/11."""
    dates = column.find(parse_datetime)
    for code in dates:
        parts = re.fullmatch(r"(\d\d\d\d)[-/](\d\d)", column.texts[code])
        if parts is None or (int(parts[1]) + 1) % 100 != int(parts[2]):
            return dates
    if len(dates) > 1:
        return []
    return dates


def _order_of_dates(column: _TextColumn) -> str | None:
    """Find the order of dates, if they are dates, from those that are unambiguous."""
    codes = column.find(re.compile(_DATE).fullmatch)
    if not codes:
        return None
    both = {*codes, *column.find(parse_datetime)}
    if not column.are_nearly_all_different(both) and not column.are_nearly_all(both):
        return None
    valid: dict[str, set[int]] = {"mdy": set(), "dmy": set()}
    for code, text in column.texts.items():
        for order, read in valid.items():
            if parse_datetime(text, order) is not None:
                read.add(code)
    rarer_order, order = sorted(valid, key=lambda order: len(valid[order]))
    example = f"a date such as {date_formats.DATES[order]}"
    contradicting = valid[rarer_order] - valid[order]
    if contradicting:
        only_in_order = sorted(valid[order] - valid[rarer_order])
        contradicted = column.texts_of(only_in_order)[0]
        expected = f"{example}, as {contradicted[:LONGEST]!r} in other rows"
        raise column.fault(contradicting, expected, f"correct it; {column.if_names}")
    shown = valid[order] & set(codes)  # dates that begin with the year don't show the order
    is_ambiguous = valid[order] == valid[rarer_order] and len(shown) > 0
    if shown and not is_ambiguous and _are_all(column, sorted(valid[order]), example):
        return order
    raise _unread_dates(column, codes, is_ambiguous=is_ambiguous, is_numeric=True)


def _refuse_unread_dates(column: _TextColumn) -> None:
    """Reject dates in an ambiguous layout, or in another language."""
    readable = set(column.find(parse_datetime))
    candidates = column.find(_looks_like_date)
    candidates += _short_dates(column)
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
        raise _unread_dates(column, codes)


def _short_dates(column: _TextColumn) -> list[int]:
    """Find months such as 03/24, or days such as 30.1.24 if they can't be versions."""
    months = column.find(_SHORT_MONTH.fullmatch)
    if len(months) >= MANY:
        return months
    days = column.find(_SHORT_DATE.fullmatch)
    for text in column.texts_of(days):
        day, _, _ = text.partition(".")
        if int(day) > 12 and len(days) >= MANY:
            return days
    return []


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
    for layout in _UNREAD_LAYOUTS:
        if layout.fullmatch(text):
            return True
    zoned = _ZONED.fullmatch(text)
    if zoned is not None and _is_date(zoned[1].rstrip()):
        return True
    has_month = False
    for word in re.findall(r"[^\W\d_]+", text.lower()):
        if not _DATE_WORDS.fullmatch(word):
            return False
        if re.fullmatch(date_formats.MONTH_WORD, word):
            has_month = True
    return has_month and re.search(r"\d", text) is not None


def _is_date(text: str) -> bool:
    """Return whether a text is a date in any order."""
    return any(parse_datetime(text, order) for order in date_formats.ORDERED_LAYOUTS)


def _unread_dates(
    column: _TextColumn,
    codes: Sequence[int],
    *,
    is_ambiguous: bool = False,
    is_numeric: bool = False,
) -> DataError:
    """Make the error for dates, with the formats that they may have."""
    texts = column.texts_of(codes)
    formats = []
    for place, date_format in enumerate(_date_formats(texts)):
        is_likeliest = place == 0
        if (is_likeliest and is_numeric) or _fits(date_format, texts):
            formats.append(date_format)
    remedy = ""
    if is_ambiguous:
        remedy = "the order of its parts is ambiguous: "
    options: dict[str, object] = {}
    if formats and column.frame.has_csv_options:
        remedy += "read the file with {date_format}"
        options["date_format"] = formats[0]
        if len(formats) > 1:
            remedy += " or, if the year is first, {date_format_}"
            options["date_format_"] = formats[1]
        remedy += ", or convert the column to dates; "
    elif formats:
        remedy += f"convert the column to dates with {_conversion(column, formats[0])}"
        if len(formats) > 1:
            remedy += f" or, if the year is first, {_conversion(column, formats[1])}"
        remedy += "; "
    else:
        remedy += "convert the column to dates; "
    remedy += column.if_names
    return column.fault(codes, "a date such as 2024-12-31", remedy, **options)


def _conversion(column: _TextColumn, date_format: str) -> str:
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
    return has_year and _n_read(date_format, texts) >= parsing.NEARLY_ALL * len(texts)


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
    for date_format in _WHOLE_FORMATS:
        if _fits(date_format, texts):
            return [date_format]
    if _OTHER_PERIOD.fullmatch(texts[0]):  # where a number would be the month
        return []
    parts: list[str] = []
    has_month = False
    has_year = False
    for part in re.split(rf"({_OFFSET}|\d+|[^\W\d_]+)", texts[0]):
        if not part:
            continue
        parts.append(part)
        if re.fullmatch(date_formats.MONTH_WORD, part.lower()):
            has_month = True
        if re.fullmatch(r"\d{4}", part):
            has_year = True
    if has_month:
        orders = [["%d", "%y"]]
        if has_year:
            orders = [["%d"]]
        elif len(re.findall(r"\d+", texts[0])) == 1:
            orders = [["%y"]]
    elif re.match(r"\D*\d{4}", texts[0]):
        orders = [["%m", "%d"]]
    else:
        day_and_month = ["%d", "%m"]
        if _has_month_first(texts):
            day_and_month = ["%m", "%d"]
        orders = [day_and_month]
        if not has_year:
            orders = [[*day_and_month, "%y"], ["%y", "%m", "%d"]]
    hour = "%H"
    if re.search(r"(?i)[ap]m\b", texts[0]):
        hour = "%I"
    times = [hour, "%M", "%S", "%f"]
    return [_format_of(parts, order, times) for order in orders]


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
            written.append("%b" if len(part) == 3 else "%B")
        elif re.fullmatch("(mon|tue|wed|thu|fri|sat|sun)([a-z]*day)?", lower):
            written.append("%a" if len(part) == 3 else "%A")
        elif lower in ("am", "pm"):
            written.append("%p")
        else:
            written.append(part.replace("%", "%%"))
    return "".join(written)
