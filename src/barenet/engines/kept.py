"""Kept: what has been compiled, on disk, so that it is compiled once for a machine.

Numba can do this, but takes a file that is cut short for an error, mixes up files that two
processes write at once, and does not notice a change of a function that another one calls. Here a
file is named after all that it depends on, written whole or not at all, and carries a checksum.
"""

from __future__ import annotations

import functools
import hashlib
import os
import pickle
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numba

__all__ = ["keep"]

#: Seconds after which a file that nobody reads is removed: 30 days.
UNUSED = 30 * 86400


class KeptFiles:
    """Takes the place of the two files that Numba has for a function; see its `caching` module."""

    def __init__(self, folder: str, function: str) -> None:
        self.folder, self.function = Path(folder), function

    def path(self, key: Any) -> Path:
        """Name a file after the function, its types, the processor, and the engine's sources."""
        digest = hashlib.sha256(f"{fingerprint()} {key!r}".encode()).hexdigest()
        return self.folder / f"{self.function}.{digest[:32]}.nbc"

    def load(self, key: Any) -> Any:
        """Read what was saved; None if there is nothing, or nothing whole."""
        path = self.path(key)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        with suppress(OSError):
            os.utime(path)  # it is in use: see `save`
        whole = hashlib.sha256(content[32:]).digest() == content[:32]
        return pickle.loads(content[32:]) if whole else None

    def save(self, key: Any, data: Any) -> None:
        """Write a file, if that is possible, and remove those that are not used any more.

        A full disk is no reason not to go on.
        """
        content = pickle.dumps(data)
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            number, name = tempfile.mkstemp(dir=self.folder)
            try:
                with os.fdopen(number, "wb") as file:
                    file.write(hashlib.sha256(content).digest() + content)
                Path(name).chmod(0o644)  # what one user has built, others can use
                Path(name).replace(self.path(key))
            except OSError:
                Path(name).unlink(missing_ok=True)
            for path in self.folder.glob("*.nbc"):
                if path.stat().st_mtime < time.time() - UNUSED:
                    path.unlink()

    def flush(self) -> None:
        """Numba's way to forget older files; of this name there are none."""


def keep(dispatcher: Any) -> Any:
    """Keep on disk what a dispatcher compiles, if there is a folder for it."""
    # There may be none, and then it is compiled anew in each process; or Numba is switched off.
    with suppress(RuntimeError, AttributeError):
        dispatcher.enable_caching()
        cache = dispatcher._cache
        cache._cache_file = KeptFiles(cache._cache_path, cache._impl.filename_base)
        cache._impl.locator.ensure_cache_path = cache._cache_file.flush  # `save` sees to it
    return dispatcher


@functools.cache
def fingerprint() -> str:
    """Tell versions of the engine's sources, and of what compiles them, apart."""
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()
