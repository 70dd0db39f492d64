"""Where bytes come from: a file, plain or gzip, whose every fault is one line with its path.

Gzip is told by its first two bytes, not by the file's name, and is unpacked no further than a
cap, so that a small hostile file cannot fill the memory.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from barenet.errors import DataError

__all__ = ["LIMIT", "open_source", "read_exactly", "read_source"]

#: Most bytes that a gzip file may unpack to.
LIMIT = 2**31

#: What unpacks to more than this is refused beyond `MOST_UNPACKED` times its size.
FREE = 2**26

#: Text and pictures pack to a third or a tenth; what packs better is made to fill the memory.
MOST_UNPACKED = 100

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
        If the file is missing, a folder, a pipe, unreadable, or damaged gzip.
    """
    try:
        # Before it is opened, as opening a pipe waits for somebody to write.
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise DataError(f"{path}: is no regular file")
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
    data = io.BytesIO()  # Gives its bytes away without a second copy of them.
    while data.tell() < size and (chunk := stream.read(min(_CHUNK, size - data.tell()))):
        data.write(chunk)
    return data.getvalue()


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
        If the file is missing, a folder, unreadable, damaged gzip, larger than `limit`, or
        larger than 64 MiB and than 100 times its packed size.
    """
    with open_source(path) as stream:
        limit = min(limit, FREE + MOST_UNPACKED * path.stat().st_size)
        data = read_exactly(stream, limit + 1)
    if len(data) > limit:
        raise DataError(f"{path}: more than {limit:,} bytes once unpacked; refused")
    return data
