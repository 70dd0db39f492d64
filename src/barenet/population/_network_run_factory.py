"""Network run factory: checks the arguments of a network, whose rows all networks share."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MethodType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from barenet import _train as training
from barenet._constraints import check_flag
from barenet.errors import ArgumentError
from barenet.model._array_dataset import ArrayDataset, validate_arrays
from barenet.model._network import Network
from barenet.model.losses import as_loss
from barenet.optimization._schedules import as_schedule
from barenet.population._network_run import NetworkRun, Stop
from barenet.population._population_checkpoint import PopulationCheckpoint
from barenet.training._callbacks import as_callbacks
from barenet.training._epoch import TrainingConfig
from barenet.training._history import EVALUATION_SETS
from barenet.training._loop import check_full_batch

T = TypeVar("T")


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
        """Check arguments unless they have been; they are held, so that no id is used twice."""
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
