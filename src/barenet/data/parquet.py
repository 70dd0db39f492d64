"""A Parquet file as a frame, one group of rows after the other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data.frame import TEXT, Frame
from barenet.data.framing import MOST_EXACT
from barenet.data.moments import YEARS, far_off
from barenet.data.source import bytes_allowed, open_source
from barenet.data.target import WORDS, class_name
from barenet.errors import DataError, in_a_line
from barenet.extras import require

__all__ = ["ParquetTable", "open_parquet"]

_PURPOSE = "a Parquet file"

#: Bytes of columns that every file may hold; it is none that a table of text would take on the way.
FREE = 2**26


@dataclass(frozen=True, eq=False)
class ParquetTable:
    """A Parquet file whose columns are known and not read yet.

    Attributes
    ----------
    path : Path
        The file.
    names : tuple of str
        Its columns.
    """

    path: Path
    names: tuple[str, ...]

    def frame(
        self, names: Sequence[str], text: Collection[str] = (), categories: Collection[str] = ()
    ) -> Frame:
        """Read columns.

        Parameters
        ----------
        names : sequence of str
            Which, in any order.
        text, categories : collection of str
            Without effect: a Parquet file knows its columns' types.

        Returns
        -------
        Frame
            Numbers and decimals as float64; text and dictionaries of text as text, and so whole
            numbers where one is beyond 2⁵³; dates and times as moments, in UTC where they have a
            zone; truth values as they are, or as text where some are missing.

        Raises
        ------
        DataError
            If the file is damaged, has no rows, or a column is of another type, such as lists; or
            if it would take more than 64 MiB and 100 times its size; or a date is not of the years
            1 to 9999.
        """
        with _opened(self.path) as file:
            groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
            n_rows = max(file.metadata.num_rows, sum(group.num_rows for group in groups))
            _check_size(self.path, n_rows, len(names))
            for name in names:
                _check_type(self.path, name, file.schema_arrow.field(name).type)
            parts: dict[str, list[NDArray[Any]]] = {name: [] for name in names}
            for number in range(file.num_row_groups):
                group = file.read_row_group(number, columns=list(names))
                for name, columns in parts.items():
                    columns.append(_column(group.column(name)))
        if not sum(map(len, parts[names[0]])):
            raise DataError(f"{self.path}: no rows")
        return _in_microseconds(
            Frame({name: _joined(columns) for name, columns in parts.items()}, self)
        )

    def find(self, row: int, name: str) -> tuple[str, str | None]:
        """Name a row's place.

        Parameters
        ----------
        row : int
            The row, counted from 0.
        name : str
            The column.

        Returns
        -------
        place : str
            The file and the row.
        value : None
            The frame knows it.
        """
        return f"{self.path}: row {row}", None


def open_parquet(path: Path) -> ParquetTable:
    """Look at the columns of a Parquet file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    ParquetTable
        Its columns are read when they are asked for.

    Raises
    ------
    DataError
        If the file is missing or damaged, or has a name twice.
    """
    with _opened(path) as file:
        names = tuple(file.schema_arrow.names)
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(
            f"{path}: column {twice[0]!r} is there {names.count(twice[0])} times; "
            f"each name must be its own"
        )
    return ParquetTable(path, names)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open the file, and say in one line what Arrow says of its damage."""
    pyarrow = require("pyarrow", extra="tables", purpose=_PURPOSE)
    parquet = require("pyarrow.parquet", extra="tables", purpose=_PURPOSE)
    with open_source(path) as stream:
        try:
            yield parquet.ParquetFile(stream)
        except DataError:
            raise
        except (pyarrow.ArrowException, OSError, OverflowError, ValueError) as error:
            raise DataError(f"{path}: no usable Parquet file: {in_a_line(error)}") from error


def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    """Put the groups together; what is text in one of them is text everywhere."""
    if len({part.dtype.kind for part in parts}) > 1:
        parts = [_as_text(part) for part in parts]
    return np.concatenate(parts)


def _as_text(part: NDArray[Any]) -> NDArray[Any]:
    """Write truth values, and whole numbers, as other groups of the column have them."""
    if part.dtype.kind == "b":
        return np.array(WORDS, TEXT)[part.astype(np.int64)]
    if part.dtype.kind == "f":
        texts = ["" if np.isnan(number) else class_name(number) for number in part.tolist()]
        return np.array(texts, TEXT)
    return part


def _in_microseconds(frame: Frame) -> Frame:
    """Bring dates of any unit to a frame's own."""
    for name, column in frame.columns.items():
        if column.dtype.kind == "M":
            if (row := far_off(column)) is not None:
                raise frame.fault(row, name, YEARS)
            frame.columns[name] = column.astype("M8[us]")
    return frame


def _check_size(path: Path, n_rows: int, n_columns: int) -> None:
    """Refuse a small file that claims to hold very much."""
    if 8 * n_rows * n_columns > (limit := bytes_allowed(path, FREE)):
        raise DataError(
            f"{path}: {n_rows:,} rows of {n_columns:,} columns in so small a file would take more "
            f"than {limit:,} bytes; refused"
        )


def _check_type(path: Path, name: str, kind: Any) -> None:
    """Refuse what is no number, text, date or truth value."""
    types = require("pyarrow.types", extra="tables", purpose=_PURPOSE)
    kind = kind.value_type if types.is_dictionary(kind) else kind
    fits = (
        types.is_boolean, types.is_integer, types.is_floating, types.is_decimal, types.is_string,
        types.is_large_string, types.is_string_view, types.is_date, types.is_timestamp,
        types.is_null,
    )  # fmt: skip
    if not any(is_kind(kind) for is_kind in fits):
        raise DataError(
            f"{path}: column {name!r}: of type {kind}, which cannot be encoded; expected numbers, "
            f"text, dates or truth values; leave the column out"
        )


def _column(values: Any) -> NDArray[Any]:
    """Turn a column of a group into one of a frame's types."""
    pyarrow = require("pyarrow", extra="tables", purpose=_PURPOSE)
    types = require("pyarrow.types", extra="tables", purpose=_PURPOSE)
    if types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if types.is_boolean(values.type):
        if not values.null_count:
            return np.asarray(values.to_numpy()).astype(bool)
        compute = require("pyarrow.compute", extra="tables", purpose=_PURPOSE)
        values = compute.if_else(values, WORDS[1], WORDS[0])
    if types.is_date(values.type) or types.is_timestamp(values.type):
        return np.array(values.to_numpy())
    is_decimal = types.is_decimal(values.type)
    if types.is_integer(values.type) or (is_decimal and values.type.scale == 0):
        numbers = _floats(values, pyarrow)
        is_exact = not (np.abs(numbers) >= MOST_EXACT).any()
        return numbers if is_exact else _as_written(values.cast(pyarrow.string()))
    if types.is_floating(values.type) or is_decimal or types.is_null(values.type):
        return _floats(values, pyarrow)
    return _as_written(values)


def _as_written(values: Any) -> NDArray[Any]:
    return np.array(["" if text is None else text for text in values.to_pylist()], TEXT)


def _floats(values: Any, pyarrow: Any) -> NDArray[np.float64]:
    values = values.cast(pyarrow.float64(), safe=False)
    return np.array(values.to_numpy(zero_copy_only=False), np.float64)
