"""A CSV file as columns of text, with every fault in it named by its line.

Arrow reads the rows and is strict about their length. What it would accept and should not, an
open quote or a repeated name, is looked for here; so is the line of whatever it refuses.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data.source import read_source
from barenet.errors import DataError
from barenet.extras import require

__all__ = ["Table", "read_table"]

#: What is tried where a file seems to have a single column.
DELIMITERS = {",": "','", ";": "';'", "\t": "tab", "|": "'|'"}

#: What a number looks like: no NaN, no infinity, no decimal comma, no underscores.
NUMBER = r"^[ \t]*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[ \t]*$"


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
    text : str
        The file's text, for the lines of its rows.
    delimiter : str
        What stands between two values.
    """

    path: Path
    names: tuple[str, ...]
    columns: list[Any]
    text: str
    delimiter: str

    @property
    def n_rows(self) -> int:
        """How many rows there are below the header."""
        return len(self.columns[0])

    def column(self, name: str) -> Any:
        """Return a column's values as text, a pyarrow.ChunkedArray."""
        return self.columns[self.names.index(name)]

    def first_not_number(self, name: str) -> int | None:
        """Find the first row whose value is not written as a number, counted from 0."""
        return self._first(name, is_number=False)

    def first_number(self, name: str) -> int | None:
        """Find the first row whose value is written as a number, counted from 0."""
        return self._first(name, is_number=True)

    def _first(self, name: str, *, is_number: bool) -> int | None:
        compute = require("pyarrow.compute", extra="tables", purpose="a CSV file")
        found = compute.match_substring_regex(self.column(name), NUMBER)
        row = int(compute.index(found, is_number).as_py())
        return None if row < 0 else row

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Read a column of numbers.

        Parameters
        ----------
        name : str
            The column.

        Returns
        -------
        ndarray of shape (n_rows,), float64
            Its values, all finite.

        Raises
        ------
        DataError
            If a value is missing, not a number, NaN or infinite; names line and column.
        """
        compute = require("pyarrow.compute", extra="tables", purpose="a CSV file")
        if (row := self.first_not_number(name)) is not None:
            raise self.fault(row, name, "expected a number")
        trimmed = compute.utf8_trim(self.column(name), characters=" \t")
        values: NDArray[np.float64] = compute.cast(trimmed, "float64").to_numpy()
        if (wrong := np.flatnonzero(~np.isfinite(values))).size:
            raise self.fault(int(wrong[0]), name, "expected a number within float64's range")
        return values

    def fault(self, row: int, name: str, expected: str) -> DataError:
        """Say what is wrong with a value, and on which line.

        Parameters
        ----------
        row : int
            The row, counted from 0.
        name : str
            The column.
        expected : str
            What should have been there.

        Returns
        -------
        DataError
            To be raised.
        """
        records = _records(self.text, self.delimiter, self.path)
        line = next(line for index, (line, _) in enumerate(records) if index == row + 1)
        value = str(self.column(name)[row])
        got = repr(value[:60]) if value.strip() else "nothing"
        return DataError(f"{self.path}:{line}: column {name!r}: {expected}, got {got}")


def read_table(path: Path, *, delimiter: str | None = None, encoding: str | None = None) -> Table:
    """Read a CSV file, plain or gzip, whose first line names the columns.

    Parameters
    ----------
    path : Path
        The file.
    delimiter : str, optional
        What stands between two values: one character, or ``"tab"``. By default a tab for
        ``.tsv``, a comma otherwise.
    encoding : str, optional
        How the text is encoded, by default UTF-8, with or without a byte-order mark.

    Returns
    -------
    Table
        The columns, as text.

    Raises
    ------
    DataError
        If the file is missing, empty, damaged, not text in that encoding, or its rows do not
        fit its header; names the line.
    ValueError
        If `delimiter` or `encoding` is none.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "heights.csv"
    ...     _ = path.write_text("name;height\\nAda;1.65\\nBob;1.8\\n")
    ...     read_table(path, delimiter=";").numbers("height")
    array([1.65, 1.8 ])
    """
    text = _decode(read_source(path), encoding, path)
    delimiter = _delimiter(delimiter, path)
    names = _header(text, delimiter, path)
    if '"' in text:
        for _ in _records(text, delimiter, path):
            pass
    return Table(path, names, _columns(text, delimiter, len(names), path), text, delimiter)


def _decode(data: bytes, encoding: str | None, path: Path) -> str:
    """Turn bytes into text, without its byte-order mark."""
    try:
        text = data.decode(encoding or "utf-8").removeprefix("\ufeff")
    except LookupError as error:
        raise ValueError(f"encoding: {error}") from error
    except UnicodeError as error:
        at = f" at byte {error.start:,}" if isinstance(error, UnicodeDecodeError) else ""
        raise DataError(
            f"{path}: not {encoding or 'UTF-8'} text{at}; "
            f"say how it is encoded, such as --encoding latin-1 or --encoding utf-16"
        ) from error
    if (nul := text.find("\0")) >= 0:
        line = text.count("\n", 0, nul) + 1
        raise DataError(
            f"{path}:{line}: a zero byte at offset {nul:,}: this is no {encoding or 'UTF-8'} text; "
            f"say how it is encoded, such as --encoding utf-16"
        )
    return text


def _delimiter(delimiter: str | None, path: Path) -> str:
    """Check the delimiter, or choose it by the file's name."""
    if delimiter is None:
        return "\t" if path.name.lower().removesuffix(".gz").endswith(".tsv") else ","
    delimiter = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0':
        raise ValueError(
            f"delimiter: expected one ASCII character, or tab, got {delimiter!r}; "
            f"not a quote, not a line break"
        )
    return delimiter


