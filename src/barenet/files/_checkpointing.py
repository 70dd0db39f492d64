"""Checkpointing: the whole state of a run, saved while it trains and loaded where it resumes.

The order of the rows and the dropout are functions of the seed and the step, so the state is small:
vectors, counts and the history. It is saved with the identity of the run.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property, partial
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import check_number
from barenet.data._fingerprint import checksum
from barenet.engines import Engine
from barenet.errors import ArgumentError, ResumeError, brief, caller_stacklevel, in_a_line
from barenet.files._checkpoint import Checkpoint, StateDict
from barenet.files._run_identity import changes, data_of, environment, numbered, settings_of
from barenet.model._network import Snapshot
from barenet.model._stateful import Stateful
from barenet.optimization.optimizers import Optimizer
from barenet.optimization.optimizers._lbfgs import LBFGSHistory
from barenet.training._callbacks import Run, Saver
from barenet.training._epoch import TrainingConfig
from barenet.training._history import History
from barenet.training._loop import Loop


def start_with_checkpoints(
    loop: Loop,
    checkpoint: str | PathLike[str] | Checkpoint | None,
    resume: bool | str | PathLike[str],
) -> History:
    """Lock the checkpoint, and start the loop from the last state, if there is one to resume."""
    place = None if checkpoint is None else as_checkpoint(checkpoint, "checkpoint")
    if resume is True and place is None:
        problem = "True resumes from the checkpoint, and there is none"
        raise ArgumentError(problem, argument="resume", value=True, remedy="pass checkpoint, too")
    source = place if isinstance(resume, bool) else as_checkpoint(resume, "resume")
    with nullcontext() if place is None else place.lock(loop.run):
        state = source.read() if source is not None and resume is not False else None
        if state is None and not isinstance(resume, bool):
            raise FileNotFoundError(f"resume: {resume}: there is no checkpoint")
        with loop.session(CheckpointManager(place, loop.engine, loop.config, state)):
            return loop.advance(loop.config.epochs)


def as_checkpoint(place: Any, argument: str) -> Checkpoint:
    """Make a checkpoint of a path."""
    if not isinstance(place, str | PathLike | Checkpoint):
        raise ArgumentError.of(argument, place, "a path or a Checkpoint")
    return Checkpoint(place) if isinstance(place, str | PathLike) else place


@dataclass(eq=False)
class CheckpointManager(Saver):
    """Saves a run in a checkpoint, and resumes it from a state; called after all callbacks.

    It saves and loads named parts, and does not depend on the loop.
    """

    checkpoint: Checkpoint | None
    engine: Engine
    config: TrainingConfig
    #: The state to resume from.
    state: StateDict | None
    #: Of an array, for data that several runs share.
    checksum: Callable[[NDArray[Any]], str] = checksum
    parts: Mapping[str, Stateful] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.history_only = self.checkpoint is None or not self.checkpoint.counts_epochs
        self.has_saved = self.state is not None
        # A resumed run may have other callbacks without a state.
        callbacks = self.config.callbacks
        stateful = [each for each in callbacks if type(each).state_dict is not Stateful.state_dict]
        self.stateful = numbered("callback", stateful)
        # Before a callback changes any.
        self.settings = settings_of(self.engine, self.config, self.stateful)

    @contextmanager
    def resume(self, parts: Mapping[str, Stateful]) -> Iterator[None]:
        """Load the state; if it is refused in this context, everything is as it was before."""
        self.parts = parts
        objects = [self.engine.job.optimizer, self.config.schedule, *self.config.callbacks]
        before = [(each, dict(vars(each))) for each in objects if hasattr(each, "__dict__")]
        network = self.engine.job.network
        snapshot = Snapshot.of(network)
        try:
            if self.state is not None:
                self._check_identity(self.state)
            self._load(self.parts)
            yield
        except ResumeError:
            snapshot.restore(network)
            for each, attributes in before:
                vars(each).clear()
                vars(each).update(attributes)
            raise

    def on_start(self, run: Run) -> None:
        """Load the states of the callbacks, which have been reset by their own `on_start`."""
        self._load(self.stateful)

    def on_chunk(self, run: Run) -> None:
        if run.batch < run.n_batches or len(run.history) == run.epoch:  # a whole epoch is measured
            self.on_epoch(run)

    def on_epoch(self, run: Run) -> None:
        if not (run.stop_reason or run.is_ahead):
            self._save(run)

    def save_end(self, run: Run) -> None:
        """Save the last state, if the run can be resumed or an earlier state was saved.

        A run that ends before the first state is due leaves nothing: repeating it takes less time
        than a crash may lose anyway.
        """
        self._save(run, needed=self.has_saved or not run.finished)

    def _save(self, run: Run, *, needed: bool = False) -> None:
        """Save the state if it is needed or due; not one that the monitor is about to reject."""
        if (saver := self.checkpoint) is None or not (needed or saver.should_save(run)):
            return
        if np.isfinite(run.network.parameters).all():
            saver.save(run, self.whole_state())
            self.has_saved = True

    def whole_state(self) -> StateDict:
        """The state of all parts, with the identity of the run."""
        parts = {**self.parts, **self.stateful}
        return {**self._identity, **{name: part.state_dict() for name, part in parts.items()}}

    def _load(self, parts: Mapping[str, Stateful]) -> None:
        """Load the state of parts, if there is one; an invalid one is refused."""
        if (state := self.state) is None:
            return
        with refuse_invalid():
            if parts is self.parts:
                validate_state(state, parts)
            for name, part in parts.items():
                part.load_state_dict(state[name])

    @cached_property
    def _identity(self) -> StateDict:
        """The settings, the data and the environment of the run."""
        data = data_of(self.engine.job.rows, self.config.held_out, self.checksum)
        surroundings = environment(self.engine.name)
        return {"settings": self.settings, "data": data, "surroundings": surroundings}

    def _check_identity(self, state: StateDict) -> None:
        """Refuse the state of another run; warn if last digits may differ."""
        *differing, elsewhere = (
            changes(state.get(name, {}), now) for name, now in self._identity.items()
        )
        if text := "; ".join(filter(None, differing)):
            raise ResumeError(f"resume: the checkpoint is of another run: {text}")
        if elsewhere:
            text = f"resume: the run may end in other last digits than it would have: {elsewhere}"
            warnings.warn(text, UserWarning, stacklevel=caller_stacklevel())


@contextmanager
def refuse_invalid() -> Iterator[None]:
    """Turn the errors of an invalid state into one of a single line."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ResumeError(f"resume: not a valid checkpoint: {in_a_line(error)}") from error


