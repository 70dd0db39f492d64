"""A CSV file in blocks: its text is split once, into columns of text in a temporary file.

The text is decompressed and decoded part by part, so a file of any compression and encoding is read
in bounded memory, and files with the same text have the same blocks.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.errors import DataError
from barenet.storage._file_io import (
    format_size,
    no_room_error,
    open_file,
    temporary_file,
    version_of,
)
from barenet.tables.files import _delimited as delimited
from barenet.tables.files._csv_table import PER_BYTE, CsvTable
from barenet.tables.files._delimited import CsvOptions, Decoder, read_records
from barenet.tables.files._header import check_header, read_header
from barenet.tables.files._text_column import TextColumn, column_type, describe_uneven_row
from barenet.tables.frames._column_names import Names, fill_names, spelled_names
from barenet.tables.frames._frame import Place

#: Size of a block, and maximum size of a row, in bytes of UTF-8.
_BLOCK = 2**24
_LONG = 2**24

#: Bytes of a file from which its encoding is detected, and bytes of UTF-8 from which its delimiter
#: and its header are.
_START = 2**16
_HEAD = 2**22
#: Number of bytes that are decoded at once.
_CHUNK = 2**20

#: The line ends of CSV files, as bytes.
_LF = ord("\n")
_CR = ord("\r")


class Record(NamedTuple):
    """A row as it is in the file, and why it is set aside."""

    line: int
    text: str
    fields: list[str]
    reason: str = ""


class StoredPart(NamedTuple):
    """The place of some rows in a temporary file."""

    start: int
    size: int


class StoredColumns:
    """Columns of text in a temporary file without a name, which is removed with this object."""

    def __init__(self) -> None:
        self._file = temporary_file(self)
        self._size = 0
        #: The type of the columns.
        self._type = column_type()

    def add(self, columns: Sequence[TextColumn], lines: NDArray[np.int64]) -> StoredPart:
        """Write the columns of some rows, and the lines where the rows start."""
        with self._appending() as start:
            self._type.write(columns, lines, self._file)
        return StoredPart(start, self._size - start)

    def add_text(self, text: str) -> StoredPart:
        """Write a text."""
        with self._appending() as start:
            self._file.write(text.encode())
        return StoredPart(start, self._size - start)

    @contextmanager
    def _appending(self) -> Iterator[int]:
        """Write at the end of the file, whose size is yielded before."""
        start = self._file.seek(self._size)
        try:
            yield start
            self._file.flush()
        except OSError as error:
            with suppress(OSError):
                self._file.close()  # which tries to write the rest once more
            raise no_room_error("the columns of CSV files need more room", error) from error
        self._size = self._file.tell()

    def read(
        self, part: StoredPart, places: Sequence[int]
    ) -> tuple[list[TextColumn], NDArray[np.int64]]:
        """Read columns of some rows by their places, and the lines where the rows start."""
        return self._type.read(self.read_bytes(part), places)

    def read_bytes(self, part: StoredPart) -> bytes:
        """Read the bytes of a part."""
        self._file.seek(part.start)
        return self._file.read(part.size)


@dataclass(frozen=True, eq=False, kw_only=True)
class CsvBlock(CsvTable):
    """Some rows of a CSV file, whose columns are in a temporary file."""

    stored: StoredColumns
    part: StoredPart
    n_rows: int
    #: The size and the modification time of the file when it was opened.
    version: tuple[int, int] | None
    #: The first line of the text, and its bytes as UTF-8.
    first_line: int = 1
    n_bytes: int = 0
    #: The rows with another number of values than there are columns, and the text without them, if
    #: rows are set aside.
    uneven: Sequence[Record] = ()
    text_part: StoredPart | None = None
    #: Rows are numbered from 0 in each block; in a `ParquetTable`, they are numbered from the start
    #: of the file.
    first_row: int = field(default=0, init=False)

    @property
    def memory_to_read(self) -> int:
        """Bytes of memory to split the text, and to read its columns."""
        return PER_BYTE * self.n_bytes

    def texts(self, names: Names) -> dict[str, TextColumn]:
        places = [self.names.index(name) for name in names]
        columns, _ = self.stored.read(self.part, places)
        return dict(zip(names, columns, strict=True))

    def locate(self, row: int, name: str) -> Place:
        [column] = spelled_names([name], self.all_names)
        places = []
        if column in self.names:
            places.append(self.names.index(column))
        columns, lines = self.stored.read(self.part, places)
        value = str(columns[0].texts[row]) if columns else ""
        return Place(self.path, row, int(lines[row]), value)

    def records_at(self, rows: Collection[int]) -> dict[int, Record]:
        """Find rows as they are in the file by their numbers, in blocks that set rows aside."""
        assert self.text_part is not None
        if not rows:
            return {}
        columns, starts = self.stored.read(self.part, range(len(self.names)))
        text = self.stored.read_bytes(self.text_part).decode()
        lines = [*delimited.lines_of(text)]
        bounds = [*(starts - self.first_line).tolist(), len(lines)]
        records = {}
        for row in rows:
            row_text = "".join(lines[bounds[row] : bounds[row + 1]]).rstrip("\n")
            fields = [str(column.texts[row]) for column in columns]
            records[row] = Record(int(starts[row]), row_text, fields)
        return records


def csv_blocks(
    path: Path,
    options: CsvOptions,
    stored: StoredColumns | None = None,
    *,
    set_aside: bool = False,
) -> list[CsvBlock]:
    """Split a CSV file at row ends into blocks of some megabytes; without rows, into one block.

    Its columns are added to those that are stored for other files. Rows with another number of
    values are an error, or are set aside.
    """
    stored = stored or StoredColumns()
    version = version_of(path)
    blocks: list[CsvBlock] = []
    with open_file(path) as file:
        text_blocks = _TextBlocks(file, path, options)
        splitter = text_blocks.read_header()
        empty = CsvBlock(
            path,
            fill_names(splitter.names),
            replace(options, delimiter=splitter.delimiter),
            stored=stored,
            part=StoredPart(0, 0),
            n_rows=0,
            version=version,
        )
        skip = 0 if options.header is False else 1
        for line, n_bytes, block_text in text_blocks:
            text = block_text
            block = replace(empty, first_line=line, n_bytes=n_bytes)
            try:
                columns, lines = splitter.split(text, line, skip)
            except DataError:
                if not set_aside:
                    raise
                text, uneven = splitter.without_uneven_rows(text, line)
                columns, lines = splitter.split(text, line, skip)
                block = replace(block, uneven=uneven)
            if set_aside:
                block = replace(block, text_part=stored.add_text(text))
            skip = 0
            if len(lines) or block.uneven:
                blocks.append(replace(block, part=stored.add(columns, lines), n_rows=len(lines)))
    if not blocks:
        columns, lines = splitter.split("", 1, 0)
        blocks.append(replace(empty, part=stored.add(columns, lines)))
    return blocks


@dataclass(frozen=True)
class _Splitter:
    """Splits text into columns."""

    path: Path
    names: tuple[str, ...]
    delimiter: str
    quoting: bool

    def split(self, text: str, line: int, skip: int) -> tuple[list[TextColumn], NDArray[np.int64]]:
        """Split text that starts on a line into columns, and find the line of each row."""
        columns = column_type().split(
            text,
            self.delimiter,
            len(self.names),
            self.path,
            line=line,
            skip=skip,
            quoting=self.quoting,
        )
        lines = _lines_with_text(text)
        if len(lines) != skip + len(columns[0]):  # values have line breaks
            lines = np.array([place for place, _ in self._records(text)], np.int64)
        return columns, line + lines[skip:]

    def without_uneven_rows(self, text: str, line: int) -> tuple[str, list[Record]]:
        """Empty the lines of rows with too many or too few values, and return these rows."""
        n_columns = len(self.names)
        lines = [*delimited.lines_of(text)]
        records = [*self._records(text)]
        bounds = [place for place, _ in records] + [len(lines)]
        uneven = []
        for number, (start, fields) in enumerate(records):
            if len(fields) == n_columns:
                continue
            stop = bounds[number + 1]
            reason = describe_uneven_row(n_columns, len(fields))
            row = "".join(lines[start:stop]).rstrip("\n")
            uneven.append(Record(line + start, row, fields, reason))
            lines[start:stop] = ["\n"] * (stop - start)  # the others keep their numbers
        return "".join(lines), uneven

    def _records(self, text: str) -> Iterator[tuple[int, list[str]]]:
        """The rows of a text, with their lines from 0."""
        return read_records(text, self.delimiter, self.path, 0, quoting=self.quoting)


def _lines_with_text(text: str) -> NDArray[np.int64]:
    """Return the numbers of the lines that are not empty, from 0."""
    data = np.frombuffer(text.encode(), np.uint8)
    is_end = data == _LF
    if "\r" in text:
        is_return = data == _CR
        is_end[:-1] |= is_return[:-1] & (data[1:] != _LF)
    starts = np.concatenate([[0], np.flatnonzero(is_end) + 1])
    starts = starts[starts < len(data)]
    first = data[starts]
    return np.flatnonzero((first != _LF) & (first != _CR))


class _TextBlocks:
    """The text of a file in blocks that end where rows do."""

    def __init__(self, file: BinaryIO, path: Path, options: CsvOptions) -> None:
        self._file = file
        self._path = path
        self._options = options
        start = file.read(_START)
        self._decoder = Decoder(options.encoding_of(start), path)
        #: Text that has been read and is in no block yet, as UTF-8, and its first line.
        self._data = self._decoder.decode(start, is_last=not start).encode()
        self._line = 1
        self._is_end = not start
        self._delimiter = options.delimiter or ","

    def read_header(self) -> _Splitter:
        """Detect the delimiter, and read the names of the columns, but don't take their row."""
        options = self._options
        quoting = options.has_quotes
        self._fill(_HEAD)
        head = self._text(_HEAD)
        if options.delimiter is None:
            self._delimiter = delimited.find_delimiter(head, self._path, quoting=quoting)
        declaration = head.removesuffix(delimited.without_declaration(head))
        self._data = self._data[len(declaration.encode()) :]
        self._end_of_block()  # reads at least the first row
        text = self._text(len(self._data))
        names = read_header(text, self._delimiter, self._path, options.header, quoting=quoting)
        if options.header is None:
            check_header(names, text, self._delimiter, self._path, quoting=quoting)
        return _Splitter(self._path, names, self._delimiter, quoting)

    def __iter__(self) -> Iterator[tuple[int, int, str]]:
        """Yield the first line of each block, its bytes as UTF-8, and its text."""
        end = self._end_of_block()
        while end:
            text = self._data[:end].decode()
            line = self._line
            self._line += text.count("\n") + text.count("\r") - text.count("\r\n")
            self._data = self._data[end:]
            yield line, end, text
            end = self._end_of_block()

    def _text(self, size: int) -> str:
        """Return the next text of some bytes, without the rest of a character."""
        return self._data[:size].decode(errors="ignore")

    def _fill(self, size: int) -> None:
        """Read until there are some bytes of text, or to the end of the file."""
        parts = [self._data]
        n_missing = size - len(self._data)
        while n_missing > 0 and not self._is_end:
            data = self._file.read(min(n_missing, _CHUNK))
            self._is_end = not data
            part = self._decoder.decode(data, is_last=self._is_end).encode()
            parts.append(part)
            n_missing -= len(part)
        self._data = b"".join(parts)

    def _end_of_block(self) -> int:
        """Return the bytes of the rows that end within a block, or of a first row that is longer.

        They are none at the end of the file.
        """
        size = _BLOCK
        while True:
            end = self._end_of_rows(size)
            is_rest = end == len(self._data) and self._is_end
            if is_rest or self._data[:end].strip(b"\xef\xbb\xbf\r\n"):
                return end
            if size > _LONG:
                problem = f"a row of more than {format_size(_LONG)} cannot be read in blocks"
                remedy = "save it as a Parquet file"
                raise DataError(problem, path=self._path, line=self._line, remedy=remedy)
            size *= 2

    def _end_of_rows(self, size: int) -> int:
        """Return the bytes of the rows that end within some bytes."""
        self._fill(size + 1)
        data = self._data[:size]
        is_cut = len(self._data) > size
        if is_cut:  # the bytes may end between CR and LF
            last_end = max(data.rfind(b"\n"), data.rfind(b"\r", 0, -1))
            data = data[: last_end + 1]
        if not self._options.has_quotes or b'"' not in data:
            return len(data)
        text = data.decode()
        try:
            delimited.check_quotes(text, self._delimiter, self._path, self._line)
        except DataError as error:
            if not is_cut or size > _LONG:
                raise
            n_lines = int(error.line or self._line) - self._line  # the lines above the open quote
            end = 0
            for line_end in islice(re.finditer(r"\r\n|\r|\n", text), n_lines):
                end = line_end.end()
            return len(text[:end].encode())
        return len(data)
