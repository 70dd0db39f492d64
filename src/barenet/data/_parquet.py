"""A Parquet file as a frame, read one row group after the other."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._extras import require
from barenet.data._datetimes import in_microseconds
from barenet.data._file_io import memory_budget, open_file
from barenet.data._frame import TEXT, Frame, check_unique
from barenet.data._labels import WORDS, boolean_names, class_name
from barenet.data._memory_budget import MemoryBudget, check_columns, format_size
from barenet.data._parquet_pages import largest_group
from barenet.data._to_frame import MOST_EXACT
from barenet.errors import DataError, in_a_line

__all__ = ["ParquetTable", "open_parquet"]

#: Bytes of memory for each value: stored, in a frame, in a matrix, and in temporary copies.
_PER_VALUE = 32

#: Bytes of memory for each text beside its letters: in a row group, and in the column.
_PER_TEXT = 32

#: Bytes of memory for each byte of a group's pages: decompressed, and copied by Arrow for texts.
_PER_BYTE = 4

#: Maximum number of entries of a list in the footer.
_MOST_ENTRIES = 1_000_000

#: The tests of pyarrow.types for columns that can be encoded.
_ENCODED = ("boolean", "integer", "floating", "decimal", "date", "timestamp", "null")


@dataclass(frozen=True, eq=False)
class ParquetTable:
    """A Parquet file whose columns have not been read."""

    path: Path
    names: tuple[str, ...]
    #: Names of the columns of text.
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
        return Frame({name: self._join(name, parts.pop(name)) for name in [*parts]}, self)

    def locate(self, row: int, name: str) -> tuple[None, None]:
        """A Parquet file has no lines."""
        return None, None

    def _join(self, name: str, parts: list[NDArray[Any]]) -> NDArray[Any]:
        """Concatenate the groups of a column; if one of them is text, all are."""
        if len({part.dtype.kind for part in parts}) > 1:
            parts = [_as_text(part) for part in parts]
        column = np.concatenate(parts)
        return in_microseconds(column, name, path=self.path) if column.dtype.kind == "M" else column


def open_parquet(path: Path) -> ParquetTable:
    """Read the names and types of the columns of a Parquet file."""
    with _opened(path) as file:
        schema = file.schema_arrow
        names = tuple(schema.names)
    check_columns(path, len(names))
    check_unique(names, path=path)
    texts = (name for name, kind in zip(names, schema.types, strict=True) if _is_text(kind))
    return ParquetTable(path, names, tuple(texts))


def _arrow(module: str = "pyarrow") -> Any:
    return require(module, extra="tables", purpose="a Parquet file")


@contextmanager
def _opened(path: Path, **options: Any) -> Iterator[Any]:
    """Open the file; convert the errors of a damaged one."""
    pyarrow, parquet = _arrow(), _arrow("pyarrow.parquet")
    with open_file(path) as stream:
        try:
            # Arrow allocates as many entries as a list declares; no list has more than bytes.
            limit = max(1, min(_footer_length(stream), _MOST_ENTRIES))
            yield parquet.ParquetFile(stream, thrift_container_size_limit=limit, **options)
        except DataError:
            raise
        except (pyarrow.ArrowException, OSError, OverflowError, ValueError) as error:
            problem = f"no usable Parquet file: {in_a_line(error)}"
            raise DataError(problem, path=path) from error


def _footer_length(stream: Any) -> int:
    """Return the size of the footer in bytes, at most that of the file."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - 8))
    length = int.from_bytes(stream.read(4), "little")
    stream.seek(0)
    return min(length, size)


def _as_text(part: NDArray[Any]) -> NDArray[Any]:
    """Convert truth values and whole numbers to the text of other groups of the column."""
    if part.dtype.kind == "b":
        return boolean_names(part)
    if part.dtype.kind == "f":
        texts = ["" if np.isnan(number) else class_name(number) for number in part.tolist()]
        return np.array(texts, TEXT)
    return part


def _check_size(budget: MemoryBudget, file: Any, names: Sequence[str]) -> int:
    """Estimate the memory of the columns without their texts, and check it against the budget."""
    groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
    n_rows = max(file.metadata.num_rows, sum(group.num_rows for group in groups))
    needed = _PER_VALUE * n_rows * len(names)
    budget.check(needed, f"{n_rows:,} rows of {len(names):,} columns")
    largest = largest_group(budget.path, groups)
    budget.check(needed + _PER_BYTE * largest, f"a row group of {format_size(largest)}")
    return needed


def _size_of_texts(column: Any) -> int:
    """Return the bytes of memory of a group's texts once each row has its own copy."""
    if not _is_text_dictionary(column.type):
        return 0
    compute = _arrow("pyarrow.compute")
    size = _PER_TEXT * len(column)
    for chunk in column.chunks:
        lengths = compute.take(compute.binary_length(chunk.dictionary), chunk.indices)
        size += 2 * (compute.sum(lengths.cast("int64")).as_py() or 0)
    return size


def _is_text(kind: Any) -> bool:
    types = _arrow("pyarrow.types")
    return any(is_one(kind) for is_one in _tests(types, "string", "large_string", "string_view"))


def _is_text_dictionary(kind: Any) -> bool:
    """Whether a type is that of texts, which are read as a dictionary and codes."""
    return _arrow("pyarrow.types").is_dictionary(kind) and _is_text(kind.value_type)


def _tests(types: Any, *names: str) -> list[Any]:
    return [getattr(types, f"is_{name}") for name in names]


def _check_type(path: Path, name: str, kind: Any) -> None:
    """Refuse a column that is not of numbers, text, dates or truth values."""
    types = _arrow("pyarrow.types")
    kind = kind.value_type if types.is_dictionary(kind) else kind
    if not (_is_text(kind) or any(is_one(kind) for is_one in _tests(types, *_ENCODED))):
        problem = f"column {name!r}: of type {kind}, which cannot be encoded"
        expected = "numbers, text, dates or truth values"
        remedy = "leave the column out"
        raise DataError(f"{problem}; expected {expected}", path=path, remedy=remedy)


def _column(values: Any) -> NDArray[Any]:
    """Convert a column of a row group to one of the types of a frame."""
    pyarrow, types, kind = _arrow(), _arrow("pyarrow.types"), values.type
    if _is_text_dictionary(kind):
        return np.concatenate([np.array([], TEXT), *map(_texts, values.chunks)])
    if types.is_dictionary(kind):
        values, kind = values.cast(kind.value_type), kind.value_type
    if types.is_boolean(kind):
        if not values.null_count:
            return np.asarray(values.to_numpy()).astype(bool)
        values = _arrow("pyarrow.compute").if_else(values, WORDS[1], WORDS[0])
    if types.is_date(kind) or types.is_timestamp(kind):
        return np.array(values.to_numpy())
    if types.is_boolean(kind) or _is_text(kind):
        return np.array([text or "" for text in values.to_pylist()], TEXT)
    floats = values.cast(pyarrow.float64(), safe=False).to_numpy(zero_copy_only=False)
    numbers = np.array(floats, np.float64)
    is_whole = types.is_integer(kind) or (types.is_decimal(kind) and kind.scale == 0)
    if is_whole and (np.abs(numbers) >= MOST_EXACT).any():
        return np.array([text or "" for text in values.cast(pyarrow.string()).to_pylist()], TEXT)
    return numbers


def _texts(chunk: Any) -> NDArray[Any]:
    """Decode texts from a dictionary and codes; a missing one is ""."""
    texts = ["", *(text or "" for text in chunk.dictionary.to_pylist())]
    codes = chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return np.array(texts, TEXT)[codes.astype(np.int64) + 1]
