"""Reads the columns of a table by the kinds that requests, its file or its values determine."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from barenet._constraints import check_texts
from barenet._registry import lookup
from barenet.tables.frames._frame import Frame
from barenet.tables.reading._column_reading import (
    Reading,
    readings_of,
    refuse_undecided,
    warn_of_likely_kinds,
)
from barenet.tables.reading._column_values import Losses
from barenet.tables.reading._column_words import (
    ColumnRequest,
    ColumnRequests,
    kinds_of_requests,
    merge_columns,
    missing_of_requests,
)
from barenet.tables.reading._doubtful_dates import warn_of_future_years
from barenet.tables.reading._missing_texts import MISSING
from barenet.tables.reading._unread_values import UnreadValues


class ReadColumns(NamedTuple):
    """The columns of a frame as they are read, and what is lost.

    `readings` has the columns whose kind follows from their values.
    """

    frame: Frame
    readings: Mapping[str, Reading]
    unread: Losses


def stated_kinds(frame: Frame, requests: ColumnRequests) -> dict[str, str]:
    """Return the kinds that requests state, and formats that the frame's file has for a column."""
    kinds = {}
    for name, column_kind in kinds_of_requests(requests).items():
        if name in frame.columns:
            kinds[name] = column_kind
    for name in frame.columns:
        date_format = frame.forms_of(name).own_dates
        if date_format:
            kinds.setdefault(name, date_format)
    return kinds


def read_table_columns(
    frame: Frame, requests: ColumnRequests, missing: Collection[str] = ()
) -> ReadColumns:
    """Decide the kinds of the columns that have none yet, and read their texts.

    A warning names the values that can't be read, and an error the columns that nothing decides.
    """
    tokens = missing_tokens(missing)
    markers = missing_of_requests(requests)
    kinds = stated_kinds(frame, requests)
    undecided = [name for name in frame.columns if name not in kinds and name not in frame.kinds]
    readings = readings_of(frame, undecided, tokens, markers)
    refuse_undecided([frame], readings)
    for name, reading in readings.items():
        kinds[name] = reading.kind
    of_texts = {}
    for name, column_kind in kinds.items():
        if frame.columns[name].dtype.kind == "T":
            of_texts[name] = column_kind
    unread = UnreadValues(kinds, tokens, markers, may_be_names=True)
    frame = unread.read(frame)
    unread.report()
    warn_of_likely_kinds(readings)
    warn_of_future_years(of_texts, frame.columns)
    return ReadColumns(frame, readings, unread.losses)


def missing_tokens(missing: Collection[str]) -> tuple[str, ...]:
    """Return all texts that stand for a missing value, given the user's."""
    tokens = {*MISSING, *(token.strip() for token in check_texts(missing, "missing"))}
    tokens.discard("")
    return ("", *sorted(tokens))


def requested_kinds(
    names: Sequence[str],
    columns: Mapping[str, str | ColumnRequest] | None = None,
    **lists: Any,
) -> dict[str, str]:
    """Return the kinds that are requested for some columns of a table, as for `merge_columns`."""
    existing = dict.fromkeys(names)
    requested: dict[str, str] = {}
    for name, request in merge_columns(columns, **lists).items():
        lookup(existing, name, request.argument)
        if request.kind is not None:
            requested[name] = request.kind
    return requested
