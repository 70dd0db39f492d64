"""Checkpointing: save the whole state of a run while it trains, and load it to resume the run.

The order of the rows and the dropout are functions of the seed and the step, so the state is small:
vectors, counts and the history. The identity of the run is saved with it.
"""

import copy
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import check_number
from barenet._messages import brief, in_a_line, with_addresses, without_secrets
from barenet.errors import ArgumentError, ResumeError, WorkersError, caller_stacklevel
from barenet.files._checkpoint import NETWORK, Checkpoint, StateDict
from barenet.files._run_identity import changes, data_of, environment, numbered, settings_of
from barenet.model._network import Network, Snapshot
from barenet.model._stateful import Stateful
from barenet.optimization.optimizers import Optimizer
from barenet.optimization.optimizers._lbfgs import LBFGSState
from barenet.tables.frames._fingerprint import checksum
from barenet.training._callbacks import Callback, Run
from barenet.training._loop import Loop

#: Names of parts in files, if they differ from the names in the code.
IN_FILES = {"epoch": "tally", "monitor": "guard"}


@contextmanager
def saved_session(
    loop: Loop,
    checkpoint: str | PathLike[str] | Checkpoint | None,
    resume: bool | str | PathLike[str],
) -> Iterator[None]:
    """Start the loop from the last state, if there is one, and save the state as it runs."""
    with locked_checkpoint(loop.run.network, checkpoint, resume) as (place, state):
        manager = CheckpointManager(loop, place, state)
        with manager.session():
            yield


@contextmanager
def locked_checkpoint(
    network: Network,
    checkpoint: str | PathLike[str] | Checkpoint | None,
    resume: bool | str | PathLike[str],
    owner: str = NETWORK,
) -> Iterator[tuple[Checkpoint | None, StateDict | None]]:
    """Lock the checkpoint, and read the state to resume, if there is one."""
    place = as_checkpoint(checkpoint, "checkpoint") if checkpoint is not None else None
    if resume is True and place is None:
        problem = "True resumes from the checkpoint, and there is none"
        raise ArgumentError(problem, argument="resume", value=True, remedy="pass checkpoint, too")
    source = None
    if resume is True:
        source = place
    elif resume is not False:
        source = as_checkpoint(resume, "resume")
    lock: AbstractContextManager[None] = nullcontext()
    if place is not None:
        lock = place.lock(network, owner)
    with lock:
        state = source.read() if source is not None else None
        if state is None and not isinstance(resume, bool):
            raise FileNotFoundError(f"resume: {without_secrets(resume)}: there is no checkpoint")
        yield place, state


def as_checkpoint(place: Any, argument: str) -> Checkpoint:
    """Make a checkpoint from a path."""
    if not isinstance(place, str | PathLike | Checkpoint):
        raise ArgumentError.of(argument, place, "a path or a Checkpoint")
    if isinstance(place, Checkpoint):
        return place
    return Checkpoint(place)


