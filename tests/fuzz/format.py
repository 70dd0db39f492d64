"""What is fuzzed: a format, how an input of it is made, and who reads it."""

from __future__ import annotations

import contextlib
import os
import random
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

__all__ = ["Format", "folder_in_memory"]


@contextlib.contextmanager
def folder_in_memory() -> Iterator[Path]:
    """Make a folder in memory, where there is one: a disk is too slow for a million files."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=memory) as place:
        yield Path(place)


class Format(ABC):
    """A format of files.

    Parameters
    ----------
    folder : Path
        An empty one, for the inputs and what their readers need besides.
    """

    name: ClassVar[str]
    #: How many inputs the tests have; `make fuzz` has a million of each format.
    in_tests: ClassVar[int] = 10_000
    #: What a file may be refused by.
    refusals: tuple[type[Exception], ...]
    #: Statuses with which a command may end: success, or a refused input.
    statuses: ClassVar[tuple[int, ...]] = (0, 2)

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder

    @abstractmethod
    def write(self, rng: random.Random) -> Path:
        """Make an input and put it into a file, whose name is that of one of a user's."""

    @abstractmethod
    def read(self, path: Path, rng: random.Random) -> None:
        """Read it in one of the ways in which the library does."""

    @abstractmethod
    def command(self, path: Path, rng: random.Random) -> list[str]:
        """Say a command that reads it; it may take a hundred times as long."""

    def put(self, name: str, data: bytes) -> Path:
        """Write a file."""
        self.path = self.folder / name
        self.path.write_bytes(data)
        return self.path
