"""Training slice: train a network on a worker of Dask, to its end or to an epoch.

A network that continues after a slice takes its state, as in a checkpoint, to the next worker.
"""

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from barenet._messages import brief
from barenet.distributed._dask_workers import Workers
from barenet.errors import ArgumentError
from barenet.files._checkpoint import StateDict
from barenet.model._network import Network, Snapshot
from barenet.population._network_run import NetworkRun, Stop
from barenet.population._population import Population
from barenet.population._population_checkpoint import PopulationCheckpoint
from barenet.population._run_factory import NetworkRunFactory
from barenet.population._thread_pool import Advance
from barenet.training._callbacks import EarlyStopping, TimeLimit
from barenet.training._history import History

if TYPE_CHECKING:
    from barenet._extras import Client

#: Callbacks that don't need the caller's process.
ANYWHERE = EarlyStopping, TimeLimit, Stop

#: Held while a worker makes a run, as runs share their checked arguments.
LOCK = Lock()


@dataclass(eq=False)
class WorkersFactory(NetworkRunFactory):
    """Makes runs on workers: one factory for each worker, with the shared arguments."""

    #: The shared values by their ids in the caller's process.
    values: dict[int, Any] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the parts that belong to one process."""
        state = dict(vars(self))
        state["_checked"] = {}
        state["_selected"] = {}
        state["stop"] = Stop()
        state["checkpoints"] = PopulationCheckpoint(states={})
        return state


@dataclass
class TrainingSlice:
    """A network, its arguments, and the epoch to train it to."""

    index: int
    network: Network
    arguments: dict[str, Any]
    #: Ids of the shared values of further arguments.
    shared: dict[str, int]
    epoch: int | None
    joined_at: int
    state: StateDict | None
    #: Whether the state at the end is needed.
    keeps_state: bool

    @classmethod
    def of(cls, run: NetworkRun, epoch: int | None, values: Mapping[int, Any]) -> Self:
        """Make the slice of a run, with the values that are not shared."""
        check_callbacks(run)
        arguments = {}
        shared = {}
        for name, value in run.arguments.items():
            if id(value) in values:
                shared[name] = id(value)
            else:
                arguments[name] = value
        return cls(
            index=run.index,
            network=run.network,
            arguments=arguments,
            shared=shared,
            epoch=epoch,
            joined_at=run.joined_at,
            state=run.state or run.checkpoints.read(run.index),
            keeps_state=epoch is not None or run.checkpoints.folder is not None,
        )


@dataclass
class TrainedSlice:
    """The result of a slice for a run."""

    vectors: Snapshot
    history: History
    error: Exception | None
    is_ended: bool
    state: StateDict | None

    def give_to(self, run: NetworkRun) -> None:
        """Copy the result to the caller's run and network."""
        run.history = self.history
        run.error = self.error
        run.is_ended = self.is_ended
        if self.state is not None:
            vectors = self.state["run"]
            Snapshot(vectors["parameters"], vectors["statistics"]).restore(run.network)
            run.keep(self.state)
        self.vectors.restore(run.network)  # they may be those of the best epoch


def advance_on_workers(client: "Client", population: Population) -> Advance:
    """Send the shared values to the workers, and return the function that trains there."""
    make = population.make
    counts: Counter[int] = Counter()
    for run in population.runs:
        for value in run.arguments.values():
            counts[id(value)] += 1
    values = {}  # the values of arguments that several networks share
    for run in population.runs:
        for value in run.arguments.values():
            if counts[id(value)] > 1:
                values[id(value)] = value
    shared = WorkersFactory(
        make.X,
        make.y,
        make.scale,
        n_threads=1,
        n_networks=1,
        stop=Stop(),
        checkpoints=PopulationCheckpoint(states={}),
        values=values,
    )
    needed = [needed_by(run) for run in population.runs]
    n_bytes = memory_for_arrays([make.X, make.y, *values.values()])
    workers = Workers(client, shared, needed, n_bytes)

    def advance(population: Population, epoch: int | None, show: Callable[[], None]) -> None:
        runs = [population.runs[index] for index in population.active]

        def receive(place: int, trained: TrainedSlice) -> None:
            trained.give_to(runs[place])
            show()

        slices = []
        costs = []
        for run in runs:
            slices.append(TrainingSlice.of(run, epoch, values))
            costs.append(run.cost)
        workers.map(train_slice, slices, costs, receive)

    return advance


def memory_for_arrays(values: Iterable[Any]) -> int:
    """Compute the bytes that a worker needs for arrays."""
    total = 0
    for value in values:
        total += getattr(value, "nbytes", 0)
    return 2 * total  # the arrays as they are received, and as they are converted


def needed_by(run: NetworkRun) -> list[object]:
    """List the parts of a run, besides its arrays, that a worker must be able to load."""
    layer_types: set[type] = set()
    for layer in run.network.layers:
        layer_types.add(type(layer))
        for part in vars(layer).values():
            layer_types.add(type(part))
    job = run.job
    return [
        job.loss,
        job.penalties,
        job.clipping,
        run.config.schedule,
        run.config.metrics,
        layer_types,
        type(job.optimizer),
    ]


def check_callbacks(run: NetworkRun) -> None:
    """Refuse callbacks that may need the caller's process."""
    for callback in run.config.callbacks:
        if not isinstance(callback, ANYWHERE):
            name = brief(getattr(callback, "function", callback))
            problem = f"{name} can't be called on a worker, which is another process"
            remedy = "EarlyStopping and TimeLimit can; leave client out for others"
            raise ArgumentError(problem, argument="callbacks", value=callback, remedy=remedy)


def train_slice(make: WorkersFactory, training_slice: TrainingSlice) -> TrainedSlice:
    """Train a network on a worker, to its end or to the end of a slice."""
    arguments = dict(training_slice.arguments)
    for name, key in training_slice.shared.items():
        arguments[name] = make.values[key]
    with LOCK:
        run = make(
            training_slice.index, training_slice.network, arguments, training_slice.joined_at
        )
    run.state = training_slice.state
    if not training_slice.keeps_state:
        run.checkpoints = PopulationCheckpoint()
    run.advance(training_slice.epoch)
    history = copy.deepcopy(run.history)
    trained = TrainedSlice(
        vectors=Snapshot.of(run.network),
        history=history,
        error=run.error,
        is_ended=run.is_ended,
        state=None,
    )
    run.end("interrupted", resumable=True)  # after a slice, this keeps the state
    if run.manager is not None and run.manager.state is not None:
        trained.state = run.manager.state_dict()
    return trained
