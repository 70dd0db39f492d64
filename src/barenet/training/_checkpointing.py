"""Checkpointing: the whole state of a run, saved while it trains and loaded where it resumes.

The order of the rows and the dropout are functions of the seed and the step, so the state is small:
vectors, counts and the history. The manager knows no loop: it saves and loads named parts.
"""

from __future__ import annotations

import threading
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

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
from barenet.training._state_validation import validate_state_dict

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")

#: Numbers, text and arrays by name, for each part of a run.
StateDict: TypeAlias = dict[str, dict[str, Any]]

#: Seconds after which a run computes the checksums of its data, which its first checkpoint needs.
#: They take seconds for large data, and a signal to end should not wait for them.
CHECKSUM_DELAY = 1.0


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
        """Reserve the place for one run, from before its first step to its end.

        Parameters
        ----------
        run : Run
            Before it starts.

        Returns
        -------
        context manager
            It raises OSError where the place can't be written to, or another run holds it, and
            ValueError for a network that can't be saved.
        """

    @abstractmethod
    def read(self) -> StateDict | None:
        """Read the last state.

        Returns
        -------
        dict or None
            The state that was saved; None if there is none.
        """

    @abstractmethod
    def should_save(self, run: Run) -> bool:
        """Return whether the state is to be saved now; called after each chunk and each epoch.

        Parameters
        ----------
        run : Run
            The current run.

        Returns
        -------
        bool
            True to save the state.
        """

    @abstractmethod
    def save(self, run: Run, state: StateDict) -> None:
        """Save a state; the one before is replaced only when the new one is complete.

        Parameters
        ----------
        run : Run
            The current run.
        state : dict
            Its state, between two steps.
        """


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
        self.data: dict[str, Any] = {}
        self._future: Future[dict[str, Any]] | None = None
        self._started = time.monotonic()

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
                full_batch = self.engine.job.optimizer.full_batch
                validate_state_dict(state, self.run, full_batch, self.parts)
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
        if self.checkpointer is None:
            return
        if not (self._future or self.data) and time.monotonic() - self._started > CHECKSUM_DELAY:
            self._future = _in_background(self._checksums)
        if self.checkpointer.should_save(self.run):
            self._save()

    def save_end(self) -> None:
        """Save the last state, if the run can be resumed or an earlier state was saved.

        A run that ends before the first state is due leaves nothing: repeating it takes less time
        than a crash may lose anyway.
        """
        run, checkpointer = self.run, self.checkpointer
        if checkpointer is not None and (
            self.has_saved or not run.finished or checkpointer.should_save(run)
        ):
            self._save()

    def _save(self) -> None:
        """Save the state, unless the monitor is about to find that the run has diverged."""
        if self.checkpointer is None or not np.isfinite(self.run.network.parameters).all():
            return
        if not self.data:
            self.data = self._future.result() if self._future else self._checksums()
        stateful = {**self.parts, **self._stateful_callbacks()}
        identity = {
            "settings": self.settings,
            "data": self.data,
            "surroundings": environment(self.engine.name),
        }
        states = {name: part.state_dict() for name, part in stateful.items()}
        self.checkpointer.save(self.run, {**identity, **states})
        self.has_saved = True

    def _check_identity(self, state: StateDict) -> None:
        """Refuse the state of another run; warn if last digits may differ."""
        self.data = self._checksums()
        other = [
            changes(state.get("settings", {}), self.settings),
            changes(state.get("data", {}), self.data),
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
        before = [dict(getattr(part, "__dict__", {})) for part in parts]
        snapshot = Snapshot.of(self.run.network)
        try:
            yield
        except ResumeError:
            snapshot.restore(self.run.network)
            for part, attributes in zip(parts, before, strict=True):
                if hasattr(part, "__dict__"):
                    vars(part).clear()
                    vars(part).update(attributes)
            raise

    def _checksums(self) -> dict[str, Any]:
        return data_of(self.engine.job.rows, self.config.held_out)

    def _stateful_callbacks(self) -> dict[str, Callback]:
        return numbered("callback", stateful_callbacks(self.callbacks))


@contextmanager
def _invalid_refused() -> Iterator[None]:
    """Turn the errors of an invalid state into a refusal."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ResumeError(f"resume: not a valid checkpoint: {in_a_line(error)}") from error


def _in_background(function: Callable[[], T]) -> Future[T]:
    """Compute a result in a daemon thread, which an executor of the standard library has not."""
    from concurrent.futures import Future

    future: Future[T] = Future()

    def compute() -> None:
        try:
            future.set_result(function())
        except Exception as error:  # noqa: BLE001
            future.set_exception(error)

    threading.Thread(target=compute, daemon=True).start()
    return future
