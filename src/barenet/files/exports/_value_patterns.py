"""Regular expressions of the texts and dates in records.

They use no backreferences, lookahead or classes such as ``\\d``, so that the engines of JavaScript,
Go (RE2), Rust and Python accept them and agree on the matches.
"""

from barenet.tables.reading._date_reading import is_time

#: A text without null characters, which text files do not have.
TEXT_PATTERN = r"^[^\x00]*$"

#: The years from 1 to 9999.
YEAR = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"

#: The years with a February 29: the last two digits are divisible by 4, or the first two digits are
#: if the last two are zeros.
LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"

#: The months with the days that every year has; braces mark an optional leading zero.
MONTHS = (
    ("(?:{0}[13578]|1[02])", "(?:{0}[1-9]|[12][0-9]|3[01])"),
    ("(?:{0}[469]|11)", "(?:{0}[1-9]|[12][0-9]|30)"),
    ("{0}2", "(?:{0}[1-9]|1[0-9]|2[0-8])"),
)

#: The day and the month of February 29, by the order of dates.
LEAP_DAYS = {"dmy": ("29", "0?2"), "mdy": ("0?2", "29")}

#: A time, perhaps with a time zone, and the zones that a time without a date can have.
TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]{1,9})?)?"
ZONE = "(?:Z| ?UTC|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)"
ZONE_OF_TIME = "(?:Z| ?UTC|[+](?:[01][0-9]|2[0-3]):?[0-5][0-9])"

#: The separators of dates that begin with the year, and of other dates.
YEAR_FIRST = ("-", "/")
YEAR_LAST = ("[.]", "/", "-")


def date_pattern(order: str) -> str:
    """Return the pattern of dates and datetimes in an order; the year may come first in any order.

    For an order or a format of times, return the pattern of times of day.

    >>> import re
    >>> pattern = date_pattern("dmy")
    >>> texts = ["29.2.2024", "29.2.2023", "2026-03-01T12:30Z", "2026-03-01 24:00"]
    >>> [re.search(pattern, text) is not None for text in texts]
    [True, False, True, False]
    >>> re.search(date_pattern("%d.%m.%y"), "2024-12-31") is not None
    True
    >>> re.search(date_pattern("%H.%M"), "18:30") is not None
    True
    """
    if is_time(order):
        return f"^{TIME}{ZONE_OF_TIME}?$"
    dates = []
    for sign in YEAR_FIRST:
        days = _days("md", sign, "0")
        dates.append(f"{YEAR}{sign}{days}|{LEAP_YEAR}{sign}02{sign}29")
    if order in LEAP_DAYS:
        for sign in YEAR_LAST:
            days = _days(order.removesuffix("y"), sign, "0?")
            leap_day = sign.join(LEAP_DAYS[order])
            dates.append(f"{days}{sign}{YEAR}|{leap_day}{sign}{LEAP_YEAR}")
    return f"^(?:{'|'.join(dates)})(?:[T ]{TIME}{ZONE}?)?$"


def _days(order: str, sign: str, zero: str) -> str:
    """Return the pattern of the days that every year has; leading zeros may be optional."""
    alternatives = []
    for month, day in MONTHS:
        parts = {"m": month.format(zero), "d": day.format(zero)}
        alternatives.append(sign.join(parts[letter] for letter in order))
    days = "|".join(alternatives)
    return f"(?:{days})"