def _header(text: str, delimiter: str, path: Path) -> tuple[str, ...]:
    """Read the columns' names, and refuse what is none."""
    line, fields = next(_records(text, delimiter, path), (0, []))
    names = tuple(name.strip() for name in fields)
    if not names:
        raise DataError(f"{path}: empty file")
    if len(names) == 1:
        for other, spelled in DELIMITERS.items():
            if other != delimiter and other in names[0]:
                raise DataError(
                    f"{path}:{line}: 1 column, {names[0][:60]!r}; try --delimiter {spelled}"
                )
    if _are_values(names):
        raise DataError(
            f"{path}:{line}: {', '.join(names[:3])}, … are numbers, where the first line must name "
            f"the columns; add such a line"
        )
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        raise DataError(
            f"{path}:{line}: column {twice[0]!r} is there {names.count(twice[0])} times; "
            f"each name must be its own"
        )
    return names


def _are_values(names: tuple[str, ...]) -> bool:
    """Tell whether a header is a row of numbers; 0, 1, 2, … are names that pandas writes."""
    try:
        numbers = [float(name) for name in names]
    except ValueError:
        return False
    return numbers != list(range(len(names)))


def _columns(text: str, delimiter: str, n_columns: int, path: Path) -> list[Any]:
    """Read the rows below the header."""
    pyarrow = require("pyarrow", extra="tables", purpose="a CSV file")
    arrow_csv = require("pyarrow.csv", extra="tables", purpose="a CSV file")
    # The header is read as a row like any other, so that its names have no meaning for Arrow.
    types = {f"f{column}": pyarrow.string() for column in range(n_columns)}
    try:
        rows = arrow_csv.read_csv(
            # A header alone is an error to Arrow unless a line break ends it.
            pyarrow.BufferReader(f"{text}\n".encode()),
            read_options=arrow_csv.ReadOptions(
                autogenerate_column_names=True, block_size=2**26, use_threads=False
            ),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(column_types=types),
        )
    except pyarrow.ArrowInvalid as error:
        for line, fields in _records(text, delimiter, path):
            if len(fields) != n_columns:
                expected = f"expected {n_columns} values, as in the header, got {len(fields)}"
                raise DataError(f"{path}:{line}: {expected}") from error
        raise DataError(f"{path}: {error}") from error
    if len(rows) < 2:
        raise DataError(f"{path}: no rows below the header")
    return [column.slice(1) for column in rows.columns]


def _records(text: str, delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Read a row after the other, each with the line on which it starts; skip empty lines."""
    reader = csv.reader(io.StringIO(text, newline=None), delimiter=delimiter, strict=True)
    line = 1
    try:
        for fields in reader:
            if fields:
                yield line, fields
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{path}:{line}: a quote that opens here is not closed as it should be ({error}); "
            f"close it, and double any quote that belongs to a value"
        ) from error
