"""A lock: one process at a time, for as long as it lives.

The system holds it, so that a process that is killed leaves nothing that others would wait for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["locked"]


@contextmanager
def locked(path: Path, holder: str) -> Iterator[None]:
    """Hold a lock, where the system has them.

    Parameters
    ----------
    path : Path
        A file of its own, made and taken away here.
    holder : str
        Who else may hold it, for the message.

    Yields
    ------
    None
        While nobody else has it.

    Raises
    ------
    OSError
        If somebody has, or the file can't be made.

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
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it may have taken the file away since it was opened here.
            if not os.path.samestat(os.fstat(handle), path.stat()):
                raise BlockingIOError
        except (BlockingIOError, FileNotFoundError):
            raise OSError(f"{path.parent}: {holder} is writing there") from None
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
    finally:
        os.close(handle)
