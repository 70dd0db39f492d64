"""The reader of IDX files: a short header, then the array's bytes."""

import math
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from barenet.data._file_io import check_memory, open_file, read_exactly
from barenet.errors import DataError

#: The type byte of the header, and its big-endian data type.
TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}

#: Maximum number of dimensions that every version of NumPy supports.
MAX_DIMENSIONS = 32


def read_idx(path: str | PathLike[str]) -> NDArray[Any]:
    """Read an IDX file, compressed or not.

    The format: two zero bytes, a type byte, the number of dimensions, each dimension as a
    big-endian 32-bit integer, and the numbers, the last dimension fastest.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "labels.idx1-ubyte"
    ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]))
    ...     read_idx(path)
    array([5, 0, 4], dtype=uint8)
    """
    path = Path(path)
    with open_file(path) as stream:
        dtype, shape = _read_header(stream, path)
        product, size = " × ".join(map(str, shape)), math.prod(shape) * dtype.itemsize
        # NumPy may have no room for the dimensions of an array of no numbers.
        claimed = math.prod(length or 1 for length in shape) * dtype.itemsize
        contents = f"{product} numbers, as its header claims,"
        check_memory(path, 2 * claimed, contents)
        data = _read(stream, size, f"bytes after the header ({product})", path)
        if stream.read(1):
            problem = f"bytes after the end: expected {size:,} after the header"
            raise DataError(problem, path=path)
    return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def _read_header(stream: BinaryIO, path: Path) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Read the type and the dimensions."""
    magic = _read(stream, 4, "bytes of magic number", path)
    if magic[:2] != b"\0\0" or magic[2] not in TYPES or magic[3] == 0:
        problem = f"not an IDX file: it starts with {magic.hex(' ')}"
        types = ", ".join(f"{number:02x}" for number in TYPES)
        raise DataError(f"{problem}, expected 00 00, a type ({types}) and a number", path=path)
    if (n_dimensions := magic[3]) > MAX_DIMENSIONS:
        problem = f"the header claims {n_dimensions} dimensions; the maximum is {MAX_DIMENSIONS}"
        raise DataError(problem, path=path)
    sizes = _read(stream, 4 * n_dimensions, f"bytes for {n_dimensions} dimensions", path)
    return np.dtype(TYPES[magic[2]]), tuple(int(size) for size in np.frombuffer(sizes, ">u4"))


def _read(stream: BinaryIO, size: int, contents: str, path: Path) -> bytes:
    """Read a number of bytes, and refuse a truncated file."""
    if len(data := read_exactly(stream, size)) < size:
        problem = f"truncated: expected {size:,} {contents}, got {len(data):,}"
        raise DataError(problem, path=path)
    return data
