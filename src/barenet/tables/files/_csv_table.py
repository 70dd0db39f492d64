"""A CSV file as columns of text; every error names its line.

`TextColumn` splits the rows into columns, and is strict about their length. Open quotes are
rejected here.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from barenet.storage import _file_io as file_io
from barenet.tables.files import _delimited as delimited
from barenet.tables.files._delimited import CsvOptions, Decoder, read_records
from barenet.tables.files._header import check_header, read_header
from barenet.tables.files._text_column import ArrowColumn, TextColumn, column_type
from barenet.tables.frames._column_names import Names, fill_names, spelled_names
from barenet.tables.frames._frame import FileForms, Frame, Place, Table
from barenet.tables.reading._date_formats import (
    format_of_others,
    looks_like_numbers,
    own_format,
)

#: Bytes of memory for each byte of text: as bytes, as text, in columns, and in temporary copies.
PER_BYTE = 4

#: Bytes of memory for each column.
_PER_COLUMN = 10_000

#: Maximum bytes of memory for each byte of a file, which occurs if values are empty.
MOST_PER_BYTE = PER_BYTE + ArrowColumn.memory_per_value


@dataclass(frozen=True, eq=False)
class CsvTable(Table):
    """A CSV file in memory."""

    #: The options with the delimiter, even if it was detected.
    options: CsvOptions
    #: The text, and its columns.
    text: str = ""
    columns: Mapping[str, TextColumn] = field(default_factory=dict)
    has_csv_options = True

    def texts(self, names: Names) -> Mapping[str, TextColumn]:
        """Return columns as text."""
        return {name: self.columns[name] for name in names}

    def labels(self, names: Names) -> dict[str, Any]:
        """Return the texts of columns as they are in the file."""
        return {name: column.texts for name, column in self.texts(names).items()}

    def locate(self, row: int, name: str) -> Place:
        delimiter = str(self.options.delimiter)
        quoting = self.options.has_quotes
        records = read_records(self.text, delimiter, self.path, quoting=quoting)
        n_above = row
        if self.options.header is not False:
            n_above += 1  # the names
        line, fields = next(islice(records, n_above, None))
        [column] = spelled_names([name], self.all_names)
        value = fields[self.names.index(column)] if column in self.names else ""
        return Place(self.path, row, line, value)

    def forms_of(self, name: str) -> FileForms:
        date_format = self.options.date_format
        own_dates = own_format(date_format, name)
        dates = own_dates or format_of_others(date_format) or ""
        return FileForms(self.options.number_form, dates, own_dates)

    def frame(
        self,
        names: Names,
        *,
        target: str | None = None,
        unparsed: Names = (),
    ) -> Frame:
        columns: dict[str, Any] = {}
        for name, column in self.texts(names).items():
            texts = column.trimmed()
            forms = self.forms_of(name)
            has_form = forms.numbers != "" or looks_like_numbers(forms.dates)
            if name in unparsed or has_form:
                columns[name] = texts.coded()
            elif name == target:
                columns[name] = texts.values(missing=("",))
            else:
                columns[name] = texts.values()
        origin = replace(self, columns={})  # a frame needs it only for errors
        return Frame(columns, origin)


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
    data = file_io.read_file_bytes(path, memory_per_byte=PER_BYTE)
    text = Decoder(options.encoding_of(data), path).decode(data)
    del data
    quoting = options.has_quotes
    delimiter = options.delimiter or delimited.find_delimiter(text, path, quoting=quoting)
    text = delimited.without_declaration(text)
    names = read_header(text, delimiter, path, options.header, quoting=quoting)
    _check_size(text, delimiter, len(names), path)
    if quoting:
        delimited.check_quotes(text, delimiter, path)
    n_names = 0 if options.header is False else 1
    columns = column_type().split(text, delimiter, len(names), path, skip=n_names, quoting=quoting)
    if options.header is None:
        check_header(names, text, delimiter, path, quoting=quoting)
    names = fill_names(names)
    by_name = dict(zip(names, columns, strict=True))
    options = replace(options, delimiter=delimiter)
    return CsvTable(path, names, options, text=text, columns=by_name)


def _check_size(text: str, delimiter: str, n_columns: int, path: Path) -> None:
    """Check a table against the memory budget before it is split into columns."""
    n_values = text.count(delimiter) + text.count("\n") + 1
    needed = 2 * (sys.getsizeof(text) + len(text))
    needed += column_type().memory_per_value * n_values + _PER_COLUMN * n_columns
    file_io.check_memory(path, needed, f"{n_values:,} values in {n_columns:,} columns")
