"""Dates and times as they are written, ISO 8601, and the moments in UTC that they mean."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

__all__ = ["is_moment", "moment", "utc"]

#: A day, or a day and a time, with or without a zone.
_MOMENT = re.compile(
    r"\d{4}([-/])\d\d\1\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z| ?UTC|[+-]\d\d(:?\d\d)?)?)?"
)


def moment(text: str) -> datetime | None:
    """Read a date or a time.

    Parameters
    ----------
    text : str
        Such as ``2026-03-01``, ``2026/03/01``, ``2026-03-01 12:30`` or
        ``2026-03-01T12:30:05.5+02:00``.

    Returns
    -------
    datetime or None
        Without a zone: in UTC where one was said, else as written. None where it is no date.

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


def is_moment(text: str) -> bool:
    """Tell if a text is a date or a time."""
    return moment(text) is not None


def utc(value: date) -> datetime:
    """Bring a date or a time to UTC, and forget the zone; without one it stays as it is."""
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
