"""Shows how each column of a table is understood: a line with an example and what is lost.

`Task.describe`, ``barenet train`` and a report show the same lines, and ``barenet columns`` prints
them as the words of a file that ``--columns`` reads.
"""

import re
import textwrap
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from barenet._display import write_display, write_table
from barenet._messages import count_of, printable, shortened
from barenet.datasets._column_summary import is_missing
from barenet.datasets._dataset import Dataset
from barenet.errors import ArgumentError, spelled
from barenet.files._predictor import Predictor
from barenet.settings._task_settings import TaskSettings
from barenet.tables.encoding._alike_names import note_on_alike_names
from barenet.tables.encoding._column import Column, DroppedColumn
from barenet.tables.encoding._column_fitting import (
    BY_REQUEST,
    COUNTER,
    IDENTIFIER,
    SAME,
    fit_column,
    is_named_identifier,
)
from barenet.tables.encoding._column_kinds import CategoryColumn
from barenet.tables.encoding._encoding import RARE, TableEncoding
from barenet.tables.encoding._placeholders import note_on_placeholders
from barenet.tables.encoding._words_column import WordsColumn
from barenet.tables.files._open_table import (
    check_target,
    feature_names,
    open_table,
    read_columns,
    requests_for,
)
from barenet.tables.frames._frame import CATEGORY, Frame
from barenet.tables.reading._column_reading import (
    Reading,
    examples_of,
    note_on_likely_kind,
    readings_of,
)
from barenet.tables.reading._column_values import parse_column, read_frame
from barenet.tables.reading._column_words import (
    DROP,
    KEEP,
    UNDECIDED,
    ColumnRequest,
    ColumnRequests,
    columns_with,
    merge_columns,
    missing_of_requests,
    words_of_kind,
)
from barenet.tables.reading._doubtful_dates import note_on_counts, note_on_future_years
from barenet.tables.reading._readers import reader_of
from barenet.tables.reading._table_reading import missing_tokens, requested_kinds, stated_kinds
from barenet.tasks._read_columns import ReadTexts, written_value

#: Maximum number of lines where they are not asked for.
MOST_LINES = 30

#: Maximum width of the names of columns beside their lines.
WIDEST_NAME = 24

#: Maximum number of characters of an example, and of several names.
LONGEST_EXAMPLE = 40

#: A space at which a line isn't broken. Names with such spaces are printed with escapes.
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"

