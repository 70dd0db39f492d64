"""A CSV file as columns of text, with every fault in it named by its line.

Arrow reads the rows and is strict about their length. What it would accept and should not, an
open quote or a repeated name, is looked for here; so is the line of whatever it refuses.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data.delimited import (
    check_delimiter,
    decode,
    find_delimiter,
    read_records,
)
from barenet.data.file_io import memory_budget, read_file_bytes
from barenet.data.frame import TEXT, Frame
from barenet.data.header import check_header, read_header
from barenet.data.parsing import CODE, MISSING, NUMBER
from barenet.errors import DataError
from barenet.extras import require

__all__ = ["Lines", "Table", "read_table"]


#: Bytes of memory for each byte of text: as bytes, as text, in columns, and in temporary copies.
_PER_BYTE = 4

#: Bytes of memory for each value, as text in a column and as a number, and for each column.
_PER_VALUE, _PER_COLUMN = 16, 10_000

#: What might be a number with points between its thousands: no date, no address, no 1.2.3.
_POINTED = r"^[+-]?(\d+\.\d+|\d{1,3}(\.\d{3})+)(,\d+)?$"


@dataclass(frozen=True, eq=False)
class Lines:
    """Where the rows of a frame are in a CSV file.

    Attributes
    ----------
    path : Path
        The file.
    names : tuple of str
        Its header.
    text : str
        All of it.
    delimiter : str
        What stands between two values.
    header : bool
        Whether the first line names the columns.
    """

    path: Path
    names: tuple[str, ...]
    text: str
    delimiter: str
    header: bool = True

    def locate(self, row: int, name: str) -> tuple[int, str]:
        """The line of a row and the text of a value in it."""
        records = read_records(self.text, self.delimiter, self.path)
        line, fields = next(islice(records, row + self.header, None))
        return line, fields[self.names.index(name)]


@dataclass(frozen=True, eq=False)
class Table:
    """The columns of a CSV file.

    Attributes
    ----------
    path : Path
        The file.
    names : tuple of str
        The header, spaces around the names removed.
    columns : list of pyarrow.ChunkedArray of string
        The values below it, one array a column.
    lines : Lines
        The file's text, for the lines of its rows.
    decimal : {".", ","}
        What stands before the digits after the point.
    """

    path: Path
    names: tuple[str, ...]
    columns: list[Any]
    lines: Lines
    decimal: str

    @cached_property
    def _index(self) -> dict[str, int]:
        """Where each name is: asking the tuple is slow for tens of thousands of columns."""
        return {name: index for index, name in enumerate(self.names)}

    def column(self, name: str) -> Any:
        """Look a column up by its name."""
        return self.columns[self._index[name]]

    def frame(
        self, names: Sequence[str], text: Collection[str] = (), categories: Collection[str] = ()
    ) -> Frame:
        """Make a frame of columns."""
        if self.decimal == ",":
            for name in names:
                if name not in categories:
                    self._refuse_points(name)
        columns = {name: self._text(name) if name in text else self._values(name) for name in names}
        return Frame(columns, self.lines)

    def _text(self, name: str) -> NDArray[Any]:
        return np.array(self._trimmed(name).to_pylist(), TEXT)

    def _values(self, name: str) -> NDArray[Any]:
        """Read numbers, where there is nothing else; codes such as 007 are none."""
        pyarrow = require("pyarrow", extra="tables", purpose="a CSV file")
        compute = require("pyarrow.compute", extra="tables", purpose="a CSV file")
        trimmed = self._trimmed(name)
        is_number = compute.match_substring_regex(trimmed, f"^({NUMBER.pattern})$")
        is_missing = compute.is_in(trimmed, pyarrow.array(MISSING, pyarrow.string()))
        is_code = compute.match_substring_regex(trimmed, f"^({CODE.pattern})$")
        if compute.all(compute.or_(is_number, is_missing)).as_py():
            written = compute.if_else(is_number, trimmed, pyarrow.scalar(None, pyarrow.string()))
            values = np.array(compute.cast(written, "float64").to_numpy(), np.float64)
            if not compute.any(is_code).as_py() and not np.isinf(values).any():
                return values
        return np.array(trimmed.to_pylist(), TEXT)

    def _refuse_points(self, name: str) -> None:
        """Where a comma stands before the decimals, a point is most often one of thousands."""
        compute = require("pyarrow.compute", extra="tables", purpose="a CSV file")
        values = compute.utf8_trim(self.column(name), characters=" \t")
        pointed = compute.match_substring_regex(values, _POINTED)
        row = int(compute.index(pointed, True).as_py())
        commas = compute.match_substring_regex(values, r"^[+-]?[\d.]*,?\d+$")
        if row >= 0 and compute.mean(compute.cast(commas, "float64")).as_py() >= 0.9:
            frame = Frame({name: np.array(values.to_pylist(), TEXT)}, self.lines)
            expected = "a number with a decimal comma and no other point"
            remedy = (
                "remove the points between the thousands; if these are names, use {categories}; "
                "if they are of no use, {drop}"
            )
            raise frame.fault(row, name, expected, remedy, categories=[name], drop=[name])

    def _trimmed(self, name: str) -> Any:
        """Take a column's texts, no space around them, and numbers with a point."""
        compute = require("pyarrow.compute", extra="tables", purpose="a CSV file")
        values = compute.utf8_trim(self.column(name), characters=" \t")
        if self.decimal == ",":
            comma = compute.match_substring_regex(values, r"^[+-]?\d*,\d+([eE][+-]?\d+)?$")
            values = compute.if_else(comma, compute.replace_substring(values, ",", "."), values)
        return values


