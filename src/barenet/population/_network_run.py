"""Network run: the training of one network of a population, and the factory of such runs."""

import copy
from collections.abc import Callable, Generator, Hashable, Mapping
from dataclasses import dataclass, field
from inspect import GEN_RUNNING, getgeneratorstate
from types import MethodType, NoneType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from barenet import _train as training
from barenet._constraints import check_flag, is_ours
from barenet._registry import build
from barenet.engines import Engine, JaxEngine, Job, check_engine, choose_engine
from barenet.engines._engine import Chunk
from barenet.engines.jax._device_rows import DeviceRows
from barenet.errors import ArgumentError, ResumeError
from barenet.files._checkpoint import StateDict
from barenet.files._checkpoint_manager import CheckpointManager
from barenet.model._array_dataset import ArrayDataset, validate_arrays
from barenet.model._network import Network
from barenet.model.losses import Loss, as_loss
from barenet.optimization._schedules import as_schedule
from barenet.optimization.optimizers import LBFGS, OPTIMIZERS, Optimizer
from barenet.population._population_checkpoint import PopulationCheckpoint
from barenet.training._callbacks import Callback, Run, as_callbacks
from barenet.training._epoch import TrainingConfig
from barenet.training._history import EVALUATION_SETS, History
from barenet.training._loop import (
    Loop,
    MiniBatchLoop,
    check_full_batch,
    exclusive,
    make_loop,
)

T = TypeVar("T")

#: Errors that the caller is responsible for, which end the whole population.
FATAL = (ArgumentError, ResumeError, OSError)

#: Types of values that networks can share.
WITHOUT_STATE = (str, int, float, NoneType)

