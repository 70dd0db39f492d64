"""Writes files atomically, and by one process at a time.

The bytes are written to a temporary file in the same folder, flushed to the disk, and moved to the
target in one step. An error before that step leaves an existing file unchanged. The operating
system releases the lock of a process that is killed.
"""

import contextlib
import errno
import hashlib
import io
import os
import secrets
from collections.abc import Iterator
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from barenet.storage._file_io import as_address
from barenet.storage._working_copy import WorkingCopy, working_copy

if TYPE_CHECKING:
    from filelock import BaseFileLock

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

#: Maximum size in bytes of a file name that is used in full in the names of its temporary files.
#: These must fit the limit of the file system, which is 143 bytes for some and 255 for most.
LONGEST = 100

#: Errors of file systems without locks, such as NFS without a lock daemon.
WITHOUT_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP)

#: The pattern of the random part in the name of a temporary file.
TOKEN = "????????????????"


def write_atomically(path: str | os.PathLike[str], data: bytes) -> None:
    """Write bytes to a file, or leave the old file unchanged.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "note.txt"
    >>> write_atomically(path, b"whole")
    >>> path.read_bytes()
    b'whole'
    """
    with open_atomically(path) as stream:
        stream.write(data)


@contextlib.contextmanager
def open_atomically(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a temporary file, which replaces the target at the end, or is removed after an error.

    Temporary files of the target that killed processes have left behind are removed.
    """
    target = check_target(path)
    _remove_abandoned(target)
    token = secrets.token_hex(8)
    temporary = target.with_name(f"{hidden_name(target.name)}.{token}.tmp")
    try:  # before the file is created, as a signal may arrive at once
        with _errors_named(str(path)):
            stream = _create_temporary(temporary, str(path))
        with io.BufferedWriter(stream) as buffer:
            yield cast(BinaryIO, buffer)
            with _errors_named(str(path)):
                buffer.flush()
                os.fsync(buffer.fileno())
                if fcntl is not None:  # while its lock still protects it from other processes
                    _move_to_target(temporary, target)
        with _errors_named(str(path)):
            if fcntl is None:  # Windows can't move an open file
                _move_to_target(temporary, target)
            _announce(target)
        if as_address(path):
            copy = working_copy(target)
            if copy:
                copy.close()
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


class _TemporaryFile(io.FileIO):
    """A new file whose errors name the file that it will replace, as several may be open."""

    def __init__(self, path: Path, shown: str) -> None:
        super().__init__(path, "x")
        self.shown = shown

    def write(self, data: Any) -> int:
        with _errors_named(self.shown):
            return super().write(data)


@contextlib.contextmanager
def _errors_named(shown: str) -> Iterator[None]:
    """Name the file in errors of the system, which name its temporary file or no file."""
    try:
        yield
    except OSError as error:
        if error.strerror:
            raise OSError(error.errno, error.strerror, shown) from error
        raise


def _create_temporary(path: Path, shown: str) -> _TemporaryFile:
    """Create a temporary file, and lock it until it is closed: other processes leave it alone."""
    while True:
        stream = _TemporaryFile(path, shown)
        if fcntl is None:
            return stream
        with contextlib.suppress(OSError):  # some file systems have no locks
            fcntl.flock(stream.fileno(), fcntl.LOCK_EX)
        if path.exists():  # no other process has removed it before it was locked
            return stream
        stream.close()


def _remove_abandoned(target: Path) -> None:
    """Remove temporary files of a target that no process is writing."""
    start = escape(hidden_name(target.name))
    for path in target.parent.glob(f"{start}.{TOKEN}.tmp"):
        with contextlib.suppress(OSError):  # Windows can't remove an open file
            if fcntl is None:
                path.unlink()
                continue
            with path.open("rb") as stream:
                fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()


def _move_to_target(temporary: Path, target: Path) -> None:
    """Move a temporary file to the target, with the permissions of the file that it replaces."""
    if target.exists():
        temporary.chmod(target.stat().st_mode & 0o777)
    temporary.replace(target)


def _announce(target: Path) -> None:
    """Flush the folder of a file, and send the file to its address, if it has one."""
    sync_folder(target.parent)
    copy = working_copy(target)
    if copy:
        copy.upload(target)


def remove(path: Path) -> None:
    """Remove a file if it exists, here and at its address."""
    if path.exists():
        copy = working_copy(path)
        if copy:
            copy.remove(path)
    path.unlink(missing_ok=True)


def check_target(path: str | os.PathLike[str]) -> Path:
    """Return the target of a path, which must be new or an ordinary file in an existing folder."""
    address = as_address(path)
    if address:
        new = WorkingCopy(address)
        new.check_new()
        path = new.path
    else:
        copy = working_copy(Path(path))
        if copy:
            copy.check_protocol()
    target = _resolved(path)
    check_replaceable(target, path)
    if not target.parent.is_dir():
        raise FileNotFoundError(f"{target.parent}: there is no such folder")
    return target


def check_replaceable(path: Path, name: object = None) -> None:
    """Refuse to replace anything but an ordinary file."""
    if path.exists() and not path.is_file():
        obstacle = "a folder" if path.is_dir() else "not an ordinary file"
        problem = f"{name or path} is {obstacle}, so it is not replaced"
        raise OSError(f"{problem}; move it away, or choose another place")


def hidden_name(name: str) -> str:
    """Return the start of the names of temporary files beside a file, such as its lock.

    Examples
    --------
    >>> hidden_name("model.safetensors"), len(hidden_name(255 * "m"))
    ('.model.safetensors', 33)
    """
    encoded = os.fsencode(name)
    if len(encoded) > LONGEST:
        name = hashlib.sha256(encoded).hexdigest()[:32]
    return f".{name}"


def remove_leftovers(path: str | os.PathLike[str]) -> None:
    """Remove temporary files of a target that killed processes have left behind.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / ".note.txt.0123456789abcdef.tmp").touch()
    >>> remove_leftovers(folder / "note.txt")
    >>> list(folder.iterdir())
    []
    """
    target = _resolved(path)
    start = escape(hidden_name(target.name))
    for leftover in target.parent.glob(f"{start}.{TOKEN}.tmp"):
        with contextlib.suppress(OSError):
            leftover.unlink()


def _resolved(path: str | os.PathLike[str]) -> Path:
    """Resolve symbolic links; a cycle of links is an error."""
    cycle = OSError(f"{path} is part of a cycle of links, so it is not replaced")
    try:
        target = Path(path).resolve()
    except RuntimeError as error:
        raise cycle from error
    # Python 3.13 and newer return a path that still contains the links of a cycle.
    for place in (target, *target.parents):
        if place.is_symlink():
            raise cycle
    return target


def sync_folder(folder: Path) -> None:
    """Flush the entries of a folder to the disk, if folders can be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def locked(path: Path, holder: str) -> Iterator[None]:
    """Hold a lock file, which is removed afterwards; raise OSError if another process holds it.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "lock"
    >>> with locked(path, "another run"):
    ...     path.exists()
    True
    >>> path.exists()
    False
    """
    from filelock import Timeout

    try:
        lock = _acquire_lock(path)
    except Timeout as error:
        problem = f"{path.parent}: {holder} is writing there"
        file = Path(error.lock_file)
        if file != path:  # it outlives a process that is killed
            problem += f"; if none is, remove {file.name}"
        raise BlockingIOError(problem) from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # on Windows, it is removed after the release
            path.unlink()
        lock.release()


def _acquire_lock(path: Path) -> "BaseFileLock":
    """Acquire a lock of the system, or of a file beside it where the file system has no locks."""
    from filelock import FileLock, SoftFileLock

    lock: BaseFileLock = FileLock(path, timeout=0)
    try:
        lock.acquire()
        # For ENOSYS, filelock takes a file itself, and before 4.2 removes that of another process.
        is_without_locks = isinstance(lock, SoftFileLock)
    except OSError as error:
        is_without_locks = error.errno in WITHOUT_LOCKS
        if not is_without_locks:
            raise
    if is_without_locks:
        lock.release()
        path.unlink(missing_ok=True)
        lock = SoftFileLock(path.with_name(f"{path.name}-file"), timeout=0)
        lock.acquire()
    return lock
