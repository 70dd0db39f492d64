"""What a column of the training rows holds: numbers, categories, truth values or dates.

A guess is made by rules that are few and written down, and refused where it would be a bet: a
column of numbers with a word in it is more often a mistake than a category.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

import numpy as np
from numpy.typing import NDArray

from barenet.data.frame import Frame
from barenet.data.moments import is_moment
from barenet.data.reading import TRUTHS, different, is_code, to_number
from barenet.errors import LONGEST

__all__ = ["NEARLY_ALL", "kind_of", "refuse_foreign"]

#: From this share on, the values that are not like the others are taken for mistakes.
NEARLY_ALL = 0.9

_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")

#: How people write what is not read: what it looks like, what is expected, and what to do.
_FOREIGN = (
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
    """Decide what a column holds.

    Examples
    --------
    >>> from barenet.data.framing import as_frame
    >>> towns = as_frame({"zip": ["01067", "10115"], "open": ["yes", "no"], "size": ["3", "?"]})
    >>> [kind_of(towns, name, ["?"]) for name in towns.columns]
    ['category', 'boolean', 'number']
    """
    column = frame[name]
    if column.dtype.kind == "T":
        return _kind_of_text(frame, name, missing)
    return {"b": "boolean", "M": "date"}.get(column.dtype.kind, "number")


def refuse_foreign(
    known: dict[int, str], codes: NDArray[np.int64], frame: Frame, name: str
) -> None:
    """Refuse dates and numbers that are written in the manner of a country, and say what to do."""
    plain = sum(1 for text in known.values() if _is_number(text) or _DECIMAL_COMMA.fullmatch(text))
    for pattern, expected, remedy in _FOREIGN:
        foreign = [code for code, text in known.items() if pattern.fullmatch(text)]
        alike = len(foreign) + (plain if expected == "a number" else 0)
        if foreign and alike >= NEARLY_ALL * len(known):
            row = int(np.argmax(np.isin(codes, foreign)))
            options = {"drop": [name], "categories": [name], "decimal": ","}
            options = {key: value for key, value in options.items() if f"{{{key}}}" in remedy}
            raise frame.fault(row, name, expected, remedy, **options)


def _kind_of_text(frame: Frame, name: str, missing: Collection[str]) -> str:
    codes, texts = different(frame[name])
    counts = np.bincount(codes, minlength=len(texts))
    known = {code: text for code, text in enumerate(texts) if text not in missing}
    refuse_foreign(known, codes, frame, name)
    words = {text.lower() for text in known.values()}
    if _all_are(_is_number, known, counts, codes, frame, name, "a number"):
        return "category" if any(map(is_code, known.values())) else "number"
    if _all_are(is_moment, known, counts, codes, frame, name, "a date"):
        return "date"
    return "boolean" if any(words == set(pair) for pair in TRUTHS) else "category"


def _all_are(
    is_one: Callable[[str], bool],
    known: dict[int, str],
    counts: NDArray[np.int64],
    codes: NDArray[np.int64],
    frame: Frame,
    name: str,
    expected: str,
) -> bool:
    """Tell if all values are of a kind; refuse a column in which only nearly all are."""
    others = [code for code, text in known.items() if not is_one(text)]
    if not others:
        return True
    share = 1 - counts[others].sum() / counts[list(known)].sum()
    is_decimal = expected == "a number" and _has_decimal_commas(known)
    if share < NEARLY_ALL and not is_decimal:
        return False
    row = int(np.argmax(np.isin(codes, others)))
    if is_decimal:
        remedy = "for a decimal comma, use {decimal}; correct any others"
        raise frame.fault(row, name, expected, remedy, decimal=",")
    options = {"categories": [name]}
    remedy, text = "if the column holds names, use {categories}", known[codes[row]]
    if len(text) <= LONGEST:
        remedy = "if it stands for a missing value, use {missing}; " + remedy
        options["missing"] = [text]
    expected = f"{expected}, as in {np.floor(1000 * share) / 10:g} % of the rows"
    raise frame.fault(row, name, expected, remedy, **options)


def _has_decimal_commas(known: dict[int, str]) -> bool:
    comma = sum(1 for text in known.values() if _DECIMAL_COMMA.fullmatch(text))
    plain = sum(1 for text in known.values() if _is_number(text))
    return comma > 0 and comma + plain >= NEARLY_ALL * len(known)


def _is_number(text: str) -> bool:
    return to_number(text) is not None
