"""A Parquet file as a frame, read one row group after the other.

The memory of a row group is measured from the headers of its pages: the totals in the footer may be
false, and Arrow does not check them. The size in a page's header is the memory that Arrow takes for
it: a page that decompresses to any other size is an error.
"""

import io
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from barenet._extras import require
from barenet.data._file_io import check_columns, check_memory, format_size, open_file
from barenet.data._frame import TEXT, Frame, Table, check_unique
from barenet.data._parsing import WORDS
from barenet.data._to_frame import as_column
from barenet.errors import DataError, in_a_line

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
class ParquetTable(Table):
    """A Parquet file whose columns have not been read."""

    #: Names of the columns of text.
    texts: tuple[str, ...] = ()

    def frame(
        self, names: Sequence[str], text: Collection[str] = (), categories: Collection[str] = ()
    ) -> Frame:
        groups = []
        # Texts stay a dictionary and codes: a file of a few kilobytes may repeat a long one.
        with _opened(self.path, read_dictionary=[*self.texts]) as file:
            schema = file.schema_arrow  # which is made anew each time
            for name in names:
                _check_type(self.path, name, schema.field(name).type)
            needed = _check_size(self.path, file, names)
            for number in range(file.num_row_groups):
                groups.append(file.read_row_group(number, columns=[*names]))
                needed += sum(map(_size_of_texts, groups[-1].columns))
                check_memory(self.path, needed, f"the texts of {file.metadata.num_rows:,} rows")
            if not any(group.num_rows for group in groups):
                raise DataError("no rows", path=self.path)
            table = _arrow().concat_tables(groups)
            columns = {name: _column(table.column(name), name, self.path) for name in names}
        return Frame(columns, self)


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
            raise DataError(f"not a usable Parquet file: {in_a_line(error)}", path=path) from error


def _footer_length(stream: Any) -> int:
    """Return the size of the footer in bytes, at most that of the file."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - 8))
    length = int.from_bytes(stream.read(4), "little")
    stream.seek(0)
    return min(length, size)


def _check_size(path: Path, file: Any, names: Sequence[str]) -> int:
    """Estimate the memory of the columns without their texts, and check it against the budget."""
    groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
    n_rows = max(file.metadata.num_rows, sum(group.num_rows for group in groups))
    needed = _PER_VALUE * n_rows * len(names)
    check_memory(path, needed, f"{n_rows:,} rows of {len(names):,} columns")
    largest = largest_group(path, groups)
    check_memory(path, needed + _PER_BYTE * largest, f"a row group of {format_size(largest)}")
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


def _is(kind: Any, *names: str) -> bool:
    """Whether an Arrow type is one of several."""
    types = _arrow("pyarrow.types")
    return any(getattr(types, f"is_{name}")(kind) for name in names)


def _is_text(kind: Any) -> bool:
    return _is(kind, "string", "large_string", "string_view")


def _is_text_dictionary(kind: Any) -> bool:
    """Whether a type is that of texts, which are read as a dictionary and codes."""
    return _is(kind, "dictionary") and _is_text(kind.value_type)


def _check_type(path: Path, name: str, kind: Any) -> None:
    """Refuse a column that is not of numbers, text, dates or truth values."""
    kind = kind.value_type if _is(kind, "dictionary") else kind
    if not (_is_text(kind) or _is(kind, *_ENCODED)):
        problem = f"column {name!r}: of type {kind}, which cannot be encoded"
        expected = "numbers, text, dates or truth values"
        raise DataError(f"{problem}; expected {expected}", path=path, remedy="leave the column out")


def _column(values: Any, name: str, path: Path) -> NDArray[Any]:
    """Convert a column to one of the types of a frame."""
    if _is_text_dictionary(values.type):
        return np.concatenate([np.array([], TEXT), *map(_texts, values.chunks)])
    if _is(values.type, "dictionary"):
        values = values.cast(values.type.value_type)
    if _is(values.type, "boolean") and values.null_count:
        values = _arrow("pyarrow.compute").if_else(values, WORDS[1], WORDS[0])
    if _is(values.type, "decimal") and values.type.scale:
        values = values.cast("float64", safe=False)
    return as_column(values, name, path=path)


def _texts(chunk: Any) -> NDArray[Any]:
    """Decode texts from a dictionary and codes; a missing one is ""."""
    texts = ["", *(text or "" for text in chunk.dictionary.to_pylist())]
    codes = chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return np.array(texts, TEXT)[codes.astype(np.int64) + 1]


# The types of Thrift's compact protocol in the header of a page, which has no lists and no maps.
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _STRUCT = (*range(1, 9), 12)

#: Maximum depth of structures; the format itself has fewer.
_MOST_LEVELS = 16

#: Bytes of a page that are read for its header, and those that are read if it is longer.
_FIRST_BYTES, _MOST_BYTES = 2**14, 2**24

#: By the type of a page, the field that has its number of values.
_VALUES = {0: 5, 3: 8}

_BITS = {_I16: 16, _I32: 32, _I64: 64}

#: A structure's values by number and type; those of other types than expected do not count.
_Fields = dict[tuple[int, int], Any]


def largest_group(path: Path, groups: list[Any]) -> int:
    """Measure the largest of the row groups, given their pyarrow.parquet.RowGroupMetaData."""
    columns = [[group.column(number) for number in range(group.num_columns)] for group in groups]
    with open_file(path) as stream:
        file_size = stream.seek(0, os.SEEK_END)
        # A column that is listed many times would take that much time.
        if sum(each.total_compressed_size for group in columns for each in group) > file_size:
            raise ValueError("its columns claim more bytes than the file has")
        sizes = [sum(_column_size(stream, each) for each in group) for group in columns]
        return max(sizes, default=0)


def _column_size(stream: BinaryIO, column: Any) -> int:
    """Add up the decompressed sizes of a column's pages, up to the last value as Arrow does."""
    start, size, n_left = column.data_page_offset, column.total_compressed_size, column.num_values
    if 0 < (column.dictionary_page_offset or 0) < start:
        start = column.dictionary_page_offset
    if start < 0 or size < 0:
        raise ValueError("a column at a negative place, or of a negative size")
    end, total = start + size, 0
    while n_left > 0 and start < end:
        header, length = _read_header(stream, start, end - start)
        unpacked, packed = header.get((2, _I32), -1), header.get((3, _I32), -1)
        if unpacked < 0 or packed < 0:
            raise ValueError("a page without a size")
        total += unpacked
        start += length + packed
        values = header.get((_VALUES.get(header.get((1, _I32), -1), 0), _STRUCT), {})
        n_left -= values.get((1, _I32), 0)
    return total


