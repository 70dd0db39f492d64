"""Reads files as bytes within a memory budget; every error is a single line with the path.

The compression is recognized by the file's first bytes, not by its name. A few kilobytes can
decompress to gigabytes, so every reader first computes its peak memory from the sizes that the file
declares, and compares it with a budget. If a declared size is wrong, memory may run out, which is
an error as well.
"""

import bz2
import glob
import gzip
import io
import math
import os
import re
import shutil
import sys
import tempfile
import weakref
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TextIO

from barenet._extras import require
from barenet._messages import count_of
from barenet.errors import ArgumentError, DataError
from barenet.storage._remote_file import copy_of

#: Maximum number of columns of a table. Each costs 10 kB and 0.1 ms in addition to its values, and
#: a model file has no room for many more names.
MAX_COLUMNS = 50_000

#: Suffixes of CSV files.
CSV_SUFFIXES = (".csv", ".tsv", ".txt")
#: Suffixes of Parquet files; a table with any other suffix is CSV.
PARQUET_SUFFIXES = (".parquet", ".pq")
#: The suffixes of files that are read in blocks, of which those of CSV may be compressed.
_IN_BLOCKS = r"\.((csv|tsv|txt)(\.(gz|bz2|xz|zst))?|parquet|pq)$"

#: The start of an address, whose slashes `Path` merges.
_START = r"([A-Za-z][\w+.-]+):[/\\]{1,2}"

#: The path of standard input, which holds CSV, plain or compressed.
STANDARD_INPUT = "/dev/stdin"

_CHUNK = 2**20

#: Largest size that can be given, in bytes.
MAX_SIZE = 10**15
#: The powers of 1000 or 1024 that the units of a size stand for.
POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}

#: The environment variable that replaces the budget, such as 8GB.
VARIABLE = "BARENET_MEMORY"

#: Fraction of the machine's memory that one file may take; the rest is for training.
MAX_FRACTION = 0.5

#: The error of a file for which the memory is too small, and a remedy.
NO_MEMORY = "takes more memory than there is"
FREE_MEMORY = "free some memory"

#: Assumed memory in bytes of a machine whose memory is unknown.
_UNKNOWN_MEMORY = 8 * 10**9

#: The files in which Linux declares the memory limit of a container.
_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def check_columns(path: Path, n_columns: int) -> None:
    """Reject a table with too many columns."""
    if n_columns > MAX_COLUMNS:
        problem = f"{n_columns:,} columns; a table may have {MAX_COLUMNS:,} at most"
        remedy = "leave some out, or save them as the array X of an .npz file"
        raise DataError(problem, path=path, remedy=remedy)


def _open_zstd(raw: Any) -> Any:
    """Decompress with Arrow, as Python before 3.14 cannot."""
    pyarrow = require("pyarrow", extra="tables", purpose="a zstd file")
    return pyarrow.CompressedInputStream(pyarrow.PythonFile(raw, "r"), "zstd")


class _Compression(NamedTuple):
    """A format of compressed files."""

    #: Empty for files that are not compressed.
    name: str
    #: Opens the decompressed bytes of an open file.
    decompress: Callable[[Any], Any]


_PLAIN = _Compression("", nullcontext)

#: The formats by the first bytes of their files.
_COMPRESSIONS = {
    b"\x1f\x8b": _Compression("gzip", gzip.open),
    b"BZh": _Compression("bzip2", bz2.open),
    b"\x28\xb5\x2f\xfd": _Compression("zstd", _open_zstd),
}
_READ_ERRORS: tuple[type[Exception], ...] = (OSError, zlib.error)

with suppress(ImportError):  # it is not part of Python in a browser
    import lzma

    _COMPRESSIONS[b"\xfd7zXZ\0"] = _Compression("xz", lzma.open)
    _READ_ERRORS += (lzma.LZMAError,)


def as_address(path: object) -> str:
    """Return the address in a path; empty if the path is on this machine."""
    text = str(path)
    if isinstance(path, Path):
        text = path.as_posix()
    start = re.match(_START, text)
    if not start:
        return ""
    first_part = Path(text).parts[0]
    if Path(first_part).exists():  # a folder on this machine
        return ""
    protocol = start[1].lower()
    place = text[start.end() :]
    return f"{protocol}://{place}"


def name_of(path: object) -> str:
    """Return the name of a file, without its folder or the query of an address."""
    address, _, _ = as_address(path).partition("?")
    return Path(address).name if address else Path(str(path)).name


