"""Checkpoints: where a run is, in a file, so that it can be gone on with after whatever happens.

The file is a model file, with the network as it is just then, and with all else that the next step
depends on. It takes the place of the one before in one step, so there is always a whole one.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from barenet.errors import ModelFileError
from barenet.files.atomic import check_replaceable, hidden_name, remove_leftovers
from barenet.files.lock import locked
from barenet.files.model_file import check_layers, read_model, write_model
from barenet.model.network import Network
from barenet.model.snapshot import Snapshot
from barenet.training.checkpointing import Checkpointer, StateDict
from barenet.training.run import Run

#: What the file is called in a folder.
FILE_NAME = "checkpoint.safetensors"

#: Raised when a checkpoint of this version could not be resumed by the version before, or after.
VERSION = 1

#: In seconds.
UNITS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


class Checkpoint(Checkpointer):
    """Keep the state of a run in a file, again and again.

    Parameters
    ----------
    path : str or path
        The file; for a folder it is ``checkpoint.safetensors`` in there.
    every : int or str, default="30s"
        Epochs, or a time such as ``"30s"``, ``"5m"`` or ``"1.5h"``; a time may end in the middle of
        an epoch. ``"never"`` is only when the run is interrupted. What takes less than one
        interval leaves no file.
    notes : mapping, optional
        Plain data to keep beside it; `read_notes` gives them back.

    Attributes
    ----------
    seconds, epochs : float
        The interval; infinite for the one that is not counted in.

    Raises
    ------
    ValueError
        If the interval is neither.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from barenet import Checkpoint, Network, TimeLimit, train
    >>> X = np.linspace(-1, 1, 50).reshape(-1, 1)
    >>> whole, parts = Network.dense([1, 8, 1]), Network.dense([1, 8, 1])
    >>> train(whole, X, X**2, epochs=900)
    <History: 900 epochs, loss ...>
    >>> kept = {"checkpoint": Checkpoint(tempfile.mkdtemp(), every=10), "resume": True}
    >>> history = train(parts, X, X**2, epochs=900, callbacks=TimeLimit(0.02), **kept)
    >>> train(parts, X, X**2, epochs=900, **kept)
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
    ) -> None:
        file = Path(path)
        self.path = file / FILE_NAME if file.is_dir() else file
        self.seconds, self.epochs = parse_interval(every)
        self.notes = dict(notes or {})
        self._kept_at, self._kept_epochs = 0.0, 0

    @contextmanager
    def lock(self, run: Run) -> Iterator[None]:
        check_layers(run.network)
        if not self.path.parent.is_dir():
            raise FileNotFoundError(f"checkpoint: {self.path.parent}: there is no such folder")
        if self.path.exists():
            check_replaceable(self.path, f"checkpoint: {self.path}")
        with locked(self.path.with_name(f"{hidden_name(self.path.name)}.lock"), "another run"):
            remove_leftovers(self.path)
            self._kept_at, self._kept_epochs = time.monotonic(), 0
            yield

    def read(self) -> StateDict | None:
        if not self.path.is_file():
            return None
        network, kept, tensors = _read(self.path)
        vectors = {"parameters": network.parameters, "statistics": network.statistics}
        state: StateDict = {name: dict(part) for name, part in kept["state"].items()}
        for name, array in tensors.items():
            part, _, key = name.partition("/")
            state[part][key] = array.copy()  # as it may be written to
        state["run"] |= vectors
        return state

    def should_save(self, run: Run) -> bool:
        if math.isfinite(self.epochs):
            done = len(run.history)
            return done > self._kept_epochs and done % self.epochs == 0
        return time.monotonic() - self._kept_at >= self.seconds

    def save(self, run: Run, state: StateDict) -> None:
        plain: StateDict = {name: {} for name in state}
        tensors: dict[str, np.ndarray[Any, Any]] = {}
        for part, values in state.items():
            for key, value in values.items():
                if isinstance(value, np.ndarray):
                    tensors[f"{part}/{key}"] = value
                else:
                    plain[part][key] = value
        for name in Snapshot._fields:
            del tensors[f"run/{name}"]  # They are the network's, which is there anyway.
        extra = {"checkpoint": {"version": VERSION, "state": plain, "notes": self.notes}}
        try:
            write_model(self.path, run.network, extra, tensors)
        except OSError as error:  # which may not say what could not be written
            raise OSError(error.errno, error.strerror or str(error), str(self.path)) from error
        self._kept_at, self._kept_epochs = time.monotonic(), len(run.history)


def read_notes(path: str | PathLike[str]) -> dict[str, Any]:
    """Read what a checkpoint was given to keep beside it."""
    return dict(_read(Path(path))[1]["notes"])


def parse_interval(every: int | str, argument: str = "every") -> tuple[float, float]:
    """Read an interval.

    Examples
    --------
    >>> parse_interval("1.5m"), parse_interval(10), parse_interval("10")
    ((90.0, inf), (inf, 10), (inf, 10))
    """
    text = str(every).strip()
    if text == "never":
        return math.inf, math.inf
    if found := re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)\s*(ms|s|m|h)", text):
        seconds = float(found[1]) * UNITS[found[2]]
        if 0 < seconds < math.inf:
            return seconds, math.inf
    elif isinstance(every, str) and text.isdecimal() and int(text):
        return math.inf, int(text)
    elif isinstance(every, Integral) and not isinstance(every, bool) and every >= 1:
        return math.inf, int(every)
    raise ValueError(
        f"{argument}: expected a number of epochs, a time such as '30s' or '5m', or 'never', "
        f"got {every!r}"
    )


def _read(path: Path) -> tuple[Network, dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    """Read a checkpoint, and see that it is one."""
    if path.is_dir():
        raise FileNotFoundError(
            f"{path}: is a folder, expected the checkpoint of a run; move it away to start anew"
        )
    network, extra, tensors = read_model(path, with_state=True)
    kept = extra.get("checkpoint")
    if kept is None:
        raise ModelFileError(f"{path}: a model, but not a checkpoint: it has only what was learned")
    if not isinstance(kept, dict) or kept.get("version") != VERSION:
        raise ModelFileError(f"{path}: a checkpoint of another version of barenet; start anew")
    state, names = kept.get("state"), {name.partition("/")[0] for name in tensors}
    parts = [kept.get("notes"), *state.values()] if isinstance(state, dict) else [None]
    if not all(isinstance(part, dict) for part in parts) or not names <= kept["state"].keys():
        raise ModelFileError(f"{path}: not a valid checkpoint")
    return network, kept, tensors
