"""Where bytes come from: a file, plain or packed, whose every fault is one line with its path.

What packed it is told by its first bytes, not by the file's name, and it is unpacked no further
than a cap, so that a small hostile file cannot fill the memory.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO
from weakref import WeakKeyDictionary

from barenet.errors import DataError
from barenet.extras import require

__all__ = [
    "CSV_SUFFIXES",
    "LIMIT",
    "PARQUET_SUFFIXES",
    "STANDARD_INPUT",
    "bytes_allowed",
    "open_source",
    "plain_name",
    "read_allowed",
    "read_exactly",
    "read_source",
]

#: How the name of a CSV file ends.
CSV_SUFFIXES = (".csv", ".tsv", ".txt")
#: How the name of a Parquet file ends; any other table is CSV.
PARQUET_SUFFIXES = (".parquet", ".pq")

#: Most bytes that a packed file may unpack to.
LIMIT = 2**31

#: What unpacks to more than this is refused beyond `MOST_UNPACKED` times its size. A table takes a
#: dozen times as much while it is read, so that a few kB take less than 64 MiB.
FREE = 2**22

#: Text and pictures pack to a third or a tenth; what packs better is made to fill the memory.
MOST_UNPACKED = 100

#: What standard input is called, as if it were a file; it holds CSV, plain or packed.
STANDARD_INPUT = "/dev/stdin"

#: What came from there: it comes once, and is asked for several times.
_RECEIVED: WeakKeyDictionary[TextIO, bytes] = WeakKeyDictionary()

_CHUNK = 2**20


def _open_zstd(raw: Any) -> Any:
    """Let Arrow unpack what Python itself cannot before 3.14."""
    pyarrow = require("pyarrow", extra="tables", purpose="a zstd file")
    return pyarrow.CompressedInputStream(pyarrow.PythonFile(raw, "r"), "zstd")


#: What packs a file: its first bytes, its name, how names of its files end, and what unpacks it.
_PACKERS: list[tuple[bytes, str, str, Callable[[Any], Any]]] = [
    (b"\x1f\x8b", "gzip", ".gz", lambda raw: gzip.GzipFile(fileobj=raw)),
    (b"BZh", "bzip2", ".bz2", bz2.BZ2File),
    (b"\xfd7zXZ\0", "xz", ".xz", lzma.LZMAFile),
    (b"\x28\xb5\x2f\xfd", "zstd", ".zst", _open_zstd),
]


def plain_name(path: str | Path) -> str:
    """Tell a file's name in lower case, without the ending of what packed it.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    str
        Such as ``prices.csv`` for ``Prices.CSV.gz``.
    """
    if _is_standard_input(path):
        return "stdin.csv"
    name = Path(path).name.lower()
    endings = (ending for _, _, ending, _ in _PACKERS if name.endswith(ending))
    return name.removesuffix(next(endings, ""))


@contextmanager
def open_source(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, unpacked where it is packed.

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
        If the file is missing, a folder, a pipe, unreadable, or packed and damaged. Standard input
        is no file, and is read whole before.
    """
    packer = ""
    try:
        with _open_raw(path) as raw:
            start = raw.read(6)
            raw.seek(0)
            unpack: Callable[[Any], Any] | None = None
            for magic, name, _, opens in _PACKERS:
                if start.startswith(magic):
                    packer, unpack = name, opens
            if unpack is None:
                yield raw
            else:
                with unpack(raw) as unpacked:
                    yield unpacked
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise DataError(f"{path}: is a folder, expected a file") from None
    except EOFError:
        raise DataError(f"{path}: truncated, the {packer} data end too early") from None
    except (gzip.BadGzipFile, zlib.error, lzma.LZMAError) as error:
        raise DataError(f"{path}: damaged {packer} data: {error}") from error
    except OSError as error:
        if packer and error.errno is None:
            raise DataError(f"{path}: damaged {packer} data: {error}") from error
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def _is_standard_input(path: str | Path) -> bool:
    return Path(path).as_posix() == STANDARD_INPUT  # Windows turns the strokes round


def _open_raw(path: Path) -> BinaryIO:
    if _is_standard_input(path):
        return io.BytesIO(_receive())
    # Before it is opened, as opening a pipe waits for somebody to write.
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise DataError(f"{path}: is no regular file")
    return path.open("rb")


def _receive() -> bytes:
    """Read standard input to its end, the first time."""
    if sys.stdin is None or sys.stdin.closed:
        raise DataError(f"{STANDARD_INPUT}: standard input is closed")
    if sys.stdin not in _RECEIVED:
        _RECEIVED[sys.stdin] = read_exactly(sys.stdin.buffer, LIMIT + 1)
    if len(_RECEIVED[sys.stdin]) > LIMIT:
        raise DataError(f"{STANDARD_INPUT}: more than {LIMIT:,} bytes; refused")
    return _RECEIVED[sys.stdin]


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
    """Read a whole file, unpacked where it is packed.

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
        If the file is missing, a folder, unreadable, damaged, larger than `limit`, or larger
        than 4 MiB and 100 times its packed size.
    """
    with open_source(path) as stream:
        return read_allowed(stream, path, limit + 1, limit)


def read_allowed(stream: BinaryIO, path: Path, size: int, limit: int = LIMIT) -> bytes:
    """Read a number of bytes, or what there is, of a file that may be packed too well.

    Parameters
    ----------
    stream : binary file
        What `open_source` gave.
    path : Path
        The file.
    size : int
        Most bytes to read, however large.
    limit : int, default 2**31
        Most bytes that there may be.

    Returns
    -------
    bytes
        `size` bytes, fewer where the stream ends earlier.

    Raises
    ------
    DataError
        If there are more than `limit`, or than 4 MiB and 100 times the file's own size.
    """
    limit = min(limit, bytes_allowed(path, FREE))
    data = read_exactly(stream, min(size, limit + 1))
    if len(data) > limit:
        raise DataError(
            f"{path}: more than {limit:,} bytes once unpacked; refused, as so much in so small a "
            f"file is made to fill the memory; if it is not, unpack it first"
        )
    return data


def bytes_allowed(path: Path, free: int) -> int:
    """Tell how many bytes a packed file may unpack to.

    Parameters
    ----------
    path : Path
        The file.
    free : int
        How many are allowed to every file.

    Returns
    -------
    int
        These, and 100 times its size.
    """
    size = len(_receive()) if _is_standard_input(path) else path.stat().st_size
    return free + MOST_UNPACKED * size
