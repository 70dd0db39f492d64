"""Where bytes come from: a file, plain or gzip, whose every fault is one line with its path.

Gzip is told by its first two bytes, not by the file's name, and is unpacked no further than a
cap, so that a small hostile file cannot fill the memory.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from barenet.errors import DataError

__all__ = ["LIMIT", "open_source", "read_exactly", "read_source"]

#: Most bytes that a gzip file may unpack to.
LIMIT = 2**31

_CHUNK = 2**20


@contextmanager
def open_source(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, unpacked where it is gzip.

    Parameters
    ----------
    path : Path
        The file.

    Yields
    ------
    binary file
        Its bytes.

    Raises
    ------
    DataError
        If the file is missing, a folder, unreadable, or damaged gzip.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if packed:
                with gzip.GzipFile(fileobj=raw) as unpacked:
                    yield unpacked  # type: ignore[misc]
            else:
                yield raw
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise DataError(f"{path}: is a folder, expected a file") from None
    except EOFError:
        raise DataError(f"{path}: truncated, the gzip data end too early") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: damaged gzip data: {error}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def read_exactly(stream: BinaryIO, size: int) -> bytes:
    """Read a number of bytes, or what there is; memory grows with what is there.

    Parameters
    ----------
    stream : binary file
        Where to read.
    size : int
        Most bytes to read, however large.

    Returns
    -------
    bytes
        `size` bytes, fewer where the stream ends earlier.
    """
    data = bytearray()
    while len(data) < size and (chunk := stream.read(min(_CHUNK, size - len(data)))):
        data += chunk
    return bytes(data)


def read_source(path: Path, *, limit: int = LIMIT) -> bytes:
    """Read a whole file, unpacked where it is gzip.

    Parameters
    ----------
    path : Path
        The file.
    limit : int, default 2**31
        Most bytes that it may hold, once unpacked.

    Returns
    -------
    bytes
        All of it.

    Raises
    ------
    DataError
        If the file is missing, a folder, unreadable, damaged gzip, or larger than `limit`.
    """
    with open_source(path) as stream:
        data = read_exactly(stream, limit + 1)
    if len(data) > limit:
        raise DataError(f"{path}: more than {limit:,} bytes once unpacked; refused")
    return data
