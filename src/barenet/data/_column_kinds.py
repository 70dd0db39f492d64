"""Infers the kind of a column: number, category, boolean or date.

Few rules decide. Ambiguous columns are refused: a column of numbers with one word in it is more
often a mistake than a category.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data._frame import Frame
from barenet.data._parsing import BOOLEAN_WORDS, is_code, parse_datetime, to_number, unique_texts
from barenet.errors import LONGEST, DataError

#: From this fraction on, the remaining values are considered mistakes.
NEARLY_ALL = 0.9

#: A number with a decimal comma.
_COMMA = r"[+-]?\d*,\d+"

#: Formats that depend on the country: pattern, expected value, remedy.
_LOCALE_FORMATS = (
    (
        r"\d{1,2}([./-])\d{1,2}\1\d{4}([ T]\d.*)?",
        "a date such as 2024-12-31",
        "the order of day and month is ambiguous: write the year, the month and the day, or use "
        "{drop} to leave the column out, or {categories} to read it as names",
    ),
    (
        r"[+-]?\d{1,3}(\.\d{3})+,\d+|[+-]?\d{1,3}(\.\d{3}){2}",
        "a number",
        "remove the points between the thousands, and use {decimal}",
    ),
    (
        r"[+-]?\d{1,3}(,\d{3})+\.\d+|[+-]?\d{1,3}(,\d{3}){2,}",
        "a number",
        "remove the commas between the thousands",
    ),
    (_COMMA, "a number", "for a decimal comma, use {decimal}; correct any others"),
)


@dataclass(frozen=True, eq=False)
class _TextColumn:
    """A column of text: the code of each value, and the texts that are not missing by code."""

    frame: Frame
    name: str
    codes: NDArray[np.int64]
    known: dict[int, str]

    def find(self, is_one: Callable[[str], Any]) -> list[int]:
        """The codes of the values of a kind, in the order of their first rows."""
        return [code for code, text in self.known.items() if is_one(text)]

    def fault(self, code: int, expected: str, remedy: str, **options: object) -> DataError:
        """Describe a wrong value where it occurs first."""
        row = int(np.argmax(self.codes == code))
        return self.frame.fault(
            row, self.name, expected, remedy, categories=[self.name], drop=[self.name], **options
        )


def kind_of(frame: Frame, name: str, missing: Collection[str]) -> str:
    """Infer the kind of a column.

    >>> from barenet.data._to_frame import as_frame
    >>> towns = as_frame({"zip": ["01067", "10115"], "open": ["yes", "no"], "size": ["3", "?"]})
    >>> [kind_of(towns, name, ["?"]) for name in towns.columns]
    ['category', 'boolean', 'number']
    """
    values = frame[name]
    if values.dtype.kind != "T":
        return {"b": "boolean", "M": "date"}.get(values.dtype.kind, "number")
    codes, texts = unique_texts(values)
    known = {code: text for code, text in enumerate(texts) if text not in missing}
    column = _TextColumn(frame, name, codes, known)
    _reject_locale_formats(column)
    if _all_are(_is_number, column, "a number"):
        return "category" if column.find(is_code) else "number"
    if _all_are(parse_datetime, column, "a date"):
        return "date"
    words = {text.lower() for text in known.values()}
    return "boolean" if words in [set(pair) for pair in BOOLEAN_WORDS] else "category"


def _reject_locale_formats(column: _TextColumn) -> None:
    """Refuse dates and numbers in the format of a country, with a remedy."""
    plain = column.find(lambda text: _is_number(text) or re.fullmatch(_COMMA, text))
    for pattern, expected, remedy in _LOCALE_FORMATS:
        found = column.find(re.compile(pattern).fullmatch)
        alike = {*found, *plain} if expected == "a number" else found
        if found and len(alike) >= NEARLY_ALL * len(column.known):
            raise column.fault(found[0], expected, remedy, decimal=",")


def _all_are(is_one: Callable[[str], Any], column: _TextColumn, expected: str) -> bool:
    """Whether all values are of a kind; refuse a column in which nearly all are."""
    others = column.find(lambda text: not is_one(text))
    if not others:
        return True
    counts = np.bincount(column.codes)
    fraction = 1 - counts[others].sum() / counts[list(column.known)].sum()
    if fraction < NEARLY_ALL:
        return False
    remedy, text = "if the column holds names, use {categories}", column.known[others[0]]
    if len(text) <= LONGEST:
        remedy = "if it stands for a missing value, use {missing}; " + remedy
    expected = f"{expected}, as in {np.floor(1000 * fraction) / 10:g} % of the rows"
    raise column.fault(others[0], expected, remedy, missing=[text])


def _is_number(text: str) -> bool:
    return to_number(text) is not None
