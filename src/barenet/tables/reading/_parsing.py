"""Reads single texts as numbers, limits, truth values and canonical labels.

The rules are the same for every source.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.tables.frames._coded_texts import CodedTexts
from barenet.tables.frames._plain_values import class_name
from barenet.tables.reading._date_formats import is_time, parse_datetime

#: If at least this fraction of the values is of one kind, the others are treated as mistakes.
NEARLY_ALL = 0.9

#: Pairs of words for true and false, in upper or lower case; 1 and 0 are numbers.
BOOLEAN_WORDS = (("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("on", "off"))

#: The letters of words for true and false, which may also be codes, and the pairs beside which they
#: are booleans.
BOOLEAN_LETTERS = {
    "t": (("true", "false"), ("t", "f")),
    "f": (("true", "false"), ("t", "f")),
    "y": (("yes", "no"), ("y", "n")),
    "n": (("yes", "no"), ("y", "n")),
}

#: The format of a number: no NaN, no infinity, no decimal comma, no underscores.
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)

#: Characters other than - for a minus: Unicode's minus sign, dashes, and full-width and small
#: forms.
MINUS_SIGNS = "[\u2212\u2010-\u2014\ufe63\uff0d]"

#: The sign before a number, if it has one.
SIGN = rf"([+-]|{MINUS_SIGNS})?"

#: The signs of a limit before a number, such as <5 and >= 10, and behind it, as in 10+.
BEFORE_LIMIT = r"(?:(?:[<>]=?|[≤≥])\s*)?"
AFTER_LIMIT = r"(?:\s*\+)?"

#: A number with a decimal comma, which may be a limit.
DECIMAL_COMMA = rf"{BEFORE_LIMIT}{SIGN}\d*,\d+([eE][+-]?\d+|-)?{AFTER_LIMIT}"

#: The pattern of each separator of thousands.
THOUSANDS = {",": ",", ".": "[.]", "'": "['\u2019]", " ": "[ \u00a0\u2007\u202f]"}

#: A number that may be a limit, with its sign before it or behind it.
LIMIT = re.compile(
    r"(?P<before>(?:[<>]=?|[≤≥])?)\s*"
    r"(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*(?P<behind>\+?)",
    re.ASCII,
)

#: A negative amount of SAP, 5.00- or 1.234,50-; the fraction distinguishes it from a grade such as
#: 2-.
TRAILING_MINUS = re.compile(r"[\d.,]*[.,]\d+-", re.ASCII)

#: Numbers that are names: with a zero before another digit, or more digits than float64 holds.
CODE = re.compile(r"[+-]?(0\d+(\.\d*)?|\d{16,})", re.ASCII)

#: A number with a zero at its end that it needs not have, such as 250.00, but not 250.0.
LONGER_SPELLING = r"[+-]?\d*\.\d+0"

#: A number with points between its thousands, which 1.250 may be.
GROUPED = r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+"

#: The names of false and true, and their spellings among names; tRUE is a different name.
WORDS = ("False", "True")
SPELLINGS = ("False", "false", "FALSE", "True", "true", "TRUE")

#: The range of decimal numbers that are compared as float32.
SMALL_DECIMAL = 1e-30
LARGE_DECIMAL = 1e5

#: Spaces at which no line is broken, and which look like others.
NO_BREAK_SPACES = "[\u00a0\u2007\u202f]"

_BOOLEANS = {"1": True, "0": False}
for _true_word, _false_word in BOOLEAN_WORDS:
    _BOOLEANS[_true_word] = True
    _BOOLEANS[_false_word] = False


def are_booleans(texts: Iterable[str]) -> bool:
    """Return whether texts are words for true and false, such as yes and no, of any pairs.

    1 and 0 may be beside words. At least one pair must be complete, and that of each letter.

    >>> are_booleans(["yes", "No", "Y", "true"]), are_booleans(["1.0", "0.0", "True"])
    (True, True)
    >>> are_booleans(["yes", "n"]), are_booleans(["yes", "no", "t"]), are_booleans(["1", "0"])
    (False, False, False)
    """
    words = set[str]()
    for text in texts:
        if truth_of(text) is None:
            return False
        words.add(canonical(text).lower())
    for letter in words.intersection(BOOLEAN_LETTERS):
        if not any(words.issuperset(pair) for pair in BOOLEAN_LETTERS[letter]):
            return False
    if any(words.issuperset(pair) for pair in BOOLEAN_WORDS):
        return True
    return words.issuperset(("1", "0")) and len(words) > 2


def truth_of(text: str) -> bool | None:
    """Return the truth value of a word such as Yes, or of 1 or 0; None if it has none.

    >>> truth_of("Yes"), truth_of("0.0"), truth_of("01")
    (True, False, None)
    """
    return _BOOLEANS.get(canonical(text).lower())


def finite_number(text: str) -> float | None:
    """Parse the digits of a number; None if float64 can't hold it, as for 1e400."""
    number = float(text)
    return number if math.isfinite(number) else None


