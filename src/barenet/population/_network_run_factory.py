"""Network run factory: checks the arguments of a network, whose rows all networks share."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MethodType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from barenet._constraints import check_flag
from barenet.engines import Job
from barenet.errors import ArgumentError
from barenet.model._array_dataset import ArrayDataset, validate_arrays
from barenet.model._network import Network
from barenet.model.losses import Loss, as_loss
from barenet.optimization._schedules import as_schedule
from barenet.population._network_run import NetworkRun, Stop
from barenet.population._population_checkpoint import PopulationCheckpoint
from barenet.training._epoch import TrainingConfig
from barenet.training._train import (
    as_callbacks,
    as_metrics,
    check_batch_size,
    check_held_out,
    make_job,
)


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
    #: Arrays before and after the check, by the kind of network and the ids of the former.
    _checked: dict[Any, tuple[Any, Any]] = field(default_factory=dict)

    def __call__(
        self, index: int, network: Network, arguments: Mapping[str, Any], joined_at: int = 0
    ) -> NetworkRun:
        """Make the run of a network from the arguments of `train`."""
        if not isinstance(network, Network):
            raise ArgumentError.of("networks", network, "Network objects")

        def own(name: str) -> Any:
            return _copied(arguments[name], name)

        objective = as_loss(own("loss"), network.output_activation)
        rows = self._rows(network, objective, arguments["sample_weight"])
        job = make_job(
            network, _selected(rows, arguments["rows"], "rows"), (), None, self.scale, objective,
            *map(own, ("optimizer", "penalty", "clip", "seed")),
        )  # fmt: skip
        config = TrainingConfig(
            epochs=own("epochs"),
            batch_size=check_batch_size(own("batch_size"), job),
            shuffle=check_flag(own("shuffle"), "shuffle"),
            schedule=as_schedule(own("schedule")),
            metrics=as_metrics(own("metrics")),
            held_out=self._held_out(job, rows, arguments),
            callbacks=[*as_callbacks(own("callbacks")), self.stop],
        )
        threads = max(1, self.n_threads // self.n_networks)
        return NetworkRun(index, job, config, arguments, threads, self.checkpoints, joined_at)

    def _rows(self, network: Network, loss: Loss, weight: ArrayLike | None) -> ArrayDataset:
        """Check X, y and the sample weights, once for networks of the same kind."""
        key = (*_kind(network, loss), id(weight))
        if key not in self._checked:  # with the weights, so that no id is used twice
            rows = validate_arrays(network, loss, self.X, self.y, weight, self.scale)
            self._checked[key] = weight, rows
        return self._checked[key][1]

    def _held_out(
        self, job: Job, rows: ArrayDataset, arguments: Mapping[str, Any]
    ) -> dict[str, ArrayDataset]:
        """The validation and the test set: rows of X, or arrays of their own, checked once."""
        validation, test = arguments["validation_data"], arguments["test_data"]
        chosen = arguments["validation_rows"]
        if chosen is not None and validation is not None:
            problem, remedy = "there is also validation_data", "pass one of the two"
            raise ArgumentError(problem, argument="validation_rows", remedy=remedy)
        key = (*_kind(job.network, job.loss), id(validation), id(test))
        if key not in self._checked:
            held_out = check_held_out(job, validation=validation, test=test)
            self._checked[key] = (validation, test), held_out
        if chosen is None:
            return self._checked[key][1]
        return {"validation": _selected(rows, chosen, "validation_rows"), **self._checked[key][1]}


def _kind(network: Network, loss: Loss) -> tuple[Any, ...]:
    """All of a network and a loss that the check of arrays depends on."""
    return network.dtype, network.n_inputs, network.n_outputs, repr(loss)


def _selected(rows: ArrayDataset, indices: ArrayLike | None, argument: str) -> ArrayDataset:
    """Select rows by their indices, or by a mask."""
    if indices is None:
        return rows
    array = np.asarray(indices)
    if array.dtype == bool and array.shape == (len(rows.X),):
        array = np.flatnonzero(array)
    if array.ndim != 1 or array.dtype.kind not in "iu" or not array.size:
        raise ArgumentError.of(argument, indices, "indices of rows, or True or False for each row")
    if array.min() < 0 or array.max() >= len(rows.X):
        problem = f"go from {array.min()} to {array.max()}, and X has {len(rows.X)} rows"
        raise ArgumentError(problem, argument=argument)
    if rows.sample_weight is not None and not rows.sample_weight[array].any():
        raise ArgumentError("all of these rows have a weight of 0", argument=argument)
    return rows._replace(selection=np.array(array, np.intp))


def _copied(value: Any, argument: str) -> Any:
    """Copy an object with a state, so that no two networks share it; functions are shared."""
    if value is None or isinstance(value, str | int | float | np.ndarray | MethodType):
        return value
    if isinstance(value, tuple | list):
        return type(value)(_copied(each, argument) for each in value)
    try:
        return copy.deepcopy(value)
    except TypeError as error:
        problem, remedy = f"can't be copied for each network: {error}", "define its __deepcopy__"
        raise ArgumentError(problem, argument=argument, remedy=remedy) from error
