"""Forms of numbers with separators, signs and units: 1,049.50, $9,216, 12 kg, and durations.

A form is written as the number 1234.5 has it, such as ``"$1,234.5"`` or ``"1234.5 kg"``. So it can
be stored with a model, shown, and given by a user.
"""

import re
from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import NamedTuple

from barenet.tables.reading._parsing import finite_number, is_code, plain_minus, read_number

#: The form of plain numbers, and that of durations, which are read as seconds.
PLAIN = ""
DURATION = "duration"

#: A form: its unit or sign before the number 1234.5 and behind it, and the separators.
FORM = re.compile(r"(?P<before>\D*)1(?P<thousands>[,.' ]?)234(?P<decimal>[.,])5(?P<behind>.*)")

#: Numbers as most are, which are read in a shorter way: no codes, signs or separated thousands.
SIMPLE = re.compile(r"-?(?:0|[1-9]\d{0,12})(?:(?P<decimal>[.,])\d{1,12})?", re.ASCII)

#: Spaces and apostrophes that separate thousands.
SPACES = re.compile("[\u00a0\u2007\u2009\u202f]")
APOSTROPHE = "\u2019"

#: The signs of each separator of thousands.
SIGNS_OF_THOUSANDS = {
    ",": re.compile(","),
    ".": re.compile("[.]"),
    " ": re.compile(f" |{SPACES.pattern}"),
    "'": re.compile("['\u2019]"),
}

