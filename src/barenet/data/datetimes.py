"""Dates and times as they are written, ISO 8601, and the moments in UTC that they mean."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["YEARS", "far_off", "is_datetime", "moment", "utc"]

#: What a date must be: beyond these years, Python has none, and microseconds come to an end.
YEARS = "a date of the years 1 to 9999"

#: A day, or a day and a time, with or without a zone.
_MOMENT = re.compile(
    r"\d{4}([-/])\d\d\1\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z| ?UTC|[+-]\d\d(:?\d\d)?)?)?"
)


def moment(text: str) -> datetime | None:
    """Read a date or a time.

    Examples
    --------
    >>> moment("2026-03-01T12:30+02:00")
    datetime.datetime(2026, 3, 1, 10, 30)
    """
    if not _MOMENT.fullmatch(text):
        return None
    text = text.replace("/", "-")
    head, _, fraction = text.partition(".")
    if fraction:  # Python reads up to six digits.
        digits = re.match(r"\d+", fraction)
        assert digits is not None
        text = f"{head}.{digits[0][:6]}{fraction[digits.end() :]}"
    try:
        return utc(datetime.fromisoformat(text.replace(" UTC", "Z").replace("UTC", "Z")))
    except (ValueError, OverflowError):
        return None


def is_datetime(text: str) -> bool:
    """Tell if a text is a date or a time."""
    return moment(text) is not None


def far_off(dates: NDArray[Any]) -> int | None:
    """Find a date that is in no year of `YEARS`: in microseconds it might be another one."""
    years = dates.astype("M8[Y]").astype(np.int64) + 1970
    wrong = np.flatnonzero(~np.isnat(dates) & ((years < 1) | (years > 9999)))
    return int(wrong[0]) if wrong.size else None


def utc(value: date) -> datetime:
    """Bring a date or a time to UTC, and forget the zone; without one it stays as it is."""
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
