"""Numbers, times and durations in layouts that are not read, such as 1.234,50, 12 kg and 2h 5m.

A column of such values is rejected. The error describes how to write them.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence

from barenet.errors import DataError
from barenet.tables.reading import _date_formats as date_formats, _parsing as parsing
from barenet.tables.reading._distinct_texts import MANY, DistinctTexts
from barenet.tables.reading._limits import read_as_numbers
from barenet.tables.reading._unread_dates import MOST_DATE_WORDS, YEAR, is_date, unread_dates

#: Maximum number of different units beside numbers, such as kg and g; house numbers such as 12a
#: have more.
MOST_UNITS = 3
#: Maximum number of different units after a fraction or a space, such as kB, MB and GB; streets
#: have more.
MOST_SPACED_UNITS = 10

#: A number with a comma, and one whose comma cannot separate thousands.
_COMMA = r"[+-]?\d*,\d+"
_ASCII_COMMA = re.compile(_COMMA, re.ASCII)
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
_MARKED = rf"{_SIGNED}|{_BRACKETED}|{_DASHED}|[+-]?[1-9]\d{{0,2}}(['’_\s]\d{{3}})+([.,]\d+)?"

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
_WITHOUT_COMMAS = "column.str.replace(',', '')"
_NUMBERS_IN_MEMORY = {
    _POINTS: f"write numbers with a point alone, as {_WITHOUT_POINTS} of pandas does",
    _COMMAS: f"remove the commas between the thousands, as {_WITHOUT_COMMAS} of pandas does",
    _DECIMALS: f"for a decimal comma, use {_WITH_POINTS} of pandas; correct any others",
    _COMMA: (
        f"remove commas between thousands, as {_WITHOUT_COMMAS} of pandas does; for decimal "
        f"commas, use {_WITH_POINTS} of pandas"
    ),
}

#: The separators of thousands and decimals that numbers may have.
_SEPARATORS = ((",", "."), (".", ","), (" ", "."), (" ", ","), ("'", "."), ("'", ","))

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

#: A number with the prefix of hexadecimal, binary or octal digits; longer ones are names, such as
#: keys.
_WITH_BASE = re.compile(r"0[xX][0-9a-fA-F]{1,8}|0[bB][01]{1,32}|0[oO][0-7]{1,11}")

#: Two numbers in one text, such as a blood pressure, a size or a range, with their sign: 120/80,
#: 1024x768, 10-20, perhaps with a unit: 120/80 mmHg. Telephone numbers and other codes have zeros
#: in front.
_WHOLE_OR_DECIMAL = r"(?:0|[1-9]\d*)(?:\.\d+)?"
_PAIR = re.compile(
    rf"""(?P<first>{_WHOLE_OR_DECIMAL})\s?(?P<sign>[-–/x×*~]|\.\.|to)\s?
    (?P<second>{_WHOLE_OR_DECIMAL})(?P<unit>\s?(?:%|°[CF]|[a-z]{{2,5}}))?""",
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)
#: The signs of a range.
_FROM_TO = {"-", "–", "~", "..", "to"}

#: A latitude and a longitude: 48.5355, 6.9183, perhaps in brackets or as POINT (6.9183 48.5355).
_COORDINATE = r"[+-]?\d{1,7}\.\d+"
_COORDINATES = re.compile(
    rf"(?:point\s?)?[(\[]?\s?{_COORDINATE}(?:\s?[,;]\s?|\s){_COORDINATE}\s?[)\]]?",
    re.ASCII | re.IGNORECASE,
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

#: Eight digits that are a day, a month and a year, in either order; and four digits that are a
#: time.
_DIGITS_OF_TIME = re.compile(r"([01]\d|2[0-3])([0-5]\d)")

#: The remedy for times and durations.
_WRITE_TIMES = "write a time of day as 20:28, and write a duration as a number, such as its seconds"


def refuse_digits_of_times(column: DistinctTexts) -> None:
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


def refuse_other_digits(column: DistinctTexts) -> None:
    """Reject numbers, dates and times whose digits or signs are not ASCII."""
    if all(text.isascii() for text in column.texts.values()):
        return
    both = column.find_nearly_all(_is_measure_in_any_digits)
    written_otherwise = []
    for code in both:
        text = column.texts[code]
        if not text.isascii() and not _is_measure(text):
            written_otherwise.append(code)
    if not written_otherwise:
        return
    if column.are_nearly_all_different(both) or column.are_nearly_all(both):
        remedy = f"write numbers, dates and times in these; {column.if_names}"
        raise column.fault(
            written_otherwise,
            "the digits 0 to 9",
            remedy,
            detail="with a point before decimals",
        )


def _is_measure(text: str) -> bool:
    """Return whether a text is a number, a date in any order or a time of day."""
    if parsing.read_number(text) is not None or is_date(text):
        return True
    return date_formats.parse_time_of_day(text) is not None


def _is_measure_in_any_digits(text: str) -> bool:
    """Return whether a text is a number, a date or a time of day in the digits of any script."""
    if _is_measure(text):
        return True
    return not text.isascii() and _is_measure(_in_ascii_digits(text))


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


def refuse_local_numbers(column: DistinctTexts) -> None:
    """Reject numbers in the format of a country, with a remedy."""
    plain = column.find(parsing.read_number)
    if not column.others(plain) or not column.find_nearly_all(_is_local_or_plain):
        return
    others = column.others(plain)
    plain += column.find(_ASCII_COMMA.fullmatch)
    for pattern, remedy in _LOCAL_NUMBERS.items():
        local = re.compile(pattern)
        codes = []
        for code in others:
            if local.fullmatch(parsing.plain_minus(column.texts[code])):
                codes.append(code)
        if not codes:
            continue
        both = {*codes, *plain}
        if not column.are_nearly_all_different(both) and not column.are_nearly_all(both):
            continue
        thousands = ""
        if column.frame.has_csv_options:
            separators = separators_of(column.texts_of([*both]))
            if separators is not None:
                thousands, decimal = separators
                remedy = _reading_of_groups(pattern, decimal)
        else:
            remedy = _NUMBERS_IN_MEMORY.get(pattern, remedy)
        raise column.fault(codes, "a number", remedy, thousands=thousands, decimal=",")


def separators_of(texts: Collection[str]) -> tuple[str, str] | None:
    """Return the separators of thousands and decimals with which all texts are numbers.

    >>> separators_of(["1,049.50", "7"]), separators_of(["1.049", "2,5"]), separators_of(["2,5"])
    ((',', '.'), ('.', ','), None)
    """
    for thousands, decimal in _SEPARATORS:
        grouped = re.compile(parsing.grouped_number(thousands, decimal), re.ASCII)
        plain = re.compile(rf"[+-]?\d*[{decimal}]?\d*", re.ASCII)
        n_grouped = 0
        n_plain = 0
        for text in texts:
            if grouped.fullmatch(text) is not None:
                n_grouped += 1
            elif plain.fullmatch(parsing.plain_minus(text)) is not None:
                n_plain += 1
        if n_grouped and n_grouped + n_plain == len(texts):
            return thousands, decimal
    return None


def _reading_of_groups(pattern: str, decimal: str) -> str:
    """Write the remedy that reads numbers with separators of thousands from a file."""
    if pattern == _COMMA:
        return "for commas between thousands, use {thousands}; for decimal commas, use {decimal}"
    remedy = "read the file with {thousands}"
    if decimal == ",":
        remedy += " and {decimal}"
    if pattern == _MARKED:
        remedy += "; if these are names, use {categories}"
    return remedy


def _is_local_or_plain(text: str) -> bool:
    """Return whether a text is a number in the format of any country."""
    if parsing.read_number(text) is not None or _ASCII_COMMA.fullmatch(text) is not None:
        return True
    return LOCAL_NUMBER.fullmatch(parsing.plain_minus(text)) is not None


def refuse_units(column: DistinctTexts, numbers: Sequence[int]) -> None:
    """Reject many numbers with units or a sign of comparison, such as 12 kg, 6'8", <0.5, USD 5."""
    if not column.others(numbers) or not column.find_nearly_all(_may_have_unit):
        return
    marked = column.find(_COMPARED.fullmatch)
    marked += column.find(_PRICED.fullmatch)
    marked += column.find(_COMPOUND.fullmatch)
    marked += column.find(_WITH_BASE.fullmatch)
    marked += _with_units(column, numbers)
    both = {*numbers, *marked}
    if marked and len(both) >= MANY and column.are_nearly_all(both):
        remedy = "write the number alone"
        limits = column.find(parsing.read_limit)
        if limits and set(limits) == set(marked):
            remedy = read_as_numbers(column.texts[limits[0]])
        raise column.fault(marked, "a number", f"{remedy}; {column.if_names}")