@dataclass(eq=False)
class CheckpointManager(Callback):
    """Saves the state of the parts of a run, and loads it when the run is resumed."""

    loop: Loop
    checkpoint: Checkpoint | None
    #: The state to resume from; None once it is loaded.
    state: StateDict | None
    #: The checksum function of an array, shared by runs on the same data.
    checksum: Callable[[NDArray[Any]], str] = checksum
    #: Whether `state` holds the last saved state after the session.
    keeps_state: bool = False
    #: The state after the last chunk, in case the next one fails.
    _last: StateDict | None = None

    def __post_init__(self) -> None:
        self.history_only = self.checkpoint is None or not self.checkpoint.counts_epochs
        self.has_saved = self.keeps_state or self.state is not None
        self.engine = self.loop.engine
        self.config = self.loop.config
        self.parts: dict[str, Any] = {}
        for name, part in self.loop.parts.items():
            self.parts[IN_FILES.get(name, name)] = part
        # A resumed run may have other callbacks, as long as they have no state.
        stateful = [
            callback
            for callback in self.config.callbacks
            if type(callback).state_dict is not Stateful.state_dict
        ]
        self.callbacks = numbered("callback", stateful)
        # The settings as they were passed, before a callback changes them.
        self.settings = settings_of(self.engine, self.config, self.callbacks)

    @contextmanager
    def session(self) -> Iterator[None]:
        """Load the state, start the loop, and save the last state, before the callbacks end.

        A run that ends before the first state is due leaves no file: repeating it takes less time
        than a crash may cost anyway.
        """
        objects = [self.engine.job.optimizer, self.config.schedule, *self.config.callbacks]
        before = [(part, dict(vars(part))) for part in objects if hasattr(part, "__dict__")]
        run = self.loop.run
        snapshot = Snapshot.of(run.network)
        try:
            if self.state is not None:
                self._check_identity(self.state)
            self._load(self.parts)
            with self.loop.session(self):
                try:
                    yield
                except WorkersError as error:
                    self._save_last(run, error)
                    raise
                self._save(run, needed=self.has_saved or not run.finished)
        except ResumeError:  # leave everything as it was before
            snapshot.restore(run.network)
            for part, attributes in before:
                vars(part).clear()
                vars(part).update(attributes)
            raise

    def on_start(self, run: Run) -> None:
        """Load the states of the callbacks, after their own `on_start` has reset them."""
        self._load(self.callbacks)
        self.state = None

    def on_chunk(self, run: Run) -> None:
        if self.checkpoint is not None and self.engine.may_lose_workers and not run.is_ahead:
            self._last = copy.deepcopy(self._states())
        is_within_epoch = run.batch < run.n_batches
        is_measured = len(run.history) == run.epoch  # a whole epoch is saved with its losses
        if is_within_epoch or is_measured:
            self.on_epoch(run)

    def on_epoch(self, run: Run) -> None:
        if self.checkpoint is None or run.stop_reason or run.is_ahead:
            return
        self._save(run, needed=self.checkpoint.should_save(run))

    def _save(self, run: Run, *, needed: bool) -> None:
        """Save the state if it is needed, unless the monitor is about to reject it."""
        if not needed:
            return
        if not np.isfinite(run.network.parameters).all():
            return
        if self.keeps_state:
            self.state = copy.deepcopy(self._states())
        if self.checkpoint is not None:
            self.checkpoint.save(run, self.state_dict())
            self.has_saved = True

    def _save_last(self, run: Run, error: WorkersError) -> None:
        """Save the state after the last completed chunk, because the workers are lost."""
        if self.checkpoint is None or self._last is None:
            return
        run_state = self._last["run"]
        snapshot = Snapshot(run_state["parameters"], run_state["statistics"])
        snapshot.restore(run.network)
        self.checkpoint.save(run, {**self._identity, **self._last})
        place = with_addresses(self.checkpoint.path)
        error.args = (f"{error}; the state before is saved in {place}",)

    def state_dict(self) -> StateDict:
        """Return the state of all parts, or the kept one, with the identity of the run."""
        states = self.state
        if not states:
            states = self._states()
        return {**self._identity, **states}

    def _states(self) -> StateDict:
        parts = {**self.parts, **self.callbacks}
        return {name: part.state_dict() for name, part in parts.items()}

    def _load(self, parts: Mapping[str, Stateful]) -> None:
        """Load the state of parts, if there is one; an invalid state is an error."""
        if self.state is None:
            return
        with refuse_invalid():
            if parts is self.parts:
                validate_state(self.state, parts)
            for name, part in parts.items():
                part.load_state_dict(self.state[name])

    @cached_property
    def _identity(self) -> StateDict:
        """The settings, the data and the environment of the run."""
        data = data_of(self.loop.job.rows, self.config.held_out, self.checksum)
        surroundings = environment(self.engine.name)
        return {"settings": self.settings, "data": data, "surroundings": surroundings}

    def _check_identity(self, state: StateDict) -> None:
        """Reject the state of another run; warn if the last digits may differ."""
        differences = {}
        for name, identity in self._identity.items():
            differences[name] = changes(state.get(name, {}), identity)
        settings = differences["settings"]
        data = differences["data"]
        surroundings = differences["surroundings"]
        if settings and data:
            refuse("another run", f"{settings}; {data}", "the settings and the data")
        if settings:
            refuse("another run", settings, "the settings")
        if data:
            refuse("a run with other data", data, "the data")
        if surroundings:
            problem = "the run may end in other last digits than it would have"
            text = f"resume: {problem}: {surroundings}"
            warnings.warn(text, UserWarning, stacklevel=caller_stacklevel())