def _read_header(stream: BinaryIO, start: int, most: int, size: int = 0) -> tuple[_Fields, int]:
    """Read the header of a page, of `most` bytes at most, and return its length, too."""
    stream.seek(start)
    data = io.BytesIO(stream.read(min(size or _FIRST_BYTES, most)))
    try:
        return _read_struct(data), data.tell()
    except ValueError:  # Long texts among its statistics are rare.
        if size:
            raise
        return _read_header(stream, start, most, _MOST_BYTES)


def _read_struct(stream: BinaryIO, level: int = 0) -> _Fields:
    """Read a structure; texts and floating-point numbers are skipped."""
    if level > _MOST_LEVELS:
        raise ValueError("too deeply nested")
    fields: _Fields = {}
    field = 0
    while head := _read_byte(stream):
        kind, step = head & 15, head >> 4
        field = field + step if step else _read_number(stream, _I16)
        if (field, kind) in fields:
            raise ValueError("a field that occurs twice")
        fields[field, kind] = _read(stream, kind, level)
    return fields


def _read(stream: BinaryIO, kind: int, level: int) -> Any:
    """Read a value of a type; a truth value is in the type itself."""
    if kind in _BITS:
        return _read_number(stream, kind)
    if kind == _STRUCT:
        return _read_struct(stream, level + 1)
    if kind not in (_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY):
        raise ValueError(f"a value of unknown type {kind}")
    sizes = {_TRUE: 0, _FALSE: 0, _BYTE: 1, _DOUBLE: 8}
    stream.seek(sizes[kind] if kind in sizes else _read_unsigned(stream), os.SEEK_CUR)
    return None


def _read_number(stream: BinaryIO, kind: int) -> int:
    """Read a whole number; one beyond its type is damaged, as Arrow would cut it off."""
    number = _read_unsigned(stream)
    if number >> _BITS[kind]:
        raise ValueError("a number beyond its type")
    return number >> 1 ^ -(number & 1)


def _read_unsigned(stream: BinaryIO) -> int:
    """Read a number without a sign, of seven bits in a byte."""
    number = 0
    for shift in range(0, 64, 7):
        byte = _read_byte(stream)
        number |= (byte & 127) << shift
        if byte < 128:
            return number
    raise ValueError("a number of too many bytes")


def _read_byte(stream: BinaryIO) -> int:
    if not (byte := stream.read(1)):
        raise ValueError("a header that ends too early")
    return byte[0]
