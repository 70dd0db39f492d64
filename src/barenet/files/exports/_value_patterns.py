"""The texts and the dates of records as regular expressions.

They have no backreference, no lookahead and no class such as ``\\d``, so that the engines of
JavaScript, Go (RE2), Rust and Python accept them, and agree.
"""

#: A text without a zero character, which files of text do not have.
TEXT_PATTERN = r"^[^\x00]*$"

#: The years from 1 to 9999.
YEAR = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"

#: Those with a 29th of February: the last two digits are divisible by 4, or the first two if these
#: are zeros.
LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"

#: The months and their days, which every year has; braces stand for a zero at the start.
MONTHS = (
    ("(?:{0}[13578]|1[02])", "(?:{0}[1-9]|[12][0-9]|3[01])"),
    ("(?:{0}[469]|11)", "(?:{0}[1-9]|[12][0-9]|30)"),
    ("{0}2", "(?:{0}[1-9]|1[0-9]|2[0-8])"),
)

#: A time, perhaps with a zone, and the zones that a time without a date has.
TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]{1,9})?)?"
ZONE = "(?:Z| ?UTC|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)"
ZONE_OF_TIME = "(?:Z| ?UTC|[+](?:[01][0-9]|2[0-3]):?[0-5][0-9])"

#: The separators of dates that begin with the year, and of the others.
YEAR_FIRST = ("-", "/")
YEAR_LAST = ("[.]", "/", "-")


def date_pattern(order: str) -> str:
    """The pattern of dates, and of dates with a time, in an order; the year may be first in any.

    Where the order is "time", it is the pattern of times of day.

    >>> import re
    >>> pattern = date_pattern("dmy")
    >>> texts = ["29.2.2024", "29.2.2023", "2026-03-01T12:30Z", "2026-03-01 24:00"]
    >>> [re.search(pattern, text) is not None for text in texts]
    [True, False, True, False]
    """
    if order == "time":
        return f"^{TIME}{ZONE_OF_TIME}?$"
    dates = []
    for sign in YEAR_FIRST:
        days = _days("md", sign, "0")
        dates.append(f"{YEAR}{sign}{days}|{LEAP_YEAR}{sign}02{sign}29")
    if order in ("dmy", "mdy"):
        leap_day = {"dmy": ("29", "0?2"), "mdy": ("0?2", "29")}[order]
        for sign in YEAR_LAST:
            days = _days(order.removesuffix("y"), sign, "0?")
            leap_days = sign.join(leap_day)
            dates.append(f"{days}{sign}{YEAR}|{leap_days}{sign}{LEAP_YEAR}")
    return f"^(?:{'|'.join(dates)})(?:[T ]{TIME}{ZONE}?)?$"


def _days(order: str, sign: str, zero: str) -> str:
    """The days that every year has; a zero may be optional at the start of a month or a day."""
    alternatives = []
    for month, day in MONTHS:
        parts = {"m": month.format(zero), "d": day.format(zero)}
        alternatives.append(sign.join(parts[letter] for letter in order))
    days = "|".join(alternatives)
    return f"(?:{days})"
