"""Dates that may be others than they are read as: two digits of a year, and numbers that count."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.errors import ArgumentError, warn_with_remedy
from barenet.tables.frames._plain_values import class_name
from barenet.tables.reading._column_words import kind_of_words
from barenet.tables.reading._date_formats import date_text
from barenet.tables.reading._date_reading import UNTIL
from barenet.tables.reading._readers import reader_of

#: The words that read numbers as dates, with the years that such numbers usually have.
_COUNTED = {
    "date %Y%m%d": (1900, 2100),
    "date %Y%m%d%H%M%S": (1900, 2100),
    "date unix-seconds": (1990, 2050),
    "date unix-milliseconds": (1990, 2050),
    "date excel": (1990, 2050),
}

#: Names of columns of dates: date, order_date, OrderDate and timestamp, but not candidate.
_NAME_OF_DATES = re.compile(r"(?<![A-Za-z])(?i:date|time)|[a-z](?:Date|Time)")

#: Maximum number of different numbers that are read as dates, and the minimum.
_MOST_READ = 1000
_FEWEST_READ = 10


def warn_of_future_years(kinds: Mapping[str, str], columns: Mapping[str, Any]) -> None:
    """Warn of dates after today whose years have two digits, given the kinds of columns."""
    for name, column_kind in kinds.items():
        note = note_on_future_years(name, column_kind, columns[name])
        if note is not None:
            note.problem = f"column {name!r}: {note.problem}"
            warn_with_remedy(note)


def note_on_future_years(name: str, kind: str, dates: NDArray[Any]) -> ArgumentError | None:
    """Describe dates after today whose years have two digits, with the words for earlier years.

    >>> dates = np.array(["2062-07-01", "1999-07-01"], "M8[us]")
    >>> note_on_future_years("born", "%m/%d/%y", dates).problem
    'two digits of a year stand for 1969 to 2068, and dates go up to 2062-07-01'
    """
    if "%y" not in kind or UNTIL in kind or dates.dtype.kind != "M":
        return None
    today = date.today()
    latest = dates[~np.isnat(dates)].max(initial=np.datetime64(today, "us"))
    if latest <= np.datetime64(today, "us"):
        return None
    problem = "two digits of a year stand for 1969 to 2068, and "
    problem += f"dates go up to {date_text(latest)}"
    remedy = f"if none is after {today.year}, use {{columns}}"
    words = f"date {kind}{UNTIL}{today.year}"
    return ArgumentError(problem, remedy=remedy, columns={name: words})


def note_on_counts(name: str, kind: str, numbers: NDArray[Any]) -> ArgumentError | None:
    """Describe numbers that may be dates, such as 20240131 or seconds since 1970.

    Days since 1900, as spreadsheets count them, look like any other numbers, so that the name of
    their column has to be that of dates.

    >>> note_on_counts("day", "number", np.arange(20240101.0, 20240120.0)).options
    {'columns': {'day': 'date %Y%m%d'}}
    """
    if kind != "number":
        return None
    present = np.unique(numbers[~np.isnan(numbers)])
    if len(present) < _FEWEST_READ:
        return None
    places = np.linspace(0, len(present) - 1, min(len(present), _MOST_READ)).astype(int)
    texts = [class_name(number) for number in present[places]]
    for words, (first_year, last_year) in _COUNTED.items():
        if words == "date excel" and not _NAME_OF_DATES.search(name):
            continue
        read = reader_of(str(kind_of_words(words)))
        moments = [read(text) for text in texts]
        if all(moment and first_year <= moment.year <= last_year for moment in moments):
            problem = f"the numbers may be dates, such as {moments[0]} for {texts[0]}"
            remedy = "to read them so, use {columns}"
            return ArgumentError(problem, remedy=remedy, columns={name: words})
    return None
