"""Dates that may stand for a missing value, such as 9999-12-31 where all others are of ten years.

One such row widens the scale of its column by centuries, so the differences of all other dates
nearly vanish.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data._column_kinds import DateColumn, date_text
from barenet.data._encoding import TableEncoding
from barenet.errors import ArgumentError, caller_stacklevel, count_of, some

#: Most different placeholders on each side of the other dates: more of them are dates themselves.
MOST = 2

#: Seconds that a placeholder is apart from the other dates at least: a year.
FAR = 365 * 86_400


def warn_of_placeholders(encoding: TableEncoding, X: Any) -> None:
    """Warn of the placeholders of each column of dates."""
    for note in placeholder_notes(encoding, X):
        warnings.warn(str(note), stacklevel=caller_stacklevel())


def placeholder_notes(encoding: TableEncoding, X: Any) -> Iterator[ArgumentError]:
    """Describe the placeholders of each column of dates, with a remedy, as an error would be.

    >>> years = np.arange("2001", "2021", dtype="M8[Y]").astype("M8[us]")
    >>> table = {"end": np.append(years, np.datetime64("9999-12-31"))}
    >>> print(*placeholder_notes(TableEncoding.fit(table), table))
    column 'end': 9999-12-31, in 1 of 21 rows, is farther from the other dates than these are from
    each other; if it stands for a missing value, use missing=['9999-12-31']
    """
    columns = [column for column in encoding.used if isinstance(column, DateColumn)]
    if not columns:
        return
    frame = encoding.frame_of(X)
    for column in columns:
        dates = column.numbers(column.parse(frame, column.name, encoding.missing))
        placeholders = find_placeholders(dates[~np.isnan(dates)])
        if not len(placeholders):
            continue
        n_rows = int(np.isin(dates, placeholders).sum())
        texts = [date_text(date) for date in placeholders.tolist()]
        rows = f"in {n_rows:,} of {count_of(len(dates), 'row')}"
        if len(texts) == 1:
            verb, pronoun = "is", "it stands"
        else:
            verb, pronoun = "are", "they stand"
        problem = f"column {column.name!r}: {some(texts)}, {rows}, {verb} farther from the other"
        problem += " dates than these are from each other"
        remedy = f"if {pronoun} for a missing value, use {{missing}}"
        yield ArgumentError(problem, remedy=remedy, missing=texts)


def find_placeholders(dates: NDArray[np.float64]) -> NDArray[np.float64]:
    """The first or the last dates, if they are farther from the others than these are apart.

    >>> find_placeholders(np.array([-9e9, 1.0, 5.0, 3.0, 3.0, 9e9]))
    array([-9.e+09,  9.e+09])
    """
    others = np.unique(dates)
    # The far side of both is found first: 9999-12-31 before 0001-01-01, whatever their order.
    for _ in range(2):
        if len(others) < 3:
            break
        gaps = np.diff(others)
        place = int(gaps.argmax()) + 1
        first, last = others[:place], others[place:]
        few, many = (first, last) if len(first) < len(last) else (last, first)
        if len(few) <= MOST and len(many) > 1 and gaps.max() > max(np.ptp(many), FAR):
            others = many
    return np.setdiff1d(dates, others)