#: The arguments, besides the batch size, on which the settings of a run depend that has neither a
#: schedule nor callbacks.
ARGUMENTS_OF_CONFIG = (
    "epochs",
    "shuffle",
    "metrics",
    "sample_weight",
    "validation_data",
    "test_data",
    "validation_rows",
)


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
        reason = self.history.stop_reason or None
        is_final = self.is_ended and reason != "interrupted"
        return Run(
            network=self.network,
            history=self.history,
            epochs=self.config.epochs,
            n_batches=0,  # between two epochs, no batch is left
            stop_reason=reason,
            is_final=is_final,
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
    #: The same for selected rows, and for settings of runs, which depend on indices of rows.
    _selected: dict[Any, tuple[Any, Any]] = field(default_factory=dict)

    def forget_selections(self) -> None:
        """Select rows again, as the caller may have changed an array of their indices."""
        self._selected.clear()

    def __call__(
        self, index: int, network: Network, arguments: Mapping[str, Any], joined_at: int = 0
    ) -> NetworkRun:
        """Make the run of a network from the arguments of `train`."""
        if not isinstance(network, Network):
            raise ArgumentError.of("networks", network, "Network objects")

        def copy_of(name: str) -> Any:
            return _copied(arguments[name], name)

        self._once(lambda: check_engine(arguments["engine"]), "engine", arguments["engine"])
        loss, text_of_loss = self._loss_of(network, arguments["loss"])
        weight = arguments["sample_weight"]
        # A check of rows depends on these, besides the arguments themselves.
        signature = (network.dtype, network.n_inputs, network.n_outputs, text_of_loss)

        def check_rows() -> ArrayDataset:
            return validate_arrays(network, loss, self.X, self.y, weight, self.scale)

        rows = self._once(check_rows, signature, weight)
        job = training.make_job(
            network,
            self._selection_of(rows, arguments, "rows"),
            (),  # the rows have their targets and weights
            sample_weight=None,
            scale=self.scale,
            loss=loss,
            optimizer=self._optimizer_of(arguments["optimizer"]),
            penalty=copy_of("penalty"),
            clip=copy_of("clip"),
            seed=arguments["seed"],
        )
        config = self._config_of(job, rows, arguments, signature)
        check_full_batch(job, config.schedule)
        threads = max(1, self.n_threads // self.n_networks)
        return NetworkRun(
            index=index,
            job=job,
            config=config,
            arguments=arguments,
            threads=threads,
            checkpoints=self.checkpoints,
            joined_at=joined_at,
        )

    def _config_of(
        self, job: Job, rows: ArrayDataset, arguments: Mapping[str, Any], signature: Hashable
    ) -> TrainingConfig:
        """Make the settings of a run, which networks share unless a part of them has a state."""
        batch_size = training.check_batch_size(arguments["batch_size"], job)

        def make_config() -> TrainingConfig:
            held_out = self._held_out_of(job, rows, arguments, signature)
            shuffle = check_flag(arguments["shuffle"], "shuffle")
            schedule = as_schedule(_copied(arguments["schedule"], "schedule"))
            metrics = training.as_metrics(arguments["metrics"])
            callbacks = as_callbacks(_copied(arguments["callbacks"], "callbacks"))
            return TrainingConfig(
                epochs=arguments["epochs"],
                batch_size=batch_size,
                shuffle=shuffle,
                schedule=schedule,
                metrics=metrics,
                held_out=held_out,
                callbacks=[*callbacks, self.stop],
            )

        if arguments["schedule"] is not None or arguments["callbacks"] != ():
            return make_config()
        parts = [arguments[name] for name in ARGUMENTS_OF_CONFIG]
        key = ("config", signature, batch_size)
        return self._once(make_config, key, *parts, results=self._selected)

    def _held_out_of(
        self, job: Job, rows: ArrayDataset, arguments: Mapping[str, Any], signature: Hashable
    ) -> dict[str, ArrayDataset]:
        """Check the held-out sets of a network, once for all networks that share them."""
        evaluation_data = {part: arguments[f"{part}_data"] for part in EVALUATION_SETS}

        def check_held_out() -> dict[str, ArrayDataset]:
            return training.check_held_out(job, **evaluation_data)

        held_out = self._once(check_held_out, signature, *evaluation_data.values())
        if arguments["validation_rows"] is None:
            return held_out
        if "validation" in held_out:
            problem = "there is also validation_data"
            remedy = "pass one of the two"
            raise ArgumentError(problem, argument="validation_rows", remedy=remedy)
        validation = self._selection_of(rows, arguments, "validation_rows")
        return {"validation": validation, **held_out}

    def _selection_of(
        self, rows: ArrayDataset, arguments: Mapping[str, Any], argument: str
    ) -> ArrayDataset:
        """Select rows by an argument, once for all networks that share its value."""
        indices = arguments[argument]
        if indices is None:
            return rows

        def select() -> ArrayDataset:
            return select_rows(rows, indices, argument)

        return self._once(select, argument, rows, indices, results=self._selected)

    def _loss_of(self, network: Network, spec: str | Loss | None) -> tuple[Loss, str]:
        """Make the loss of a network, and its text.

        Networks share a built-in loss that is given by its name, as it has no state.
        """
        activation = network.output_activation

        def make_loss() -> tuple[Loss, str]:
            loss = as_loss(_copied(spec, "loss"), activation)
            return loss, repr(loss)

        if isinstance(spec, str | None):
            loss, text = self._once(make_loss, ("loss", activation.name), spec)
            if is_ours(type(loss)):
                return loss, text
        return make_loss()

    def _optimizer_of(self, spec: str | Optimizer | LBFGS) -> Optimizer | LBFGS:
        """Make the optimizer of a network; a built-in one is parsed and checked only once."""

        def make_optimizer() -> Optimizer | LBFGS:
            return build(Optimizer | LBFGS, OPTIMIZERS, _copied(spec, "optimizer"), "optimizer")

        if isinstance(spec, str):
            first = self._once(make_optimizer, "optimizer", spec)
            if is_ours(type(first)) and isinstance(first, Optimizer):
                optimizer = copy.copy(first)
                optimizer.reset()  # they must not share the dictionary of moments
                return optimizer
        return make_optimizer()

    def _once(
        self,
        check: Callable[[], T],
        signature: Hashable,
        *arguments: Any,
        results: dict[Any, tuple[Any, Any]] | None = None,
    ) -> T:
        """Check arguments only once; references to them keep their ids unique."""
        if results is None:
            results = self._checked
        ids = [id(argument) for argument in arguments]
        key = (signature, *ids)
        if key not in results:
            results[key] = (arguments, check())
        result: T
        _, result = results[key]
        return result


def select_rows(rows: ArrayDataset, indices: ArrayLike, argument: str) -> ArrayDataset:
    """Select rows by their indices, or by a mask."""
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
    if isinstance(value, WITHOUT_STATE):
        return value
    if isinstance(value, tuple | list):
        copies = [_copied(item, argument) for item in value]
        return type(value)(copies)
    if isinstance(value, MethodType):
        return value
    try:
        return copy.deepcopy(value)
    except TypeError as error:
        problem = f"can't be copied for each network: {error}"
        remedy = "define its __deepcopy__"
        raise ArgumentError(problem, argument=argument, remedy=remedy) from error
