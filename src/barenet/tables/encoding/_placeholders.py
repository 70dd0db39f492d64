"""Values that may stand for a missing one, such as 9999-12-31 among dates of ten years, or -999.

A single such date widens the scale of its column by centuries, so that the differences between all
other dates nearly vanish. Bins prevent that, as only the other dates determine them; if numbers
have bins, each column of dates has at least one. A number that is far from all others may well be
one of them, an outlier, so that it counts as a placeholder only if several rows have it.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._messages import count_of, some
from barenet.errors import ArgumentError, caller_stacklevel
from barenet.tables.encoding._column import Column
from barenet.tables.encoding._column_fitting import FAR, find_placeholders
from barenet.tables.encoding._column_kinds import DateColumn, NumberColumn
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.frames._plain_values import class_name
from barenet.tables.reading._date_formats import date_text

#: Minimum number of rows that have a placeholder, and of different numbers beside it. Fewer numbers
#: may be a scale with gaps, such as 1, 2 and 10.
FEWEST_ROWS = 2
FEWEST_OTHERS = 5


def warn_of_placeholders(encoding: TableEncoding, X: Any) -> None:
    """Warn of the placeholders of each column of numbers or dates."""
    for note in placeholder_notes(encoding, X):
        warnings.warn(str(note), stacklevel=caller_stacklevel())


def placeholder_notes(encoding: TableEncoding, X: Any) -> Iterator[ArgumentError]:
    """Describe the placeholders of each column of numbers or dates, with a remedy, like an error.

    >>> years = np.arange("2001", "2021", dtype="M8[Y]").astype("M8[us]")
    >>> table = {"end": np.append(years, np.datetime64("9999-12-31"))}
    >>> print(*placeholder_notes(TableEncoding.fit(table), table))
    column 'end': 9999-12-31, in 1 of 21 rows, is farther from the other dates than these are from
    each other; if it stands for a missing value, use missing=['9999-12-31']
    """
    columns = [column for column in encoding.used if isinstance(column, DateColumn | NumberColumn)]
    if not columns:
        return
    frame = encoding.frame_of(X)
    for column in columns:
        note = note_on_placeholders(column, column.parse(frame, column.name, encoding.missing))
        if note is not None:
            note.problem = f"column {column.name!r}: {note.problem}"
            yield note


def note_on_placeholders(column: Column, values: NDArray[Any]) -> ArgumentError | None:
    """Describe the placeholders among the values of a column, without its name."""
    if isinstance(column, DateColumn):
        noun = "dates"
        numbers = column.numbers(values)
        placeholders = find_placeholders(numbers[~np.isnan(numbers)], FAR)
    elif isinstance(column, NumberColumn):
        noun = "numbers"
        numbers = values
        placeholders = placeholder_numbers(numbers[~np.isnan(numbers)])
    else:
        return None
    if not len(placeholders):
        return None
    are_placeholders = np.isin(numbers, placeholders)
    n_rows = int(are_placeholders.sum())
    if isinstance(column, DateColumn):
        # Compare the values, as seconds since 1970 in float64 are not exact in the year 9999.
        different = np.unique(values[are_placeholders])
        texts = [date_text(value, column.order) for value in different]
    else:
        texts = [class_name(value) for value in placeholders.tolist()]
    rows = f"in {n_rows:,} of {count_of(len(numbers), 'row')}"
    if len(texts) == 1:
        verb = "is"
        condition = "if it stands"
    else:
        verb = "are"
        condition = "if they stand"
    problem = f"{some(texts)}, {rows}, {verb} farther from the other {noun} than these are from "
    problem += "each other"
    remedy = f"{condition} for a missing value, use {{missing}}"
    return ArgumentError(problem, remedy=remedy, missing=texts)


def placeholder_numbers(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find numbers far from all others that several rows have, as -999 does; no outliers.

    >>> placeholder_numbers(np.array([-999.0, 1, 2, 3, 4, 5, -999, 70]))
    array([-999.])
    """
    far = find_placeholders(numbers)
    different, counts = np.unique(numbers, return_counts=True)
    if len(different) - len(far) < FEWEST_OTHERS:
        return far[:0]
    recurring = different[counts >= FEWEST_ROWS]
    return np.intersect1d(far, recurring)
