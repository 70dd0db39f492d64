"""Readers: the ways in which the texts of a column may be understood, in the order of their rank.

A plain reader comes first: a number, a date with the year first, a time of day. Readers of the
second rank read numbers with separators, signs and units, durations, and dates in other orders and
formats. If two readers of one group read all values and differ, no order of them decides.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache, partial
from typing import Any, NamedTuple

from barenet.tables.frames._frame import FileForms
from barenet.tables.reading._column_texts import MIN_PROBED, ColumnTexts
from barenet.tables.reading._date_reading import (
    DATES,
    is_format,
    parse_datetime,
    parse_time_of_day,
    read_date,
)
from barenet.tables.reading._number_forms import (
    DURATION,
    SIGNS_OF_THOUSANDS,
    NumberForm,
    file_number_reader,
    number_form,
    number_reader,
    read_duration,
)
from barenet.tables.reading._number_units import unit_of
from barenet.tables.reading._parsing import (
    BOOLEAN_WORDS,
    canonical,
    read_number,
    read_number_or_limit,
    truth_of,
)

#: Formats of dates, besides those that `parse_datetime` reads: years of two digits in each order,
#: and others of exports.
_ORDERS = ("%d{0}%m{0}%y", "%m{0}%d{0}%y", "%y{0}%m{0}%d")
_DATES: list[str] = []
for _order in _ORDERS:
    _DATES.extend(_order.format(_sign) for _sign in "./-")
_TIMED: list[str] = []
for _date in _DATES:
    _TIMED.extend(f"{_date} {_time}" for _time in ("%H:%M", "%H:%M:%S", "%I:%M %p"))
FORMATS = [
    *_DATES,
    *_TIMED,
    *("%d-%b-%y", "%d %b %y", "%d%b%y", "%b-%y", "%b %y", "%b-%d-%y"),
    *("%d. %m. %Y", "%m.%Y", "%Y_%m_%d", "%Y_%m", "%Y-%j", "%Y%m%d-%H%M", "%Y%m%d_%H%M%S"),
    *("%H.%M.%S", "%H.%M"),
]

#: The letters of words for true and false, which may also be codes, and the pairs beside which they
#: are booleans.
BOOLEAN_LETTERS = {
    "t": (("true", "false"), ("t", "f")),
    "f": (("true", "false"), ("t", "f")),
    "y": (("yes", "no"), ("y", "n")),
    "n": (("yes", "no"), ("y", "n")),
}

#: The separators of thousands and of decimals, in the order in which they are tried.
SEPARATORS = (
    ("", "."),
    ("", ","),
    (",", "."),
    (".", ","),
    (" ", "."),
    (" ", ","),
    ("'", "."),
    ("'", ","),
)


class Reader(NamedTuple):
    """A way to understand a text; `read` returns None for a text of another kind."""

    #: The kind of the column, as `parse_column` takes it.
    kind: str
    read: Callable[[str], Any]
    #: Readers of one group that differ contradict each other; those of no group come in order.
    group: str = ""


#: The kinds of plain numbers, which a target is by default, and of plain dates.
PLAIN_KIND = "number"
PLAIN_DATE = "ymd"

DATE = Reader(PLAIN_DATE, parse_datetime)
TIME = Reader("time", parse_time_of_day)

#: The forms of files without options.
NO_FORMS = FileForms()

#: Dates whose order of day and month follows from the column.
DAY_FIRST = Reader("dmy", partial(parse_datetime, order="dmy"), group="date")
MONTH_FIRST = Reader("mdy", partial(parse_datetime, order="mdy"), group="date")


def readers_of_first_rank(forms: FileForms, *, has_limits: bool) -> Iterator[Reader]:
    """Yield the readers of plain values, or of those in the forms of a file.

    A format of dates comes before numbers, as 20240131 may be in it. Limits such as <5 are numbers
    only in some columns.
    """
    read = file_number_reader(forms.numbers)
    if has_limits:
        read = partial(read_number_or_limit, read=read)
    number = Reader(PLAIN_KIND, read)
    if forms.dates:
        yield Reader(forms.dates, partial(read_date, date_format=forms.dates))
    yield number
    yield DATE
    yield TIME


def readers_of_second_rank(
    texts: ColumnTexts, units: Collection[tuple[str, str]]
) -> Iterator[Reader]:
    """Yield the readers with separators, formats and the units of a column, unless these differ."""
    for form in _forms_with(texts, units):
        yield Reader(f"number {form}", number_reader(str(form)), group="number")
    yield DAY_FIRST
    yield MONTH_FIRST
    for date_format in FORMATS:
        yield Reader(date_format, partial(read_date, date_format=date_format), group="date")
    yield Reader(DURATION, read_duration)


def _forms_with(texts: ColumnTexts, units: Collection[tuple[str, str]]) -> Iterator[NumberForm]:
    """Yield the forms of numbers that differ in their separators, with the unit of a column.

    A form whose separator of thousands is in no text reads the same as the one without.
    """
    if len(units) > 1:
        return
    before = behind = ""
    if units:
        [(before, behind)] = units
    for thousands, decimal in SEPARATORS:
        if not thousands or any(map(SIGNS_OF_THOUSANDS[thousands].search, texts.texts)):
            yield NumberForm(before, thousands, decimal, behind)


def units_of(texts: ColumnTexts) -> list[tuple[str, str]]:
    """Find the different signs and units before and behind numbers of a column."""
    units: dict[tuple[str, str], None] = {}
    n_numbers = 0
    for text in texts.probe:
        unit = unit_of(text)
        if unit is not None:
            before, behind = unit
            units[before.strip(), behind.strip()] = None
            n_numbers += 1
        elif read_number(text) is not None:
            n_numbers += 1
    return [] if n_numbers < MIN_PROBED * len(texts.probe) else [*units]


@cache
def reader_of(kind: str, forms: FileForms = NO_FORMS) -> Callable[[str], Any]:
    """Return the function that reads the texts of a column of a kind, except of names.

    Plain numbers and dates may have the forms of their file.

    >>> reader_of("number 1,234.5")("9,216"), str(reader_of("%d.%m.%y")("31.12.24"))
    (9216.0, '2024-12-31 00:00:00')
    >>> reader_of("number", FileForms(numbers="1.234,5"))("9.216")
    9216.0
    """
    if is_date(kind):
        return partial(_read_date, orders=orders_of(kind, forms))
    if kind == "boolean":
        return truth_of
    if kind == DURATION:
        return read_duration
    if kind == PLAIN_KIND:
        return partial(read_number_or_limit, read=file_number_reader(forms.numbers))
    return partial(read_number_or_limit, read=number_reader(form_of_kind(kind)))


def orders_of(kind: str, forms: FileForms) -> tuple[str, ...]:
    """Return the order or format of a kind of dates, and for plain dates that of their file.

    >>> orders_of("ymd", FileForms(dates="%d.%m.%y")), orders_of("mdy", FileForms(dates="%d.%m.%y"))
    (('ymd', '%d.%m.%y'), ('mdy',))
    """
    return (kind, forms.dates) if kind == PLAIN_DATE and forms.dates else (kind,)


def _read_date(text: str, orders: Sequence[str]) -> datetime | None:
    """Parse a date in the first of some orders or formats that reads it."""
    for order in orders:
        moment = parse_datetime(text, order)
        if moment is not None:
            return moment
    return None


def is_numeric(kind: str) -> bool:
    """Return whether a kind is that of numbers."""
    head, _, _ = kind.partition(" ")
    return head in ("number", DURATION)


def is_date(kind: str) -> bool:
    """Return whether a kind is that of dates or times."""
    return kind in DATES or is_format(kind)


def are_booleans(texts: Iterable[str]) -> bool:
    """Return whether texts are words for true and false, such as yes and no, of any pairs.

    1 and 0 may be beside words. At least one pair must be complete, and that of each letter.

    >>> are_booleans(["yes", "No", "Y", "true"]), are_booleans(["1.0", "0.0", "True"])
    (True, True)
    >>> are_booleans(["yes", "n"]), are_booleans(["yes", "no", "t"]), are_booleans(["1", "0"])
    (False, False, False)
    """
    words = set[str]()
    for text in texts:
        if truth_of(text) is None:
            return False
        words.add(canonical(text).lower())
    for letter in words.intersection(BOOLEAN_LETTERS):
        if not any(words.issuperset(pair) for pair in BOOLEAN_LETTERS[letter]):
            return False
    if any(words.issuperset(pair) for pair in BOOLEAN_WORDS):
        return True
    return words.issuperset(("1", "0")) and len(words) > 2


def form_of(kind: str) -> NumberForm | None:
    """Return the form of numbers in a kind; None for plain numbers and other kinds.

    >>> form_of("number 1.234,5").decimal, form_of("number"), form_of("dmy")
    (',', None, None)
    """
    return number_form(form_of_kind(kind))


def kind_of_form(form: str) -> str:
    """Return the kind of a column whose numbers have a form, as `Reading` names it.

    >>> kind_of_form("1,234.5"), kind_of_form(""), kind_of_form("duration")
    ('number 1,234.5', 'number', 'duration')
    """
    return DURATION if form == DURATION else f"number {form}".rstrip()


def form_of_kind(kind: str) -> str:
    """Return the form of the numbers of a kind; empty for plain numbers.

    >>> form_of_kind("number 1,234.5"), form_of_kind("number"), form_of_kind("duration")
    ('1,234.5', '', 'duration')
    """
    if kind == DURATION:
        return DURATION
    _, _, form = kind.partition(" ")
    return form
