"""Cache of compiled kernels on disk, so that they are compiled only once on a machine.

Numba's own cache fails on a truncated file, mixes up files that two processes write at once, and
does not notice a change of a function that another one calls. Here the name of a file is a hash of
everything that it depends on; each file is written atomically and has a checksum.

The files are unpickled and run, so a file that another user could have written is not read.
"""

import functools
import hashlib
import os
import pickle
import stat
import tempfile
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import numba
from numba.core import caching

#: Warnings about folders and files that can't be read or written, by their reasons.
REFUSED: dict[str, str] = {}

CONFIG: Any = numba.config

ADVICE = "set NUMBA_CACHE_DIR to a folder that can be written to"

WITHOUT_CACHE = f"each process compiles its own: {ADVICE}"

#: The folders of the cache, by the folder of the sources and the setting of Numba.
FOLDERS: dict[tuple[Path, str], list[Path]] = {}


class _GivenFolder(caching.UserProvidedCacheLocator):
    """A folder in NUMBA_CACHE_DIR that all checkouts share, as files are named by their sources."""

    def get_cache_path(self) -> str:
        return str(Path(CONFIG.CACHE_DIR) / "barenet")


#: The folders for kernels: NUMBA_CACHE_DIR, beside the sources, or among the user's files.
LOCATORS: tuple[Any, ...] = (
    _GivenFolder, caching.InTreeCacheLocator, caching.UserWideCacheLocator,
)  # fmt: skip

#: The folder of this package. Anyone who can write there can already run code, without kernels.
PACKAGE = Path(__file__).resolve().parents[1]

#: The modules with the formulas that kernels are generated from, and with their printers.
FORMULAS = (
    PACKAGE / "model" / "_activations.py",
    PACKAGE / "model" / "losses" / "_classification.py",
    PACKAGE / "model" / "losses" / "_regression.py",
    PACKAGE / "model" / "losses" / "_scikit_learn.py",
    PACKAGE / "_expressions.py",
)

#: The owner of this folder. A process that becomes another user may have no access to its parents.
PACKAGE_OWNER = PACKAGE.stat().st_uid

#: Seconds after which an unused file is removed: 30 days.
UNUSED = 30 * 86400


def paths_of(function: Any, key: tuple[str, ...]) -> list[Path]:
    """List the files that may hold the code of a function for some types and a processor.

    A file is named by a hash alone, as Windows allows a path only 260 characters.
    """
    name = f"{function.__module__}.{function.__name__}"
    text = f"{fingerprint()} {name} {key!r}"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return [folder / f"{digest[:32]}.nbc" for folder in folders_of(function)]


def load(path: Path) -> Any:
    """Read a kernel; None if there is no intact file."""
    pickled = _read_intact(path)
    if pickled is None:
        return None
    with suppress(OSError):
        os.utime(path)  # marks the file as used; see `save`
    return pickle.loads(pickled)


def save(path: Path, data: Any) -> None:
    """Write a kernel if possible (the disk may be full), and remove unused files."""
    content = pickle.dumps(data)
    try:
        checksum = hashlib.sha256(content).digest()
        _write(path, checksum + content)
    except OSError as error:
        # Windows can't replace an open file: another process has written this one, and is reading
        # it.
        is_kept = _read_intact(path) is not None
        if not is_kept:
            reason = f"kernels cannot be kept in {path.parent} ({error.strerror})"
            _warn(str(error.strerror), f"{reason}; {WITHOUT_CACHE}")
    with suppress(OSError):
        for kernel_file in path.parent.glob("*.nbc"):
            if kernel_file.stat().st_mtime < time.time() - UNUSED:
                kernel_file.unlink()


def _read_intact(path: Path) -> bytes | None:
    """Read the pickled kernel in a file; None if it is damaged, or others could have written it."""
    try:
        with path.open("rb") as file:
            risk = _risk_of(path, os.fstat(file.fileno()))
            if risk is not None:
                _warn(risk, f"kernels in {path} are not used, as {risk}; it is compiled again")
                return None
            content = file.read()
    except OSError:
        return None
    checksum = content[:32]
    pickled = content[32:]
    return None if hashlib.sha256(pickled).digest() != checksum else pickled


