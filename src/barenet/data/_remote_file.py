"""A file at an address, such as s3://bucket/rows.csv, which is copied to this machine to be read.

Everything else reads the copy, in a temporary folder that is removed when the process ends. A file
is copied again where it is opened after it has changed.
"""

import atexit
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from time import monotonic
from typing import Any

from barenet._extras import require
from barenet.errors import ADDRESSES, DataError, MissingExtraError, in_a_line

#: Seconds to wait for a web server to accept a connection, or to send more of a file.
TIMEOUT = 30.0

#: Facts of a file that don't show whether it has changed.
_UNCHANGING = {"name", "size", "type", "url", "mimetype", "partial"}


def copy_of(address: str) -> Path:
    """The copy of a file at an address."""
    with _located(address) as (system, place):
        facts = system.info(place)
        version = {name: facts[name] for name in sorted(facts.keys() - _UNCHANGING)}
        return _copy(address, system, place, repr((version or monotonic(), facts["size"])))


def matching_addresses(pattern: str) -> list[str]:
    """The addresses of the files of a pattern, sorted."""
    with _located(pattern) as (system, place):
        return [system.unstrip_protocol(each) for each in sorted(system.glob(place))]


@cache
def _copy(address: str, system: Any, place: str, version: str) -> Path:
    """Copy a version of a file, with a bar on a terminal."""
    from fsspec.callbacks import Callback
    from rich.console import Console
    from rich.progress import Progress

    folder = mkdtemp(prefix="barenet-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    name, console = Path(address.partition("?")[0]).name, Console(file=sys.stderr)
    with Progress(console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        path, task = Path(folder, name), bar.add_task(f"copying {name}", total=None)
        hooks = {"bar": lambda size, value, **_: bar.update(task, total=size, completed=value)}
        system.get_file(place, str(path), callback=Callback(hooks=hooks))
    ADDRESSES[str(path)] = address
    return path


@contextmanager
def _located(address: str) -> Iterator[tuple[Any, str]]:
    """The file system of an address, and the place in it; its errors are one line that names it."""
    fsspec, options = require("fsspec", extra="remote", purpose=address), dict[str, Any]()
    if address.startswith(("http://", "https://")):
        aiohttp = require("aiohttp", extra="remote", purpose=address)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=TIMEOUT, sock_read=TIMEOUT)
        options = {"timeout": timeout, "client_kwargs": {"trust_env": True}}  # proxies, .netrc
    try:
        yield fsspec.url_to_fs(address, **options)
    except ImportError as error:
        name = getattr(error.__cause__, "name", None) or in_a_line(error)
        raise MissingExtraError(f"{address} needs {name}: pip install {name}") from error
    except Exception as error:
        cause: Any = error.__cause__ or error
        reason = getattr(cause, "strerror", 0) or getattr(cause, "message", 0) or in_a_line(cause)
        is_missing = isinstance(cause, FileNotFoundError) or getattr(cause, "status", 0) == 404
        problem = "no such file" if is_missing else f"cannot be read: {reason}"
        raise DataError(problem, path=address) from error
