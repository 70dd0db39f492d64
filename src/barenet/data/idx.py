"""IDX, the format in which the MNIST files come: a short header, then the array's bytes.

The header is believed only as far as the file's own size allows: nothing is allocated for what a
header merely claims.
"""

from __future__ import annotations

import math
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from barenet.data.file_io import memory_budget, open_file, read_allowed, read_exactly
from barenet.errors import DataError

__all__ = ["read_idx"]

#: The type byte of the header, and the big-endian numbers that it stands for.
TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}

#: Most dimensions; every NumPy takes as many.
MAX_DIMENSIONS = 32


def read_idx(path: str | PathLike[str]) -> NDArray[Any]:
    """Read an IDX file, plain or gzip.

    The format: two zero bytes, a type byte, the number of dimensions, each dimension as a
    big-endian 32-bit integer, and the numbers, the last dimension fastest.

    Examples
    --------
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
        expected = math.prod(shape) * dtype.itemsize
        # An array of no numbers can still be of sizes that NumPy has no room for.
        claimed = math.prod(size or 1 for size in shape) * dtype.itemsize
        memory_budget(path).check(2 * claimed, f"{_times(shape)} numbers, as its header claims,")
        data = read_allowed(stream, path, expected + 1)
    if len(data) < expected:
        raise DataError(
            f"truncated: expected {expected:,} bytes after the header "
            f"({_times(shape)}), got {len(data):,}",
            path=path,
        )
    if len(data) > expected:
        raise DataError(f"bytes after the end: expected {expected:,} after the header", path=path)
    array = np.frombuffer(data, dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="), copy=False)


def _read_header(stream: BinaryIO, path: Path) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Read the type and the dimensions."""
    magic = read_exactly(stream, 4)
    if len(magic) < 4:
        raise DataError(f"truncated: expected 4 bytes of magic number, got {len(magic)}", path=path)
    if magic[:2] != b"\0\0" or magic[2] not in TYPES or magic[3] == 0:
        raise DataError(
            f"not an IDX file: it starts with {magic.hex(' ')}, expected 00 00, "
            f"a type (08, 09, 0b, 0c, 0d, 0e) and the number of dimensions",
            path=path,
        )
    n_dimensions = magic[3]
    if n_dimensions > MAX_DIMENSIONS:
        raise DataError(
            f"the header claims {n_dimensions} dimensions; more than {MAX_DIMENSIONS} are refused",
            path=path,
        )
    sizes = read_exactly(stream, 4 * n_dimensions)
    if len(sizes) < 4 * n_dimensions:
        raise DataError(
            f"truncated: expected {4 * n_dimensions} bytes for {n_dimensions} "
            f"dimensions, got {len(sizes)}",
            path=path,
        )
    return np.dtype(TYPES[magic[2]]), tuple(int(size) for size in np.frombuffer(sizes, ">u4"))


def _times(shape: tuple[int, ...]) -> str:
    """Write a shape as a product."""
    return " × ".join(map(str, shape))
