"""A file at an address, such as s3://bucket/rows.csv, which is copied to this machine to be read.

Everything else reads the copy, in a temporary folder that is removed when the process ends. A file
is copied again where it is opened after it has changed.
"""

import atexit
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from os import PathLike
from pathlib import Path
from tempfile import mkdtemp
from time import monotonic
from typing import Any

from barenet._extras import require
from barenet.errors import ADDRESSES, BarenetError, DataError, MissingExtraError, in_a_line

#: The start of an address, whose slashes `Path` merges.
_START = re.compile(r"([A-Za-z][\w+.-]+:)[/\\]")

#: Seconds without an answer of a web server, or without more of it, after which it is an error.
TIMEOUT = 30.0

#: Facts of a file that don't show whether it has changed.
_UNCHANGING = {"name", "size", "type", "url", "mimetype", "partial"}


def as_address(path: object) -> str:
    """The address that a path is, or no text if it is one on this machine."""
    text = path.as_posix() if isinstance(path, Path) else str(path)
    if not _START.match(text) or Path(Path(text).parts[0]).exists():
        return ""
    return re.sub(rf"{_START.pattern}(?![/\\])", r"\1//", text)


def name_of(path: object) -> str:
    """The name of a file without its folder, and without the query of an address."""
    return Path(as_address(path).partition("?")[0] or str(path)).name


def on_this_machine(path: str | PathLike[str]) -> Path:
    """The path of a file or a folder that may be written, but not an address."""
    if address := as_address(path):
        problem, remedy = "expected a path on this machine, got an address", "copy the file"
        remedy = f"{remedy} from there, or to there afterwards"
        raise DataError(problem, path=address, remedy=remedy)
    return Path(path)


def local_path(path: str | PathLike[str]) -> Path:
    """The path of a file, or of the copy of one at an address."""
    if not (address := as_address(path)):
        return Path(path)
    with _errors_naming(address):
        system, place = _located(address)
        facts = system.info(place)
        if facts["type"] == "directory":
            raise DataError("is a folder, expected a file", path=address)
        version = {name: facts[name] for name in sorted(facts.keys() - _UNCHANGING)}
        return _copy(address, repr((version or monotonic(), facts["size"])))


def is_remote_pattern(path: object) -> bool:
    """Whether an address is a pattern of several files."""
    return "*" in as_address(path).partition("?")[0]


def matching_addresses(pattern: str) -> list[str]:
    """The addresses of the files of a pattern, sorted."""
    with _errors_naming(pattern):
        system, place = _located(pattern)
        return [system.unstrip_protocol(each) for each in sorted(system.glob(place))]


def _located(address: str) -> tuple[Any, str]:
    """The file system of an address, and the place of the file in it."""
    fsspec, options = require("fsspec", extra="remote", purpose=address), dict[str, Any]()
    if address.startswith(("http://", "https://")):
        aiohttp = require("aiohttp", extra="remote", purpose=address)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=TIMEOUT, sock_read=TIMEOUT)
        options = {"timeout": timeout, "client_kwargs": {"trust_env": True}}  # proxies, .netrc
    system, place = fsspec.url_to_fs(address, **options)
    return system, place


@cache
def _copy(address: str, version: str) -> Path:
    """Copy a version of a file, with a bar on a terminal."""
    from fsspec.callbacks import Callback
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress

    path = Path(mkdtemp(dir=_folder()), name_of(address))
    system, place = _located(address)
    columns = ("[progress.description]{task.description}", BarColumn(), DownloadColumn())
    console, disable = Console(file=sys.stderr), not sys.stderr.isatty()
    with Progress(*columns, console=console, transient=True, disable=disable) as bar:
        task = bar.add_task("copying", total=None)

        def show(size: int | None, value: int, **_: Any) -> None:
            bar.update(task, total=size, completed=value)

        system.get_file(place, str(path), callback=Callback(hooks={"bar": show}))
    ADDRESSES[str(path)] = address
    return path


@cache
def _folder() -> str:
    """The folder of the copies."""
    path = mkdtemp(prefix="barenet-")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


@contextmanager
def _errors_naming(address: str) -> Iterator[None]:
    """Turn the many errors of file systems into one line that names the address."""
    try:
        yield
    except (BarenetError, MemoryError):
        raise
    except ImportError as error:
        name = getattr(error.__cause__ or error, "name", None) or in_a_line(error)
        problem = f"{address} needs {name}: pip install {name}"
        raise MissingExtraError(problem) from error
    except Exception as error:
        cause: Any = error.__cause__ or error
        reasons = (getattr(cause, name, "") for name in ("strerror", "message"))
        reason = next(filter(None, reasons), in_a_line(cause))
        if status := getattr(cause, "status", None):
            reason = f"the server answers {status} {reason}"
        is_missing = status == 404 or isinstance(cause, FileNotFoundError)
        problem = "no such file" if is_missing else f"cannot be read: {reason}"
        raise DataError(problem, path=address) from error
