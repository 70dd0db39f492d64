"""Where bytes come from: a file, plain or packed, whose every fault is one line with its path.

The compression is recognized by the file's first bytes, not by its name, and a file is unpacked no
further than its memory budget allows, so that a small hostile file cannot fill the memory.
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

from barenet.data.memory_budget import SHARE, MemoryBudget, machine_memory, spelled
from barenet.errors import DataError
from barenet.extras import require

__all__ = [
    "CSV_SUFFIXES",
    "PARQUET_SUFFIXES",
    "STANDARD_INPUT",
    "memory_budget",
    "open_file",
    "plain_name",
    "read_allowed",
    "read_exactly",
    "read_file_bytes",
]

#: How the name of a CSV file ends.
CSV_SUFFIXES = (".csv", ".tsv", ".txt")
#: How the name of a Parquet file ends; any other table is CSV.
PARQUET_SUFFIXES = (".parquet", ".pq")

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
    """Tell a file's name in lower case, without the ending of what packed it."""
    if _is_standard_input(path):
        return "stdin.csv"
    name = Path(path).name.lower()
    endings = (ending for _, _, ending, _ in _PACKERS if name.endswith(ending))
    return name.removesuffix(next(endings, ""))


@contextmanager
def open_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, unpacked where it is packed."""
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
        raise DataError("no such file", path=path) from None
    except IsADirectoryError:
        raise DataError("is a folder, expected a file", path=path) from None
    except EOFError:
        raise DataError(f"truncated, the {packer} data end too early", path=path) from None
    except (gzip.BadGzipFile, zlib.error, lzma.LZMAError) as error:
        raise DataError(f"damaged {packer} data: {error}", path=path) from error
    except OSError as error:
        if packer and error.errno is None:
            raise DataError(f"damaged {packer} data: {error}", path=path) from error
        raise DataError(f"cannot be read: {error.strerror or error}", path=path) from error


def _is_standard_input(path: str | Path) -> bool:
    return Path(path).as_posix() == STANDARD_INPUT  # Windows turns the strokes round


def _open_raw(path: Path) -> BinaryIO:
    if _is_standard_input(path):
        return io.BytesIO(_receive())
    # Before it is opened, as opening a pipe waits for somebody to write.
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise DataError("is no regular file", path=path)
    return path.open("rb")


def _receive() -> bytes:
    """Read standard input to its end, the first time."""
    if sys.stdin is None or sys.stdin.closed:
        raise DataError("standard input is closed", path=STANDARD_INPUT)
    limit = int(SHARE * machine_memory())
    if sys.stdin not in _RECEIVED:
        _RECEIVED[sys.stdin] = read_exactly(sys.stdin.buffer, limit + 1)
    if len(_RECEIVED[sys.stdin]) > limit:
        raise DataError(
            f"more than {spelled(limit)}, half of this machine's memory; refused",
            path=STANDARD_INPUT,
        )
    return _RECEIVED[sys.stdin]


def read_exactly(stream: BinaryIO, size: int) -> bytes:
    """Read a number of bytes, or what there is; memory grows with what is there."""
    data = io.BytesIO()  # Gives its bytes away without a second copy of them.
    while data.tell() < size and (chunk := stream.read(min(_CHUNK, size - data.tell()))):
        data.write(chunk)
    return data.getvalue()


def read_file_bytes(path: Path, *, memory_per_byte: float = 1) -> bytes:
    """Read a whole file, unpacked where it is packed."""
    with open_file(path) as stream:
        return read_allowed(stream, path, memory_per_byte=memory_per_byte)


def read_allowed(
    stream: BinaryIO, path: Path, size: int | None = None, *, memory_per_byte: float = 1
) -> bytes:
    """Read a number of bytes, or all, of a file that may unpack to very many."""
    budget = memory_budget(path)
    most = int(budget.limit / memory_per_byte)
    data = read_exactly(stream, most + 1 if size is None else min(size, most + 1))
    if len(data) > most:
        budget.check(int(memory_per_byte * len(data)) + 1, f"more than {spelled(most)} of data")
    return data


def memory_budget(path: Path) -> MemoryBudget:
    """Return the memory budget of a file."""
    size = len(_receive()) if _is_standard_input(path) else path.stat().st_size
    return MemoryBudget(path, size)
