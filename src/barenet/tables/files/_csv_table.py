"""A CSV file as columns of text; every error names its line.

`TextColumn` splits the rows into columns, and is strict about their length. Open quotes are
rejected here.
"""

import codecs
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from barenet.errors import DataError
from barenet.storage import _file_io as file_io
from barenet.tables.files import _delimited as delimited
from barenet.tables.files._delimited import CsvOptions, decode, read_records
from barenet.tables.files._header import check_header, read_header
from barenet.tables.files._text_column import (
    ArrowColumn,
    TextColumn,
    column_type,
    describe_uneven_row,
)
from barenet.tables.frames._frame import (
    Frame,
    Names,
    Place,
    Table,
    fill_names,
    spelled_names,
)
from barenet.tables.reading._column_errors import raise_together
from barenet.tables.reading._date_formats import (
    format_of_column,
    formats_by_column,
    formats_of,
    parse_datetime,
    rewrite_date,
)
from barenet.tables.reading._missing_texts import MISSING, is_absent
from barenet.tables.reading._parsing import (
    AFTER_LIMIT,
    BEFORE_LIMIT,
    DECIMAL_COMMA,
    NEARLY_ALL,
    SIGN,
    THOUSANDS,
    grouped_number,
    without_thousands,
)

#: Bytes of memory for each byte of text: as bytes, as text, in columns, and in temporary copies.
_PER_BYTE = 4

#: Bytes of memory for each column.
_PER_COLUMN = 10_000

#: Maximum bytes of memory for each byte of a file, which occurs if values are empty.
MOST_PER_BYTE = _PER_BYTE + ArrowColumn.memory_per_value

#: Size of a block in bytes.
_BLOCK = 2**24
#: Maximum size of a row in bytes.
_LONG = 2**24

#: Number of characters, of up to four bytes each, from which the delimiter and a header are
#: detected.
_HEAD = 2**20

#: Bytes that stand for other characters in encodings that can't be split at a line end, because
#: line ends are other bytes or bytes depend on earlier ones: UTF-16, EBCDIC, UTF-7, HZ, ISO-2022
#: and Python's escapes.
_ASCII = b'"\r\n+AAo-~{\\u000a\x1b$B'

#: A number that may have points between its thousands; not a date, an address or 1.2.3.
_POINTED = rf"{BEFORE_LIMIT}{SIGN}(\d+\.\d+|\d{{1,3}}(\.\d{{3}})+)(,\d+)?-?{AFTER_LIMIT}"

#: A number with a decimal comma or without one, and any points.
_LOCAL_NUMBER = rf"{BEFORE_LIMIT}{SIGN}[\d.]*,?\d+-?{AFTER_LIMIT}"


class Record(NamedTuple):
    """A row as it is in the file, and why it is rejected."""

    line: int
    text: str
    fields: list[str]
    reason: str = ""


