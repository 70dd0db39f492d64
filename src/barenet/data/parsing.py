"""What a raw column means: numbers, labels, truth values or moments, and which are missing.

The same words mean the same wherever a column came from. A value that is none of what is asked for
is an error that names its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data.datetimes import moment
from barenet.data.frame import Frame
from barenet.data.target import WORDS, class_name

__all__ = [
    "BOOLEAN_WORDS",
    "MISSING",
    "as_booleans",
    "as_datetimes",
    "as_labels",
    "as_numbers",
    "complete_numbers",
    "is_code",
    "normalize_label",
    "to_number",
    "unique_texts",
]

#: What stands for a missing value, spaces around it aside; nothing at all always does.
MISSING = (
    "", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None", "<NA>", "?", "-", "--",
)  # fmt: skip

#: Pairs of words for true and false, in whatever case; 1 and 0 are numbers.
BOOLEAN_WORDS = (("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("on", "off"))

#: What a number looks like: no NaN, no infinity, no decimal comma, no underscores.
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)

#: Whole numbers that are names: a zero before other digits, or more digits than float64 holds.
CODE = re.compile(r"[+-]?(0\d+|\d{16,})", re.ASCII)

_WORDS = {word: float(pair.index(word) == 0) for pair in BOOLEAN_WORDS for word in pair}


def to_number(text: str) -> float | None:
    """Read a number, None where it is none."""
    return float(text) if NUMBER.fullmatch(text) else None


def is_code(text: str) -> bool:
    """Tell if a text is written as a number and is a name, such as 00123."""
    return CODE.fullmatch(text) is not None


def unique_texts(column: NDArray[Any]) -> tuple[NDArray[np.int64], list[str]]:
    """Number the different texts of a column, in the order in which they come."""
    seen: dict[str, int] = {}
    codes = [seen.setdefault(text, len(seen)) for text in column.tolist()]
    return np.array(codes, np.int64), [text.strip() for text in seen]


def as_numbers(frame: Frame, name: str, missing: Collection[str]) -> NDArray[np.float64]:
    """Read a column as numbers."""
    column = frame[name]
    if column.dtype.kind == "M":
        raise frame.fault(0, name, "a number")
    if column.dtype.kind == "T":
        dtype = np.dtype(np.float64)
        values = _translate(frame, name, missing, to_number, "a number", dtype)
    else:
        values = column.astype(np.float64)
    if (wrong := np.flatnonzero(np.isinf(values))).size:
        raise frame.fault(int(wrong[0]), name, "a number within float64's range")
    tokens = [number for token in missing if (number := to_number(token)) is not None]
    if tokens:
        values[np.isin(values, tokens)] = np.nan
    return values


def complete_numbers(frame: Frame, name: str) -> NDArray[np.float64]:
    """Read a column of numbers of which none may be missing."""
    values = as_numbers(frame, name, ())
    if (holes := np.flatnonzero(np.isnan(values))).size:
        raise frame.fault(int(holes[0]), name, "a number")
    return values


def as_booleans(frame: Frame, name: str, missing: Collection[str]) -> NDArray[np.float64]:
    """Read a column as truth values."""
    column, expected = frame[name], "a truth value, such as yes or no"
    if column.dtype.kind == "T":
        return _translate(frame, name, missing, _truth, expected, np.dtype(np.float64))
    if column.dtype.kind == "M":
        raise frame.fault(0, name, expected)
    values: NDArray[np.float64] = column.astype(np.float64)
    if (wrong := np.flatnonzero(~np.isin(values, [0, 1]) & ~np.isnan(values))).size:
        raise frame.fault(int(wrong[0]), name, expected)
    return values


def as_datetimes(frame: Frame, name: str, missing: Collection[str]) -> NDArray[np.datetime64]:
    """Read a column as dates and times."""
    column, expected = frame[name], "a date, such as 2026-03-01 or 2026-03-01 12:30"
    if column.dtype.kind == "T":
        return _translate(frame, name, missing, moment, expected, np.dtype("M8[us]"))
    if column.dtype.kind != "M":
        if column.dtype.kind == "f" and np.isnan(column).all():
            return np.full(len(column), "NaT", "M8[us]")
        raise frame.fault(0, name, expected)
    return column


def as_labels(frame: Frame, name: str, missing: Collection[str]) -> NDArray[Any]:
    """Read a column as labels."""
    column = frame[name]
    if column.dtype.kind == "T":
        codes, texts = unique_texts(column)
        markers = {normalize_label(token) for token in missing}  # -999 stands for -999.0, too
        labels = ["" if (label := normalize_label(text)) in markers else label for text in texts]
        return np.array(labels, object)[codes]
    if column.dtype.kind == "M":
        return np.where(np.isnat(column), "", _written(column)).astype(object)
    if column.dtype.kind == "b":
        return np.array(WORDS, object)[column.astype(np.int64)]
    values, codes = np.unique(as_numbers(frame, name, missing), return_inverse=True)
    labels = ["" if np.isnan(value) else class_name(value) for value in values]
    return np.array(labels, object)[codes]


def _translate(
    frame: Frame,
    name: str,
    missing: Collection[str],
    meaning: Callable[[str], Any],
    expected: str,
    dtype: np.dtype[Any],
) -> NDArray[Any]:
    """Read each different text once."""
    codes, texts = unique_texts(frame[name])
    values = [None if text in missing else meaning(text) for text in texts]
    for code, (text, value) in enumerate(zip(texts, values, strict=True)):
        if value is None and text not in missing:
            row = int(np.argmax(codes == code))
            raise frame.fault(row, name, expected)
    nothing = np.datetime64("NaT") if dtype.kind == "M" else np.nan
    meanings = np.array([nothing if value is None else value for value in values], dtype)
    result: NDArray[Any] = meanings[codes]
    return result


def _truth(text: str) -> float | None:
    word = _WORDS.get(text.lower())
    return {"1": 1.0, "0": 0.0}.get(text) if word is None else word


def _written(moments: NDArray[Any]) -> NDArray[np.str_]:
    """Write each date by itself, as a CSV file has it: midnight is the day alone."""
    return np.char.replace(np.datetime_as_string(moments, unit="auto"), "T", " ")


def normalize_label(text: str) -> str:
    """Return the same label for equal numbers, 1 for 1.0 and 1e0; 007 is another label."""
    number = None if is_code(text) else to_number(text)
    return text if number is None or np.isinf(number) else class_name(number)