#: Durations: 45:12, 1:02:33.5, 0 days 02:30:00, 2h 5m, PT2H5M. A sign before the days applies to
#: the days only: -1 day, 23:00:00 is an hour before.
CLOCK = re.compile(
    r"(?:(?P<days>[+-]?\d+) days?,? )?(?P<sign>[+-]?)(?P<first>\d{1,4}):(?P<second>[0-5]\d)"
    r"(?::(?P<third>[0-5]\d))?(?P<fraction>[.]\d+)?",
    re.ASCII,
)
PARTS_OF_DURATION = re.compile(
    r"(?P<sign>[+-]?)(?:(?P<weeks>\d+)\s?w(?:eeks?|ks?)?)?(?:[ ,]*(?P<days>\d+)\s?d(?:ays?)?)?"
    r"(?:[ ,]*(?P<hours>\d+)\s?h(?:ours?|rs?)?)?(?:[ ,]*(?P<minutes>\d+)\s?m(?:in(?:ute)?s?)?)?"
    r"(?:[ ,]*(?P<seconds>\d+(?:[.]\d+)?)\s?s(?:ec(?:ond)?s?)?)?",
    re.ASCII | re.IGNORECASE,
)
ISO_DURATION = re.compile(
    r"(?P<sign>[+-]?)P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?"
    r"(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:[.]\d+)?)S)?)?",
    re.ASCII | re.IGNORECASE,
)
SECONDS_OF_PARTS = {"weeks": 604_800, "days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}


class NumberForm(NamedTuple):
    """The unit or sign before and behind a number, and its separators."""

    before: str
    thousands: str
    decimal: str
    behind: str

    def __str__(self) -> str:
        return f"{self.before}1{self.thousands}234{self.decimal}5{self.behind}"


@cache
def number_form(text: str) -> NumberForm | None:
    """Parse a form; None if the text is none.

    >>> number_form("$1,234.5"), number_form("1.25")
    (NumberForm(before='$', thousands=',', decimal='.', behind=''), None)
    """
    match = FORM.fullmatch(text)
    if match is None or match["thousands"] == match["decimal"]:
        return None
    return NumberForm(**match.groupdict())


def form_of_separators(thousands: str | None, decimal: str | None) -> str:
    """Return the form of numbers with these separators; one that isn't given is the other sign.

    Without any, numbers are plain.

    >>> [form_of_separators(*signs) for signs in ((None, ","), (" ", None), (None, None))]
    ['1.234,5', '1 234.5', '']
    """
    if thousands is None and decimal is None:
        return PLAIN
    decimal = decimal or "."
    thousands = thousands or ("." if decimal == "," else ",")
    return str(NumberForm("", thousands, decimal, ""))


@cache
def number_reader(form: str) -> Callable[[str], float | None]:
    """Return the function that reads numbers in a form, or plain ones if it is empty.

    >>> number_reader("1.234,5")("1.049,50"), number_reader("")("1.049")
    (1049.5, 1.049)
    """
    separators = number_form(form)
    return read_number if separators is None else partial(read_formed, form=separators)


@cache
def file_number_reader(form: str) -> Callable[[str], float | None]:
    """Return the function that reads the numbers of a file whose options state a form.

    Codes are numbers here, as without a form: the column decides whether it holds names.

    >>> [file_number_reader("1.234,5")(text) for text in ("1.049,50", "01067")]
    [1049.5, 1067.0]
    """
    read_form = number_reader(form)

    @lru_cache(2**16)  # several steps read the same texts
    def read(text: str) -> float | None:
        return read_number(text) if is_code(text) else read_form(text)

    return read


@cache
def number_pattern(thousands: str, decimal: str) -> re.Pattern[str]:
    """Return the pattern of a number with these separators, or without any."""
    whole = r"\d+"
    if thousands:
        separator = re.escape(thousands)
        whole = rf"[1-9]\d{{0,2}}(?:{separator}\d{{3}})+|\d+"
    mark = re.escape(decimal)
    number = rf"[+-]?(?:(?:{whole})(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?"
    return re.compile(number, re.ASCII)


def read_formed(text: str, form: NumberForm) -> float | None:
    """Parse a number in a form; its separators, a sign before it, and the unit of 0 may be missing.

    >>> form = number_form("$1,234.5")
    >>> [read_formed(text, form) for text in ("$9,216", "-$5", "($5.50)", "$(5.50)", "9216", "5 $")]
    [9216.0, -5.0, -5.5, -5.5, 9216.0, None]
    """
    before = form.before.strip()
    behind = form.behind.strip()
    simple = SIMPLE.fullmatch(text)
    if simple is not None and simple["decimal"] in (None, form.decimal) and not behind:
        return float(text.replace(form.decimal, "."))
    plain = plain_minus(text)
    if not text.isascii():
        plain = SPACES.sub(" ", plain).replace(APOSTROPHE, "'")
    # Accountants write negative numbers in parentheses.
    above, opening, below = plain.partition("(")
    is_negative = above.strip() in ("", before) and below.endswith(")")
    if opening and is_negative:
        plain = above + below[:-1]
    sign = ""
    if plain[:1] in ("+", "-"):
        sign = plain[0]
        plain = plain[1:].lstrip()
    has_unit = plain.endswith(behind)  # without M or %, 1.5 is another number
    number = sign + plain.removeprefix(before).removesuffix(behind).strip()
    if number_pattern(form.thousands, form.decimal).fullmatch(number) is None or is_code(number):
        return None
    if form.thousands:
        number = number.replace(form.thousands, "")
    value = finite_number(number.replace(form.decimal, "."))
    if value is None:
        return None
    is_signed_twice = is_negative and value < 0
    if is_signed_twice or (value and not has_unit):
        return None
    return -value if is_negative else value


def read_duration(text: str) -> float | None:
    """Parse a duration in seconds: 45:12 has minutes and seconds, and 2h 5m hours and minutes.

    >>> [read_duration(text) for text in ("45:12", "1:02:33.5", "2h 5m", "PT2H", "1 day, 0:30:00")]
    [2712.0, 3753.5, 7500.0, 7200.0, 88200.0]
    >>> read_duration("-1 day, 23:00:00"), read_duration("P1M"), read_duration("90 hp")
    (-3600.0, None, None)
    """
    match = CLOCK.fullmatch(text)
    if match is not None:
        seconds = 60.0 * int(match["first"]) + int(match["second"])
        if match["third"] is not None:
            seconds = 60 * seconds + int(match["third"])
        elif match["days"] is not None:  # hours and minutes
            seconds *= 60
        seconds += float(match["fraction"] or 0)
        if match["sign"] == "-":
            seconds = -seconds
        return seconds + 86_400 * int(match["days"] or 0)
    match = ISO_DURATION.fullmatch(text) or PARTS_OF_DURATION.fullmatch(text)
    is_letter = re.fullmatch(r"[\d.]+\s?[A-Za-z]", text) is not None  # 60W and 1980s are others
    if match is None or is_letter or not any(match[name] for name in SECONDS_OF_PARTS):
        return None
    seconds = 0.0
    for name, factor in SECONDS_OF_PARTS.items():
        seconds += factor * float(match[name] or 0)
    return -seconds if match["sign"] == "-" else seconds
