"""Checkpoints of a population: a folder with a file for each network, or states in memory."""

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
from barenet.errors import ArgumentError
from barenet.files._checkpoint import POPULATION, Checkpoint, StateDict, check_owner
from barenet.files._checkpoint_manager import CheckpointManager
from barenet.storage._atomic_write import locked, remove
from barenet.storage._folders import first_file, make_folder, remove_empty
from barenet.storage._working_copy import download, working_copy
from barenet.tables.frames._fingerprint import checksum
from barenet.training._callbacks import Run
from barenet.training._loop import Loop

#: The name of the state of a network: its index.
STATE_NAME = re.compile(r"\d{5,6}\.safetensors")

#: Held while a thread computes a checksum, or removes the states of an earlier population.
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
        #: Whether the folder may hold the states of an earlier population.
        self._has_earlier = not resume

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Create the folder, and reserve it for one population."""
        if self.folder is None:
            yield
            return
        made = make_folder(self.folder, "checkpoint")
        try:
            check_folder(self.folder)
            file = self.folder / "00000.safetensors"
            copy = working_copy(file)
            if copy:
                copy.check_writable(file)
            with locked(self.folder / ".lock", "another run"):
                yield
                self.remove_earlier()
        finally:
            remove_empty(made)

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
        return self.states.get(index) if file is None else file.read()

    def file(self, index: int) -> Checkpoint | None:
        """Make the file of a network; one that begins later than an interval is saved at once."""
        if self.folder is None:
            return None
        return StateFile(self.folder / f"{index:05}.safetensors", self)

    def remove_earlier(self) -> None:
        """Remove the states of an earlier population, once this one has a state or has ended."""
        with LOCK:
            if self._has_earlier and self.folder is not None:
                for state in states_in(self.folder):
                    remove(state)
            self._has_earlier = False

    def _checksum(self, array: NDArray[Any]) -> str:
        """Compute the checksum of an array once."""
        with LOCK:
            if id(array) not in self._checksums:
                # The array is held, so that no other one gets its id.
                self._checksums[id(array)] = (array, checksum(array))
            _, value = self._checksums[id(array)]
            return value


class StateFile(Checkpoint):
    """The file of a network, whose first save replaces the states of an earlier population."""

    def __init__(self, path: Path, population: PopulationCheckpoint) -> None:
        super().__init__(path, saved_at=population.started, owner=POPULATION)
        self.population = population

    def save(self, run: Run, state: StateDict) -> None:
        self.population.remove_earlier()
        super().save(run, state)


def check_folder(folder: Path) -> None:
    """Refuse a folder of other files, and one in which a state is not that of a population."""
    states = states_in(folder)
    for state in states:
        check_owner(state, POPULATION, "checkpoint")
    other = first_file(folder)
    if other is not None and not states:
        problem = f"{folder} holds {other.name}, and no states of a population"
        remedy = f"choose a folder of its own, such as {folder / 'states'}"
        raise ArgumentError(problem, argument="checkpoint", remedy=remedy)


def states_in(folder: Path) -> list[Path]:
    """List the files of a folder that are named as the states of a population."""
    return [path for path in sorted(folder.iterdir()) if STATE_NAME.fullmatch(path.name)]
