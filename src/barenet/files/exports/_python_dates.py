"""Reads columns of dates in exported Python files, which contain this module."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from barenet.files.exports._python_values import check_unread, is_missing
from barenet.tables.reading._date_reading import are_missing_dates, parse_datetime, read_date
from barenet.tables.reading._missing_texts import is_absent


def dates(
    values: Sequence[Any], name: str, markers: Sequence[str], order: str, date_format: str = ""
) -> np.ndarray:
    """Read a column of dates or times, in UTC; a missing one is NaT."""
    x = np.full(len(values), np.datetime64("NaT", "us"))
    unread = []
    for row, value in enumerate(values):
        if is_missing(value, markers):
            continue
        if isinstance(value, np.datetime64):
            value = value.astype("M8[us]")  # a text with minutes, of any unit
        text = str(value).strip()
        moment = parse_datetime(text, order)
        if moment is None and order == "ymd":  # as in the files of the training
            moment = read_date(text, date_format)
        if moment is not None:
            x[row] = moment
        elif not is_absent(text):
            unread.append(row)
    x[are_missing_dates(x, markers, order)] = np.datetime64("NaT")
    check_unread(unread, values, name, "a date or a time of day", are_all=bool(np.isnat(x).all()))
    return x