def read_table(
    path: Path,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    header: bool | None = None,
) -> Table:
    """Read a CSV file, plain or packed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "heights.csv"
    ...     _ = path.write_text("name;height\\nAda;1.65\\nBob;1.8\\n")
    ...     read_table(path).frame(["height"])["height"]
    array([1.65, 1.8 ])
    """
    if decimal not in (None, ".", ","):
        raise ValueError(f"decimal: expected '.' or ',', got {decimal!r}")
    if delimiter is not None:
        delimiter = check_delimiter(delimiter, path)
    text = decode(read_file_bytes(path, memory_per_byte=_PER_BYTE), encoding, path)
    delimiter = delimiter or find_delimiter(text, path)
    names = read_header(text, delimiter, path, header)
    _check_size(text, delimiter, len(names), path)
    if '"' in text:
        for _ in read_records(text, delimiter, path):
            pass
    columns = _columns(text, delimiter, len(names), path)
    if header is None:
        check_header(names, columns, path)
    if header is not False:
        columns = [column.slice(1) for column in columns]
    if not len(columns[0]):
        raise DataError("no rows below the header", path=path)
    lines = Lines(path, names, text, delimiter, header is not False)
    return Table(path, names, columns, lines, decimal or ".")


def _check_size(text: str, delimiter: str, n_columns: int, path: Path) -> None:
    """Check a table against the memory budget before it is split into columns."""
    n_values = text.count(delimiter) + text.count("\n") + 1
    needed = 2 * (sys.getsizeof(text) + len(text))
    needed += _PER_VALUE * n_values + _PER_COLUMN * n_columns
    memory_budget(path).check(needed, f"{n_values:,} values in {n_columns:,} columns")


def _columns(text: str, delimiter: str, n_columns: int, path: Path) -> list[Any]:
    """Read all rows; to Arrow, the first line is a row like any other."""
    pyarrow = require("pyarrow", extra="tables", purpose="a CSV file")
    arrow_csv = require("pyarrow.csv", extra="tables", purpose="a CSV file")
    types = {f"f{column}": pyarrow.string() for column in range(n_columns)}
    try:
        rows = arrow_csv.read_csv(
            # A header alone is an error to Arrow unless a line break ends it.
            pyarrow.BufferReader((text if text.endswith("\n") else f"{text}\n").encode()),
            read_options=arrow_csv.ReadOptions(
                autogenerate_column_names=True, block_size=2**26, use_threads=False
            ),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(column_types=types),
        )
    except pyarrow.ArrowInvalid as error:
        for line, fields in read_records(text, delimiter, path):
            if len(fields) != n_columns:
                expected = f"expected {n_columns} values, as in the first line, got {len(fields)}"
                raise DataError(f"{expected}", path=path, line=line) from error
        raise DataError(f"{error}", path=path) from error
    return list(rows.columns)