@dataclass(frozen=True, eq=False)
class CsvTable(Table):
    """A CSV file, or some of its lines, which are read when needed if they aren't in memory."""

    #: The options with the delimiter, even if it was detected; without a header for lines below it.
    options: CsvOptions
    #: The text, and its columns, once they are read.
    text: str = ""
    columns: Mapping[str, TextColumn] = field(default_factory=dict)
    #: The line of the file at which the text begins, and the number of lines, including empty ones.
    first_line: int = 1
    n_rows: int = 0
    #: The bytes of the lines in the file.
    start: int = 0
    stop: int = 0
    has_csv_options = True
    #: Rows are numbered from 0 in each block; in a `ParquetTable`, they are numbered from the start
    #: of the file.
    first_row = 0

    @property
    def memory_to_read(self) -> int:
        """Bytes of memory for the text."""
        return _PER_BYTE * (self.stop - self.start)

    def opened(self) -> "CsvTable":
        if self.text:
            return self
        _, text = self.read()
        return self._split(text)

    def _split(self, text: str) -> "CsvTable":
        """Split the text of a block into columns."""
        delimiter = str(self.options.delimiter)
        quoting = self.options.has_quotes
        columns = column_type().split(
            text, delimiter, len(self.names), self.path, line=self.first_line, quoting=quoting
        )
        by_name = dict(zip(self.names, columns, strict=True))
        return replace(self, text=text, columns=by_name)

    def read(self) -> tuple[bytes, str]:
        """Read the lines of a block, as bytes and as text."""
        with file_io.open_file(self.path) as file:
            file.seek(self.start)
            data = file.read(self.stop - self.start)
        encoding = str(self.options.encoding)
        return data, decode(data, encoding, self.path, self.first_line, self.start)

    def without_uneven_rows(self) -> tuple["CsvTable", list[Record]]:
        """Open a block without the rows that have too many or too few values, and return these."""
        try:
            return self.opened(), []
        except DataError:
            _, text = self.read()  # an error of the encoding is raised again
        n_names = len(self.names)
        lines = [*delimited.lines_of(text)]
        uneven = []
        for record in self._records_with_text(text):
            n_values = len(record.fields)
            if n_values != n_names:
                uneven.append(record._replace(reason=describe_uneven_row(n_names, n_values)))
                start = record.line - self.first_line
                for place in range(start, start + record.text.count("\n") + 1):
                    lines[place] = "\n"  # an empty line, so that the others keep their numbers
        return self._split("".join(lines)), uneven

    def records_at(self, rows: Collection[int]) -> dict[int, Record]:
        """Find rows of an opened table as they are in the file, by their numbers."""
        found: dict[int, Record] = {}
        wanted = set(rows)
        if not wanted:
            return found
        first_number = 0
        if self.options.header is not False:
            first_number = -1  # the names
        for number, record in enumerate(self._records_with_text(self.text), first_number):
            if number in wanted:
                found[number] = record
        return found

    def _records_with_text(self, text: str) -> Iterator[Record]:
        """The rows of a text of the file, with their lines in the file."""
        lines = [*delimited.lines_of(text)]
        end = (len(lines) + 1, [""])
        for (line, fields), (next_line, _) in pairwise(chain(self._records(text), [end])):
            row = "".join(lines[line - 1 : next_line - 1]).rstrip("\n")
            yield Record(line + self.first_line - 1, row, fields)

    def locate(self, row: int, name: str) -> Place:
        records = self._records(self.opened().text, self.first_line)
        n_above = row
        if self.options.header is not False:
            n_above += 1  # the names
        for _ in range(n_above):
            next(records)
        line, fields = next(records)
        [column] = spelled_names([name], self.all_names)
        value = ""
        if column in self.names:
            value = fields[self.names.index(column)]
        return Place(self.path, row, line, value)

    def _records(self, text: str, first_line: int = 1) -> Iterator[tuple[int, list[str]]]:
        """The rows of a text of the file, with their lines."""
        delimiter = str(self.options.delimiter)
        return read_records(text, delimiter, self.path, first_line, quoting=self.options.has_quotes)

    def as_read(self, text: str) -> set[str]:
        texts = {text}
        for date_format in formats_of(self.options.date_format):
            rewritten = rewrite_date(text, date_format)
            if rewritten is not None:
                texts.add(rewritten)
        plain = text
        if self.options.thousands is not None:
            plain = without_thousands(text, self.options.thousands, self.options.decimal or ".")
        if self.options.decimal == "," and re.fullmatch(DECIMAL_COMMA, plain, re.ASCII):
            plain = plain.replace(",", ".")
        texts.add(plain)
        return texts

    def date_format_of(self, name: str) -> str | None:
        for column in formats_by_column(self.options.date_format):
            if column.strip() == name.strip():
                return format_of_column(self.options.date_format, name)
        return None

    def frame(
        self,
        names: Names,
        *,
        target: str | None = None,
        unparsed: Names = (),
        categories: Names = (),
    ) -> Frame:
        table = self.opened()
        columns: dict[str, Any] = {}
        errors = []
        origin = replace(table, columns={})  # a frame needs it only for errors
        for name in names:
            texts = table.columns[name].trimmed()
            if name not in categories:
                try:
                    _check_separators(texts, name, origin, is_target=name == target)
                except DataError as error:
                    errors.append(error)
            texts = _with_plain_numbers(texts, self.options)
            date_format = format_of_column(self.options.date_format, name)
            if date_format is not None and name not in {target, *unparsed, *categories}:
                texts = texts.mapped(partial(_rewrite_dates, date_format=date_format))
            if name in unparsed:
                columns[name] = texts.coded()
            elif name == target:
                columns[name] = texts.values(missing=("",))
            else:
                columns[name] = texts.values()
        raise_together(errors)
        return Frame(columns, origin)


