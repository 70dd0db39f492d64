"""The memory of Parquet row groups, measured from the headers of their pages.

The totals in the footer may be false, and Arrow does not check them. The size in a page's header is
the memory that Arrow takes for it: a page that decompresses to any other size is an error. The
footer is parsed here, too: pyarrow ends the process when it reads that of a damaged column.
"""

import os
from pathlib import Path
from typing import Any, BinaryIO

from barenet.data._file_io import open_file

# The types of Thrift's compact protocol that the format has.
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _STRUCT = (*range(1, 10), 12)

#: Bits of a number, and bytes of a value that is skipped; a boolean is in the type itself.
_BITS, _SKIPPED = {_I16: 16, _I32: 32, _I64: 64}, {_TRUE: 0, _FALSE: 0, _BYTE: 1, _DOUBLE: 8}

#: Maximum depth of structures; the format itself has fewer.
_MAX_LEVELS = 16

#: The field that has the number of values of a page, by the type of the page.
_COUNT_FIELDS = {0: 5, 3: 8}

#: A structure's values by number and type; those of other types than expected do not count.
_Fields = dict[tuple[int, int], Any]

#: The position of a column of a row group, its bytes in the file, and its number of values.
_Column = tuple[int, int, int]


def largest_group(path: Path) -> int:
    """Measure the largest of the row groups, in bytes of all its pages, decompressed."""
    with open_file(path) as stream:
        file_size, length = stream.seek(0, os.SEEK_END), footer_length(stream)
        groups = _columns(_Thrift(stream, max(0, file_size - 8 - length), length))
        # A column that is listed many times would take that much time.
        if sum(size for group in groups for _, size, _ in group) > file_size:
            raise ValueError("its columns claim more bytes than the file has")
        sizes = (sum(_column_size(stream, *column) for column in group) for group in groups)
        return max(sizes, default=0)


def footer_length(stream: BinaryIO) -> int:
    """Return the size of the footer in bytes, at most that of the file; rewind the file."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - 8))
    length = int.from_bytes(stream.read(4), "little")
    stream.seek(0)
    return min(length, size)


def _columns(footer: "_Thrift") -> list[list[_Column]]:
    """Find the columns of each row group."""
    try:
        groups = footer.read(_STRUCT)[4, _LIST]
        return [[_column(each[3, _STRUCT]) for each in group[1, _LIST]] for group in groups]
    except (KeyError, TypeError):
        raise ValueError("a column is not described") from None


def _column(fields: _Fields) -> _Column:
    n_values, size, start = fields[5, _I64], fields[7, _I64], fields[9, _I64]
    if 0 < (dictionary := fields.get((11, _I64), 0)) < start:
        start = dictionary
    if start < 0 or size < 0:
        raise ValueError("a column at a negative place, or of a negative size")
    return start, size, n_values


def _column_size(stream: BinaryIO, start: int, size: int, n_left: int) -> int:
    """Add up the decompressed sizes of a column's pages, up to the last value as Arrow does."""
    total = 0
    while n_left > 0 and size > 0:
        thrift = _Thrift(stream, start, size)
        header = thrift.read(_STRUCT)
        unpacked, packed = header.get((2, _I32), -1), header.get((3, _I32), -1)
        if unpacked < 0 or packed < 0:
            raise ValueError("a page without a size")
        total += unpacked
        start, size = start + size - thrift.left + packed, thrift.left - packed
        values = header.get((_COUNT_FIELDS.get(header.get((1, _I32), -1), 0), _STRUCT), {})
        n_left -= values.get((1, _I32), 0)
    return total


class _Thrift:
    """Reader of Thrift's compact protocol in some bytes of a file; texts are skipped."""

    def __init__(self, stream: BinaryIO, start: int, size: int) -> None:
        stream.seek(start)
        self.stream, self.left = stream, size

    def read(self, kind: int, level: int = 0) -> Any:
        """Read a value of a type; None for types that are skipped."""
        if level > _MAX_LEVELS:
            raise ValueError("too deeply nested")
        if kind in _BITS:
            return self._number(_BITS[kind])
        if kind == _STRUCT:
            return self._struct(level + 1)
        if kind == _LIST:
            return self._list(level + 1)
        if kind != _BINARY and kind not in _SKIPPED:
            raise ValueError(f"a value of unknown type {kind}")
        size = self._unsigned() if kind == _BINARY else _SKIPPED[kind]
        self.left -= size
        self.stream.seek(size, os.SEEK_CUR)
        return None

    def _struct(self, level: int) -> _Fields:
        fields: _Fields = {}
        field = 0
        while head := self._byte():
            kind, step = head & 15, head >> 4
            field = field + step if step else self._number(16)
            if (field, kind) in fields:
                raise ValueError("a field that occurs twice")
            fields[field, kind] = self.read(kind, level)
        return fields

    def _list(self, level: int) -> list[Any]:
        """Read a list; each of its values takes a byte or more."""
        head = self._byte()
        count, kind = head >> 4, head & 15
        count = self._unsigned() if count == 15 else count
        if count > self.left:
            raise ValueError("a list of more values than bytes")
        kind = _BYTE if kind in (_TRUE, _FALSE) else kind
        return [self.read(kind, level) for _ in range(count)]

    def _number(self, bits: int) -> int:
        """Read a whole number; one beyond its type is damaged, as Arrow would cut it off."""
        number = self._unsigned()
        if number >> bits:
            raise ValueError("a number beyond its type")
        return number >> 1 ^ -(number & 1)

    def _unsigned(self) -> int:
        """Read a number without a sign, of seven bits in a byte."""
        number = 0
        for shift in range(0, 64, 7):
            byte = self._byte()
            number |= (byte & 127) << shift
            if byte < 128:
                return number
        raise ValueError("a number of too many bytes")

    def _byte(self) -> int:
        byte = self.stream.read(1) if self.left > 0 else b""
        if not byte:
            raise ValueError("a header that ends too early")
        self.left -= 1
        return byte[0]
