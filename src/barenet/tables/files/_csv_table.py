"""A CSV file as columns of text; every error names its line.

`TextColumn` splits the rows into columns, and is strict about their length. Open quotes are
rejected here.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from barenet.errors import DataError
from barenet.storage import _file_io as file_io
from barenet.tables.files import _delimited as delimited
from barenet.tables.files._delimited import CsvOptions, Decoder, read_records
from barenet.tables.files._header import check_header, read_header
from barenet.tables.files._text_column import ArrowColumn, TextColumn, column_type
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
    rewrite_date,
)
from barenet.tables.reading._date_reading import parse_datetime
from barenet.tables.reading._missing_texts import MISSING, is_absent
from barenet.tables.reading._separators import (
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
PER_BYTE = 4

#: Bytes of memory for each column.
_PER_COLUMN = 10_000

#: Maximum bytes of memory for each byte of a file, which occurs if values are empty.
MOST_PER_BYTE = PER_BYTE + ArrowColumn.memory_per_value

#: Number of characters from which the delimiter and a header are detected.
_HEAD = 2**20

#: A number that may have points between its thousands; not a date, an address or 1.2.3.
_POINTED = rf"{BEFORE_LIMIT}{SIGN}(\d+\.\d+|\d{{1,3}}(\.\d{{3}})+)(,\d+)?-?{AFTER_LIMIT}"

#: A number with a decimal comma or without one, and any points.
_LOCAL_NUMBER = rf"{BEFORE_LIMIT}{SIGN}[\d.]*,?\d+-?{AFTER_LIMIT}"


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
        columns: dict[str, Any] = {}
        errors = []
        origin = replace(self, columns={})  # a frame needs it only for errors
        for name, column in self.texts(names).items():
            texts = column.trimmed()
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