class UnsplittableError(DataError):
    """Text that cannot be split at the byte of a line end."""


def csv_blocks(path: Path, options: CsvOptions) -> list[CsvTable]:
    """Split a CSV file at row ends into blocks of some megabytes; without rows, into one block."""
    blocks: list[CsvTable] = []
    with file_io.open_file(path) as file:
        head = _read_head(file, path, options)  # frees its memory before that of larger blocks
        options = replace(head.options, header=False)
        start = head.start
        line = head.line
        data = _read_block_bytes(file, options, path, start=start, line=line, size=_BLOCK)
        while data:
            stop = start + len(data)
            n_lines = data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")
            if not data.endswith((b"\r", b"\n")):
                n_lines += 1  # the last line of the file
            if data.strip(b"\r\n"):
                block = CsvTable(
                    path,
                    head.names,
                    options,
                    first_line=line,
                    n_rows=n_lines,
                    start=start,
                    stop=stop,
                )
                blocks.append(block)
            start = stop
            line += n_lines
            data = _read_block_bytes(file, options, path, start=start, line=line, size=_BLOCK)
    return blocks or [CsvTable(path, head.names, options)]


class _Head(NamedTuple):
    """The format of a CSV file, the names of its columns, and where its rows start."""

    #: The options with the delimiter and the encoding, even if these were detected.
    options: CsvOptions
    names: tuple[str, ...]
    #: The line of the first row, and the offset of its first byte.
    line: int
    start: int


def _read_head(file: BinaryIO, path: Path, options: CsvOptions) -> _Head:
    """Detect the format of an open file, and read its header."""
    sample = file.read(4 * _HEAD)
    encoding = _check_splits(sample, options, path)
    text = sample.decode(encoding, "ignore").removeprefix("\ufeff")
    quoting = options.has_quotes
    delimiter = options.delimiter or delimited.find_delimiter(text, path, quoting=quoting)
    options = replace(options, delimiter=delimiter, encoding=encoding)
    first_bytes = _read_block_bytes(file, options, path, start=0, line=1, size=4 * _HEAD)
    first_rows = delimited.without_declaration(decode(first_bytes, encoding, path))
    names = read_header(first_rows, delimiter, path, options.header, quoting=quoting)
    if options.header is None:
        text = delimited.without_declaration(text)
        check_header(names, text, delimiter, path, quoting=quoting)
    records = read_records(first_rows, delimiter, path, quoting=quoting)
    lines = first_bytes.splitlines(keepends=True)
    has_names = options.header is not False
    line = _first_line_of_rows(records, has_names=has_names, end=len(lines) + 1)
    bytes_above = b"".join(lines[: line - 1])
    return _Head(options, fill_names(names), line, len(bytes_above))


def _first_line_of_rows(
    records: Iterator[tuple[int, list[str]]], *, has_names: bool, end: int
) -> int:
    """Return the line where the first row after the names starts; the end if there is no row."""
    if has_names:
        next(records, None)
    for line, _ in records:
        return line
    return end


def _check_splits(head: bytes, options: CsvOptions, path: Path) -> str:
    """Return the encoding of text that can be split at the byte of a line end; reject others."""
    encoding = options.encoding_of(head)
    is_plain = False
    with suppress(DataError):
        is_plain = decode(_ASCII, encoding, path) == _ASCII.decode("ascii")
    if path.as_posix() == file_io.STANDARD_INPUT:
        subject = "standard input"
        remedy = "save it as a CSV file"
    elif file_io.plain_name(path) != path.name.lower():
        subject = "compressed text"
        remedy = "decompress it"
    elif not is_plain:
        subject = f"text in {encoding}"
        remedy = "convert it to UTF-8"
    elif codecs.lookup(encoding).name == "utf-8-sig":
        return "UTF-8"  # unlike utf-8-sig, it keeps a mark at the start of a block
    else:
        return encoding
    remedy += ", or save it as a Parquet file"
    raise UnsplittableError(f"{subject} cannot be read in blocks", path=path, remedy=remedy)


