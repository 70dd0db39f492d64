"""Reads files as bytes, plain or compressed; every error is one line with the path.

The compression is recognized by the file's first bytes, not by its name. A few kilobytes can
decompress to gigabytes, so a file is decompressed no further than its memory budget allows.
"""

import bz2
import gzip
import io
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TextIO
from weakref import WeakKeyDictionary

from barenet._extras import require
from barenet.data._memory_budget import VARIABLE, format_size, memory_limit
from barenet.errors import DataError

#: Maximum number of columns of a table. Each costs 10 kB and 0.1 ms beside its values, and a model
#: file has no room for the names of many more.
MAX_COLUMNS = 50_000

#: Suffixes of CSV files.
CSV_SUFFIXES = (".csv", ".tsv", ".txt")
#: Suffixes of Parquet files; a table with any other suffix is CSV.
PARQUET_SUFFIXES = (".parquet", ".pq")

#: The path of standard input, which holds CSV, plain or compressed.
STANDARD_INPUT = "/dev/stdin"

#: The bytes of standard input, which can be read once and are needed several times.
_RECEIVED: WeakKeyDictionary[TextIO, bytes] = WeakKeyDictionary()

_CHUNK = 2**20


def check_columns(path: Path, n_columns: int) -> None:
    """Refuse a table with too many columns."""
    if n_columns > MAX_COLUMNS:
        problem = f"{n_columns:,} columns; a table may have {MAX_COLUMNS:,} at most"
        remedy = "leave some out, or save them as the array X of an .npz file"
        raise DataError(problem, path=path, remedy=remedy)


class Compression(NamedTuple):
    """A format of compressed files."""

    name: str
    magic: bytes
    suffix: str
    open: Callable[[Any], Any]


def _open_zstd(raw: Any) -> Any:
    """Decompress with Arrow, as Python before 3.14 cannot."""
    pyarrow = require("pyarrow", extra="tables", purpose="a zstd file")
    return pyarrow.CompressedInputStream(pyarrow.PythonFile(raw, "r"), "zstd")


_COMPRESSIONS = (
    Compression("gzip", b"\x1f\x8b", ".gz", lambda raw: gzip.GzipFile(fileobj=raw)),
    Compression("bzip2", b"BZh", ".bz2", bz2.BZ2File),
    Compression("xz", b"\xfd7zXZ\0", ".xz", lzma.LZMAFile),
    Compression("zstd", b"\x28\xb5\x2f\xfd", ".zst", _open_zstd),
)


def plain_name(path: str | Path) -> str:
    """The name of a file in lower case, without the suffix of its compression."""
    if _is_standard_input(path):
        return "stdin.csv"
    name = Path(path).name.lower()
    suffixes = (each.suffix for each in _COMPRESSIONS if name.endswith(each.suffix))
    return name.removesuffix(next(suffixes, ""))


@contextmanager
def open_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, decompressed where it is compressed."""
    compression = None
    try:
        with _open_raw(path) as raw:
            start = raw.read(6)
            raw.seek(0)
            known = (each for each in _COMPRESSIONS if start.startswith(each.magic))
            compression = next(known, None)
            if compression is None:
                yield raw
            else:
                with compression.open(raw) as stream:
                    yield stream
    except FileNotFoundError:
        raise DataError("no such file", path=path) from None
    except IsADirectoryError:
        raise DataError("is a folder, expected a file", path=path) from None
    except EOFError:
        name = compression.name if compression else "file's"
        raise DataError(f"truncated, the {name} data end too early", path=path) from None
    except (OSError, zlib.error, lzma.LZMAError) as error:
        problem = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        if compression and getattr(error, "errno", None) is None:
            problem = f"damaged {compression.name} data: {error}"
        raise DataError(problem, path=path) from error


def _is_standard_input(path: str | Path) -> bool:
    return Path(path).as_posix() == STANDARD_INPUT  # On Windows, a path has backslashes.


def _open_raw(path: Path) -> BinaryIO:
    if _is_standard_input(path):
        return io.BytesIO(_receive())
    # Before it is opened, as opening a pipe waits for a writer.
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise DataError("is not a regular file", path=path)
    return path.open("rb")


def _receive() -> bytes:
    """Read standard input to its end, the first time."""
    if sys.stdin is None or sys.stdin.closed:
        raise DataError("standard input is closed", path=STANDARD_INPUT)
    limit = memory_limit(sys.maxsize)
    if sys.stdin not in _RECEIVED:
        _RECEIVED[sys.stdin] = read_exactly(sys.stdin.buffer, limit + 1)
    if len(_RECEIVED[sys.stdin]) > limit:
        problem, remedy = f"more than {format_size(limit)} of data", f"set {VARIABLE} to more"
        raise DataError(problem, path=STANDARD_INPUT, remedy=remedy)
    return _RECEIVED[sys.stdin]


def read_exactly(stream: BinaryIO, size: int) -> bytes:
    """Read a number of bytes, or all there are; memory grows with those alone."""
    data = io.BytesIO()  # Returns its bytes without a second copy of them.
    while data.tell() < size and (chunk := stream.read(min(_CHUNK, size - data.tell()))):
        data.write(chunk)
    return data.getvalue()


def read_file_bytes(path: Path, *, memory_per_byte: float = 1) -> bytes:
    """Read a whole file, decompressed where it is compressed, within its memory budget."""
    with open_file(path) as stream:
        most = int(memory_limit(_stored_size(path)) / memory_per_byte)
        data = read_exactly(stream, most + 1)
    if len(data) > most:
        needed = int(memory_per_byte * len(data)) + 1
        check_memory(path, needed, f"more than {format_size(most)} of data")
    return data


def check_memory(path: Path, needed: int, contents: str) -> None:
    """Refuse a file whose contents take more memory than its budget."""
    file_size = _stored_size(path)
    if needed > (limit := memory_limit(file_size)):
        problem = f"{contents} would take about {format_size(needed)} of memory, more than the "
        problem += f"{format_size(limit)} allowed for this file of {format_size(file_size)}"
        remedy = f"if you trust it, set the environment variable {VARIABLE} to a larger size, "
        remedy += f"such as {min(10**6, -(-2 * needed // 10**9))}GB"
        raise DataError(problem, path=path, remedy=remedy)


def _stored_size(path: Path) -> int:
    """The size of a file in bytes, compressed where it is compressed."""
    return len(_receive()) if _is_standard_input(path) else path.stat().st_size