_HEADINGS = ("", "column", "read as", "inputs", "example", "missing", "note")


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
        A value, and what it is read as, or some of the different names; empty if there is none.
    n_missing, n_rows : int
        Number of missing values, besides those that can't be read, and of rows.
    note : str
        Why the column is left out.
    candidates : tuple of str
        The words that read a column of an undecided kind.
    problems : tuple of ArgumentError
        What is lost, such as values that can't be read, or may be wrong, with remedies.
    remedy : ArgumentError, optional
        How to keep a column that is left out, but may matter for new rows nevertheless.
    n_inputs : int, optional
        Number of inputs of a network.
    """

    name: str
    words: str
    example: str = ""
    n_missing: int = 0
    n_rows: int = 0
    note: str = ""
    candidates: tuple[str, ...] = ()
    problems: tuple[ArgumentError, ...] = ()
    remedy: ArgumentError | None = None
    n_inputs: int | None = None

    @property
    def mark(self) -> str:
        """An exclamation mark if something is lost or may be wrong."""
        return "!" if self.problems else ""

    @property
    def title(self) -> str:
        """The words, except for a column that is left out."""
        return "left out" if self.words == DROP else self.words

    @property
    def missing(self) -> str:
        """The number of missing values, unless all or none are missing."""
        if self.n_missing in (0, self.n_rows):
            return ""
        return f"{self.n_missing:,} of {self.n_rows:,}"

    def notes(self, spell: Callable[..., str] = spelled) -> str:
        """Why it is left out, and what is lost, with the remedies as a user writes them."""
        return "; ".join([note for note in (self.note, self._remedies(spell)) if note])

    def details(self, spell: Callable[..., str] = spelled) -> str:
        """The example, the missing values and the notes; of a column left out, the reason first."""
        missing = f"{self.missing} missing" if self.missing else ""
        first = self.example
        if self.note:
            first = f"{self.note}, such as {self.example}" if self.example else self.note
        parts = [first, missing, self._remedies(spell)]
        return "; ".join(part for part in parts if part)

    def _remedies(self, spell: Callable[..., str]) -> str:
        """What is lost, with remedies, and the words that keep the column, or decide its kind."""
        remedies = [problem.render(spell) for problem in self.problems]
        if self.remedy is not None:
            remedies.append(self.remedy.render(spell).removeprefix("; "))
        if self.candidates:
            remedies.append(f"one of: {', '.join(self.candidates)}")
        return "; ".join(remedies)


class ColumnLines(tuple[ColumnLine, ...]):
    """The lines of all columns, which print as text, and which notebooks show as a table."""

    def __str__(self) -> str:
        return self.to_text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        title = f"{count_of(len(self), 'column')} as they are read"
        return write_display(title, self.to_table())

    def to_text(
        self,
        width: int | None = None,
        most: int | None = None,
        spell: Callable[..., str] = spelled,
    ) -> str:
        """Write a line for each column, or for the `most` important ones, broken at a width."""
        shown = self.most_important(most)
        widths = [_width_of(printable(line.name)) for line in shown]
        name_width = min(max(widths, default=0), WIDEST_NAME)
        indent = " " * (name_width + 4)
        texts = []
        for line in shown:
            name = printable(line.name)
            padding = " " * (name_width - _width_of(name))
            text = f"{line.mark:2}{name}{padding}  {line.title}"
            details = line.details(spell)
            if details:
                text += f": {details}"
            texts.append(text if width is None else _broken(text, width, indent))
        others = self.describe_others(shown)
        if others:
            texts.append(f"  {others}")
        return "\n".join(texts)

    def to_table(self, most: int | None = None) -> str:
        """Write the lines as a table of HTML."""
        shown = self.most_important(most)
        table = write_table(_HEADINGS, shown.cells(), "lines")
        others = self.describe_others(shown)
        if others:
            table += f"<p>{others}</p>\n"
        return table

    def most_important(self, most: int | None) -> "ColumnLines":
        """Select at most so many lines, marked ones first, in the order of the table."""
        if most is None or len(self) <= most:
            return self
        by_importance = sorted(self, key=lambda line: not line.problems)  # stable
        chosen = {line.name for line in by_importance[:most]}
        return ColumnLines(line for line in self if line.name in chosen)

    def describe_others(self, shown: "ColumnLines") -> str:
        """Count the columns that are not shown, by their kinds; empty if all are shown."""
        names = {line.name for line in shown}
        kinds = Counter(line.title for line in self if line.name not in names)
        if not kinds:
            return ""
        counts = ", ".join(f"{count:,} {title}" for title, count in kinds.most_common())
        return f"… and {kinds.total():,} more: {counts}"

    def cells(self) -> list[tuple[str, ...]]:
        """The cells of the lines as text."""
        cells: list[tuple[str, ...]] = []
        for line in self:
            n_inputs = "" if line.n_inputs is None else str(line.n_inputs)
            name = printable(line.name)
            cells.append(
                (line.mark, name, line.title, n_inputs, line.example, line.missing, line.notes())
            )
        return cells


def _width_of(text: str) -> int:
    """Return the width of a text in a terminal, where Chinese characters take two places.

    >>> _width_of("size"), _width_of("大小")
    (4, 4)
    """
    n_wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + n_wide


def _broken(text: str, width: int, indent: str) -> str:
    """Break a text into lines, but not within values and options, which are in quotes.

    >>> print(_broken("x  names: 'a b', 'c d'; use columns={'x': 'keep'}", 20, "   "))
    x  names: 'a b',
       'c d'; use
       columns={'x': 'keep'}
    """

    def without_spaces(match: re.Match[str]) -> str:
        return match[0].replace(" ", NO_BREAK_SPACE)

    text = re.sub(r"columns=\{[^}]*\}|(?<!\w)'[^']*'(?!\w)", without_spaces, text)
    broken = textwrap.fill(
        text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return broken.replace(NO_BREAK_SPACE, " ")


def lines_of_encoding(
    frame: Frame,
    encoding: TableEncoding,
    texts: ReadTexts | None = None,
    requests: ColumnRequests | None = None,
) -> ColumnLines:
    """Describe the columns of an encoding, from rows that it can encode, and those to drop.

    `texts` are those of a frame that has been read.
    """
    kinds = {column.name: column.reading for column in encoding.used if column.reading}
    missing = encoding.missing
    read, unread = read_frame(frame, kinds, missing, encoding.markers)
    now = ReadTexts.of(frame, read, missing, encoding.markers, unread=unread, readings={})
    texts = now if texts is None else now.beside(texts)
    lines = []
    for column in encoding.columns:
        if column.name in read:
            lines.append(_line(read, column, texts, missing))
        else:  # a model needs no columns that are left out
            lines.append(_left_out(column.name, column.formula))
    names = [line.name for line in lines]
    lines.extend(
        _left_out(name, BY_REQUEST)
        for name in columns_with(requests or {}, DROP)
        if name not in names
    )
    return ColumnLines(lines)


def lines_of_model(
    predictor: Predictor, rows: Dataset, texts: ReadTexts | None = None
) -> ColumnLines:
    """Describe the columns of a model in rows, of which only those that it uses are needed.

    Columns that are left out have no example, whichever rows are at hand. Empty for a matrix.
    """
    encoding = predictor.preprocessing
    if not isinstance(encoding, TableEncoding) or not isinstance(rows.X, Frame):
        return ColumnLines()
    if texts is not None:
        texts = replace(texts, likely={})  # which later rows don't show
    return lines_of_encoding(rows.X.select(encoding.feature_names), encoding, texts)


def lines_of_table(settings: TaskSettings) -> ColumnLines:
    """Describe the columns of a file, except its target; a kind may be undecided."""
    table = open_table(settings.data, settings.file)
    target = settings.target
    if target is not None:
        target = check_target(table, target)
    requests = requests_for(table, settings.requests, target or "")
    names = feature_names(table, [] if target is None else [target])
    frame = read_columns(table, names, unparsed=columns_with(requests, "names"))
    lines = _lines_of_frame(frame, settings)
    if all(line.words == DROP for line in lines):
        floats = [name for name in names if frame[name].dtype.kind == "f"]
        lines = _lines_of_frame(frame, settings, keep=floats)
    return lines


def _lines_of_frame(frame: Frame, settings: TaskSettings, keep: Sequence[str] = ()) -> ColumnLines:
    """Describe the columns of a frame that has not been read yet."""
    names = [*frame.columns]
    requests = merge_columns(settings.table_options().get("columns"))
    requests = {name: request for name, request in requests.items() if name in names}
    requested = requested_kinds(names, requests)
    tokens = missing_tokens(settings.missing or ())
    kinds = {**frame.kinds, **stated_kinds(frame, requests)}
    markers = missing_of_requests(requests)
    readings = readings_of(frame, [name for name in names if name not in kinds], tokens, markers)
    kinds |= {name: reading.kind for name, reading in readings.items()}
    read, unread = read_frame(frame, kinds, tokens, markers)
    texts = ReadTexts.of(frame, read, tokens, markers, unread=unread, readings=readings)
    lines = []
    for name in names:
        if name in readings and readings[name].candidates and name not in requested:
            lines.append(_undecided(name, readings[name]))
            continue
        column = fit_column(
            read,
            name,
            requested.get(name),
            scaling="none",
            rare=RARE if settings.rare is None else settings.rare,
            missing=tokens,
            markers=markers.get(name, ()),
            keep=[*columns_with(requests, KEEP), *keep],
            inferred=kinds[name],
        )
        request = requests.get(name, ColumnRequest(""))
        lines.append(_line(read, column, texts, tokens, request))
    return ColumnLines(lines)


def _left_out(name: str, reason: str) -> ColumnLine:
    """Describe a column that is left out, and whose values are not at hand."""
    return ColumnLine(name=name, words=DROP, note=reason, n_inputs=0)


def _line(
    frame: Frame,
    column: Column,
    texts: ReadTexts,
    tokens: Collection[str],
    request: ColumnRequest | None = None,
) -> ColumnLine:
    """Describe a column of a frame that has been read, and for which there may be a request."""
    request = request or ColumnRequest("", missing=column.missing_texts)
    name = column.name
    column_kind = frame.kinds.get(name) or column.reading or CATEGORY
    values = parse_column(frame, name, column_kind, (*tokens, *column.missing_texts))
    are_missing = is_missing(values)
    present = values[~are_missing]
    words = request.words or words_of_kind(column_kind)
    example = _example(column, column_kind, present, texts.examples.get(name))
    note = ""
    if isinstance(column, DroppedColumn):
        words = DROP
        note = column.reason
        if note.endswith(SAME):  # it has the value
            example = ""
    elif isinstance(column, WordsColumn):
        words = request.words or "words"
    if words != DROP:
        words = request._replace(words=words).text
    n_missing = int(are_missing.sum())
    lost = texts.unread.get(name)
    if lost is not None and lost.n_all == len(values):  # not only of a sample
        n_missing -= lost.n_rows
    return ColumnLine(
        name=name,
        words=words,
        example=example,
        n_missing=n_missing,
        n_rows=len(values),
        note=note,
        problems=_problems(column, column_kind, values, texts),
        remedy=_remedy_for(column, column_kind),
        n_inputs=len(column.inputs),
    )


def _example(
    column: Column, column_kind: str, present: NDArray[Any], text: tuple[str, str] | None
) -> str:
    """Write a value of a column and what it is read as, or some of its different names."""
    if not len(present):
        return ""
    if column_kind == CATEGORY:
        return _example_of_names(column, dict.fromkeys(present.tolist()))
    if text is None:
        return written_value(present[0], column_kind)
    written, reading = text
    if not reading:
        return printable(shortened(written, LONGEST_EXAMPLE))
    return f"{printable(repr(shortened(written, LONGEST_EXAMPLE)))} → {reading}"


def _example_of_names(column: Column, names: Collection[str]) -> str:
    """Show the first different names of a column, and count them.

    >>> animals = CategoryColumn("kind", ("cat", "dog"), rare=True, missing=False)
    >>> _example_of_names(animals, ["dog", "cat", "emu"])
    "'dog', 'cat', 'emu' (3 different, 1 rare)"
    """
    counts = f"{len(names):,} different"
    if isinstance(column, CategoryColumn) and column.rare:
        counts += f", {len(names) - len(column.categories):,} rare"
    elif isinstance(column, WordsColumn):
        counts += f", {count_of(len(column.words), 'word')} used"
    shown = ""
    n_shown = 0
    for name in names:
        written = printable(repr(shortened(name, LONGEST_EXAMPLE)))
        if shown and len(shown) + len(written) > LONGEST_EXAMPLE:
            break
        shown += f", {written}" if shown else written
        n_shown += 1
    if n_shown < len(names):
        shown += ", …"
    if isinstance(column, DroppedColumn):  # its reason has the counts
        return shown
    return f"{shown} ({counts})"


def _problems(
    column: Column, column_kind: str, values: NDArray[Any], texts: ReadTexts
) -> tuple[ArgumentError, ...]:
    """Describe what is lost of a column, and values that may be wrong."""
    name = column.name
    problems: list[ArgumentError | None] = []
    if name in texts.unread:
        lost = texts.unread[name]
        problem = f"{lost.n_rows:,} of {lost.n_all:,} can't be read and count as missing: "
        problem += examples_of(lost)
        names = {name: words_of_kind(CATEGORY)}
        problems.append(ArgumentError(problem, remedy="for names, use {columns}", columns=names))
    if name in texts.likely:
        problems.append(note_on_likely_kind(name, texts.likely[name]))
    if isinstance(column, CategoryColumn):
        problems.append(note_on_alike_names(set(values.tolist())))
    elif column_kind != CATEGORY:
        problems.append(note_on_placeholders(column, values))
        problems.append(note_on_counts(name, column_kind, values))
        problems.append(note_on_future_years(name, column_kind, values))
    return tuple(problem for problem in problems if problem is not None)


def _remedy_for(column: Column, column_kind: str) -> ArgumentError | None:
    """Return how to keep a column that was left out, but may be no identifier after all."""
    if not isinstance(column, DroppedColumn):
        return None
    numbers_rows = column.reason.startswith(COUNTER)
    if numbers_rows and is_named_identifier(column.name):  # an id that numbers the rows is one
        return None
    if not numbers_rows and not column.reason.startswith(IDENTIFIER):
        return None
    columns = {column.name: KEEP}
    if column_kind == CATEGORY:  # each name is rare
        return ArgumentError("", remedy="to keep it, use {columns} {rare}", columns=columns, rare=0)
    return ArgumentError("", remedy="to keep it, use {columns}", columns=columns)


def _undecided(name: str, reading: Reading) -> ColumnLine:
    """Describe a column that two readers read differently."""
    candidates = []
    for column_kind in reading.candidates:
        value = written_value(reader_of(column_kind)(reading.example), column_kind)
        candidates.append(f"{words_of_kind(column_kind)} ({reading.example!r} → {value})")
    return ColumnLine(name=name, words=UNDECIDED, candidates=(*candidates, "names", DROP))
