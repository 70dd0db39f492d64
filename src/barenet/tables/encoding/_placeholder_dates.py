"""Dates that may stand for a missing value, such as 9999-12-31 if all others are within ten years.

A single such row widens the scale of its column by centuries, so that the differences between all
other dates nearly vanish. Bins prevent that, as only the other dates determine them; if numbers
have bins, each column of dates has at least one.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from barenet.errors import ArgumentError, caller_stacklevel, count_of, some
from barenet.tables.encoding._column_fitting import find_placeholders
from barenet.tables.encoding._column_kinds import DateColumn
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.reading._date_formats import date_text


def warn_of_placeholders(encoding: TableEncoding, X: Any) -> None:
    """Warn of the placeholders of each column of dates."""
    for note in placeholder_notes(encoding, X):
        warnings.warn(str(note), stacklevel=caller_stacklevel())


def placeholder_notes(encoding: TableEncoding, X: Any) -> Iterator[ArgumentError]:
    """Describe the placeholders of each column of dates, with a remedy, like an error.

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
        values = column.parse(frame, column.name, encoding.missing)
        dates = column.numbers(values)
        placeholders = find_placeholders(dates[~np.isnan(dates)])
        if not len(placeholders):
            continue
        are_placeholders = np.isin(dates, placeholders)
        n_rows = int(are_placeholders.sum())
        # Compare the values, as seconds since 1970 in float64 are not exact in the year 9999.
        different = np.unique(values[are_placeholders])
        texts = [date_text(value, column.order) for value in different]
        rows = f"in {n_rows:,} of {count_of(len(dates), 'row')}"
        if len(texts) == 1:
            verb = "is"
            condition = "if it stands"
        else:
            verb = "are"
            condition = "if they stand"
        problem = f"column {column.name!r}: {some(texts)}, {rows}, {verb} farther from the other"
        problem += " dates than these are from each other"
        remedy = f"{condition} for a missing value, use {{missing}}"
        yield ArgumentError(problem, remedy=remedy, missing=texts)
