"""Decides what each column of a table is: numbers, dates, times, yes or no, or names.

There is one rule, and it counts all rows. What a reader reads in every value is the kind, and plain
readers come first. Otherwise, it is what a reader reads in nine tenths of the rows, or of the
different values; the others then count as missing. Anything else is names. If two readers of a
group read all values and differ, such as 01/02/2024 with the day or the month first, other columns
of the table decide, or else nothing does, and the user has to.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from barenet._messages import brief, some
from barenet.errors import ArgumentError, warn_with_remedy
from barenet.tables.frames._frame import FileForms, Frame
from barenet.tables.reading import _limits as limits, _parsing as parsing
from barenet.tables.reading._column_texts import GROUPED, NEARLY_ALL, ColumnTexts, Read
from barenet.tables.reading._column_values import Losses, Unread, parse_column
from barenet.tables.reading._column_words import words_of_kind
from barenet.tables.reading._date_formats import date_text
from barenet.tables.reading._date_reading import is_time
from barenet.tables.reading._missing_texts import MISSING
from barenet.tables.reading._number_forms import file_number_reader, number_form
from barenet.tables.reading._parsing import ReadNumber
from barenet.tables.reading._readers import (
    NO_FORMS,
    PLAIN_KIND,
    Reader,
    are_booleans,
    form_of,
    is_date,
    is_numeric,
    reader_of,
    readers_of_first_rank,
    readers_of_second_rank,
    units_of,
)

#: Minimum number of different values, and fraction of the rows, where the different values decide.
MIN_TEXTS = 10
MIN_ROWS = 0.1

#: Maximum number of different units of numbers; streets and codes have more.
MOST_UNITS = 5

#: Numbers whose points may be between thousands, and those without a point beside them.
_THOUSANDS = re.compile(rf"{GROUPED}|[+-]?\d{{1,3}}", re.ASCII)


class Reading(NamedTuple):
    """What a column is.

    Attributes
    ----------
    kind : str
        The kind, as `parse_column` takes it.
    candidates : tuple of str
        Kinds that read all values and differ, if nothing decides between them; the first is `kind`.
    example : str
        The first text that these read differently.
    likely : str
        A kind that more than half of the different values of a column of names have.
    units : tuple of str
        The different units of numbers, which are therefore names.
    """

    kind: str
    candidates: tuple[str, ...] = ()
    example: str = ""
    likely: str = ""
    units: tuple[str, ...] = ()


def settle_readings(
    readings: Mapping[str, Reading],
    columns: Mapping[str, ColumnTexts],
    forms: Mapping[str, FileForms],
) -> dict[str, Reading]:
    """Settle the readings of columns that have several candidates by the sure ones among them.

    `forms` are those of the columns in their file, by name.
    """
    sure = {name: readings[name] for name in columns if not readings[name].candidates}
    sure_kinds = {reading.kind for reading in sure.values()}
    stated_mark = _stated_mark(forms)
    mark = stated_mark or _decimal_mark(columns, sure)
    settled = {}
    for name, texts in columns.items():
        reading = readings[name]
        # Plain numbers have a stated mark already.
        is_plain = reading.kind == PLAIN_KIND and not stated_mark
        if reading.candidates:
            settled[name] = _settled(reading, sure_kinds, mark)
        elif mark == "," and is_plain and _may_have_thousands(texts):
            settled[name] = Reading("number 1.234,5")
        else:
            settled[name] = reading
    return settled


def _stated_mark(forms: Mapping[str, FileForms]) -> str:
    """Return the decimal mark that an option states for a file; empty without one."""
    for forms_of_column in forms.values():
        form = number_form(forms_of_column.numbers)
        if form is not None:
            return form.decimal
    return ""


def _decimal_mark(columns: Mapping[str, ColumnTexts], sure: Mapping[str, Reading]) -> str:
    """Return the decimal mark that columns of numbers show; empty if none or both do."""
    marks = set()
    for name, reading in sure.items():
        texts = columns[name]
        form = form_of(reading.kind)
        mark = "." if form is None else form.decimal
        if form is None and (reading.kind != "number" or _may_have_thousands(texts)):
            continue
        fraction = re.compile(rf"\d{re.escape(mark)}\d")
        if texts.has_fractions or any(map(fraction.search, texts.texts)):
            marks.add(mark)
    return marks.pop() if len(marks) == 1 else ""


def _settled(reading: Reading, sure: Collection[str], mark: str) -> Reading:
    """Choose the candidate that the sure kinds or the decimal mark of other columns show."""
    shown = []
    for candidate in reading.candidates:
        form = form_of(candidate)
        is_shown = candidate in sure if form is None else form.decimal == mark
        if is_shown:
            shown.append(candidate)
    if len(shown) == 1:
        return Reading(shown[0])
    first = form_of(reading.candidates[0])
    is_plain = first is not None and (first.thousands, first.decimal) == ("", ".")
    if is_plain and not mark:  # 1.250 kg is a decimal, as 1.250 is
        return Reading(reading.candidates[0])
    return reading


def _may_have_thousands(texts: ColumnTexts) -> bool:
    """Return whether the points of numbers may be between thousands."""
    has_points = any("." in text for text in texts.texts)
    return has_points and all(_THOUSANDS.fullmatch(text) for text in texts.texts)


def reading_of(texts: ColumnTexts, forms: FileForms = NO_FORMS) -> Reading:
    """Decide the kind of a column from its texts, given its forms in its file."""
    if not texts.texts:
        return Reading("category" if texts.absent and not texts.n_numbers else "number")
    if not texts.n_numbers and are_booleans(texts.texts):
        return Reading("boolean")
    if texts.are_all(_season):
        return Reading("category")
    read_number = file_number_reader(forms.numbers)
    numbers = _numbers_of(texts, read_number)
    plain_readers = readers_of_first_rank(forms, has_limits=_has_limits(texts, read_number))
    form = number_form(forms.numbers)
    mark = "." if form is None else form.decimal
    have_two_spellings = _have_two_spellings([text.replace(mark, ".") for text in numbers])
    have_codes = have_two_spellings or _have_codes(numbers)
    units = units_of(texts)
    reads: list[tuple[Reader, Read]] = []
    complete: list[Reader] = []
    nearly: list[tuple[Reader, Read]] = []
    for readers in (plain_readers, readers_of_second_rank(texts, units)):
        for reader in readers:
            if have_codes and is_numeric(reader.kind):
                continue
            if complete:  # only another one that reads all values matters
                if texts.are_all(reader.read):
                    complete.append(reader)
                continue
            read = texts.read(reader.read)
            if read is None:
                continue
            reads.append((reader, read))
            if read.is_all:
                complete.append(reader)
            elif _is_nearly_all(texts, read):
                nearly.append((reader, read))
        if complete:
            return _chosen(texts, complete)
    if nearly:
        return _nearest(texts, nearly)
    likely = "number" if have_two_spellings else _likely_kind(texts, reads)
    if not likely and 1 < len(units) <= MOST_UNITS:
        return Reading("category", units=tuple(" ".join(unit).strip() for unit in units))
    return Reading("category", likely=likely)


def _likely_kind(texts: ColumnTexts, reads: Sequence[tuple[Reader, Read]]) -> str:
    """Return the kind that more than half of the different values have; empty without one."""
    for reader, read in reads:
        if 2 * read.n_texts > len(texts.texts):
            return reader.kind
    return ""


def _has_limits(texts: ColumnTexts, read: ReadNumber) -> bool:
    """Return whether limits such as <5 are numbers of a column."""
    if not limits.are_beside_numbers(texts, read):
        return False
    return texts.read(partial(parsing.read_number_or_limit, read=read)) is not None


def _season(text: str) -> str | None:
    """Return a year and the next one, such as 2009/10, which is no month; None for other texts."""
    match = re.fullmatch(r"\d\d(\d\d)\s?[-/]\s?(\d\d)", text, re.ASCII)
    if match is not None and (int(match[1]) + 1) % 100 == int(match[2]):
        return text
    return None


def _numbers_of(texts: ColumnTexts, read_number: ReadNumber) -> list[str]:
    """List the different numbers of a column; none if they are few of its values."""
    read = texts.read(read_number)
    if read is None:
        return []
    unread = {*read.unread}
    return [text for text in texts.texts if text not in unread]


def _have_codes(numbers: Sequence[str]) -> bool:
    """Return whether many of the numbers are codes, such as 01067 and 008.45.

    A few of them beside many numbers of several lengths are numbers, too.
    """
    n_codes = sum(map(parsing.is_code, numbers))
    if not n_codes:
        return False
    lengths = {len(text) for text in numbers}
    are_few = n_codes <= (1 - NEARLY_ALL) * len(numbers)
    return not (are_few and len(numbers) - n_codes >= MIN_TEXTS and len(lengths) > 1)


def _have_two_spellings(numbers: Collection[str]) -> bool:
    """Return whether two numbers with a point differ only in zeros at their end."""
    spellings = {*numbers}
    for text in numbers:
        if text.endswith("0") and re.fullmatch(parsing.LONGER_SPELLING, text):
            shorter = text.rstrip("0")
            while len(shorter) < len(text):
                if not shorter.endswith(".") and shorter in spellings:
                    return True
                shorter += "0"
    return False


def _is_nearly_all(texts: ColumnTexts, read: Read) -> bool:
    """Return whether nearly all rows, or nearly all of many different values, are read."""
    if read.n_rows >= NEARLY_ALL * texts.n_rows:
        return True
    has_rows = read.n_rows >= MIN_ROWS * texts.n_rows
    return has_rows and read.n_texts >= max(MIN_TEXTS, NEARLY_ALL * len(texts.texts))


def _nearest(texts: ColumnTexts, nearly: Sequence[tuple[Reader, Read]]) -> Reading:
    """Choose the reader that reads most rows; those that read as many may contradict it."""
    most = max(read.n_rows for _, read in nearly)
    nearest = [reader for reader, read in nearly if read.n_rows == most]
    return _chosen(texts, nearest)


def _chosen(texts: ColumnTexts, readers: Sequence[Reader]) -> Reading:
    """Choose the first reader, unless others of its group read other values."""
    first, *others = readers
    candidates = [first.kind]
    examples = []
    for reader in others:
        if reader.group == first.group != "":
            example = _difference(texts, first.read, reader.read)
            if example is not None:
                candidates.append(reader.kind)
                examples.append(example)
    if not examples:
        return Reading(first.kind)
    return Reading(first.kind, candidates=tuple(candidates), example=examples[0])


def _difference(
    texts: ColumnTexts, one: Callable[[str], Any], other: Callable[[str], Any]
) -> str | None:
    """Return the first text that two readers read differently, if there is one."""
    for text in texts.texts:
        value = one(text)
        other_value = other(text)
        if value is not None and other_value is not None and value != other_value:
            return text
    return None


def readings_of(
    frame: Frame,
    names: Iterable[str],
    missing: Collection[str],
    markers: Mapping[str, Collection[str]] | None = None,
    *,
    target: str | None = None,
) -> dict[str, Reading]:
    """Decide the kinds of columns of a frame, from all of its rows.

    `markers` are texts for missing values in single columns, besides those of `missing`.
    """
    readings = {}
    texts = {}
    forms = {}
    for name in names:
        forms[name] = forms_of(frame, name, target)
        values = frame.columns[name]
        if values.dtype.kind == "b":
            readings[name] = Reading("boolean")
        elif values.dtype.kind == "M":
            readings[name] = Reading("ymd")
        else:
            tokens = (*missing, *(markers or {}).get(name, ()))
            texts[name] = ColumnTexts.of(values, tokens)
            readings[name] = reading_of(texts[name], forms[name])
    return readings | settle_readings(readings, texts, forms)


def read_formed_numbers(frame: Frame, names: Iterable[str]) -> Frame:
    """Read the columns of text all of whose values are numbers in the form of their file.

    >>> from barenet.tables.frames._to_frame import as_frame
    >>> read_formed_numbers(as_frame({"size": ["1.5", "2"]}), ["size"])["size"].tolist()
    ['1.5', '2']
    """
    columns = dict(frame.columns)
    for name in names:
        forms = frame.forms_of(name)
        if columns[name].dtype.kind != "T" or not forms.numbers:
            continue
        texts = ColumnTexts.of(columns[name], MISSING)
        if reading_of(texts, forms) != Reading(PLAIN_KIND):
            continue
        unread: Losses = {}
        numbers = parse_column(frame, name, PLAIN_KIND, MISSING, unread)
        if not unread:
            columns[name] = numbers
    return replace(frame, columns=columns)


def forms_of(frame: Frame, name: str, target: str | None) -> FileForms:
    """Return the forms of a column in the file of a frame; for a target, without that of dates."""
    forms = frame.forms_of(name)
    return forms._replace(dates="") if name == target else forms


def kinds_of(frame: Frame, names: Iterable[str], missing: Collection[str]) -> dict[str, str]:
    """Return the kinds of columns, by name; one error names all that nothing decides.

    >>> from barenet.tables.frames._to_frame import as_frame
    >>> towns = as_frame({"zip": ["01067", "10115"], "open": ["yes", "no"], "size": ["3", "?"]})
    >>> kinds_of(towns, ["zip", "open", "size"], ["?"])
    {'zip': 'category', 'open': 'boolean', 'size': 'number'}
    """
    readings = readings_of(frame, names, missing)
    refuse_undecided([frame], readings)
    return {name: reading.kind for name, reading in readings.items()}


def refuse_undecided(blocks: Iterable[Frame], readings: Mapping[str, Reading]) -> None:
    """Raise an error for the columns whose kind nothing decides, with both of their readings."""
    problems = []
    columns = {}
    other_columns = {}
    first = None
    for name, reading in readings.items():
        if not reading.candidates:
            continue
        first = first or name
        meanings = []
        for candidate in reading.candidates:
            value = shown_value(reader_of(candidate)(reading.example), candidate)
            meanings.append(f"{value} as {words_of_kind(candidate)!r}")
        problems.append(f"column {name!r}: {reading.example!r} is {' or '.join(meanings)}")
        first_kind, second_kind, *_ = reading.candidates
        columns[name] = words_of_kind(first_kind)
        other_columns[name] = words_of_kind(second_kind)
    if first is None:
        return
    frame, row = _locate(blocks, first, readings[first].example)
    remedy = "nothing decides between them; use {columns} or {columns_}"
    expected = "values with one meaning"
    error = frame.fault(row, first, expected, remedy, columns=columns, columns_=other_columns)
    error.problem = "; ".join(problems)
    raise error


def _locate(blocks: Iterable[Frame], name: str, text: str) -> tuple[Frame, int]:
    """Find the first block and the row with a text."""
    for frame in blocks:
        for row, value in enumerate(frame[name].tolist()):
            if isinstance(value, str) and value.strip() == text:
                return frame, row
    raise AssertionError(text)


def warn_of_unread(unread: Losses, kinds: Mapping[str, str], *, may_be_names: bool = False) -> None:
    """Warn of values that can't be read, and count as missing; in a training, they may be names."""
    for name, lost in unread.items():
        note = ArgumentError(unread_message(name, lost, kinds[name]))
        if may_be_names:
            note.remedy = "if they are names, use {columns}"
            note.options = {"columns": {name: words_of_kind("category")}}
        warn_with_remedy(note)