def _write(path: Path, content: bytes) -> None:
    """Write a file that other users may read, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def folders_of(function: Any) -> list[Path]:
    """List safe folders for the code of functions in a folder of sources; only the last is written.

    The folders before it are read-only, such as one that the superuser has filled for all users.
    """
    sources = Path(function.__code__.co_filename).parent
    place = (sources, CONFIG.CACHE_DIR)
    if place not in FOLDERS:
        mask = os.umask(0o077)
        os.umask(mask | 0o022)  # only the user may write to new folders
        try:
            FOLDERS[place] = _find_folders(function)
        finally:
            os.umask(mask)
    if CONFIG.DISABLE_JIT:
        return []
    return FOLDERS[place]


def _find_folders(function: Any) -> list[Path]:
    """Find the first folder that can be written to, and those with kernels before it."""
    folders: list[Path] = []
    risks: dict[Path, str] = {}
    arguments = function, function.__code__.co_filename
    locators = LOCATORS
    if not CONFIG.CACHE_DIR:
        locators = LOCATORS[1:]  # the user has set no folder
    for locator in locators:
        folder = Path(locator(*arguments).get_cache_path())
        if folder.parts[0] == "~":  # there is no home folder
            continue
        folder = folder.resolve()
        is_writable = locator.from_function(*arguments) is not None
        if not is_writable:
            has_kernels = any(folder.glob("*.nbc"))
            if not has_kernels:
                continue
        risk = _risk_in(folder)
        if risk is not None:
            risks[folder] = risk
            continue
        folders.append(folder)
        if is_writable:
            break
    instead = f"the cache is {folders[-1]}" if folders else WITHOUT_CACHE
    for folder, risk in risks.items():
        _warn(risk, f"kernels in {folder} are not used, as {risk}; {instead}")
    if not folders and not risks:
        _warn("", f"kernels cannot be kept in any folder; {WITHOUT_CACHE}")
    return folders


@functools.cache
def _risk_in(folder: Path) -> str | None:
    """Describe how others could put a file into a folder; None if they can't."""
    for place in (folder, *folder.parents):
        is_code = place.is_relative_to(PACKAGE) or PACKAGE.is_relative_to(place)
        if is_code and place != folder:
            return None
        try:
            status = place.stat()
        except OSError as error:
            return f"{place} cannot be examined: {error.strerror}"
        if place != folder and status.st_mode & stat.S_ISVTX:  # only the owner can replace a file
            status = os.stat_result((stat.S_IFDIR, *status[1:]))
        risk = _risk_of(place, status)
        if risk is not None:
            return risk
    return None


def _risk_of(path: Path, status: os.stat_result) -> str | None:
    """Describe how others could have written a file or folder; None if they can't."""
    if not hasattr(os, "geteuid"):
        return None
    if status.st_uid not in (0, os.geteuid(), PACKAGE_OWNER):
        return f"{path} belongs to another user, number {status.st_uid}"
    by_others = bool(status.st_mode & stat.S_IWOTH)
    by_group = bool(status.st_mode & stat.S_IWGRP)
    if by_group and _is_private(status.st_gid, status.st_uid):
        by_group = False  # the group has no other user
    if by_others or by_group:
        return f"others can write to {path} (chmod go-w changes that)"
    return None


def _is_private(group: int, user: int) -> bool:
    """Return whether a group has only one user, as on systems that create a group for each user."""
    import grp
    import pwd

    try:
        name = pwd.getpwuid(user).pw_name
        entry = grp.getgrgid(group)
    except KeyError:
        return False
    members = set(entry.gr_mem)
    return entry.gr_name == name and members <= {name}


def _warn(reason: str, text: str) -> None:
    """Warn about a folder or file that is not read or written, once for each reason."""
    if reason not in REFUSED:
        REFUSED[reason] = text
        warnings.warn(text, RuntimeWarning, stacklevel=2)


@functools.cache
def fingerprint() -> str:
    """Hash the sources of the engine and of its formulas, and Numba's version."""
    digest = hashlib.sha256(numba.__version__.encode())
    sources = sorted(Path(__file__).parent.rglob("*.py"))
    for source in [*sources, *FORMULAS]:
        digest.update(source.read_bytes())
    return digest.hexdigest()
