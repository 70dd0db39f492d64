"""A lock: one process at a time, for as long as it lives.

The system holds it, so that a process that is killed leaves nothing that others would wait for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["locked", "locked_folder"]


@contextmanager
def locked(path: Path, holder: str) -> Iterator[None]:
    """Hold a lock, where the system has them.

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
    with _held(path, os.O_RDWR | os.O_CREAT, f"{path.parent}: {holder} is writing there"):
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def locked_folder(folder: Path, holder: str) -> Iterator[None]:
    """Hold a folder, where the system has locks; nothing is written into it.

    Examples
    --------
    >>> import tempfile
    >>> with locked_folder(Path(tempfile.mkdtemp()), "another run"):
    ...     print("held")
    held
    """
    with _held(folder, os.O_RDONLY, f"{folder}: {holder} is writing there"):
        yield


@contextmanager
def _held(path: Path, flags: int, refusal: str) -> Iterator[None]:
    """Hold a file or a folder: until the end, or until the process dies."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(path, flags, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever had it may have taken it away since it was opened here.
        if not os.path.samestat(os.fstat(handle), path.stat()):
            raise BlockingIOError
    except (BlockingIOError, FileNotFoundError):
        raise OSError(refusal) from None
    else:
        yield
    finally:
        os.close(handle)
