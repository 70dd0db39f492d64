"""The memory of Parquet row groups, measured from the headers of their pages.

The totals in the footer may be false, and Arrow does not check them. The size in a page's header is
the memory that Arrow takes for it: a page that decompresses to any other size is an error. The
footer is parsed here, too: pyarrow ends the process when it reads that of a damaged column.
"""

import io
import os
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from barenet.data._file_io import open_file

# The types of Thrift's compact protocol that the format has.
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _STRUCT = (*range(1, 10), 12)

#: Maximum depth of structures; the format itself has fewer.
_MAX_LEVELS = 16

#: Bytes of a page that are read for its header, and those that are read if it is longer.
_HEADER_BYTES, _MAX_HEADER_BYTES = 2**14, 2**24

#: The field that has the number of values of a page, by the type of the page.
_COUNT_FIELDS = {0: 5, 3: 8}

_BITS = {_I16: 16, _I32: 32, _I64: 64}

#: A structure's values by number and type; those of other types than expected do not count.
_Fields = dict[tuple[int, int], Any]


class _Column(NamedTuple):
    """The position of a column of a row group, its bytes in the file, and its number of values."""

    start: int
    size: int
    n_values: int


def largest_group(path: Path) -> int:
    """Measure the largest of the row groups, in bytes of all its pages, decompressed."""
    with open_file(path) as stream:
        file_size = stream.seek(0, os.SEEK_END)
        length = footer_length(stream)
        stream.seek(max(0, file_size - 8 - length))
        groups = _read_footer(io.BytesIO(stream.read(length)))
        # A column that is listed many times would take that much time.
        if sum(column.size for group in groups for column in group) > file_size:
            raise ValueError("its columns claim more bytes than the file has")
        sizes = [sum(_column_size(stream, *column) for column in group) for group in groups]
        return max(sizes, default=0)


def footer_length(stream: BinaryIO) -> int:
    """Return the size of the footer in bytes, at most that of the file; rewind the file."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - 8))
    length = int.from_bytes(stream.read(4), "little")
    stream.seek(0)
    return min(length, size)


def _read_footer(footer: BinaryIO) -> list[list[_Column]]:
    """Find the columns of each row group."""
    try:
        groups = _read_struct(footer)[4, _LIST]
        return [[_column(each[3, _STRUCT]) for each in group[1, _LIST]] for group in groups]
    except (KeyError, TypeError):
        raise ValueError("a column is not described") from None


def _column(fields: _Fields) -> _Column:
    n_values, size, start = fields[5, _I64], fields[7, _I64], fields[9, _I64]
    if 0 < (dictionary := fields.get((11, _I64), 0)) < start:
        start = dictionary
    if start < 0 or size < 0:
        raise ValueError("a column at a negative place, or of a negative size")
    return _Column(start, size, n_values)


def _column_size(stream: BinaryIO, start: int, size: int, n_left: int) -> int:
    """Add up the decompressed sizes of a column's pages, up to the last value as Arrow does."""
    end, total = start + size, 0
    while n_left > 0 and start < end:
        header, length = _read_header(stream, start, end - start)
        unpacked, packed = header.get((2, _I32), -1), header.get((3, _I32), -1)
        if unpacked < 0 or packed < 0:
            raise ValueError("a page without a size")
        total += unpacked
        start += length + packed
        values = header.get((_COUNT_FIELDS.get(header.get((1, _I32), -1), 0), _STRUCT), {})
        n_left -= values.get((1, _I32), 0)
    return total


def _read_header(stream: BinaryIO, start: int, most: int, size: int = 0) -> tuple[_Fields, int]:
    """Read the header of a page, of `most` bytes at most, and return its length, too."""
    stream.seek(start)
    data = io.BytesIO(stream.read(min(size or _HEADER_BYTES, most)))
    try:
        return _read_struct(data), data.tell()
    except ValueError:  # Long texts among its statistics are rare.
        if size:
            raise
        return _read_header(stream, start, most, _MAX_HEADER_BYTES)


def _read_struct(stream: BinaryIO, level: int = 0) -> _Fields:
    """Read a structure; texts and floating-point numbers are skipped."""
    if level > _MAX_LEVELS:
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
    if kind == _LIST:
        return _read_list(stream, level + 1)
    if kind not in (_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY):
        raise ValueError(f"a value of unknown type {kind}")
    sizes = {_TRUE: 0, _FALSE: 0, _BYTE: 1, _DOUBLE: 8}
    stream.seek(sizes[kind] if kind in sizes else _read_unsigned(stream), os.SEEK_CUR)
    return None


def _read_list(stream: BinaryIO, level: int) -> list[Any]:
    """Read a list; each of its values takes a byte or more."""
    if level > _MAX_LEVELS:
        raise ValueError("too deeply nested")
    head = _read_byte(stream)
    count, kind = head >> 4, head & 15
    count = _read_unsigned(stream) if count == 15 else count
    start, end = stream.tell(), stream.seek(0, os.SEEK_END)
    if count > end - stream.seek(start):
        raise ValueError("a list of more values than bytes")
    kind = _BYTE if kind in (_TRUE, _FALSE) else kind
    return [_read(stream, kind, level) for _ in range(count)]


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
