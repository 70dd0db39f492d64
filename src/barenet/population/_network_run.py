"""Network run: the training of one network of a population."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from inspect import GEN_RUNNING, getgeneratorstate
from typing import Any

from barenet.engines import Engine, JaxEngine, Job, choose_engine
from barenet.engines._engine import Chunk
from barenet.engines.jax._device_rows import DeviceRows
from barenet.errors import ArgumentError, ResumeError
from barenet.files._checkpoint import StateDict
from barenet.files._checkpoint_manager import CheckpointManager
from barenet.model._network import Network
from barenet.population._population_checkpoint import PopulationCheckpoint
from barenet.training._callbacks import Callback, Run
from barenet.training._epoch import TrainingConfig
from barenet.training._history import History
from barenet.training._loop import (
    Loop,
    MiniBatchLoop,
    exclusive,
    make_loop,
)

#: Errors that the caller is responsible for, which end the whole population.
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


class SpareEngine:
    """Keeps the engine of the network that a thread has trained last, for its next network.

    Networks that differ only in their numbers need the same programs of the compiled engine, and
    making an engine takes longer than some epochs of a small network.
    """

    def __init__(self) -> None:
        self._engine: Engine | None = None
        #: The argument `engine` that it was chosen by.
        self._name: object = None

    def take(self, name: object, job: Job) -> Engine | None:
        """Return the engine for another job, if there is one that can take it; else close it."""
        engine = self._engine
        self._engine = None
        if engine is None:
            return None
        if name == self._name and engine.take_job(job):
            return engine
        engine.close()
        return None

    def keep(self, name: object, engine: Engine) -> None:
        """Keep an engine whose job is finished."""
        self._name = name
        self._engine = engine

    def close(self) -> None:
        """Close the engine, if there is one."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None


@dataclass(eq=False)
class NetworkRun:
    """A network that waits for training, is being trained, or has been trained."""

    index: int
    job: Job
    config: TrainingConfig
    #: Arguments of `train`, which also apply to a network that replaces this one.
    arguments: Mapping[str, Any]
    threads: int
    checkpoints: PopulationCheckpoint
    #: Epochs of the population before this network joined it.
    joined_at: int = 0
    history: History = field(default_factory=History)
    error: Exception | None = None
    is_ended: bool = False
    #: The state at the end of the last slice of a network on workers.
    state: StateDict | None = None
    #: The manager that keeps the state of a network in memory, not in a file.
    manager: CheckpointManager | None = None
    #: The data sets on the device, if the network is trained together with others.
    device_rows: DeviceRows | None = None
    #: The chunk whose result it waits for, if it is trained together with others.
    chunk: Chunk | None = None
    #: The loop, from the start to the end of the session.
    loop: Loop | None = None
    #: Holds the engine of the last network of the thread that trains this one.
    _spare: SpareEngine | None = None
    #: Receives the epochs to train to.
    _session: Generator[Chunk | None, int, None] | None = None

    @property
    def network(self) -> Network:
        """The network."""
        return self.job.network

    @property
    def is_running(self) -> bool:
        """Whether its epochs are being run."""
        if self._session is None:
            return False
        return self.chunk is not None or getgeneratorstate(self._session) == GEN_RUNNING

    @property
    def cost(self) -> float:
        """Approximate number of multiplications in the remaining epochs."""
        n_epochs = self.config.epochs - len(self.history)
        return float(n_epochs * self.job.rows.n_rows * self.network.n_parameters)

    def as_run(self) -> Run:
        """The run, in the state in which its callbacks would see it."""
        return Run(
            network=self.network,
            history=self.history,
            epochs=self.config.epochs,
            n_batches=0,  # between two epochs, no batch is left
            stop_reason=self.history.stop_reason or None,
            is_final=self.is_ended and not self.history.resumable,
        )

    def advance(self, epoch: int | None, spare: SpareEngine | None = None) -> None:
        """Run until an epoch of the population, or to the end, unless it has been dropped.

        A network takes the spare engine of its thread if it can, and leaves its own at the end.
        """
        self._spare = spare
        try:
            self._continue(self.until(epoch))
        finally:
            self._spare = None

    def until(self, epoch: int | None) -> int:
        """Return its own number of epochs at an epoch of the population, or at the end."""
        n_epochs = self.config.epochs
        return n_epochs if epoch is None else min(n_epochs, epoch - self.joined_at)

    def advance_chunk(self, epoch: int | None, error: Exception | None = None) -> None:
        """Use the result of its chunk, or raise an error there, and run to the next chunk."""
        self._continue(self.until(epoch), error)

    def end(self, reason: str, *, resumable: bool = False) -> None:
        """End the run early: after the current chunk, or at once between slices."""
        if self.loop is None:
            self._continue(0)
        if self.loop is not None:
            self.loop.run.stop(reason, resumable=resumable)
            if not self.is_running:
                self._continue(0)

    def state_dict(self) -> StateDict | None:
        """Return the current state, if it is saved."""
        return self.state if self.manager is None else self.manager.state_dict()

    def keep(self, state: StateDict) -> None:
        """Keep the state of a slice on a worker, and save it in the folder."""
        self.state = state
        file = self.checkpoints.file(self.index)
        if file is not None:
            file.save(self.as_run(), state)

    def make_engine(self) -> Engine:
        """Make the engine, for training or for an evaluation."""
        engine = choose_engine(self.arguments["engine"], self.job, self.threads)
        if isinstance(engine, JaxEngine) and self.device_rows is not None:
            engine.device_rows = self.device_rows
        return engine

    def _continue(self, until: int, error: Exception | None = None) -> None:
        """Train to one of its epochs; an error ends only this run, unless it is the caller's."""
        if self.is_ended:
            return
        try:
            if self._session is None:
                self._session = self._train()
                next(self._session)
            if error is None:
                self.chunk = self._session.send(until)
            else:
                self.chunk = self._session.throw(error)
        except StopIteration:
            self._close()
        except BaseException as error:
            self._close()
            reason = self.history.stop_reason or f"failed with {type(error).__name__}"
            self.history.stop_reason = reason
            if not isinstance(error, Exception):  # such as Ctrl-C
                raise error from None
            if isinstance(error, FATAL):
                raise error from None
            self.error = error

    def _close(self) -> None:
        """Mark the run as ended, and release its loop."""
        self.is_ended = True
        self.chunk = None
        self.loop = None
        self._session = None

    def _train(self) -> Generator[Chunk | None, int, None]:
        """Start the callbacks, train to each epoch that is sent, and end the callbacks.

        It yields None at such an epoch, and the chunks before it if networks are trained together.
        """
        engine = None
        if self._spare is not None:
            engine = self._spare.take(self.arguments["engine"], self.job)
        if engine is None:
            engine = self.make_engine()
        loop = make_loop(engine, self.config)
        loop.keeps_engine = True
        self.loop = loop
        history = loop.run.history
        self.history = history
        manager = self.checkpoints.manager(self.index, loop, self.state)
        self.manager = None
        if manager is not None and manager.keeps_state:
            self.manager = manager
        with exclusive(self.network), (manager or loop).session():
            while not loop.run.stop_reason and len(history) < self.config.epochs:
                epoch = yield None
                if self.device_rows is not None and isinstance(loop, MiniBatchLoop):
                    yield from loop.chunks(epoch)
                else:
                    loop.advance(epoch)
        if self._spare is None:
            engine.close()
        else:
            self._spare.keep(self.arguments["engine"], engine)