def validate_state(state: StateDict, parts: Mapping[str, Any]) -> None:
    """Refuse a state that no run of this kind has saved.

    A checksum detects damage, not the maker of a file. Loaded arrays are used without further
    checks, by compiled code among others, so they must have the kinds and shapes of this run's.
    """
    saved, optimizer, run = state["run"], state["optimizer"], parts["run"]
    parameters = run.network.parameters
    check_index = partial(check_number, ge=0, integer=True)
    epoch = check_index(saved["epoch"], "epoch", le=run.epochs)
    batch = int(check_index(saved["batch"], "batch", le=run.n_batches))
    done = len(saved.get("curve_loss", ()))
    if not epoch <= done <= epoch + 1:
        raise ValueError(f"curves: expected {epoch} or {epoch + 1} epochs, got {done}")
    if saved["best_epoch"] is not None:
        check_index(saved["best_epoch"], "best_epoch", lt=done)
    if isinstance(parts["optimizer"], Optimizer) and check_index(optimizer["n_steps"], "n_steps"):
        parts["optimizer"].prepare(parameters)  # its moments are among the examples
    examples = {name: part.state_dict() for name, part in parts.items()}
    if saved["stop_reason"] is not None:
        examples["run"]["stop_reason"] = ""
    if done:
        examples["run"] |= dict.fromkeys((f"curve_{name}" for name in run.measured), np.zeros(done))
    losses = np.zeros(min(batch, len(parts["tally"].rates)))
    examples["tally"] |= {"losses": losses, "gradient_norms": losses}
    if isinstance(parts["optimizer"], LBFGSHistory):
        count = len(optimizer.get("values", ()))
        check_index(optimizer["reported"], "reported", le=count)
        if "start" in optimizer:
            gradients = np.zeros((count, parameters.size), parameters.dtype)
            counted = {"values": np.zeros(count), "places": np.zeros(count, np.int64)}
            examples["optimizer"] |= {"start": parameters, "gradients": gradients, **counted}
    for part, values in examples.items():
        for name, example in values.items():
            value = state[part][name] if example is not None else None
            if example is not None and _kind(value) != _kind(example):
                raise ValueError(f"{name}: expected {_kind(example)}, got {brief(value)}")


def _kind(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} of shape {value.shape}"
    is_number = isinstance(value, float) or (type(value) is int and abs(value) < 2**63)
    return "a number" if is_number else type(value).__name__
