"""Patterns of numbers with separators of thousands and decimal commas, as CSV files have them."""

import re

from barenet.tables.reading._parsing import MINUS_SIGNS

#: If at least this fraction of the values is of one kind, the others are treated as mistakes.
NEARLY_ALL = 0.9

#: The sign before a number, if it has one.
SIGN = rf"([+-]|{MINUS_SIGNS})?"

#: The signs of a limit before a number, such as <5 and >= 10, and behind it, as in 10+.
BEFORE_LIMIT = r"(?:(?:[<>]=?|[≤≥])\s*)?"
AFTER_LIMIT = r"(?:\s*\+)?"

#: A number with a decimal comma, which may be a limit.
DECIMAL_COMMA = rf"{BEFORE_LIMIT}{SIGN}\d*,\d+([eE][+-]?\d+|-)?{AFTER_LIMIT}"

#: The pattern of each separator of thousands.
THOUSANDS = {",": ",", ".": "[.]", "'": "['\u2019]", " ": "[ \u00a0\u2007\u202f]"}

#: A number with points between its thousands, which 1.250 may be.
GROUPED = r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+"


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