def warn_of_likely_kinds(readings: Mapping[str, Reading]) -> None:
    """Warn of names most of which may be numbers or dates."""
    for name, reading in readings.items():
        if reading.units:
            problem = f"column {name!r} is read as names, as its numbers have several units: "
            problem += some([repr(unit) for unit in reading.units])
            note = ArgumentError(problem, remedy="convert them to one unit")
            warn_with_remedy(note)
        if reading.likely:
            note = note_on_likely_kind(name, reading.likely)
            note.problem = f"column {name!r} is read as names, though {note.problem}"
            warn_with_remedy(note)


def note_on_likely_kind(name: str, kind: str) -> ArgumentError:
    """Describe a column of names most of which are of another kind.

    >>> print(note_on_likely_kind("size", "number"))
    most of its values fit 'number'; if the others are missing, use columns={'size': 'number'}; if
    all are names, columns={'size': 'names'}
    """
    words = words_of_kind(kind)
    problem = f"most of its values fit {words!r}"
    remedy = "if the others are missing, use {columns}; if all are names, {columns_}"
    return ArgumentError(problem, remedy=remedy, columns={name: words}, columns_={name: "names"})


def unread_message(name: str, lost: Unread, kind: str) -> str:
    """State how many values of a column count as missing, and which.

    >>> unread_message("bib", Unread(2, 1000, ("F106", "F12"), 7), "number")
    "column 'bib': 2 of 1,000 values can't be read as 'number' and count as missing: 'F106', 'F12'"
    """
    counts = f"{lost.n_rows:,} of {lost.n_all:,} values can't be read as {words_of_kind(kind)!r}"
    return f"column {name!r}: {counts} and count as missing: {examples_of(lost)}"


def examples_of(lost: Unread) -> str:
    """List some of the values that can't be read."""
    return some([brief(text) for text in lost.texts])


def shown_value(value: Any, kind: str) -> str:
    """Write the value that a text is read as.

    >>> shown_value(1234.0, "number"), shown_value(datetime(2024, 2, 1), "dmy")
    ('1234', '1 February 2024')
    """
    if not is_date(kind):
        return f"{value:.12g}"
    if is_time(kind):
        return date_text(np.datetime64(value, "us"), kind)
    day = f"{value.day} {value:%B %Y}"
    return day if value.time() == datetime.min.time() else f"{day} {value:%H:%M:%S}"
