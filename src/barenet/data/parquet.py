"""A Parquet file as a frame, one group of rows after the other."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data.datetimes import YEARS, far_off
from barenet.data.file_io import memory_budget, open_file
from barenet.data.frame import TEXT, Frame
from barenet.data.memory_budget import MemoryBudget, check_columns, spelled
from barenet.data.parquet_pages import largest_group
from barenet.data.target import WORDS, class_name
from barenet.data.to_frame import MOST_EXACT
from barenet.errors import DataError, in_a_line
from barenet.extras import require

__all__ = ["ParquetTable", "open_parquet"]

_PURPOSE = "a Parquet file"

#: The texts of an empty column.
_NOTHING = np.array([], TEXT)

#: Bytes of memory for each value: stored, in a frame, in a matrix, and in temporary copies.
_PER_VALUE = 32

#: Bytes of memory for each text beside its letters: in a group of rows, and in the column.
_PER_TEXT = 32

#: Bytes of memory for each byte of a group's pages: unpacked, and copied while Arrow reads texts.
_PER_BYTE = 4

#: Maximum number of entries of a list in the footer.
_MOST_ENTRIES = 1_000_000


@dataclass(frozen=True, eq=False)
class ParquetTable:
    """A Parquet file whose columns are known and not read yet.

    Attributes
    ----------
    path : Path
        The file.
    names : tuple of str
        Its columns.
    texts : tuple of str
        Names of the columns of text.
    """

    path: Path
    names: tuple[str, ...]
    texts: tuple[str, ...] = ()

    def frame(
        self, names: Sequence[str], text: Collection[str] = (), categories: Collection[str] = ()
    ) -> Frame:
        """Read columns."""
        budget = memory_budget(self.path)
        # Texts stay a dictionary and codes: a file of a few kilobytes may repeat a long one.
        with _opened(self.path, read_dictionary=[*self.texts]) as file:
            for name in names:
                _check_type(self.path, name, file.schema_arrow.field(name).type)
            needed = _check_size(budget, file, names)
            parts: dict[str, list[NDArray[Any]]] = {name: [] for name in names}
            for number in range(file.num_row_groups):
                group = file.read_row_group(number, columns=[*names])
                needed += sum(map(_size_of_texts, group.columns))
                budget.check(needed, f"the texts of {file.metadata.num_rows:,} rows")
                for name, columns in parts.items():
                    columns.append(_column(group.column(name)))
        if not sum(map(len, parts[names[0]])):
            raise DataError("no rows", path=self.path)
        return _in_microseconds(Frame({name: _joined(parts.pop(name)) for name in [*parts]}, self))

    def locate(self, row: int, name: str) -> tuple[None, None]:
        """A Parquet file has no lines."""
        return None, None


def open_parquet(path: Path) -> ParquetTable:
    """Look at the columns of a Parquet file."""
    with _opened(path) as file:
        schema = file.schema_arrow
        names = tuple(schema.names)
    check_columns(path, len(names))
    counts = Counter(names)
    if twice := sorted(name for name in counts if counts[name] > 1):
        raise DataError(
            f"column {twice[0]!r} occurs {counts[twice[0]]} times; column names must be unique",
            path=path,
        )
    texts = (name for name, kind in zip(names, schema.types, strict=True) if _is_text(kind))
    return ParquetTable(path, names, tuple(texts))


@contextmanager
def _opened(path: Path, **options: Any) -> Iterator[Any]:
    """Open the file, and report in one line how it is damaged."""
    pyarrow = require("pyarrow", extra="tables", purpose=_PURPOSE)
    parquet = require("pyarrow.parquet", extra="tables", purpose=_PURPOSE)
    with open_file(path) as stream:
        try:
            # Arrow allocates as many entries as a list declares; no list has more than bytes.
            limit = max(1, min(_footer_length(stream), _MOST_ENTRIES))
            yield parquet.ParquetFile(stream, thrift_container_size_limit=limit, **options)
        except DataError:
            raise
        except (pyarrow.ArrowException, OSError, OverflowError, ValueError) as error:
            raise DataError(f"no usable Parquet file: {in_a_line(error)}", path=path) from error


def _footer_length(stream: Any) -> int:
    """Return the size of the footer in bytes, at most that of the file."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - 8))
    length = int.from_bytes(stream.read(4), "little")
    stream.seek(0)
    return min(length, size)


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


def _check_size(budget: MemoryBudget, file: Any, names: Sequence[str]) -> int:
    """Estimate the memory of the columns without their texts, and check it against the budget."""
    groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
    n_rows = max(file.metadata.num_rows, sum(group.num_rows for group in groups))
    needed = _PER_VALUE * n_rows * len(names)
    budget.check(needed, f"{n_rows:,} rows of {len(names):,} columns")
    largest = largest_group(budget.path)
    budget.check(needed + _PER_BYTE * largest, f"a group of rows of {spelled(largest)}")
    return needed


def _size_of_texts(column: Any) -> int:
    """Return the bytes of memory of a group's texts once each row has its own copy."""
    compute = require("pyarrow.compute", extra="tables", purpose=_PURPOSE)
    types = require("pyarrow.types", extra="tables", purpose=_PURPOSE)
    if not (types.is_dictionary(column.type) and _is_text(column.type.value_type)):
        return 0
    size = _PER_TEXT * len(column)
    for chunk in column.chunks:
        lengths = compute.take(compute.binary_length(chunk.dictionary), chunk.indices)
        size += 2 * (compute.sum(lengths.cast("int64")).as_py() or 0)
    return size


def _is_text(kind: Any) -> bool:
    """Whether a type is text; texts are read as a dictionary and codes."""
    types = require("pyarrow.types", extra="tables", purpose=_PURPOSE)
    return any(
        test(kind) for test in (types.is_string, types.is_large_string, types.is_string_view)
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
            f"column {name!r}: of type {kind}, which cannot be encoded; expected numbers, "
            f"text, dates or truth values; leave the column out",
            path=path,
        )


def _column(values: Any) -> NDArray[Any]:
    """Turn a column of a group into one of a frame's types."""
    pyarrow = require("pyarrow", extra="tables", purpose=_PURPOSE)
    types = require("pyarrow.types", extra="tables", purpose=_PURPOSE)
    if types.is_dictionary(values.type):
        if _is_text(values.type.value_type):
            return np.concatenate([_texts(chunk) for chunk in values.chunks] or [_NOTHING])
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


def _texts(chunk: Any) -> NDArray[Any]:
    """Decode texts from a dictionary and codes; a missing one is ""."""
    texts = ["", *(text or "" for text in chunk.dictionary.to_pylist())]
    codes = chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return np.array(texts, TEXT)[codes.astype(np.int64) + 1]


def _as_written(values: Any) -> NDArray[Any]:
    return np.array(["" if text is None else text for text in values.to_pylist()], TEXT)


def _floats(values: Any, pyarrow: Any) -> NDArray[np.float64]:
    values = values.cast(pyarrow.float64(), safe=False)
    return np.array(values.to_numpy(zero_copy_only=False), np.float64)
