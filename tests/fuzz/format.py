"""What is fuzzed: a format, how an input of it is made, and who reads it."""

import contextlib
import json
import os
import random
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import tomli_w
from predictors import predictor_of

from barenet import Network, save
from barenet.errors import DataError


@contextlib.contextmanager
def folder_in_memory() -> Iterator[Path]:
    """Make a folder in memory, where there is one: a disk is too slow for a million files."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=memory) as place:
        yield Path(place)


def save_model(path: Path, inputs: Any, n_outputs: int = 2, **more: Any) -> Path:
    """Save a model of columns with these numbers or this encoding."""
    n_inputs = getattr(inputs, "n_outputs", None) or len(inputs.offset)
    network = Network.dense([n_inputs, n_outputs], output="softmax")
    given = {"classes": ("no", "yes"), "target_name": "y", **more}
    save(predictor_of(network, inputs, **given), path)
    return path


def as_toml(plain: Any) -> bytes:
    """Write plain data as TOML, or as JSON if TOML can't: it has no null, no half a character."""
    try:
        return tomli_w.dumps(plain).encode()
    except (TypeError, ValueError):
        return json.dumps(plain).encode()


class Format(ABC):
    """A format of files; the folder, empty at first, is for inputs and their readers' files."""

    name: ClassVar[str]
    #: How many inputs the tests have; `make fuzz` has a million of each format.
    in_tests: ClassVar[int] = 10_000
    #: What a file may be refused by.
    refusals: tuple[type[Exception], ...] = (DataError,)
    #: The model that predicts the rows of a file.
    model: Path
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

    def command(self, path: Path, rng: random.Random) -> list[str]:
        """Give a command that reads it; it may take a hundred times as long."""
        return ["predict", str(self.model), str(path)]

    def put(self, name: str, data: bytes) -> Path:
        """Write a file."""
        self.path = self.folder / name
        self.path.write_bytes(data)
        return self.path