def _read_block_bytes(
    file: BinaryIO, options: CsvOptions, path: Path, *, start: int, line: int, size: int
) -> bytes:
    """Read the rows that end within a number of bytes, or the first row if it is longer."""
    file.seek(start)
    data = file.read(size)
    is_cut = len(data) == size
    if is_cut:  # the bytes may end between CR and LF
        last_end = max(data.rfind(b"\n"), data.rfind(b"\r", 0, -1))
        data = data[: last_end + 1]
    text = ""
    if options.has_quotes and b'"' in data:
        text = decode(data, str(options.encoding), path, line, start)
    try:
        delimited.check_quotes(text, str(options.delimiter), path, line)
    except DataError as error:
        if not is_cut or size > _LONG:
            raise
        lines = data.splitlines(keepends=True)
        n_lines = int(error.line or line) - line  # the lines above the open quote
        data = b"".join(lines[:n_lines])
    if data.strip(b"\xef\xbb\xbf\r\n") or not is_cut:
        return data
    if size > _LONG:
        problem = f"a row of more than {file_io.format_size(_LONG)} cannot be read in blocks"
        raise DataError(problem, path=path, line=line, remedy="save it as a Parquet file")
    return _read_block_bytes(file, options, path, start=start, line=line, size=2 * size)


def read_table(path: Path, options: CsvOptions | None = None) -> CsvTable:
    """Read a CSV file, compressed or not.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "heights.csv"
    ...     _ = path.write_text("name;height\\nAda;1.65\\nBob;1.8\\n")
    ...     read_table(path).frame(["height"])["height"]
    array([1.65, 1.8 ])
    """
    options = options or CsvOptions()
    data = file_io.read_file_bytes(path, memory_per_byte=_PER_BYTE)
    text = decode(data, options.encoding_of(data), path)
    del data
    quoting = options.has_quotes
    delimiter = options.delimiter or delimited.find_delimiter(text, path, quoting=quoting)
    text = delimited.without_declaration(text)
    names = read_header(text, delimiter, path, options.header, quoting=quoting)
    _check_size(text, delimiter, len(names), path)
    if quoting:
        delimited.check_quotes(text, delimiter, path)
    n_names = 1
    if options.header is False:
        n_names = 0
    columns = column_type().split(text, delimiter, len(names), path, skip=n_names, quoting=quoting)
    if options.header is None:
        check_header(names, text, delimiter, path, quoting=quoting)
    names = fill_names(names)
    by_name = dict(zip(names, columns, strict=True))
    options = replace(options, delimiter=delimiter)
    return CsvTable(path, names, options, text=text, columns=by_name)


def _with_plain_numbers(texts: TextColumn, options: CsvOptions) -> TextColumn:
    """Rewrite numbers without separators of thousands, and with a decimal point."""
    thousands = options.thousands
    decimal = options.decimal or "."
    if thousands is not None and texts.matches(grouped_number(thousands, decimal)).any():
        rewrite = partial(_without_thousands, thousands=thousands, decimal=decimal)
        texts = texts.mapped(rewrite)
    if decimal == ",":
        texts = texts.with_points()
    return texts


def _without_thousands(values: list[str], thousands: str, decimal: str) -> list[str]:
    """Remove the separators of thousands from texts that are numbers."""
    # A quoted value may end with a line break.
    return [without_thousands(value.strip(), thousands, decimal) for value in values]


def _check_separators(texts: TextColumn, name: str, table: CsvTable, *, is_target: bool) -> None:
    """Reject signs in a column of numbers that can't be the separators of the options."""
    if table.options.thousands is not None:
        _check_groups(texts, name, table, is_target=is_target)
    elif table.options.decimal == ",":
        _check_points(texts, name, table, is_target=is_target)


