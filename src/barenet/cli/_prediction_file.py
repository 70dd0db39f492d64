"""Files of predictions, written block by block: CSV, JSON Lines or Parquet."""

import codecs
import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from cyclopts import Parameter

from barenet._extras import require_arrow
from barenet.cli._console import SafeOutput, as_list, dump_json, emit
from barenet.cli._flags import Off, Out
from barenet.cli._output_file import check_unused, output_path
from barenet.cli._rejected_rows import RejectedRows
from barenet.errors import ArgumentError
from barenet.storage._atomic_write import open_atomically
from barenet.tables.reading._parsing import to_number

#: The values of columns by their names, each a list, or an array of NumPy or Arrow.
Columns: TypeAlias = Mapping[str, Any]

#: Writes a block of rows.
Write: TypeAlias = Callable[[Columns], None]

#: First characters of a formula in a spreadsheet; some programs also accept full-width ones.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

#: Number of rows that are written at a time.
ROWS = 2**14

#: The suffixes of the formats.
FORMATS = (".csv", ".jsonl", ".parquet")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class PredictionOutput:
    """Where predictions and rejected rows are written.

    Attributes
    ----------
    out : str
        Write a file atomically, and print its name: .csv, .jsonl (a JSON document in each line) or
        .parquet; or a folder for predictions.csv. An older file is replaced, but none that the
        command reads.
    rejected : Path
        Leave out the rows of CSV files that have the wrong number of values, or a value that cannot
        be read and would count as missing, and write them to this file with their lines and the
        reasons.
    max_unknown : float
        Fail at the end, without writing a file, if a larger fraction of the rows cannot be read, or
        has unknown or rare categories in a column, or missing values in a column that had none in
        training.
    max_missing : float
        Fail at the end, without writing a file, if the fraction of rows in which a column is
        missing exceeds that in training by more than this.
    safe_csv : bool
        Quote every cell, and put an apostrophe before text that a spreadsheet would compute: text
        that starts with = + - @, a tab or a line break. Numbers stay numbers.
    """

    out: Out = None
    rejected: Path | None = None
    max_unknown: float | None = None
    max_missing: float | None = None
    safe_csv: Off = False

    @contextmanager
    def opened(self, inputs: Sequence[Path], rejected: RejectedRows) -> Iterator[Write]:
        """Open the files, or standard output, and write the rejected rows at the end."""
        with ExitStack() as files:
            write = csv_writer(SafeOutput(), self.safe_csv)
            if self.out is not None:
                path = files.enter_context(output_path(self.out, "predictions.csv", inputs))
                write = _open_rows("out", path, safe=self.safe_csv, files=files)
                inputs = [*inputs, path]
            if self.rejected is not None:
                check_unused(self.rejected, inputs, "rejected")
                reject = _open_rows("rejected", self.rejected, safe=self.safe_csv, files=files)
            yield write
            if self.rejected is not None:
                reject(vars(rejected))
        if self.out is not None:
            emit(str(path))


def _open_rows(argument: str, path: Path, *, safe: bool, files: ExitStack) -> Write:
    """Open a file in the format of its suffix."""
    if path.suffix not in FORMATS:
        raise ArgumentError.of(argument, str(path), f"a name that ends in {' or '.join(FORMATS)}")
    stream = files.enter_context(open_atomically(path))
    if path.suffix == ".parquet":
        return _parquet_file(stream, files)
    if path.suffix == ".jsonl":
        return _json_file(stream)
    return _csv_file(stream, safe)


def _csv_file(stream: Any, safe: bool) -> Write:
    return csv_writer(codecs.getwriter("utf-8")(stream, "replace"), safe)


def csv_writer(stream: Any, safe: bool) -> Write:
    """Write rows as CSV, the first ones after a header."""
    quoting: Any = csv.QUOTE_MINIMAL
    cells: Callable[[Iterable[str]], list[str]] = list
    if safe:
        quoting = csv.QUOTE_ALL
        cells = for_spreadsheets
    writer = csv.writer(stream, lineterminator="\n", quoting=quoting)
    header: list[str] = []

    def write(columns: Columns) -> None:
        if not header:
            header.extend(columns)
            writer.writerow(cells(header))
        for texts in _in_parts(columns, _as_texts):
            writer.writerows(cells(row) for row in texts)

    return write


def _json_file(stream: Any) -> Write:
    def write(columns: Columns) -> None:
        for rows in _in_parts(columns, as_list):
            lines = []
            for row in rows:
                record = dict(zip(columns, row, strict=True))
                lines.append(f"{dump_json(record)}\n")
            stream.write("".join(lines).encode())

    return write


def _parquet_file(stream: Any, files: ExitStack) -> Write:
    pyarrow = require_arrow("pyarrow", "a Parquet file")
    parquet = require_arrow("pyarrow.parquet", "a Parquet file")
    writers: list[Any] = []

    def as_array(values: Any) -> Any:
        dtype = getattr(values, "dtype", None)
        if getattr(dtype, "kind", "") in "biuf":  # Arrow converts columns without a dtype
            return values
        return pyarrow.array(as_list(values), pyarrow.string())

    def write(columns: Columns) -> None:
        arrays = {name: as_array(values) for name, values in columns.items()}
        table = pyarrow.table(arrays)
        if not writers:
            writers.append(files.enter_context(parquet.ParquetWriter(stream, table.schema)))
        writers[0].write_table(table)

    return write


def _in_parts(columns: Columns, convert: Callable[[Any], list[Any]]) -> Iterator[Iterable[Any]]:
    """Yield the rows of columns, some at a time."""
    last_column = list(columns.values())[-1]
    for start in range(0, len(last_column), ROWS):
        parts = [convert(values[start : start + ROWS]) for values in columns.values()]
        yield zip(*parts, strict=True)


def _as_texts(column: Any) -> list[str]:
    """Format the values of a column, numbers with all digits."""
    if isinstance(column, np.ndarray) and column.dtype.kind == "f":
        column = column.astype(str)
    return as_list(column)


def for_spreadsheets(cells: Iterable[str]) -> list[str]:
    """Put an apostrophe before cells that a spreadsheet would compute.

    Examples
    --------
    >>> for_spreadsheets(["=1+1", "-1.5", "Rome"])
    ["'=1+1", '-1.5', 'Rome']
    """
    texts = []
    for cell in cells:
        starts_formula = cell.lstrip(" ").startswith(FORMULAS)
        if starts_formula and to_number(cell) is None:
            texts.append(f"'{cell}")
        else:
            texts.append(cell)
    return texts
