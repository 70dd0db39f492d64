"""Network run: the training of one network of a population, and the factory of such runs."""

import copy
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from inspect import GEN_RUNNING, getgeneratorstate
from types import MethodType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from barenet import _train as training
from barenet._constraints import check_flag
from barenet.engines import Engine, Job, choose_engine
from barenet.errors import ArgumentError, ResumeError
from barenet.files._checkpoint import StateDict
from barenet.files._checkpointing import CheckpointManager
from barenet.model._array_dataset import ArrayDataset, validate_arrays
from barenet.model._network import Network
from barenet.model.losses import as_loss
from barenet.optimization._schedules import as_schedule
from barenet.population._population_checkpoint import PopulationCheckpoint
from barenet.training._callbacks import Callback, Run, as_callbacks
from barenet.training._epoch import TrainingConfig
from barenet.training._history import EVALUATION_SETS, History
from barenet.training._loop import Loop, check_full_batch, exclusive, make_loop

T = TypeVar("T")

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
    #: The state at the end of the last slice of a network on workers.
    state: StateDict | None = None
    #: The manager that keeps the state of a network in memory, not in a file.
    manager: CheckpointManager | None = None
    #: The loop, from the start to the end of the session.
    loop: Loop | None = None
    #: Takes the epochs to train to.
    _session: Generator[None, int, None] | None = None

    @property
    def network(self) -> Network:
        """The network."""
        return self.job.network

    @property
    def is_running(self) -> bool:
        """Whether a thread runs its epochs."""
        return self._session is not None and getgeneratorstate(self._session) == GEN_RUNNING

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
        self._continue(last if epoch is None else min(last, epoch - self.joined_at))

    def end(self, reason: str, *, resumable: bool = False) -> None:
        """End the run early: after the chunk of a slice, else at once."""
        if self.loop is None:
            self._continue(0)
        if self.loop is not None:
            self.loop.run.stop(reason, resumable=resumable)
            if not self.is_running:
                self._continue(0)

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

    def _continue(self, until: int) -> None:
        """Train to an epoch of its own; an error ends this run alone, unless it is the caller's."""
        if self.is_ended:
            return
        try:
            if self._session is None:
                self._session = self._train()
                next(self._session)
            self._session.send(until)
        except StopIteration:
            self.is_ended, self.loop, self._session = True, None, None
        except BaseException as error:
            self.is_ended, self.loop, self._session = True, None, None
            reason = self.history.stop_reason or f"failed with {type(error).__name__}"
            self.history.stop_reason = reason
            if isinstance(error, FATAL) or not isinstance(error, Exception):
                raise error from None
            self.error = error

    def _train(self) -> Generator[None, int, None]:
        """Start the callbacks, train to each epoch that is sent, and end the callbacks."""
        self.loop = loop = make_loop(self.make_engine(), self.config)
        self.history = history = loop.run.history
        manager = self.checkpoints.manager(self.index, loop, self.state)
        self.manager = manager if manager and manager.keeps_state else None
        with exclusive(self.network), (manager or loop).session():
            while not loop.run.stop_reason and len(history) < self.config.epochs:
                loop.advance((yield))


@dataclass
class NetworkRunFactory:
    """Makes the runs of networks on the same X and y."""

    X: ArrayLike
    y: ArrayLike
    scale: float
    n_threads: int
    n_networks: int
    #: Ends all runs.
    stop: Stop
    checkpoints: PopulationCheckpoint
    #: Checked arguments that networks share, by the kind of network and the ids of the arguments.
    _checked: dict[Any, tuple[Any, Any]] = field(default_factory=dict)

    def __call__(
        self, index: int, network: Network, arguments: Mapping[str, Any], joined_at: int = 0
    ) -> NetworkRun:
        """Make the run of a network from the arguments of `train`."""
        if not isinstance(network, Network):
            raise ArgumentError.of("networks", network, "Network objects")

        def own(name: str) -> Any:
            return _copied(arguments[name], name)

        loss, weight = as_loss(own("loss"), network.output_activation), arguments["sample_weight"]
        kind = network.dtype, network.n_inputs, network.n_outputs, repr(loss)
        rows = self._once(
            lambda: validate_arrays(network, loss, self.X, self.y, weight, self.scale), kind, weight
        )
        job = training.make_job(
            network, _selected(rows, arguments["rows"], "rows"), (), None, self.scale, loss,
            *map(own, ("optimizer", "penalty", "clip", "seed")),
        )  # fmt: skip
        given = {part: arguments[f"{part}_data"] for part in EVALUATION_SETS}
        held_out = self._once(lambda: training.check_held_out(job, **given), kind, *given.values())
        if (chosen := arguments["validation_rows"]) is not None:
            if "validation" in held_out:
                problem, remedy = "there is also validation_data", "pass one of the two"
                raise ArgumentError(problem, argument="validation_rows", remedy=remedy)
            held_out = {"validation": _selected(rows, chosen, "validation_rows"), **held_out}
        config = TrainingConfig(
            epochs=own("epochs"),
            batch_size=training.check_batch_size(own("batch_size"), job),
            shuffle=check_flag(own("shuffle"), "shuffle"),
            schedule=as_schedule(own("schedule")),
            metrics=training.as_metrics(own("metrics")),
            held_out=held_out,
            callbacks=[*as_callbacks(own("callbacks")), self.stop],
        )
        check_full_batch(job, config.schedule)
        threads = max(1, self.n_threads // self.n_networks)
        return NetworkRun(index, job, config, arguments, threads, self.checkpoints, joined_at)

    def _once(self, check: Callable[[], T], kind: Any, *given: Any) -> T:
        """Check arguments unless they have been; references keep their ids unique."""
        key = (kind, *map(id, given))
        if key not in self._checked:
            self._checked[key] = given, check()
        return self._checked[key][1]


def _selected(rows: ArrayDataset, indices: ArrayLike | None, argument: str) -> ArrayDataset:
    """Select rows by their indices, or by a mask."""
    if indices is None:
        return rows
    try:
        chosen = np.arange(len(rows.X))[np.asarray(indices)]
    except IndexError as error:
        raise ArgumentError(f"of X: {error}", argument=argument) from error
    if chosen.ndim != 1 or not chosen.size or np.min(indices) < 0:
        raise ArgumentError.of(argument, indices, "indices of rows, or True or False for each row")
    if rows.sample_weight is not None and not rows.sample_weight[chosen].any():
        raise ArgumentError("all of these rows have a weight of 0", argument=argument)
    return rows._replace(selection=chosen)


def _copied(value: Any, argument: str) -> Any:
    """Copy an object with a state, so that no two networks share it; functions are shared."""
    if isinstance(value, tuple | list):
        return type(value)(_copied(each, argument) for each in value)
    try:
        return value if isinstance(value, MethodType) else copy.deepcopy(value)
    except TypeError as error:
        problem, remedy = f"can't be copied for each network: {error}", "define its __deepcopy__"
        raise ArgumentError(problem, argument=argument, remedy=remedy) from error