def local_path(path: str | os.PathLike[str]) -> Path:
    """Return the path of a file, or of the copy of a file at an address."""
    address = as_address(path)
    return copy_of(address) if address else Path(path)


def is_pattern(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is a pattern, and not a file whose name has such characters."""
    address = as_address(path)
    if address:
        place, _, _ = address.partition("?")
        return "*" in place
    if not glob.has_magic(os.fspath(path)):
        return False
    return not Path(path).exists()


def plain_name(path: str | Path) -> str:
    """Return the name of a file in lower case, without the suffix of a compression."""
    if Path(path).as_posix() == STANDARD_INPUT:  # On Windows, a path has backslashes.
        return "stdin.csv"
    return re.sub(r"\.(gz|bz2|xz|zst)$", "", name_of(path).lower())


@contextmanager
def name_in_memory_error(path: Path) -> Iterator[None]:
    """Turn a lack of memory during reading into an error that names the file."""
    try:
        yield
    except MemoryError as error:
        raise DataError(NO_MEMORY, path=path, remedy=_remedy(path, FREE_MEMORY)) from error


def _remedy(path: Path, other: str) -> str:
    """Write the remedies for a file that is too large: reading by blocks, or another one."""
    match = re.search(_IN_BLOCKS, path.name.lower())
    if match is None:
        return other
    suffix = match[0]
    by_blocks = f"with Task.open's memory=, or in a command by a pattern such as '*{suffix}'"
    return f"read it block by block, {by_blocks}, or {other}"


@contextmanager
def open_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, decompressed where it is compressed."""
    name = ""
    try:
        with name_in_memory_error(path), _open_raw(path) as raw:
            start = raw.read(6)
            raw.seek(0)
            compression = _compression_of(start)
            name = compression.name
            with compression.decompress(raw) as stream:
                yield stream
    except FileNotFoundError:
        raise DataError("no such file", path=path) from None
    except IsADirectoryError:
        raise DataError("is a folder, expected a file", path=path) from None
    except EOFError:
        problem = f"truncated, the {name or 'file'} data end too early"
        raise DataError(problem, path=path) from None
    except _READ_ERRORS as error:
        is_of_system = getattr(error, "errno", None) is not None
        if name and not is_of_system:
            problem = f"damaged {name} data: {error}"
        else:
            reason = getattr(error, "strerror", None) or error
            problem = f"cannot be read: {reason}"
        raise DataError(problem, path=path) from error


def _compression_of(start: bytes) -> _Compression:
    """Return the format of a file by its first bytes.

    >>> _compression_of(b"a,b\\n1").name, _compression_of(b"BZh91A").name
    ('', 'bzip2')
    """
    for magic, compression in _COMPRESSIONS.items():
        if start.startswith(magic):
            return compression
    return _PLAIN


def _open_raw(path: Path) -> AbstractContextManager[BinaryIO]:
    if path.as_posix() == STANDARD_INPUT:
        file = _receive(sys.stdin)
        file.seek(0)
        return nullcontext(file)
    # Check this before opening, because opening a pipe waits for a writer.
    is_file_or_folder = path.is_file() or path.is_dir()
    if path.exists() and not is_file_or_folder:
        raise DataError("is not a regular file", path=path)
    return path.open("rb")


@lru_cache(1)  # it can be read only once, but is needed several times
def _receive(stdin: TextIO | None) -> BinaryIO:
    """Copy standard input to a temporary file without a name."""
    if stdin is None or stdin.closed:
        raise DataError("standard input is closed", path=STANDARD_INPUT)
    file = temporary_file(stdin)
    shutil.copyfileobj(stdin.buffer, file, _CHUNK)
    return file


def temporary_file(owner: object) -> BinaryIO:
    """Open a temporary file without a name, which is removed together with an object."""
    file = tempfile.TemporaryFile()  # noqa: SIM115
    weakref.finalize(owner, file.close)
    return file


def no_room_error(needed: str, error: OSError) -> DataError:
    """Return the error for a temporary file that has no room on the disk."""
    folder = tempfile.gettempdir()
    free = format_size(shutil.disk_usage(folder).free)
    problem = f"{needed}, and {free} are free ({error.strerror})"
    remedy = "set the environment variable TMPDIR to a folder with more room"
    return DataError(problem, path=folder, remedy=remedy)


def version_of(path: Path) -> tuple[int, int] | None:
    """Return the size and the modification time of a file; None for standard input."""
    if not path.is_file():
        return None
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def read_exactly(stream: BinaryIO, size: int) -> bytes:
    """Read a number of bytes, or all remaining ones; memory grows only with the bytes read."""
    data = io.BytesIO()  # This returns the bytes without a second copy.
    while data.tell() < size:
        n_missing = size - data.tell()
        chunk = stream.read(min(_CHUNK, n_missing))
        if not chunk:
            break
        data.write(chunk)
    return data.getvalue()


def read_file_bytes(path: Path, *, memory_per_byte: float = 1) -> bytes:
    """Read a whole file, decompressed where it is compressed, within its memory budget."""
    with open_file(path) as stream:
        most = int(memory_limit() / memory_per_byte)
        data = read_exactly(stream, most + 1)
    if len(data) > most:
        needed = int(memory_per_byte * len(data)) + 1
        check_memory(path, needed, f"more than {format_size(most)} of data")
    return data


def check_memory(
    path: Path, needed: int, contents: str, limit: int | None = None, *, is_block: bool = False
) -> None:
    """Reject a file whose contents take more memory than a user's limit, or than the budget."""
    with_copies = 2 * needed  # of the training rows
    if limit is not None and with_copies > limit:
        problem = f"{format_size(limit)} is too little: {contents} of {path} would take about "
        problem += format_size(with_copies)
        megabytes = math.ceil(with_copies / 10**6)
        remedy = "allow {memory}"
        raise ArgumentError(problem, argument="memory", remedy=remedy, memory=f"{megabytes}MB")
    budget = memory_limit()
    if needed <= budget:
        return
    problem = f"{contents} would take about {format_size(needed)} of memory, more than the "
    problem += f"{format_size(budget)} allowed"
    gigabytes = math.ceil(with_copies / 10**9)
    most_gigabytes = MAX_SIZE // 10**9
    remedy = f"set the environment variable {VARIABLE} to a larger size, "
    remedy += f"such as {min(gigabytes, most_gigabytes)}GB"
    if not is_block:
        remedy = _remedy(path, remedy)
    raise DataError(problem, path=path, remedy=remedy)


def memory_limit() -> int:
    """Return the memory that a file may take: BARENET_MEMORY, or half of the machine's."""
    text = os.environ.get(VARIABLE, "").strip()
    return parse_size(text, VARIABLE) if text else int(MAX_FRACTION * machine_memory())


def machine_memory() -> int:
    """Return the memory that this process may use: the machine's, or less if there is a limit."""
    limits = []
    with suppress(AttributeError, OSError, ValueError):  # AttributeError: Windows
        page_size = os.sysconf("SC_PAGE_SIZE")
        n_pages = os.sysconf("SC_PHYS_PAGES")
        limits.append(page_size * n_pages)
    for name in _CGROUPS:
        with suppress(OSError, ValueError):  # no such file, or "max"
            limits.append(int(Path(name).read_text("ascii")))
    with suppress(ImportError):  # Windows
        import resource

        limit_of_process, _ = resource.getrlimit(resource.RLIMIT_AS)
        limits.append(limit_of_process)
    positive = [limit for limit in limits if limit > 0]  # -1 means no limit
    return min(positive, default=_UNKNOWN_MEMORY)


def format_size(size: int) -> str:
    """Format a number of bytes with a unit.

    >>> format_size(28_000), format_size(12_300_000_000), format_size(17)
    ('28 kB', '12.3 GB', '17 bytes')
    """
    if size > MAX_SIZE:
        return "more than 1,000 TB"
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            number = f"{size / unit:.1f}".removesuffix(".0")
            return f"{number} {name}"
    return count_of(size, "byte")


def parse_size(text: str, argument: str) -> int:
    """Parse a size such as 8GB, 500 MB or a number of bytes."""
    error = ArgumentError.of(argument, text, "a size such as 8GB or 500MB")
    match = re.fullmatch(r"(\d{1,16}(?:\.\d+)?)\s*([kmgt]?)(i?)b?", str(text).lower())
    if match is None:
        raise error
    number, unit, binary = match.groups()
    base = 1000
    if binary:  # the units KiB, MiB, GiB and TiB
        base = 1024
    size = float(number) * base ** POWERS[unit]
    if not 0 < size <= MAX_SIZE:
        raise error
    return int(size)
