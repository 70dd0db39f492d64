"""Checkpointing: the whole state of a run, saved while it trains and loaded where it resumes.

The order of the rows and the dropout are functions of the seed and the step, so the state is small:
vectors, counts and the history. The manager knows no loop: it saves and loads named parts.
"""

import threading
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, TypeAlias

import numpy as np

from barenet.engines import Engine
from barenet.errors import ResumeError, in_a_line
from barenet.model._layout import Snapshot
from barenet.training._callbacks import Callback
from barenet.training._config import TrainingConfig
from barenet.training._run import Run
from barenet.training._run_identity import (
    changes,
    data_of,
    environment,
    numbered,
    settings_of,
    stateful_callbacks,
)
from barenet.training._state_validation import validate_state

#: Numbers, text and arrays by name, for each part of a run.
StateDict: TypeAlias = dict[str, dict[str, Any]]


class Stateful(Protocol):
    """A part of a run whose state is saved."""

    def state_dict(self) -> dict[str, Any]:
        """Numbers, text and arrays by name; the arrays may change when the run continues."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned, in the same or another process."""


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
        # They take seconds for large data, and a signal to end should not wait for them.
        self._checksums = threading.Thread(target=self._compute_checksums, daemon=True)
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
        if any(other):
            text = "; ".join(filter(None, other))
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
        self._checksums.join()
        if not self._data:  # an error in the thread is raised here
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