def _with_units(column: DistinctTexts, numbers: Sequence[int]) -> list[int]:
    """Find the numbers with units; none if there are too many different units."""
    times = column.find(date_formats.parse_time_of_day)
    without_unit = {*numbers, *times}
    codes = []
    for code in column.find(_WITH_UNIT.fullmatch):
        if code not in without_unit:  # the e of 1e3 and the AM of 3 AM are not units
            codes.append(code)
    texts = column.texts_of(codes)
    units = {_unit_of(text) for text in texts}
    most_units = MOST_UNITS
    if all(_SPACED_UNIT.fullmatch(text) for text in texts):
        most_units = MOST_SPACED_UNITS
    if len(units) > most_units:
        return []
    return codes


def _may_have_unit(text: str) -> bool:
    """Return whether a text is a number, perhaps with a unit or a sign of comparison."""
    if parsing.read_number(text) is not None:
        return True
    for pattern in (_COMPARED, _PRICED, _COMPOUND, _WITH_BASE, _WITH_UNIT):
        if pattern.fullmatch(text) is not None:
            return True
    return False


def refuse_coordinates(column: DistinctTexts) -> None:
    """Reject many different coordinates, such as (48.5355, 6.9183)."""
    codes = column.find_nearly_all(_COORDINATES.fullmatch)
    if len(codes) >= MANY and column.are_nearly_all_different(codes):
        raise _pair_fault(column, codes)


