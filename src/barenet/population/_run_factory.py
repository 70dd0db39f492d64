"""Run factory: makes the runs of networks from arguments of `train`, which it checks only once."""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MethodType, NoneType
from typing import Any, Literal, TypeAlias, TypedDict, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from barenet import _train as training
from barenet._constraints import check_flag, is_ours
from barenet._metrics import as_metrics
from barenet._registry import build
from barenet.engines import Job, check_engine
from barenet.errors import ArgumentError
from barenet.model._array_dataset import ArrayDataset, validate_arrays
from barenet.model._network import Network
from barenet.model.losses import Loss, as_loss
from barenet.optimization._penalties import Penalty
from barenet.optimization._schedules import Schedule, as_schedule
from barenet.optimization.optimizers import LBFGS, OPTIMIZERS, Optimizer
from barenet.optimization.optimizers._optimizer import Clipping
from barenet.population._network_run import NetworkRun, Stop
from barenet.population._population_checkpoint import PopulationCheckpoint
from barenet.training._callbacks import Callbacks, as_callbacks
from barenet.training._epoch import TrainingConfig
from barenet.training._history import EVALUATION_SETS
from barenet.training._loop import check_full_batch

T = TypeVar("T")

#: One value for all networks, or a list with one for each, also of a narrower type.
Each: TypeAlias = T | Sequence[T]

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


class TrainArguments(TypedDict, total=False):
    """Arguments of `train` with its types, and rows of X that are the validation set."""

    loss: Each[str | Loss | None]
    optimizer: Each[str | Optimizer | LBFGS]
    epochs: Each[int]
    batch_size: Each[int | Literal["auto"] | None]
    shuffle: Each[bool]
    sample_weight: ArrayLike | None
    validation_data: Any
    test_data: Any
    schedule: Each[str | Schedule | None]
    penalty: str | Penalty | Sequence[str | Penalty] | None
    clip: Each[str | Clipping | None]
    callbacks: Callbacks
    engine: Each[str]
    seed: Each[int]
    validation_rows: Any


class PerNetworkOptions(TrainArguments, total=False):
    """The arguments that may differ between networks."""

    metrics: str | Sequence[str]
    rows: Any


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
            metrics = as_metrics(arguments["metrics"])
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