def to_number(text: str) -> float | None:
    """Parse a number; None if the text is not one."""
    return finite_number(text) if NUMBER.fullmatch(text) else None


def read_number(text: str) -> float | None:
    """Parse a number of a numeric column, even with another minus sign or one at the end.

    >>> read_number("\N{MINUS SIGN}1.5"), read_number("1.50-"), read_number("2-")
    (-1.5, -1.5, None)
    """
    return to_number(plain_minus(text))


def plain_minus(text: str) -> str:
    """Write the minus sign of a number as a leading -."""
    plain = text if text.isascii() else re.sub(MINUS_SIGNS, "-", text)
    if plain.endswith("-") and TRAILING_MINUS.fullmatch(plain) is not None:
        return f"-{plain[:-1]}"
    return plain


def read_number_or_truth(text: str) -> float | None:
    """Parse a number; True and False, as written by pandas, are 1 and 0, as in a data frame."""
    return float(text == "True") if text in WORDS else read_number(text)


def grouped_number(thousands: str, decimal: str) -> str:
    """Return the pattern of a number with a separator after each group of three digits."""
    group = rf"{THOUSANDS[thousands]}\d\d\d"
    fraction = rf"([{decimal}]\d*)?"
    return rf"{BEFORE_LIMIT}{SIGN}[1-9]\d?\d?({group})+{fraction}-?{AFTER_LIMIT}"


def without_thousands(text: str, thousands: str, decimal: str) -> str:
    """Remove the separators of thousands from a number; other texts are unchanged.

    >>> without_thousands("1,049.50", ",", "."), without_thousands("10,49", ",", ".")
    ('1049.50', '10,49')
    """
    if re.fullmatch(grouped_number(thousands, decimal), text, re.ASCII):
        return re.sub(rf"(?<=\d){THOUSANDS[thousands]}(?=\d)", "", text)
    return text


def read_number_or_limit(text: str) -> float | None:
    """Parse a number of a column; a limit such as <5 or 10+ is read as its number."""
    number = read_number(text)
    return read_limit(text) if number is None else number


def read_limit(text: str) -> float | None:
    """Parse a number with the sign of a limit; None for any other text.

    >>> [read_limit(text) for text in ("< 5", ">= -1e3", "10+", "5", "5 or more")]
    [5.0, -1000.0, 10.0, None, None]
    """
    limit = sign_and_number(text)
    if limit is None:
        return None
    _, number = limit
    return number


def sign_and_number(text: str) -> tuple[str, float] | None:
    """Split a limit into its sign, which is one of <≤>≥+, and its number.

    >>> sign_and_number("<= 5"), sign_and_number("10+"), sign_and_number("<5+")
    (('<', 5.0), ('+', 10.0), None)
    """
    match = LIMIT.fullmatch(plain_minus(text))
    if match is None or is_code(match["number"]):
        return None
    sign = match["before"][:1] + match["behind"]
    number = finite_number(match["number"])
    return None if number is None or len(sign) != 1 else (sign, number)


