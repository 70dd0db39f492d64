"""Reads single texts as numbers, limits, truth values and canonical labels.

The rules are the same for every source. Exported Python files contain this module.
"""

import math
import re
import unicodedata
from collections.abc import Callable

import numpy as np

from barenet.tables.frames._plain_values import class_name

#: Pairs of words for true and false, in upper or lower case; 1 and 0 are numbers.
BOOLEAN_WORDS = (("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("on", "off"))

#: The format of a number: no NaN, no infinity, no decimal comma, no underscores.
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)

#: Characters other than - for a minus: Unicode's minus sign, dashes, and full-width and small
#: forms.
MINUS_SIGNS = "[\u2212\u2010-\u2014\ufe63\uff0d]"

#: Parses a number; None if the text is none.
ReadNumber = Callable[[str], float | None]

#: A negative amount of SAP, 5.00- or 1.234,50-; the fraction distinguishes it from a grade such as
#: 2-.
TRAILING_MINUS = re.compile(r"[\d.,]*[.,]\d+-", re.ASCII)

#: Numbers that are names: with a zero before another digit, or more digits than float64 holds.
CODE = re.compile(r"[+-]?(0\d+(\.\d*)?|\d{16,})", re.ASCII)

#: A number with a zero at its end that it needs not have, such as 250.00, but not 250.0.
LONGER_SPELLING = r"[+-]?\d*\.\d+0"

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


def read_number_or_limit(text: str, read: ReadNumber = read_number) -> float | None:
    """Parse a number of a column; a limit such as <5 or 10+ is read as its number."""
    number = read(text)
    return read_limit(text, read) if number is None else number


def read_limit(text: str, read: ReadNumber = read_number) -> float | None:
    """Parse a number with the sign of a limit; None for any other text.

    >>> [read_limit(text) for text in ("< 5", ">= -1e3", "10+", "5", "5 or more")]
    [5.0, -1000.0, 10.0, None, None]
    """
    limit = sign_and_number(text, read)
    if limit is None:
        return None
    _, number = limit
    return number


def sign_and_number(text: str, read: ReadNumber = read_number) -> tuple[str, float] | None:
    """Split a limit into its sign, which is one of <≤>≥+, and its number.

    >>> sign_and_number("<= 5"), sign_and_number("10+"), sign_and_number("<5+")
    (('<', 5.0), ('+', 10.0), None)
    """
    if text.startswith(("<", ">", "≤", "≥")):
        sign = text[0]
        number = text[1:].removeprefix("=")
    elif text.endswith("+"):
        sign = "+"
        number = text[:-1]
    else:
        return None
    number = number.strip()
    value = None if is_code(number) else read(number)
    return None if value is None else (sign, value)


def is_code(text: str) -> bool:
    """Return whether a number is a name, such as 00123."""
    return CODE.fullmatch(text) is not None


def number_of_token(token: str) -> float | None:
    """Parse a text that stands for a missing value; here inf and -inf are numbers, too."""
    if token.lower() in ("inf", "+inf", "infinity"):
        return np.inf
    if token.lower() in ("-inf", "-infinity"):
        return -np.inf
    return to_number(token)


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