def _check_groups(texts: TextColumn, name: str, table: CsvTable, *, is_target: bool) -> None:
    """Reject numbers whose separators of thousands aren't between groups of three digits.

    Dates such as 31.12.2026 have no such groups, either, but then most values are no numbers.
    """
    thousands = str(table.options.thousands)
    decimal = table.options.decimal or "."
    separator = THOUSANDS[thousands]
    fraction = rf"([{decimal}]\d*)?"
    plain = rf"{BEFORE_LIMIT}{SIGN}\d+{fraction}([eE][+-]?\d+)?-?{AFTER_LIMIT}"
    any_groups = rf"{BEFORE_LIMIT}{SIGN}\d*({separator}+\d+)+{fraction}-?{AFTER_LIMIT}"
    is_grouped = texts.matches(grouped_number(thousands, decimal))
    is_number = is_grouped | texts.matches(plain)
    is_wrong = texts.matches(any_groups) & ~is_grouped
    if not is_wrong.any():
        return
    are_mostly_right = is_number.sum() > is_wrong.sum()
    are_nearly_all_numbers = (is_number | is_wrong).mean() >= NEARLY_ALL
    if are_mostly_right and are_nearly_all_numbers:
        expected = f"a number with {thousands!r} between groups of three digits alone"
        remedy = "correct it, or read the file without {thousands}"
        if not is_target:
            remedy += "; if these are names, use {columns}; if they are of no use, {columns_}"
        frame = Frame({name: texts.coded()}, table)
        row = int(is_wrong.argmax())
        raise frame.fault(
            row,
            name,
            expected,
            remedy,
            thousands=thousands,
            columns={name: "names"},
            columns_={name: "drop"},
        )


def _check_points(texts: TextColumn, name: str, table: CsvTable, *, is_target: bool) -> None:
    """Reject points beside decimal commas, which usually separate thousands."""
    is_pointed = texts.matches(_POINTED)
    if is_pointed.any() and texts.matches(_LOCAL_NUMBER).mean() >= NEARLY_ALL:
        expected = "a number with a decimal comma and no other point"
        remedy = "for points between the thousands, use {thousands}; "
        remedy += "for decimal points, use {decimal}"
        if not is_target:
            remedy += "; if these are names, use {columns}; if they are of no use, {columns_}"
        frame = Frame({name: texts.coded()}, table)
        row = int(is_pointed.argmax())
        raise frame.fault(
            row,
            name,
            expected,
            remedy,
            thousands=".",
            decimal=".",
            columns={name: "names"},
            columns_={name: "drop"},
        )


def _rewrite_dates(values: list[str], date_format: str) -> list[str]:
    """Rewrite dates in a format, if nearly all different values of a column are such dates.

    If the format reads too few of them, dates that `parse_datetime` reads are kept unchanged.
    """
    dates = [rewrite_date(value, date_format) for value in values]
    n_present = 0
    for value in values:
        if value not in MISSING and not is_absent(value) and not _is_blank(value):
            n_present += 1
    n_dates = len(dates) - dates.count(None)
    if n_dates < NEARLY_ALL * n_present:
        for place, value in enumerate(values):
            if parse_datetime(value) is not None:
                dates[place] = value
        n_dates = len(dates) - dates.count(None)
    if n_dates < max(1, NEARLY_ALL * n_present):
        return values
    rewritten = []
    for value, date in zip(values, dates, strict=True):
        if date is None:
            rewritten.append(value)
        else:
            rewritten.append(date)
    return rewritten


def _is_blank(text: str) -> bool:
    """Return whether a text such as 00.00.0000 is neither a date nor another value."""
    digits = set(re.findall(r"\d", text))
    return digits in ({"0"}, {"9"})


def _check_size(text: str, delimiter: str, n_columns: int, path: Path) -> None:
    """Check a table against the memory budget before it is split into columns."""
    n_values = text.count(delimiter) + text.count("\n") + 1
    needed = 2 * (sys.getsizeof(text) + len(text))
    needed += column_type().memory_per_value * n_values + _PER_COLUMN * n_columns
    file_io.check_memory(path, needed, f"{n_values:,} values in {n_columns:,} columns")
