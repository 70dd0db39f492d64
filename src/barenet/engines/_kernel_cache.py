"""Cache of compiled kernels on disk, so that they are compiled once for a machine.

Numba's own cache fails on a truncated file, mixes up files that two processes write at once, and
does not notice a change of a function that another one calls. Here the name of a file is a hash of
everything that it depends on; it is written atomically, and has a checksum.

The files are unpickled and run, so a file that another user could have written is not read.
"""

import functools
import hashlib
import inspect
import os
import pickle
import stat
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import CompileResultCacheImpl, UserWideCacheLocator

#: Warnings about folders and files that are not read, by their reasons.
REFUSED: dict[str, str] = {}

CONFIG: Any = numba.config

#: The folders of the cache, by the folder of the sources and the setting of Numba.
FOLDERS: dict[tuple[Path, str], str | None] = {}

#: The folder of this package. Anyone who can write there can run code without kernels.
PACKAGE = Path(__file__).resolve().parents[1]

#: Seconds after which an unused file is removed: 30 days.
UNUSED = 30 * 86400


def path_of(function: Any, key: tuple[str, ...]) -> Path | None:
    """File of the code of a function for some types and a processor; None without a folder."""
    digest = hashlib.sha256(f"{fingerprint()} {key!r}".encode()).hexdigest()
    name, folder = f"{function.__module__}.{function.__name__}", folder_of(function)
    return Path(folder, f"{name}.{digest[:32]}.nbc") if folder else None


def load(path: Path) -> Any:
    """Read a kernel; None if there is no intact file."""
    try:
        with path.open("rb") as file:
            if risk := _risk_of(path, os.fstat(file.fileno())):
                _refuse(path, risk, "it is compiled again")
                return None
            content = file.read()
    except OSError:
        return None
    with suppress(OSError):
        os.utime(path)  # it is in use: see `save`
    whole = hashlib.sha256(content[32:]).digest() == content[:32]
    return pickle.loads(content[32:]) if whole else None


def save(path: Path, data: Any) -> None:
    """Write a kernel if possible (the disk may be full), and remove unused files."""
    content = pickle.dumps(data)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(hashlib.sha256(content).digest() + content)
            Path(name).chmod(0o644)  # other users may read it
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
        for other in path.parent.glob("*.nbc"):
            if other.stat().st_mtime < time.time() - UNUSED:
                other.unlink()


def folder_of(function: Any) -> str | None:
    """Folder for the code of the functions in a folder of sources; None if there is no safe one."""
    place = (Path(function.__code__.co_filename).parent, CONFIG.CACHE_DIR)
    if place not in FOLDERS:
        FOLDERS[place] = None
        cache: Any = CompileResultCacheImpl
        with suppress(RuntimeError), _closed_to_others():
            usual = cache(function).locator.get_cache_path()
            FOLDERS[place] = _safe_folder(usual, function)
    return None if CONFIG.DISABLE_JIT else FOLDERS[place]


def _safe_folder(usual: str, function: Any) -> str | None:
    """Choose the usual folder, or the user's own cache folder if others can write to the former."""
    if (risk := _risk_in(Path(usual).resolve())) is None:
        return str(Path(usual).resolve())
    own: Any = UserWideCacheLocator
    own = own.from_function(function, inspect.getfile(function))
    other = None if own is None else Path(own.get_cache_path()).resolve()
    if other is None or _risk_in(other) is not None:
        _refuse(usual, risk, "each process compiles its own")
        return None
    _refuse(usual, risk, f"the cache is {other}")
    return str(other)


@functools.cache
def _risk_in(folder: Path) -> str | None:
    """A way in which others could put a file into a folder; None if there is none."""
    for place in (folder, *folder.parents):
        is_code = place.is_relative_to(PACKAGE) or PACKAGE.is_relative_to(place)
        if is_code and place != folder:
            return None
        try:
            status = place.stat()
        except OSError as error:
            return f"{place} cannot be examined: {error.strerror}"
        if place != folder and status.st_mode & stat.S_ISVTX:  # only an owner replaces a file here
            status = os.stat_result((stat.S_IFDIR, *status[1:]))
        if risk := _risk_of(place, status):
            return risk
    return None


def _risk_of(path: Path, status: os.stat_result) -> str | None:
    """A way in which others could have written a file or folder; None if there is none."""
    if not hasattr(os, "geteuid"):
        return None
    if status.st_uid not in (0, os.geteuid(), PACKAGE.stat().st_uid):
        return f"{path} belongs to another user, number {status.st_uid}"
    by_group = status.st_mode & stat.S_IWGRP and not _is_private(status.st_gid, status.st_uid)
    if status.st_mode & stat.S_IWOTH or by_group:
        return f"others can write to {path} (chmod go-w changes that)"
    return None


def _is_private(group: int, user: int) -> bool:
    """Whether a group has only one user, as on systems that create one for each user."""
    import grp
    import pwd

    try:
        name, entry = pwd.getpwuid(user).pw_name, grp.getgrgid(group)
    except KeyError:
        return False
    return entry.gr_name == name and {*entry.gr_mem} <= {name}


def _refuse(path: str | Path, risk: str, instead: str) -> None:
    """Warn about a folder or file that is not read, once for each reason."""
    if risk not in REFUSED:
        REFUSED[risk] = f"kernels in {path} are not used, as {risk}; {instead}"
        warnings.warn(REFUSED[risk], RuntimeWarning, stacklevel=2)


@contextmanager
def _closed_to_others() -> Iterator[None]:
    """Create new folders without write permission for others."""
    mask = os.umask(0o077)
    os.umask(mask | 0o022)
    try:
        yield
    finally:
        os.umask(mask)


@functools.cache
def fingerprint() -> str:
    """Hash of the engine's sources and of Numba's version."""
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()
