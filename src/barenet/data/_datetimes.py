"""Dates and times: ISO 8601 text, and their conversion to UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.errors import DataError

__all__ = ["in_microseconds", "is_datetime", "parse_datetime", "to_utc"]

#: A day, or a day and a time, with or without a zone.
_FORMAT = re.compile(
    r"\d{4}([-/])\d\d\1\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z| ?UTC|[+-]\d\d(:?\d\d)?)?)?"
)


def parse_datetime(text: str) -> datetime | None:
    """Parse a date or a time; None if it is neither.

    >>> parse_datetime("2026-03-01T12:30+02:00")
    datetime.datetime(2026, 3, 1, 10, 30)
    """
    if not _FORMAT.fullmatch(text):
        return None
    text = re.sub(r"(\.\d{6})\d+", r"\1", text.replace("/", "-"))  # Python parses six digits.
    try:
        return to_utc(datetime.fromisoformat(re.sub(" ?UTC", "Z", text)))
    except (ValueError, OverflowError):
        return None


def is_datetime(text: str) -> bool:
    """Whether a text is a date or a time."""
    return parse_datetime(text) is not None


def in_microseconds(dates: NDArray[Any], name: str, **place: Any) -> NDArray[np.datetime64]:
    """Convert a column of dates of any unit; refuse years that Python does not have."""
    years = dates.astype("M8[Y]").astype(np.int64) + 1970
    if (wrong := np.flatnonzero(~np.isnat(dates) & ((years < 1) | (years > 9999)))).size:
        row, value = wrong[0], str(dates[wrong[0]])
        expected = "expected a date of the years 1 to 9999"
        problem = f"row {row}: column {name!r}: {expected}, got {value!r}"
        raise DataError(problem, **(place or {"argument": "X"}))
    return dates.astype("M8[us]")


def to_utc(value: date) -> datetime:
    """Convert a date or a time to UTC, without a zone; one without a zone is not shifted."""
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