def is_code(text: str) -> bool:
    """Return whether a number is a name, such as 00123."""
    return CODE.fullmatch(text) is not None


def unique_texts(column: NDArray[Any] | CodedTexts) -> tuple[NDArray[np.int64], list[str]]:
    """Index the different texts of a column in order, and strip them."""
    coded = column.of_rows() if isinstance(column, CodedTexts) else CodedTexts.of(column.tolist())
    return coded.codes, [text.strip() for text in coded.texts]


def number_of_token(token: str) -> float | None:
    """Parse a text that stands for a missing value; here inf and -inf are numbers, too."""
    if token.lower() in ("inf", "+inf", "infinity"):
        return np.inf
    if token.lower() in ("-inf", "-infinity"):
        return -np.inf
    return to_number(token)


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


def canonical(label: str) -> str:
    """Return the same label for labels that are equal, which columns of names and targets compare.

    Equal are: equal numbers, such as 1, 1.0 and 1e0, and a decimal number and the float32 nearest
    to it; True, true and TRUE; and texts that differ only in composed accents or no-break spaces.
    007 and 7 differ, and so do the codes 2.1 and 2.10. Two categories of the training rows that are
    equal are one category.

    >>> [canonical(label) for label in ("1.0", "0.10000000149011612", "TRUE", "tRUE", "007")]
    ['1', '0.1', 'True', 'tRUE', '007']
    >>> canonical("gro\u0308\u00dfe\u00a0B") == "gr\u00f6\u00dfe B"
    True
    """
    if NUMBER.fullmatch(label) is not None:
        if re.fullmatch(LONGER_SPELLING, label) is not None:
            return label
        return canonical_number(label)
    if label in SPELLINGS:
        return label.title()
    if label.isascii():
        return label
    return unicodedata.normalize("NFC", re.sub(NO_BREAK_SPACES, " ", label))


def canonical_number(label: str) -> str:
    """Return the same label for equal numbers, and for those that are equal as float32."""
    number = float(label)
    if is_code(label) or math.isinf(number):
        return label
    # As float32, larger numbers have less than two decimals, and smaller ones may be 0.
    if SMALL_DECIMAL < abs(number) < LARGE_DECIMAL and not number.is_integer():
        number = float(str(np.float32(number)))
    return class_name(number)


def is_number(name: str) -> bool:
    """Return whether the name of a class is a number in the format of `class_name`."""
    try:
        return math.isfinite(float(name)) and class_name(float(name)) == name
    except (ValueError, OverflowError):
        return False


def class_labels(classes: Sequence[str]) -> NDArray[Any]:
    """Convert names of classes back to numbers, booleans or text.

    >>> class_labels(["3", "10"]), class_labels(["False", "True"]), class_labels(["3", "007"])
    (array([ 3, 10]), array([False,  True]), array(['3', '007'], dtype='<U3'))
    """
    if tuple(classes) == WORDS:
        return np.array([False, True])
    for name in classes:
        if not is_number(name):
            return np.array(classes)
    numbers = np.array([float(name) for name in classes])
    are_whole = (np.mod(numbers, 1) == 0).all()
    if are_whole and (abs(numbers) < 2**63).all():  # if int64 can hold them
        return np.array([int(name) for name in classes], np.int64)
    return numbers


def encode(values: Sequence[str] | NDArray[Any]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Encode labels as indices of sorted classes.

    >>> encode(np.array([10.0, 9.0, 10.0]))
    (array([1, 0, 1]), ('9', '10'))
    >>> encode(["no", "yes", "maybe"])
    (array([1, 2, 0]), ('maybe', 'no', 'yes'))
    """
    different, y = np.unique(np.asarray(values), return_inverse=True)
    name_of: Callable[[Any], str] = class_name
    if different.dtype.kind in "USO":
        name_of = str
    return y.astype(np.int64), tuple(name_of(label) for label in different)
