"""Describes how each column of a table is understood, with an example and what is missing.

`Task.describe` prints a line for each column, and ``barenet columns`` the same as the words of a
file that ``--columns`` reads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from barenet._display import align, write_display, write_table
from barenet.datasets._table_loading import read_features
from barenet.errors import DataError, count_of, printable
from barenet.settings._task_settings import TaskSettings
from barenet.tables.encoding._column import Column, DroppedColumn
from barenet.tables.encoding._column_fitting import fit_column
from barenet.tables.encoding._encoding import (
    RARE,
    TableEncoding,
    check_formats,
    missing_tokens,
    requested_kinds,
)
from barenet.tables.encoding._words_column import WordsColumn
from barenet.tables.files._open_table import (
    check_target,
    feature_names,
    open_table,
    requests_for,
)
from barenet.tables.frames._frame import Frame
from barenet.tables.frames._plain_values import class_name
from barenet.tables.reading._column_reading import kinds_of
from barenet.tables.reading._column_values import parse_column
from barenet.tables.reading._column_words import (
    DROP,
    DROPPED,
    KEEP,
    KINDS,
    UNDECIDED,
    columns_with,
    merge_columns,
    words_of_kind,
)
from barenet.tables.reading._date_formats import date_text
from barenet.tables.reading._readers import is_date

#: Maximum number of characters of an example.
LONGEST_EXAMPLE = 40


_HEADINGS = ("column", "read as", "inputs", "example")


@dataclass(frozen=True, kw_only=True)
class ColumnLine:
    """How a column is understood.

    Attributes
    ----------
    name : str
        The column.
    words : str
        The words for it in `columns`; "?" if its kind is undecided.
    example : str
        Its first value, and what it is read as; empty if there is none.
    n_missing : int
        Number of missing values.
    note : str
        Why the column is left out, or why its kind is undecided.
    candidates : tuple of str
        The words that read a column of an undecided kind.
    n_inputs : int, optional
        Number of inputs of a single network.
    """

    name: str
    words: str
    example: str = ""
    n_missing: int = 0
    note: str = ""
    candidates: tuple[str, ...] = ()
    n_inputs: int | None = None

    @property
    def details(self) -> str:
        """The example, the missing values and the note."""
        parts = []
        if self.example:
            parts.append(self.example)
        if self.n_missing:
            parts.append(f"{self.n_missing:,} missing")
        if self.note and self.words == DROP:
            parts.append(f"left out: {self.note}")
        elif self.note:
            parts.append(self.note)
        if self.candidates:
            parts.append(f"one of: {', '.join(self.candidates)}")
        return "; ".join(parts)


class ColumnLines(tuple[ColumnLine, ...]):
    """The lines of all columns, which print as a table."""

    def __str__(self) -> str:
        if not self:
            return ""
        return align([_HEADINGS, *self._cells()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        title = f"{count_of(len(self), 'column')} as they are read"
        return write_display(title, self.to_table())

    def to_table(self) -> str:
        """Write the lines as a table of HTML."""
        return write_table(_HEADINGS, self._cells())

    def _cells(self) -> list[tuple[str, ...]]:
        """The cells of the lines as text."""
        lines: list[tuple[str, ...]] = []
        for line in self:
            n_inputs = "" if line.n_inputs is None else str(line.n_inputs)
            lines.append((printable(line.name), line.words, n_inputs, line.details))
        return lines


def lines_of_encoding(frame: Frame, encoding: TableEncoding, settings: TaskSettings) -> ColumnLines:
    """Describe the columns of an encoding, from rows that it can encode, and those to drop."""
    lines = []
    for column in encoding.columns:
        column_kind = column.reading or _likely_kind(frame, column.name, encoding.missing)
        lines.append(_line(frame, column, column_kind, encoding.missing))
    names = [line.name for line in lines]
    for name in columns_with(settings.requests, DROP):
        if name not in names:
            lines.append(ColumnLine(name=name, words=DROP, note="dropped by request", n_inputs=0))
    return ColumnLines(lines)


def lines_of_table(settings: TaskSettings) -> ColumnLines:
    """Describe the columns of a file, except its target; a kind may be undecided."""
    table = open_table(settings.data, settings.file)
    target = settings.target
    if target is not None:
        target = check_target(table, target)
    requests = requests_for(table, settings.requests, target or "")
    names = feature_names(table, [] if target is None else [target])
    categories = columns_with(requests, "names")
    refused: dict[str, DataError] = {}
    while True:
        try:
            frame = read_features(table, names, categories=[*categories, *refused])
        except DataError as error:
            if error.column not in names or error.column in refused:
                raise
            refused[error.column] = error
        else:
            break
    lines = _understood(frame, settings, refused)
    if all(line.words == DROP for line in lines):
        floats = [name for name in names if frame[name].dtype.kind == "f"]
        lines = _understood(frame, settings, refused, keep=floats)
    return lines


def _understood(
    frame: Frame,
    settings: TaskSettings,
    refused: Mapping[str, DataError],
    keep: Sequence[str] = (),
) -> ColumnLines:
    """Describe the columns of a frame; those that were refused before are undecided."""
    names = [*frame.columns]
    requests = merge_columns(settings.table_options().get("columns"))
    requests = {name: request for name, request in requests.items() if name in names}
    requested = requested_kinds(names, requests)
    check_formats(frame, requests)
    tokens = missing_tokens(frame, settings.missing or ())
    lines = []
    for name in names:
        try:
            if name in refused:
                raise refused[name]
            column_kind = requested.get(name)
            if column_kind in (None, DROPPED):
                column_kind = frame.kinds.get(name) or kinds_of(frame, [name], tokens)[name]
            column = fit_column(
                frame,
                name,
                requested.get(name),
                scaling="none",
                rare=RARE if settings.rare is None else settings.rare,
                missing=tokens,
                keep=[*columns_with(requests, KEEP), *keep],
                inferred=column_kind,
            )
        except DataError as error:
            lines.append(_undecided(frame, name, error, tokens))
        else:
            stated = requests[name].words if name in requests else ""
            lines.append(_line(frame, column, column_kind, tokens, stated))
    return ColumnLines(lines)


def _likely_kind(frame: Frame, name: str, tokens: Sequence[str]) -> str:
    """Return the kind that the values of a column show; names if they show none."""
    try:
        return frame.kinds.get(name) or kinds_of(frame, [name], tokens)[name]
    except DataError:
        return "category"


def _line(
    frame: Frame, column: Column, column_kind: str, tokens: Sequence[str], stated: str = ""
) -> ColumnLine:
    """Describe a column of a known kind; `stated` are the words for it, if there are any."""
    if column_kind == "words":
        column_kind = "category"
    words = stated or words_of_kind(column_kind)
    note = ""
    if isinstance(column, DroppedColumn):
        words = DROP
        note = column.reason
    elif isinstance(column, WordsColumn):
        words = "words"
    example, n_missing = _example(frame, column.name, column_kind, tokens)
    return ColumnLine(
        name=column.name,
        words=words,
        example=example,
        n_missing=n_missing,
        note=note,
        n_inputs=len(column.inputs),
    )


def _undecided(frame: Frame, name: str, error: DataError, tokens: Sequence[str]) -> ColumnLine:
    """Describe a column whose kind is undecided, with the words that read all of its values."""
    candidates = []
    for words, column_kind in KINDS.items():
        if column_kind in ("category", "words"):
            continue
        try:
            example, _ = _example(frame, name, column_kind, tokens)
        except DataError:
            continue
        candidates.append(f"{words} ({example})")
    candidates += ["names", DROP]
    problem, _, _ = error.problem.partition(";")  # of this column, if others follow
    problem = problem.removeprefix(f"column {name!r}: ")
    return ColumnLine(name=name, words=UNDECIDED, note=problem, candidates=tuple(candidates))


def _example(frame: Frame, name: str, column_kind: str, tokens: Sequence[str]) -> tuple[str, int]:
    """Return the first value of a column with what it is read as, and the number of missing ones.

    Names are themselves, so their number follows instead.
    """
    values = parse_column(frame, name, column_kind, tokens)
    is_missing = values == "" if column_kind == "category" else np.isnan(values)
    n_missing = int(is_missing.sum())
    if is_missing.all():
        return "", n_missing
    row = int(np.argmin(is_missing))
    text = str(frame[name][row]).strip()
    if frame[name].dtype.kind == "M":
        text = date_text(frame[name][row])
    elif frame[name].dtype.kind == "f":
        text = class_name(frame[name][row])
    if len(text) > LONGEST_EXAMPLE:
        text = f"{text[:LONGEST_EXAMPLE]}…"
    shown = printable(repr(text)) if frame[name].dtype.kind == "T" else text
    if column_kind == "category":
        n_different = len(np.unique(values[~is_missing]))
        return f"{shown}, {n_different:,} different", n_missing
    if is_date(column_kind):
        reading = date_text(values[row], column_kind)
    elif column_kind == "boolean":
        reading = "yes" if values[row] else "no"
    else:
        reading = class_name(values[row])
    if reading == text.removesuffix(" 00:00:00"):  # a file's dates in a format are rewritten so
        return reading if is_date(column_kind) else shown, n_missing
    return f"{shown} → {reading}", n_missing
