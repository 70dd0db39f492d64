"""A lock file: one process at a time, for as long as it lives.

The operating system releases the lock of a process that is killed.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path


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
    from filelock import FileLock, Timeout

    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise OSError(f"{path.parent}: {holder} is writing there") from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # on Windows, the release removes it
            path.unlink()
        lock.release()
