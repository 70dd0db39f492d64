"""Checkpoints of a population: a folder with a file for each network, or states in memory."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from threading import Lock
from typing import Any

from numpy.typing import NDArray

from barenet._constraints import check_flag
from barenet.errors import ArgumentError
from barenet.files._checkpoint import Checkpoint, StateDict
from barenet.files._checkpoint_manager import CheckpointManager
from barenet.storage._atomic_write import locked, remove
from barenet.storage._working_copy import download, working_copy
from barenet.tables._fingerprint import checksum
from barenet.training._loop import Loop

#: Held while a thread computes a checksum.
LOCK = Lock()


class PopulationCheckpoint:
    """The places of the states of networks, and the checksums of the data that they share.

    Without a folder, networks resume from `states`, by their indices, and their last states are
    kept in memory. None stands for networks that are not saved.
    """

    def __init__(
        self,
        folder: str | PathLike[str] | None = None,
        *,
        resume: bool = False,
        states: dict[int, StateDict] | None = None,
    ) -> None:
        if check_flag(resume, "resume") and folder is None:
            problem = "there is no checkpoint to resume from"
            remedy = "pass checkpoint, too"
            raise ArgumentError(problem, argument="resume", value=True, remedy=remedy)
        if not isinstance(folder, str | PathLike | None):
            raise ArgumentError.of("checkpoint", folder, "the path of a folder")
        self.folder = None
        if folder is not None:
            self.folder = download(folder, is_run=False)
        self.is_used = folder is not None or states is not None
        self.resume = resume
        self.states = states or {}
        self.started = time.monotonic()
        self._checksums: dict[int, tuple[NDArray[Any], str]] = {}

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Create the folder, and reserve it for one population."""
        if self.folder is None:
            yield
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "00000.safetensors"
        copy = working_copy(file)
        if copy:
            copy.check_writable(file)
        with locked(self.folder / ".lock", "another run"):
            if not self.resume:
                for state in self.folder.glob("[0-9]*.safetensors"):
                    if re.fullmatch(r"\d{5,6}", state.stem):  # left by an earlier population
                        remove(state)
            yield

    def manager(self, index: int, loop: Loop, state: StateDict | None) -> CheckpointManager | None:
        """Make the callback that saves a network, and resumes it from a state or the saved one."""
        state = state or self.read(index)
        if not self.is_used and state is None:
            return None
        keeps = self.folder is None
        return CheckpointManager(loop, self.file(index), state, self._checksum, keeps_state=keeps)

    def read(self, index: int) -> StateDict | None:
        """Read the state from which a network resumes, if there is one."""
        file = self.file(index) if self.resume else None
        if file is None:
            return self.states.get(index)
        return file.read()

    def file(self, index: int) -> Checkpoint | None:
        """Make the file of a network; one that begins later than an interval is saved at once."""
        if self.folder is None:
            return None
        return Checkpoint(self.folder / f"{index:05}.safetensors", saved_at=self.started)

    def _checksum(self, array: NDArray[Any]) -> str:
        """Compute the checksum of an array once."""
        with LOCK:
            if id(array) not in self._checksums:
                # The array is held, so that no other one gets its id.
                self._checksums[id(array)] = (array, checksum(array))
            _, value = self._checksums[id(array)]
            return value
