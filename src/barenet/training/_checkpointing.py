"""Checkpointing: the whole state of a run, saved while it trains and loaded where it resumes.

The order of the rows and the dropout are functions of the seed and the step, so the state is small:
vectors, counts and the history. The manager knows no loop: it saves and loads named parts.
"""

import threading
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeAlias

import numpy as np

from barenet._constraints import check_number
from barenet.engines import Engine
from barenet.errors import ResumeError, brief, in_a_line
from barenet.model._layout import Snapshot
from barenet.model._stateful import Stateful
from barenet.optimization.optimizers import Optimizer
from barenet.optimization.optimizers._lbfgs import LBFGSHistory
from barenet.training._callbacks import Callback
from barenet.training._run import Run, TrainingConfig
from barenet.training._run_identity import (
    changes,
    data_of,
    environment,
    numbered,
    settings_of,
    stateful_callbacks,
)

#: Numbers, text and arrays by name, for each part of a run.
StateDict: TypeAlias = dict[str, dict[str, Any]]


class Checkpointer(ABC):
    """Saves states, each in place of the one before; `Checkpoint` saves them in a file."""

    @abstractmethod
    def lock(self, run: Run) -> AbstractContextManager[object]:
        """Reserve the place for one run; OSError or ValueError if it can't be saved there."""

    @abstractmethod
    def read(self) -> StateDict | None:
        """Read the state that was saved last, if there is one."""

    @abstractmethod
    def should_save(self, run: Run) -> bool:
        """Whether to save the state now; called after each chunk and each epoch."""

    @abstractmethod
    def save(self, run: Run, state: StateDict) -> None:
        """Save a state; the one before is replaced only when the new one is complete."""


class CheckpointManager:
    """Saves the state of a run by a checkpointer, and resumes a run from a state."""

    def __init__(
        self,
        checkpointer: Checkpointer | None,
        engine: Engine,
        config: TrainingConfig,
        callbacks: Sequence[Callback],
        parts: Mapping[str, Stateful],
    ) -> None:
        self.checkpointer, self.engine, self.config = checkpointer, engine, config
        self.callbacks, self.parts = callbacks, parts
        self.run: Run = parts["run"]  # type: ignore[assignment]
        self.has_saved = False
        self.settings = settings_of(engine, config, callbacks)  # before a callback changes a rate
        self._data: dict[str, Any] = {}
        # After 1 s: a short run needs none, and with large data a signal to end should not wait.
        self._checksums = threading.Timer(1, self._compute_checksums)
        self._checksums.daemon = True
        self._checksums.start()

    @contextmanager
    def resume(self, state: StateDict | None) -> Iterator[None]:
        """Load a state; if it is refused in this context, everything is as it was before."""
        if state is None:
            yield
            return
        with self._rollback_on_refusal():
            self._check_identity(state)
            self.has_saved = True
            with _invalid_refused():
                validate_state(state, self.parts, self.run)
                for name, part in self.parts.items():
                    part.load_state_dict(state[name])
            yield

    def resume_callbacks(self, state: StateDict | None) -> None:
        """Load the states of the callbacks, after `on_start` has reset them."""
        if state is not None:
            with _invalid_refused():
                for name, callback in self._stateful_callbacks().items():
                    callback.load_state_dict(state[name])

    def save_if_due(self) -> None:
        """Save the state if a save is due."""
        if self.checkpointer is not None and self.checkpointer.should_save(self.run):
            self._save(self.checkpointer)

    def save_end(self) -> None:
        """Save the last state, if the run can be resumed or an earlier state was saved.

        A run that ends before the first state is due leaves nothing: repeating it takes less time
        than a crash may lose anyway.
        """
        if self.checkpointer is not None and (self.has_saved or not self.run.finished):
            self._save(self.checkpointer)
        else:
            self.save_if_due()

    def _save(self, checkpointer: Checkpointer) -> None:
        """Save the state, unless the monitor is about to find that the run has diverged."""
        if np.isfinite(self.run.network.parameters).all():
            identity = {
                "settings": self.settings,
                "data": self._data_identity(),
                "surroundings": environment(self.engine.name),
            }
            parts = {**self.parts, **self._stateful_callbacks()}
            states = {name: part.state_dict() for name, part in parts.items()}
            checkpointer.save(self.run, {**identity, **states})
            self.has_saved = True

    def _check_identity(self, state: StateDict) -> None:
        """Refuse the state of another run; warn if last digits may differ."""
        other = [
            changes(state.get("settings", {}), self.settings),
            changes(state.get("data", {}), self._data_identity()),
        ]
        if text := "; ".join(filter(None, other)):
            raise ResumeError(f"resume: the checkpoint is of another run: {text}")
        if elsewhere := changes(state.get("surroundings", {}), environment(self.engine.name)):
            warnings.warn(
                f"resume: the run may end in other last digits than it would have: {elsewhere}",
                UserWarning,
                stacklevel=5,
            )

    @contextmanager
    def _rollback_on_refusal(self) -> Iterator[None]:
        """Restore the user's objects if the run cannot be resumed."""
        parts = [self.engine.job.optimizer, self.config.schedule, *self.callbacks]
        before = [(part, dict(vars(part))) for part in parts if hasattr(part, "__dict__")]
        snapshot = Snapshot.of(self.run.network)
        try:
            yield
        except ResumeError:
            snapshot.restore(self.run.network)
            for part, attributes in before:
                vars(part).clear()
                vars(part).update(attributes)
            raise

    def _compute_checksums(self) -> None:
        self._data = data_of(self.engine.job.rows, self.config.held_out)

    def _data_identity(self) -> dict[str, Any]:
        self._checksums.cancel()
        self._checksums.join()
        if not self._data:  # it was too early for them; or an error in the thread is raised here
            self._compute_checksums()
        return self._data

    def _stateful_callbacks(self) -> dict[str, Callback]:
        return numbered("callback", stateful_callbacks(self.callbacks))


