"""A CSV file as columns of text, with every fault in it named by its line.

Arrow reads the rows and is strict about their length. What it would accept and should not, an
open quote or a repeated name, is looked for here; so is the line of whatever it refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data.delimited import check_delimiter, decode, read_header, read_records
from barenet.data.source import read_source
from barenet.errors import DataError
from barenet.extras import require

__all__ = ["Table", "read_table"]

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

    @cached_property
    def _index(self) -> dict[str, int]:
        """Where each name is: asking the tuple is slow for tens of thousands of columns."""
        return {name: index for index, name in enumerate(self.names)}

    def column(self, name: str) -> Any:
        """Look a column up by its name.

        Parameters
        ----------
        name : str
            The column.

        Returns
        -------
        pyarrow.ChunkedArray of string
            Its values.
        """
        return self.columns[self._index[name]]

    def first_not_number(self, name: str) -> int | None:
        """Find the first row whose value is not written as a number.

        Parameters
        ----------
        name : str
            The column.

        Returns
        -------
        int or None
            The row, counted from 0; None if there is none.
        """
        return self._first(name, is_number=False)

    def first_number(self, name: str) -> int | None:
        """Find the first row whose value is written as a number.

        Parameters
        ----------
        name : str
            The column.

        Returns
        -------
        int or None
            The row, counted from 0; None if there is none.
        """
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
        records = read_records(self.text, self.delimiter, self.path)
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
    text = decode(read_source(path), encoding, path)
    delimiter = check_delimiter(delimiter, path)
    names = read_header(text, delimiter, path)
    if '"' in text:
        for _ in read_records(text, delimiter, path):
            pass
    return Table(path, names, _columns(text, delimiter, len(names), path), text, delimiter)


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
        for line, fields in read_records(text, delimiter, path):
            if len(fields) != n_columns:
                expected = f"expected {n_columns} values, as in the header, got {len(fields)}"
                raise DataError(f"{path}:{line}: {expected}") from error
        raise DataError(f"{path}: {error}") from error
    if len(rows) < 2:
        raise DataError(f"{path}: no rows below the header")
    return [column.slice(1) for column in rows.columns]