def refuse(other: str, differences: str, needed: str) -> NoReturn:
    """Refuse the checkpoint of another run, with what differs and what is needed to resume it."""
    problem = f"resume: the checkpoint is of {other}: {differences}"
    remedy = f"resume with {needed} of that run, or start a new run without resuming"
    raise ResumeError(f"{problem}; {remedy}")


@contextmanager
def refuse_invalid() -> Iterator[None]:
    """Replace the errors of an invalid state by a `ResumeError` of one line."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ResumeError(f"resume: not a valid checkpoint: {in_a_line(error)}") from error


def validate_state(state: StateDict, parts: Mapping[str, Any]) -> None:
    """Reject a state that no run of this kind can have saved.

    A checksum detects damage, but doesn't identify who wrote the file. Loaded arrays are used
    without further checks, also by compiled code, so their kinds and shapes must match this run.
    """
    saved = state["run"]
    optimizer = state["optimizer"]
    run = parts["run"]
    epoch = _check_index(saved["epoch"], "epoch", le=run.epochs)
    batch = _check_index(saved["batch"], "batch", le=run.n_batches)
    n_epochs = len(saved.get("curve_loss", ()))
    if not epoch <= n_epochs <= epoch + 1:
        raise ValueError(f"curves: expected {epoch} or {epoch + 1} epochs, got {n_epochs}")
    if saved["best_epoch"] is not None:
        _check_index(saved["best_epoch"], "best_epoch", lt=n_epochs)
    if isinstance(parts["optimizer"], Optimizer):
        n_steps = _check_index(optimizer["n_steps"], "n_steps")
        if n_steps:
            parts["optimizer"].prepare(run.network.parameters)  # the examples include its moments
    # The state of this run before its first step, with arrays as long as the saved ones must be.
    examples = {name: part.state_dict() for name, part in parts.items()}
    if saved["stop_reason"] is not None:
        examples["run"]["stop_reason"] = ""
    if n_epochs:
        for name in run.measured:
            examples["run"][f"curve_{name}"] = np.zeros(n_epochs)
    n_losses = min(batch, len(parts["tally"].rates))
    examples["tally"]["losses"] = np.zeros(n_losses)
    examples["tally"]["gradient_norms"] = np.zeros(n_losses)
    if isinstance(parts["optimizer"], LBFGSState) and "position" in optimizer:
        _check_index(optimizer["n_evaluations"], "n_evaluations")
        examples["optimizer"] = _example_of_lbfgs(run.network.n_parameters, optimizer)
    _compare_kinds(state, examples)


def _check_index(value: Any, name: str, **limits: Any) -> int:
    """Check that a saved value is an index or a count within limits of `check_number`."""
    return int(check_number(value, name, ge=0, integer=True, **limits))


def _example_of_lbfgs(n_parameters: int, saved: Mapping[str, Any]) -> dict[str, Any]:
    """Make a state of L-BFGS with arrays as long as the saved ones must be."""
    n_pairs = len(saved["steps"])
    return {
        "position": np.zeros(n_parameters),
        "gradient": np.zeros(n_parameters),
        "loss": 0.0,
        "last_loss": 0.0,
        "steps": np.zeros((n_pairs, n_parameters)),
        "gradient_changes": np.zeros((n_pairs, n_parameters)),
    }


def _compare_kinds(state: StateDict, examples: StateDict) -> None:
    """Reject a saved value of another type or shape than its example; None allows any."""
    for part, values in examples.items():
        for name, example in values.items():
            if example is None:
                continue
            value = state[part][name]
            if _kind(value) != _kind(example):
                raise ValueError(f"{name}: expected {_kind(example)}, got {brief(value)}")


def _kind(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} of shape {value.shape}"
    if isinstance(value, float):
        return "a number"
    if type(value) is int and abs(value) < 2**63:
        return "a number"
    return type(value).__name__