def _pair_fault(column: DistinctTexts, codes: Sequence[int]) -> DataError:
    """Make the error of two numbers in a text."""
    remedy = f"write the numbers in columns of their own; {column.if_names}"
    return column.fault(codes, "one number", remedy)


def refuse_pairs(column: DistinctTexts) -> None:
    """Reject many different pairs of numbers, such as 120/80, 1024x768 and ranges such as 10-20.

    Dockets such as 19-1392, file numbers such as 366/2022 and seasons are not pairs: the numbers of
    a pair have a similar size, and a table has many different second numbers, which aren't years.
    """
    if not column.are_all(_is_pair_or_number):
        return
    codes = column.find(_PAIR.fullmatch)
    seconds = set()
    units = set()
    for text in column.texts_of(codes):
        match = _PAIR.fullmatch(text)
        if match is None:
            continue
        seconds.add(match["second"])
        units.add(match["unit"])
        if not _is_of_similar_size(match):
            return
    if len(units) > 1:  # such as the letters of house numbers
        return
    are_years = all(re.fullmatch(YEAR, second) for second in seconds)
    has_many = len(seconds) >= MANY and not are_years and column.are_mostly_different()
    are_of_one_unit = len(seconds) == 1 and len(codes) >= MANY  # such as 7/10
    if (has_many and len(codes) == len(column.texts)) or are_of_one_unit:
        raise _pair_fault(column, codes)


def _is_pair_or_number(text: str) -> bool:
    """Return whether a text is a number or a pair of numbers."""
    return _PAIR.fullmatch(text) is not None or parsing.read_number(text) is not None


def _is_of_similar_size(match: re.Match[str]) -> bool:
    """Return whether the numbers of a pair have a similar size, and those of a range ascend."""
    first = float(match["first"])
    second = float(match["second"])
    if match["sign"].lower() in _FROM_TO:
        return first < second <= 2 * first + MANY
    if match["sign"] == "/":
        return second <= 10 * first and first <= 10 * second
    return True


def _unit_of(text: str) -> str:
    """Return the unit after a number."""
    match = _WITH_UNIT.fullmatch(text)
    if match is None:
        return ""
    return match[1].lower()


def refuse_durations(column: DistinctTexts) -> None:
    """Reject many times that are not times of day."""
    durations = column.find_nearly_all(_DURATION.fullmatch)
    if len(durations) < MANY or not column.are_nearly_all(durations):
        return
    times = set(column.find(date_formats.parse_time_of_day))
    wrong = [code for code in durations if code not in times]
    remedy = f"{_WRITE_TIMES}; {column.if_names}"
    raise column.fault(wrong, "a time of day from 00:00 to 23:59", remedy)


def refuse_decorated(column: DistinctTexts) -> None:
    """Reject many decimal numbers, dates or times among the same letters and signs.

    Whole numbers beside letters, such as id-00123 and A1, are names.
    """
    if not column.find_nearly_all(_kind_of_measure):
        return
    codes_by_measure: dict[str, list[int]] = {"date": [], "time": [], "decimal": []}
    for code, text in column.texts.items():
        measure = _kind_of_measure(text)
        if measure is not None:
            codes_by_measure[measure].append(code)
    for measure, decorated in codes_by_measure.items():
        shapes = {_MEASURES.sub("0", text) for text in column.texts_of(decorated)}
        # A few different numbers may be names, such as versions; a few dates or times may not.
        has_single_measures = all(shape.count("0") == 1 for shape in shapes)
        if measure != "decimal" and has_single_measures:
            has_many = len(decorated) >= MANY
        else:
            has_many = column.are_mostly_different()
        most_shapes = MOST_UNITS
        if measure == "date":  # such as a date beside its weekday
            most_shapes = MOST_DATE_WORDS
        is_similar = len(shapes) <= most_shapes
        if not has_many or not is_similar or not column.are_nearly_all(decorated):
            continue
        if measure == "date":
            raise unread_dates(column, decorated)
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
