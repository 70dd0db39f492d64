"""Files at an address, such as s3://bucket/rows.csv, which are copied to this machine.

All other code reads the copy, in a temporary folder that is removed when the process ends. A file
that has changed is copied again when it is opened. Messages and files never contain a password, or
the query, which may be a token.

fsspec's own `filecache` is not used. It assumes that files of web servers never change, accepts a
truncated copy as a whole file the second time, and writes addresses with their tokens to the disk.
"""

import atexit
import re
import shutil
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from time import monotonic
from typing import Any, NamedTuple

from barenet._extras import require
from barenet._messages import ADDRESSES, in_a_line, suggestion, without_secrets
from barenet.errors import DataError, MissingExtraError

#: Seconds to wait until a web server describes a file, or sends more of it.
TIMEOUT = 30.0

#: Packages by the names of their modules, where these differ.
PACKAGES = {"smbclient": "smbprotocol", "libarchive": "libarchive-c"}

#: The full addresses of a command, by the addresses without password and token.
_SECRETS: dict[str, str] = {}

#: Properties of a file that don't show whether it has changed.
_UNCHANGING = {"name", "size", "type", "url", "mimetype", "partial"}


class RemoteFile(NamedTuple):
    """A file, a folder or a pattern at an address."""

    #: The file system of fsspec.
    system: Any
    #: The path in this file system.
    path: str
    #: The time limit as an argument of `info`; empty if the protocol has none.
    limit: dict[str, float]

    def info(self) -> Any:
        """Request the facts about the file, such as its size."""
        return self.system.info(self.path, **self.limit)


def hide_secrets(address: str) -> str:
    """Return an address without password and token, which a command uses from then on."""
    place, mark, _ = address.partition("?")
    hidden = without_secrets(place)
    if mark:
        hidden += "?…"
    if hidden != address:
        _SECRETS[hidden] = address
    return hidden


def copy_of(address: str) -> Path:
    """Return the copy of a file at an address."""
    with located(address) as remote:
        facts = remote.info()
        version = {name: facts[name] for name in sorted(facts.keys() - _UNCHANGING)}
        # Without such properties, every copy is a new version.
        identity = (version or monotonic(), facts["size"])
        return _copy(address, remote.system, remote.path, repr(identity))


def is_file(address: str) -> bool:
    """Return whether there is a file at an address, not just a page of a web server."""
    with located(address) as remote:
        try:
            facts = remote.info()
        except Exception:  # noqa: BLE001 - each protocol has its own error, such as one of rights
            return False
    is_page = str(facts.get("mimetype", "")).startswith("text/html")
    return facts["type"] == "file" and not is_page


def matching_addresses(pattern: str) -> list[str]:
    """List the addresses of the files of a pattern, sorted."""
    with located(pattern) as remote:
        if remote.limit:  # `glob` finds nothing if there is no answer
            before_star, _, _ = remote.path.partition("*")
            folder, _, _ = before_star.rpartition("/")
            remote.system.info(f"{folder}/", **remote.limit)
        paths = sorted(remote.system.glob(remote.path))
        return [remote.system.unstrip_protocol(path) for path in paths]


@cache
def _copy(address: str, system: Any, place: str, version: str) -> Path:
    """Copy a version of a file, with a bar on a terminal."""
    from fsspec.callbacks import Callback
    from rich.console import Console
    from rich.progress import Progress

    folder = mkdtemp(prefix="barenet-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    name = Path(address.partition("?")[0]).name
    console = Console(file=sys.stderr)
    with Progress(console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        path = Path(folder, name)
        task = bar.add_task(f"copying {name}", total=None)

        def show_copied(size: int | None, value: int, **_: Any) -> None:
            bar.update(task, total=size, completed=value)

        callback = Callback(hooks={"bar": show_copied})
        system.get_file(place, str(path), callback=callback)
    ADDRESSES[str(path)] = without_secrets(address)
    return path


@contextmanager
def located(address: str, participle: str = "read") -> Iterator[RemoteFile]:
    """Find the file system of an address; errors are a single line that names the address."""
    shown = without_secrets(address)
    address = _SECRETS.get(address, address)
    fsspec = require("fsspec", extra="remote", purpose=shown)
    protocols = [*fsspec.available_protocols(), *fsspec.registry]
    _check(address, protocols)
    options: dict[str, Any] = {}
    limit: dict[str, float] = {}
    is_web = address.startswith(("http://", "https://"))
    if is_web:
        limit["timeout"] = TIMEOUT
        aiohttp = require("aiohttp", extra="remote", purpose=shown)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=TIMEOUT, sock_read=TIMEOUT)
        options = {"timeout": timeout, "client_kwargs": {"trust_env": True}}  # proxies, .netrc
    try:
        system, path = fsspec.url_to_fs(address, **options)
        yield RemoteFile(system, path, limit)
    except ImportError as error:
        module = getattr(error.__cause__, "name", None)
        if not module:
            module = in_a_line(error)
        name = PACKAGES.get(module, module)
        raise MissingExtraError(f"{shown} needs {name}: pip install {name}") from None
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001 - its cause may have the password
        cause = error.__cause__ or error
        if is_web and isinstance(cause, TimeoutError):
            problem = f"no answer for {TIMEOUT:g} seconds"
        else:
            problem = _problem(cause, participle)
        for word in _passwords(address):
            problem = problem.replace(word, "…")
        raise DataError(problem, path=shown) from None


def _passwords(address: str) -> list[str]:
    """Return the user and the password in an address, as far as it has them."""
    match = re.search(r"://([^/]*)@", address)
    if match is None:
        return []
    return [word for word in match[1].split(":") if word]


def _check(address: str, protocols: Collection[str]) -> None:
    """Reject an address that cannot be that of a file."""
    protocol, _, place = address.partition("://")
    problem = ""
    remedy = ""
    if re.search(r"/…@|\?…$", address):
        problem = "a password or a token is not saved"
        remedy = "name the data by their whole address"
    elif re.match(r"[\w+.-]+://", place):
        problem = "two protocols, expected one"
        remedy = f"leave out {protocol}://"
    elif protocol not in protocols:
        problem = f"unknown protocol {protocol}://{suggestion(protocol, protocols)}"
    if problem:
        raise DataError(problem, path=without_secrets(address), remedy=remedy)


def is_missing(cause: BaseException) -> bool:
    """Return whether an error means that a file does not exist."""
    if isinstance(cause, FileNotFoundError):
        return True
    return getattr(cause, "status", 0) == 404  # the error of a web server


def _problem(cause: Any, participle: str) -> str:
    """Describe the error for a file that cannot be read or written."""
    if participle == "read" and is_missing(cause):
        return "no such file"
    if type(cause).__name__ == "TooManyRedirects":  # this error has no message
        return f"cannot be {participle}: the server redirects without an end"
    reason = getattr(cause, "strerror", None)
    if not reason:
        reason = getattr(cause, "message", None)
    if not reason:
        reason = in_a_line(cause)
    return f"cannot be {participle}: {without_secrets(reason)}"
