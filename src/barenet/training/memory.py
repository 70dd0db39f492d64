"""Memory: the whole state of a run, put away while it goes on and taken up where it is resumed.

Orders of rows and dropout are functions of the seed and the step, so what is left to remember is
little: vectors, counts, and what was measured.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from barenet.errors import ResumeError, in_a_line
from barenet.model.snapshot import Snapshot
from barenet.optimization.optimizers import LBFGS
from barenet.training.ahead import Ahead
from barenet.training.form import check_form
from barenet.training.guard import is_finite
from barenet.training.identity import (
    changes,
    data_of,
    environment,
    numbered,
    settings_of,
    stateful_callbacks,
)
from barenet.training.keeper import Part, State

if TYPE_CHECKING:
    from barenet.training.loop import Loop

__all__ = ["Memory"]

#: Seconds of a run after which it may well be kept, and the checksums of its data be needed. They
#: take seconds for large data, and a signal to end should not wait for them.
SHORT = 1.0


class Memory:
    """What a run remembers, in the hands of its keeper."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.kept = False
        self.settings: dict[str, Any] = {}
        self.data: dict[str, Any] = {}
        self._ahead: Ahead[dict[str, Any]] | None = None
        self._begun = time.monotonic()

    @property
    def is_needed(self) -> bool:
        """Whether anything is to be remembered at all."""
        return self.loop.keeper is not None or self.kept

    def keep_if_due(self) -> None:
        """Ask the keeper if it is time, and give it the state."""
        keeper = self.loop.keeper
        if keeper is None:
            return
        if self._ahead is None and not self.data and time.monotonic() - self._begun > SHORT:
            self._ahead = Ahead(self._data_of)
        if keeper.is_due(self.loop.run):
            self._keep()

    def keep_the_end(self) -> None:
        """Keep where the run has ended, if it can be gone on with, or could have been before.

        A run that is over before anything was due leaves nothing: to run it again takes less than
        what may be lost anyway.
        """
        keeper, run = self.loop.keeper, self.loop.run
        if keeper is not None and (self.kept or not run.finished or keeper.is_due(run)):
            self._keep()

    def capture(self) -> State:
        """Say all that the run would need to go on."""
        loop = self.loop
        self.data = self.data or (self._ahead.result() if self._ahead else self._data_of())
        return {
            "settings": self.settings,
            "data": self.data,
            "surroundings": environment(loop.engine.name),
            **{name: part.state_dict() for name, part in self._parts().items()},
            **{name: part.state_dict() for name, part in self._looking_on().items()},
        }

    @contextmanager
    def unchanged_if_refused(self, state: State | None) -> Iterator[None]:
        """Restore the user's objects if the run cannot be resumed."""
        if state is None:
            yield
            return
        loop = self.loop
        parts = [loop.job.optimizer, loop.plan.schedule, *loop.callbacks]
        before = [dict(getattr(part, "__dict__", {})) for part in parts]
        network = Snapshot.of(loop.run.network)
        try:
            yield
        except ResumeError:
            network.restore(loop.run.network)
            for part, attributes in zip(parts, before, strict=True):
                if hasattr(part, "__dict__"):
                    vars(part).clear()
                    vars(part).update(attributes)
            raise

    def begin(self, state: State | None) -> None:
        """Note the settings, as a callback may change a learning rate; take a run up."""
        loop = self.loop
        if loop.keeper is not None or state is not None:
            self.settings = settings_of(loop.engine, loop.plan, loop.callbacks)
        if state is None:
            return
        self.data = self._data_of()
        was = {name: state.get(name, {}) for name in ("settings", "data", "surroundings")}
        changed = [changes(was["settings"], self.settings), changes(was["data"], self.data)]
        if any(changed):
            raise ResumeError(f"resume: the checkpoint is of another run: {_join(changed)}")
        if elsewhere := changes(was["surroundings"], environment(loop.engine.name)):
            warnings.warn(
                f"resume: the run may end in other last digits than it would have: {elsewhere}",
                UserWarning,
                stacklevel=4,
            )
        self.kept = True
        try:
            check_form(state, loop.run, loop.job.optimizer, loop.plan.schedule)
            for name, part in self._parts().items():
                part.load_state_dict(state[name])
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise ResumeError(f"resume: not a valid checkpoint: {in_a_line(error)}") from error

    def restore_callbacks(self, state: State | None) -> None:
        """Let the callbacks remember, once they have heard of the start and forgotten all."""
        if state is None:
            return
        try:
            for name, part in self._looking_on().items():
                part.load_state_dict(state[name])
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise ResumeError(f"resume: not a valid checkpoint: {in_a_line(error)}") from error

    def _keep(self) -> None:
        """Give the keeper the state, unless the next look will find that the run diverged."""
        keeper, network = self.loop.keeper, self.loop.run.network
        if keeper is not None and is_finite(network.parameters):
            keeper.keep(self.loop.run, self.capture())
            self.kept = True

    def _data_of(self) -> dict[str, Any]:
        return data_of(self.loop.job.rows, self.loop.plan.held_out)

    def _parts(self) -> dict[str, Part]:
        loop, optimizer = self.loop, self.loop.job.optimizer
        steps: Part = loop.past if isinstance(optimizer, LBFGS) else optimizer
        return {
            "run": loop.run,
            "tally": loop.tally,
            "guard": loop.guard,
            "optimizer": steps,
            "schedule": loop.plan.schedule,
        }

    def _looking_on(self) -> dict[str, Part]:
        return numbered("callback", stateful_callbacks(self.loop.callbacks))


def _join(parts: list[str]) -> str:
    return "; ".join(filter(None, parts))
