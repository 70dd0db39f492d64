"""Values of Python as a table has them: a number as a label, and a date or time in UTC."""

from datetime import date, datetime, timedelta


def class_name(number: float) -> str:
    """Return the name of a class that is a number.

    >>> class_name(3.0), class_name(0.5)
    ('3', '0.5')
    """
    value = float(number)
    return str(int(number)) if value.is_integer() else repr(value)


def to_utc(value: date) -> datetime:
    """Convert a date or time to UTC, and drop the zone; without a zone, it is not shifted."""
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    shift = value.utcoffset() or timedelta(0)
    return in_utc(value.replace(tzinfo=None), shift)


def in_utc(moment: datetime, shift: timedelta) -> datetime:
    """Shift a time to UTC, except on the first and the last day, which stand for no date."""
    day = (moment.year, moment.month, moment.day)
    return moment if day in ((1, 1, 1), (9999, 12, 31)) else moment - shift
