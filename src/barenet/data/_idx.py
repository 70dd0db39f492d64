"""The reader of IDX files of bytes: a short header, then the array."""

import math
from os import PathLike
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from barenet.data._file_io import check_memory, open_file, read_exactly
from barenet.errors import DataError


def read_idx(path: str | PathLike[str], *entry: int) -> NDArray[np.uint8]:
    """Read an IDX file of any number of entries, which have a shape, compressed or not.

    The format: two zero bytes, 8 for the type of bytes, the number of dimensions, each dimension as
    a big-endian 32-bit integer, and the array in C order.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "labels.idx1-ubyte"
    ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]))
    ...     read_idx(path)
    array([5, 0, 4], dtype=uint8)
    """
    path, magic = Path(path), bytes([0, 0, 8, 1 + len(entry)])
    with open_file(path) as stream:
        if (start := _read(stream, 4, "bytes of magic number", path)) != magic:
            problem = f"not an IDX file: it starts with {start.hex(' ')}, expected "
            raise DataError(problem + magic.hex(" "), path=path)
        sizes = _read(stream, 4 * magic[3], f"bytes for {magic[3]} dimensions", path)
        shape = tuple(np.frombuffer(sizes, ">u4").tolist())
        product, size = " × ".join(map(str, shape)), math.prod(shape)
        if shape[1:] != entry:
            expected = " × ".join(map(str, ("n", *entry)))
            raise DataError(f"its header claims {product} bytes, expected {expected}", path=path)
        check_memory(path, 2 * size, f"{product} bytes, as its header claims,")
        data = _read(stream, size, f"bytes after the header ({product})", path)
        if stream.read(1):
            problem = f"bytes after the end: expected {size:,} after the header"
            raise DataError(problem, path=path)
    return np.frombuffer(data, np.uint8).reshape(shape)


def _read(stream: BinaryIO, size: int, contents: str, path: Path) -> bytes:
    """Read a number of bytes, and refuse a truncated file."""
    if len(data := read_exactly(stream, size)) < size:
        problem = f"truncated: expected {size:,} {contents}, got {len(data):,}"
        raise DataError(problem, path=path)
    return data
