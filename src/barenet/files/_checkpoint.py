"""Checkpoints: files with the state of a run, from which it can be resumed.

A checkpoint is a model file of the network at that moment, with everything else that the next step
depends on. It replaces the previous checkpoint atomically, so a complete one always exists.
"""

import json
import math
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from barenet._constraints import parse_duration
from barenet._logging import LOGGER
from barenet._messages import with_addresses
from barenet.errors import ArgumentError, ModelFileError, caller_stacklevel
from barenet.files._model_file import (
    INVALID,
    check_layers,
    errors_naming_file,
    read_model,
    write_model,
)
from barenet.files._safetensors import read_metadata
from barenet.model._network import Network, Snapshot
from barenet.storage._atomic_write import check_replaceable, hidden_name, locked, remove_leftovers
from barenet.storage._file_io import as_address
from barenet.storage._working_copy import download, working_copy
from barenet.training._callbacks import Run

#: Name of the file in a folder.
FILE_NAME = "checkpoint.safetensors"

#: Increased when old and new versions can no longer resume each other's checkpoints.
VERSION = 1

#: Owners of checkpoints, as errors name them.
NETWORK = "a network"
ENSEMBLE = "an ensemble"
POPULATION = "a population"
COMMAND = "a run of the command line"


#: Numbers, text and arrays by name, for each part of a run.
StateDict: TypeAlias = dict[str, dict[str, Any]]


