"""Checkpoints of a population: a folder with a file for each network."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from threading import Lock
from typing import Any

from numpy.typing import NDArray

from barenet._constraints import check_flag
from barenet.data._fingerprint import checksum
from barenet.errors import ArgumentError
from barenet.files._atomic import locked
from barenet.files._checkpoint import Checkpoint, StateDict
from barenet.files._checkpointing import CheckpointManager
from barenet.training._callbacks import Run
from barenet.training._loop import Loop

#: Held by the thread that computes a checksum.
LOCK = Lock()


class PopulationCheckpoint:
    """The folder if there is one, its lock, and the checksums of the data that networks share."""

    def __init__(self, folder: str | PathLike[str] | None = None, *, resume: bool = False) -> None:
        if check_flag(resume, "resume") and folder is None:
            problem, remedy = "there is no checkpoint to resume from", "pass checkpoint, too"
            raise ArgumentError(problem, argument="resume", value=True, remedy=remedy)
        if not isinstance(folder, str | PathLike | None):
            raise ArgumentError.of("checkpoint", folder, "the path of a folder")
        self.folder = None if folder is None else Path(folder)
        self.resume, self.started = resume, time.monotonic()
        #: Of networks on workers, between two slices, by their indices.
        self.states: dict[int, StateDict] = {}
        self._checksums: dict[int, tuple[NDArray[Any], str]] = {}

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Create the folder, and reserve it for one population."""
        if self.folder is None:
            yield
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder / ".lock", "another run"):
            for state in () if self.resume else self.folder.glob("[0-9]*.safetensors"):
                if re.fullmatch(r"\d{5,6}", state.stem):  # of an earlier population, no other file
                    state.unlink()
            yield

    def saver(self, index: int, loop: Loop) -> CheckpointManager | None:
        """Make the callback that saves a network, with the state to resume from if there is one."""
        if self.folder is None and index not in self.states:
            return None
        given = loop.engine, loop.config, self.state_of(index), self._checksum
        return CheckpointManager(self._checkpoint_of(index), *given)

    def state_of(self, index: int) -> StateDict | None:
        """The state of a network between two slices on workers, or that of the folder to resume."""
        if index not in self.states and self.resume and (saved := self._checkpoint_of(index)):
            return saved.read()
        return self.states.get(index)

    def keep(self, index: int, run: Run, state: StateDict) -> None:
        """Keep the state of a network that was trained on a worker, and save it in the folder."""
        self.states[index] = state
        if (checkpoint := self._checkpoint_of(index)) is not None:
            checkpoint.save(run, state)

    def _checkpoint_of(self, index: int) -> Checkpoint | None:
        """The file of a network; those that begin later than an interval are saved at once."""
        if self.folder is None:
            return None
        return Checkpoint(self.folder / f"{index:05}.safetensors", saved_at=self.started)

    def _checksum(self, array: NDArray[Any]) -> str:
        """Compute the checksum of an array once."""
        with LOCK:
            if id(array) not in self._checksums:
                self._checksums[id(array)] = array, checksum(array)  # held, so no id is used twice
            return self._checksums[id(array)][1]
