"""Network run: the training of one network of a population, from its first epoch to its last."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from barenet.engines import Engine, Job, choose_engine
from barenet.errors import ArgumentError, ResumeError
from barenet.files._checkpoint import StateDict
from barenet.files._checkpointing import CheckpointManager
from barenet.model._network import Network
from barenet.population._population_checkpoint import PopulationCheckpoint
from barenet.training._callbacks import Callback, Run
from barenet.training._epoch import TrainingConfig
from barenet.training._history import History
from barenet.training._loop import Loop, exclusive, make_loop

#: Errors of the caller, which end the whole population.
FATAL = (ArgumentError, ResumeError, OSError)


class Stop(Callback):
    """Ends the runs of all networks, to be resumed later, once it is set."""

    history_only = True

    def __init__(self) -> None:
        self.is_set = False

    def __call__(self) -> None:
        """End the runs at their next chunk."""
        self.is_set = True

    def on_chunk(self, run: Run) -> None:
        if self.is_set:
            run.stop("interrupted", resumable=True)


@dataclass(eq=False)
class NetworkRun:
    """A network that waits for its training, is in training, or has been trained."""

    index: int
    job: Job
    config: TrainingConfig
    #: Arguments of `train`, also for a network that takes its place.
    arguments: Mapping[str, Any]
    threads: int
    checkpoints: PopulationCheckpoint
    #: Epochs of the population before this network joined it.
    joined_at: int = 0
    history: History = field(default_factory=History)
    error: Exception | None = None
    is_ended: bool = False
    #: Whether a thread runs its epochs.
    is_running: bool = False
    #: The state at the end of the last slice of a network on workers.
    state: StateDict | None = None
    #: The manager that keeps the state of a network in memory, not in a file.
    manager: CheckpointManager | None = None
    #: The loop, from the start to the end of the session.
    loop: Loop | None = None
    _session: ExitStack = field(default_factory=ExitStack)

    @property
    def network(self) -> Network:
        """The network."""
        return self.job.network

    @property
    def cost(self) -> float:
        """Multiplications in the epochs that are left, about."""
        n_epochs = self.config.epochs - len(self.history)
        return float(n_epochs * self.job.rows.n_rows * self.network.n_parameters)

    def as_run(self) -> Run:
        """The state of the run as its callbacks would find it."""
        reason = self.history.stop_reason or None
        is_final = self.is_ended and reason != "interrupted"
        given = self.network, self.history, self.config.epochs, 0
        return Run(*given, stop_reason=reason, is_final=is_final)

    def advance(self, epoch: int | None) -> None:
        """Run until an epoch of the population, or to the end, unless it was dropped before."""
        last = self.config.epochs
        if self.is_ended:
            return
        with self._guarded():
            loop = self._started()
            self.is_running = True
            loop.advance(last if epoch is None else min(last, epoch - self.joined_at))
            self.is_running = False
            if loop.run.stop_reason or len(self.history) >= last:
                self.end()

    def end(self, reason: str | None = None, *, resumable: bool = False) -> None:
        """End the run, early if there is a reason: after the chunk of a slice, else at once."""
        if self.is_ended:
            return
        with self._guarded():
            loop = self._started()
            if reason is not None:
                loop.run.stop(reason, resumable=resumable)
            if not self.is_running:
                self._session.close()
                self.is_ended, self.loop = True, None

    def state_dict(self) -> StateDict | None:
        """The present state, if it is saved."""
        return self.state if self.manager is None else self.manager.state_dict()

    def keep(self, state: StateDict) -> None:
        """Keep the state of a slice on a worker, and save it in the folder."""
        self.state = state
        if (file := self.checkpoints.file(self.index)) is not None:
            file.save(self.as_run(), state)

    def make_engine(self) -> Engine:
        """Make its engine, for a session or for an evaluation."""
        return choose_engine(self.arguments["engine"], self.job, self.threads)

    def _started(self) -> Loop:
        """The loop, whose callbacks are started when it is first needed."""
        if self.loop is None:
            self.loop = loop = make_loop(self.make_engine(), self.config)
            self.history = loop.run.history
            manager = self.checkpoints.manager(self.index, loop, self.state)
            self.manager = manager if manager and manager.keeps_state else None
            self._session.enter_context(exclusive(self.network))
            self._session.enter_context((manager or loop).session())
        return self.loop

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """End this run alone after an error, unless it is the caller's."""
        try:
            yield
        except BaseException as first:  # noqa: BLE001
            error = first
            try:
                self._session.__exit__(*sys.exc_info())
            except BaseException as second:  # noqa: BLE001 - of a callback at the end
                error = second
            self.is_ended, self.is_running, self.loop = True, False, None
            reason = self.history.stop_reason or f"failed with {type(error).__name__}"
            self.history.stop_reason = reason
            if isinstance(error, FATAL) or not isinstance(error, Exception):
                raise error from None
            self.error = error