@contextmanager
def _invalid_refused() -> Iterator[None]:
    """Turn the errors of an invalid state into a refusal."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ResumeError(f"resume: not a valid checkpoint: {in_a_line(error)}") from error


def validate_state(
    state: Mapping[str, Mapping[str, Any]], parts: Mapping[str, Any], run: Run
) -> None:
    """Refuse a state that no run of this kind has saved.

    A checksum detects damage, not the maker of a file. Loaded arrays are used without further
    checks, by compiled code among others, so they must have the kinds and shapes of this run's.
    """
    saved, parameters, optimizer = state["run"], run.network.parameters, state["optimizer"]
    epoch = check_number(saved["epoch"], "epoch", ge=0, le=run.epochs, integer=True)
    batch = int(check_number(saved["batch"], "batch", ge=0, le=run.n_batches, integer=True))
    done = len(saved.get("curve_loss", ()))
    if not epoch <= done <= epoch + 1:
        raise ValueError(f"curves: expected {epoch} or {epoch + 1} epochs, got {done}")
    if saved["best_epoch"] is not None:
        check_number(saved["best_epoch"], "best_epoch", ge=0, lt=done, integer=True)
    if saved["stop_reason"] is not None:
        validate_like(saved, {"stop_reason": ""})
    if isinstance(parts["optimizer"], Optimizer) and optimizer["n_steps"]:
        parts["optimizer"].prepare(parameters)  # its moments are among the examples
    examples = {name: part.state_dict() for name, part in parts.items()}
    if done:
        examples["run"] |= dict.fromkeys((f"curve_{name}" for name in run.measured), np.zeros(done))
    losses = np.zeros(min(batch, len(parts["tally"].rates)))
    examples["tally"] |= {"losses": losses, "gradient_norms": losses}
    if isinstance(parts["optimizer"], LBFGSHistory):
        count = len(optimizer.get("values", ()))
        check_number(optimizer["reported"], "reported", ge=0, le=count, integer=True)
        if "start" in optimizer:
            gradients = np.zeros((count, parameters.size), parameters.dtype)
            counted = {"values": np.zeros(count), "places": np.zeros(count, np.int64)}
            examples["optimizer"] |= {"start": parameters, "gradients": gradients, **counted}
    for name, example in examples.items():
        validate_like(state[name], example)


def validate_like(state: Mapping[str, Any], examples: Mapping[str, Any]) -> None:
    """Check that values have the kinds and shapes of examples."""
    for name, example in examples.items():
        value, expected = state[name], type(example).__name__
        fits = isinstance(value, type(example))
        if isinstance(example, np.ndarray):
            expected = f"{example.dtype} of shape {example.shape}"
            fits = fits and (value.dtype, value.shape) == (example.dtype, example.shape)
        elif isinstance(example, int | float) and not isinstance(example, bool):
            expected = "a number"
            fits = isinstance(value, float) or (type(value) is int and abs(value) < 2**63)
        if example is not None and not fits:
            raise ValueError(f"{name}: expected {expected}, got {brief(value)}")