class Checkpoint:
    """Save the state of a run to a file at intervals.

    Parameters
    ----------
    path : str or path
        The file, or its address, such as ``"s3://bucket/run.safetensors"``; in a folder,
        ``checkpoint.safetensors``. At an address, a second run is not prevented from writing to the
        same file.
    every : int or str, default="30s"
        Epochs, or a time such as ``"30s"``, ``"5m"`` or ``"1.5h"``, which may end within an epoch;
        ``"never"`` saves only when a callback such as `TimeLimit` stops a run that can be resumed.
        A run shorter than one interval leaves no file. Ctrl-C doesn't save the state in Python,
        where it raises a ``KeyboardInterrupt`` at any moment; the file keeps the last state before
        it.
    notes : mapping, optional
        JSON data to store with the state.
    saved_at : float, optional
        Start of the first interval, on the clock of ``time.monotonic``; by default, the start of
        the run. With minus infinity, the first state is saved at once.
    raises_at_end : bool, default=True
        Whether an error of the last save is raised. If not, the run returns, and `error` is set.
    owner : str, optional
        The kind of run that the file belongs to, such as ``"a network"``; by default, that of the
        run that is saved.

    Attributes
    ----------
    seconds, epochs : float
        The interval in seconds or in epochs; the other one is infinite.
    counts_epochs : bool
        Whether the interval is a number of epochs.
    error : OSError, optional
        The error of the last save, if it is not raised.
    owner : str
        The kind of run that the file belongs to: ``"a network"``, ``"an ensemble"``, ``"a
        population"`` or ``"a run of the command line"``.

    Raises
    ------
    ValueError
        If the interval is invalid.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from barenet import Checkpoint, Network, train
    >>> from barenet.callbacks import TimeLimit
    >>> X = np.linspace(-1, 1, 50).reshape(-1, 1)
    >>> whole, parts = Network.dense([1, 8, 1]), Network.dense([1, 8, 1])
    >>> train(whole, X, X**2, epochs=900)
    <History: 900 epochs, loss ...>
    >>> saving = {"checkpoint": Checkpoint(tempfile.mkdtemp(), every=10), "resume": True}
    >>> history = train(parts, X, X**2, epochs=900, callbacks=TimeLimit(0.02), **saving)
    >>> train(parts, X, X**2, epochs=900, **saving)
    <History: 900 epochs, loss ...>
    >>> bool((whole.parameters == parts.parameters).all())
    True
    """

    def __init__(
        self,
        path: str | PathLike[str],
        every: int | str = "30s",
        *,
        notes: Mapping[str, Any] | None = None,
        saved_at: float | None = None,
        raises_at_end: bool = True,
        owner: str | None = None,
    ) -> None:
        self._address = as_address(path)
        self.path = _file_at(path)
        self.seconds, self.epochs = parse_interval(every)
        self.counts_epochs = math.isfinite(self.epochs)
        self.notes = dict(notes or {})
        self.raises_at_end = raises_at_end
        self._start = saved_at
        self.error: OSError | None = None
        self._fixed_owner = owner
        self.owner = owner or NETWORK
        self._begin()

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a checkpoint in another process; one at an address needs its own copy."""
        vars(self).update(state)
        if self._address:
            self.path = _file_at(self._address)

    def check_place(self, owner: str) -> None:
        """Refuse a file that a run of this owner must not replace.

        Parameters
        ----------
        owner : str
            The kind of the run, unless the checkpoint was made for another one.

        Raises
        ------
        FileNotFoundError
            If the folder does not exist.
        OSError
            If the path is a folder.
        ValueError
            If the file is not empty and not a checkpoint of this owner.
        """
        self.owner = self._fixed_owner or owner
        if not self.path.parent.is_dir():
            raise FileNotFoundError(f"checkpoint: {self.path.parent}: there is no such folder")
        copy = working_copy(self.path)
        if copy:
            copy.check_protocol()
        check_owner(self.path, self.owner, "checkpoint")

    @contextmanager
    def lock(self, network: Network, owner: str = NETWORK) -> Iterator[None]:
        """Reserve the file for one run, for as long as the context lasts.

        Parameters
        ----------
        network : Network
            The network of the run.
        owner : str, default="a network"
            As in `check_place`.

        Yields
        ------
        None
            Nothing is yielded.

        Raises
        ------
        FileNotFoundError
            If the folder does not exist.
        OSError
            If the path is a folder, or another run is writing to the file.
        ValueError
            If the network can't be stored, or the file is not a checkpoint of this owner.
        """
        check_layers(network)
        self.check_place(owner)
        copy = working_copy(self.path)
        if copy:
            copy.check_writable(self.path)
        lock_file = self.path.with_name(f"{hidden_name(self.path.name)}.lock")
        with locked(lock_file, "another run"):
            remove_leftovers(self.path)
            self._begin()
            yield

    def read(self) -> StateDict | None:
        """Read the last saved state.

        Returns
        -------
        dict or None
            Numbers, text and arrays by name, for each part of a run; None if there is no file.
        """
        if self._address:
            copy = working_copy(self.path)
            if copy:
                copy.fetch(self.path)  # another run may have saved the file since
        if not self.path.is_file():
            return None
        state, _ = _read(self.path)
        return state

    def should_save(self, run: Run) -> bool:
        """Return whether to save the state, after each chunk and each epoch.

        Parameters
        ----------
        run : Run
            The run.

        Returns
        -------
        bool
            Whether an interval has passed since the last state was saved.
        """
        if self.counts_epochs and self._saved_at > -math.inf:
            done = len(run.history)
            return done > self._saved_epochs and done % self.epochs == 0
        return time.monotonic() - self._saved_at >= self.seconds

    def save(self, run: Run, state: StateDict) -> None:
        """Save a state; the previous one is replaced only when the new one is complete.

        Parameters
        ----------
        run : Run
            The run.
        state : dict
            Numbers, text and arrays by name, for each part of the run.

        Raises
        ------
        OSError
            If the file can't be written.
        """
        plain, arrays = _split_state(state)
        saved = {
            "version": VERSION,
            "owner": self.owner,
            "state": plain,
            "notes": self.notes,
        }
        try:
            write_model(self.path, run.network, {"checkpoint": saved}, arrays)
            LOGGER.debug("%s: saved after %d epochs", with_addresses(self.path), len(run.history))
        except OSError as error:
            is_last = run.stop_reason or run.finished
            if is_last and not self.raises_at_end:
                self.error = error
                return
            if is_last or not working_copy(self.path):
                raise
            text = f"{error}; the training continues, and the next checkpoint is sent again"
            warnings.warn(text, UserWarning, stacklevel=caller_stacklevel())
        self._saved_at = time.monotonic()
        self._saved_epochs = len(run.history)

    def _begin(self) -> None:
        """Start the first interval of a run."""
        if self._start is None:
            self._saved_at = time.monotonic()
        else:
            self._saved_at = self._start
        self._saved_epochs = 0
        self.error = None


def _split_state(state: StateDict) -> tuple[StateDict, dict[str, Any]]:
    """Separate the numbers and texts of a state from its arrays by the part and the name.

    The arrays of the network are left out, as `write_model` adds them.
    """
    network_arrays = {f"run/{name}" for name in Snapshot._fields}
    plain: StateDict = {}
    arrays = {}
    for part, values in state.items():
        plain[part] = {}
        for key, value in values.items():
            name = f"{part}/{key}"
            if not isinstance(value, np.ndarray):
                plain[part][key] = value
            elif name not in network_arrays:
                arrays[name] = value
    return plain, arrays


def _file_at(path: str | PathLike[str]) -> Path:
    """Return the checkpoint file of a path or address, which may be a folder."""
    file = download(path)
    return file / FILE_NAME if file.is_dir() else file


def check_owner(path: Path, owner: str, argument: str) -> None:
    """Refuse to replace a file, unless it is new, empty, or a checkpoint of the same owner.

    Checkpoints of barenet 0.3.0 name no owner, and are accepted for every owner.
    """
    check_replaceable(path, f"{argument}: {path}")
    if not path.exists() or path.stat().st_size == 0:
        return
    remedy = "choose another place, or move the file away"
    try:
        description = json.loads(read_metadata(path)["barenet"])
        file_owner = description["extra"]["checkpoint"].get("owner") or owner
    except INVALID as error:
        problem = f"{path} is damaged, or not a checkpoint"
        raise ArgumentError(problem, argument=argument, remedy=remedy) from error
    if file_owner != owner:
        problem = f"{path} is a checkpoint of {file_owner}, not of {owner}"
        raise ArgumentError(problem, argument=argument, remedy=remedy)


def read_notes(path: str | PathLike[str]) -> dict[str, Any]:
    """Read the notes of a checkpoint."""
    _, notes = _read(Path(path))
    return notes


def parse_interval(every: int | str, argument: str = "every") -> tuple[float, float]:
    """Parse an interval as seconds and epochs.

    Examples
    --------
    >>> parse_interval("1.5m"), parse_interval(10), parse_interval("10")
    ((90.0, inf), (inf, 10), (inf, 10))
    """
    text = str(every).strip()
    if text == "never":
        return math.inf, math.inf
    seconds = parse_duration(text)
    if seconds is not None:
        return seconds, math.inf
    if text.isdecimal() and int(text):
        return math.inf, int(text)
    expected = "a number of epochs, a time such as '30s' or '5m', or 'never'"
    raise ArgumentError.of(argument, every, expected)


def _read(path: Path) -> tuple[StateDict, dict[str, Any]]:
    """Read the state and the notes of a checkpoint."""
    stored = read_model(path)
    saved = stored.extra.get("checkpoint")
    if saved is None:
        raise ModelFileError(f"{path}: a model, but not a checkpoint: it has no state of a run")
    if not isinstance(saved, dict) or saved.get("version") != VERSION:
        raise ModelFileError(f"{path}: a checkpoint of another version of barenet; start again")
    with errors_naming_file(path, "not a valid checkpoint"):
        state: StateDict = {part: {**values} for part, values in saved["state"].items()}
        for name, array in stored.arrays.items():
            part, _, key = name.partition("/")
            state[part][key] = array
        for name in Snapshot._fields:
            state["run"][name] = getattr(stored.model, name)
        return state, {**saved["notes"]}
