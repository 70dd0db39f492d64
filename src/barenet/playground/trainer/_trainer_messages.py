"""The messages between the server and the trainer: a network to train, and its state."""

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet._metrics import METRICS
from barenet.model._array_dataset import ArrayDataset, validate_arrays
from barenet.model._network import Network, Objective, Snapshot
from barenet.model.losses import Loss, as_loss
from barenet.playground.state._page_state import NetworkSettings, WeightEdit
from barenet.playground.trainer._problems import NO_PROBLEM, Problem
from barenet.playground.trainer._timeline import (
    AnyOptimizer,
    EpochMetrics,
    Timeline,
    thin,
)

#: Maximum number of epochs in a path.
MAX_PATH = 100


class Rows(NamedTuple):
    """Inputs and targets, scaled."""

    X: NDArray[np.float32]
    y: NDArray[Any]


class ConstantLosses(NamedTuple):
    """The losses of the best constant prediction; NaN without rows."""

    training: float
    test: float


class LossAndRows(NamedTuple):
    """A loss function, and the rows in the form that it takes."""

    loss: Loss
    training: ArrayDataset
    test: ArrayDataset


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainingSetup:
    """A network with its initial weights, its data and the initial settings."""

    network: Network
    training: Rows
    test: Rows
    metric: str
    settings: NetworkSettings
    #: The last report, if the training continues after its process has ended.
    last: "ProgressReport | None" = None

    def evaluate(self, epoch: float, network: Network, loss: str) -> EpochMetrics:
        """Compute the loss and score of a network, as in training after each epoch."""
        function, training, test = self.loss_and_rows(loss)
        objective = Objective(network, function)
        metric = METRICS[self.metric]
        with np.errstate(all="ignore"):
            training_loss, output = objective.value_and_output(training)
            test_loss, test_output = objective.value_and_output(test)
        return EpochMetrics(
            epoch=epoch,
            loss=training_loss,
            test_loss=test_loss,
            score=metric(output, training.y),
            test_score=metric(test_output, test.y),
        )

    def constant_losses(self, loss: str) -> ConstantLosses:
        """Compute both losses of the best constant: the class frequencies, mean or median."""
        if not len(self.training.X):
            return ConstantLosses(training=math.nan, test=math.nan)
        function, training_rows, test_rows = self.loss_and_rows(loss)
        training = training_rows.y
        test = test_rows.y
        losses = []
        for constant in (training.mean(axis=0), np.median(training, axis=0)):
            outputs = np.broadcast_to(constant, training.shape)
            test_outputs = np.broadcast_to(constant, test.shape)
            training_loss = function.value(outputs, training)
            test_loss = function.value(test_outputs, test)
            losses.append(ConstantLosses(training_loss, test_loss))
        return min(losses)  # those with the lowest training loss

    def loss_and_rows(self, loss: str) -> LossAndRows:
        """Return the loss function with a name, and the training and test rows for it."""
        function = as_loss(loss or None, self.network.output_activation)

        def validated(rows: Rows) -> ArrayDataset:
            dataset = validate_arrays(self.network, function, rows.X, rows.y)
            return dataset.take(dtype=self.network.dtype)

        return LossAndRows(function, validated(self.training), validated(self.test))


class NextStep(NamedTuple):
    """What the next update of the weights depends on, besides its gradient."""

    #: A copy of the optimizer, with its moments.
    optimizer: AnyOptimizer
    #: The learning rate, after applying the schedule.
    learning_rate: float


class BatchProgress(NamedTuple):
    """Completed mini-batches of an epoch, and mini-batches per epoch."""

    done: int
    per_epoch: int


#: The progress before the first mini-batch.
NO_BATCHES = BatchProgress(done=0, per_epoch=1)


@dataclass(frozen=True, eq=False, kw_only=True)
class ProgressReport:
    """The state of a training."""

    snapshot: Snapshot
    #: Number of completed epochs.
    epoch: int = 0
    #: Progress in the current epoch.
    batch: BatchProgress = NO_BATCHES
    playing: bool = False
    #: The reason for stopping, or a problem.
    problem: Problem = NO_PROBLEM
    #: Epochs that the training can return to; set while it is paused.
    saved: list[int] | None = None
    edits: tuple[WeightEdit, ...] = ()
    #: The last epoch reached, which is after `epoch` if the network has gone back.
    last: int = 0
    #: Metrics of the epochs since the last report.
    rows: list[EpochMetrics] = field(default_factory=list)
    #: Metrics of the epoch with the lowest test loss, if it is known.
    lowest: EpochMetrics | None = None
    #: Metrics of the current network, if they are known.
    current: EpochMetrics | None = None
    #: The optimizer of the next update; set while the training is paused.
    next_step: NextStep | None = None


class WeightPath(NamedTuple):
    """The weights of a training after all or some of its saved epochs."""

    epochs: list[float]
    #: Shape (n_epochs, n_parameters).
    parameters: NDArray[np.floating]

    @classmethod
    def of(cls, timeline: Timeline) -> "WeightPath":
        """Copy the weights of at most MAX_PATH epochs, including the last one."""
        states = thin(list(timeline.states), MAX_PATH)  # another thread may change the states
        epochs: list[float] = [state.epoch for state in states]
        parameters = [state.snapshot.parameters for state in states]
        return cls(epochs, np.stack(parameters))
