"""Infers the kind of a column: number, category, boolean or date.

Few rules decide. Ambiguous columns are refused: a column of numbers with one word in it is more
often a mistake than a category.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

import numpy as np
from numpy.typing import NDArray

from barenet.data._datetimes import is_datetime
from barenet.data._frame import Frame
from barenet.data._parsing import BOOLEAN_WORDS, is_code, to_number, unique_texts
from barenet.errors import LONGEST

__all__ = ["NEARLY_ALL", "kind_of"]

#: From this fraction on, the remaining values are considered mistakes.
NEARLY_ALL = 0.9

_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")

#: Formats that depend on the country: pattern, expected value, remedy.
_LOCALE_FORMATS = (
    (
        re.compile(r"\d{1,2}([./-])\d{1,2}\1\d{4}([ T]\d.*)?"),
        "a date such as 2024-12-31",
        "the order of day and month is ambiguous: write the year, the month and the day, or use "
        "{drop} to leave the column out, or {categories} to read it as names",
    ),
    (
        re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+|[+-]?\d{1,3}(\.\d{3}){2}"),
        "a number",
        "remove the points between the thousands, and use {decimal}",
    ),
    (
        re.compile(r"[+-]?\d{1,3}(,\d{3})+\.\d+|[+-]?\d{1,3}(,\d{3}){2,}"),
        "a number",
        "remove the commas between the thousands",
    ),
)


def kind_of(frame: Frame, name: str, missing: Collection[str]) -> str:
    """Infer the kind of a column.

    >>> from barenet.data._to_frame import as_frame
    >>> towns = as_frame({"zip": ["01067", "10115"], "open": ["yes", "no"], "size": ["3", "?"]})
    >>> [kind_of(towns, name, ["?"]) for name in towns.columns]
    ['category', 'boolean', 'number']
    """
    column = frame[name]
    if column.dtype.kind != "T":
        return {"b": "boolean", "M": "date"}.get(column.dtype.kind, "number")
    codes, texts = unique_texts(column)
    counts = np.bincount(codes, minlength=len(texts))
    known = {code: text for code, text in enumerate(texts) if text not in missing}
    _reject_locale_formats(known, codes, frame, name)
    words = {text.lower() for text in known.values()}
    if _all_are(_is_number, known, counts, codes, frame, name, "a number"):
        return "category" if any(map(is_code, known.values())) else "number"
    if _all_are(is_datetime, known, counts, codes, frame, name, "a date"):
        return "date"
    return "boolean" if any(words == set(pair) for pair in BOOLEAN_WORDS) else "category"


def _reject_locale_formats(
    known: dict[int, str], codes: NDArray[np.int64], frame: Frame, name: str
) -> None:
    """Refuse dates and numbers in the format of a country, with a remedy."""
    plain = sum(1 for text in known.values() if _is_number(text) or _DECIMAL_COMMA.fullmatch(text))
    for pattern, expected, remedy in _LOCALE_FORMATS:
        found = [code for code, text in known.items() if pattern.fullmatch(text)]
        n_alike = len(found) + (plain if expected == "a number" else 0)
        if found and n_alike >= NEARLY_ALL * len(known):
            options = {"drop": [name], "categories": [name], "decimal": ","}
            used = {key: value for key, value in options.items() if f"{{{key}}}" in remedy}
            raise frame.fault(_first(found, codes), name, expected, remedy, **used)


def _all_are(
    is_one: Callable[[str], bool],
    known: dict[int, str],
    counts: NDArray[np.int64],
    codes: NDArray[np.int64],
    frame: Frame,
    name: str,
    expected: str,
) -> bool:
    """Whether all values are of a kind; refuse a column in which nearly all are."""
    others = [code for code, text in known.items() if not is_one(text)]
    if not others:
        return True
    row = _first(others, codes)
    if expected == "a number" and _has_decimal_commas(known):
        remedy = "for a decimal comma, use {decimal}; correct any others"
        raise frame.fault(row, name, expected, remedy, decimal=",")
    fraction = 1 - counts[others].sum() / counts[list(known)].sum()
    if fraction < NEARLY_ALL:
        return False
    options, remedy = {"categories": [name]}, "if the column holds names, use {categories}"
    if len(text := known[codes[row]]) <= LONGEST:
        remedy = "if it stands for a missing value, use {missing}; " + remedy
        options["missing"] = [text]
    expected = f"{expected}, as in {np.floor(1000 * fraction) / 10:g} % of the rows"
    raise frame.fault(row, name, expected, remedy, **options)


def _first(found: list[int], codes: NDArray[np.int64]) -> int:
    """The first row with one of the codes."""
    return int(np.argmax(np.isin(codes, found)))


def _has_decimal_commas(known: dict[int, str]) -> bool:
    comma = sum(1 for text in known.values() if _DECIMAL_COMMA.fullmatch(text))
    plain = sum(1 for text in known.values() if _is_number(text))
    return comma > 0 and comma + plain >= NEARLY_ALL * len(known)


def _is_number(text: str) -> bool:
    return to_number(text) is not None
