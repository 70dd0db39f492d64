"""The messages between the server and the trainer: a network to train, and the state of it."""

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet._metrics import METRICS
from barenet.model._array_dataset import ArrayDataset, validate_arrays
from barenet.model._network import Network, Objective, Snapshot
from barenet.model._randomness import epoch_orders
from barenet.model.losses import Loss, as_loss
from barenet.playground.state._page_state import NetworkSettings, WeightEdit
from barenet.playground.trainer._problems import NO_PROBLEM, Problem
from barenet.playground.trainer._timeline import EpochMetrics, EpochState, Timeline, thin

#: Maximum number of epochs of a path.
MAX_PATH = 100

#: X and y, scaled.
Rows = tuple[NDArray[np.float32], NDArray[Any]]


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainingSetup:
    """A network with its initial weights, its data and the settings to start with."""

    network: Network
    training: Rows
    test: Rows
    metric: str
    settings: NetworkSettings
    #: The weight of the first network of an ensemble, and the weighted outputs of the others for
    #: the training and the test rows. The metrics are those of the ensemble.
    weight: float = 1.0
    others: tuple[NDArray[np.float32], ...] = ()
    #: The last report of a training that continues after its process has ended.
    last: "ProgressReport | None" = None

    def evaluate(self, epoch: float, network: Network, loss: str) -> EpochMetrics:
        """Loss and score of a network, as the training measures them after each epoch."""
        function, (training, test) = self.loss_and_rows(loss)
        objective = Objective(network, function)
        metric = METRICS[self.metric]
        with np.errstate(all="ignore"):
            training_loss, output = objective.value_and_output(training)
            test_loss, test_output = objective.value_and_output(test)
            if self.others:
                others, test_others = self.others
                output = self.weight * output + others
                test_output = self.weight * test_output + test_others
                training_loss = function.value(output, training.y)
                test_loss = function.value(test_output, test.y)
        return EpochMetrics(
            epoch=epoch,
            loss=training_loss,
            test_loss=test_loss,
            score=metric(output, training.y),
            test_score=metric(test_output, test.y),
        )

    def constant_losses(self, loss: str) -> tuple[float, float]:
        """Training and test loss of the best constant: the classes' frequencies, mean or median."""
        if not len(self.training[0]):
            return math.nan, math.nan
        function, rows = self.loss_and_rows(loss)
        training = rows[0].y
        test = rows[1].y
        losses = []
        for constant in (training.mean(axis=0), np.median(training, axis=0)):
            outputs = np.broadcast_to(constant, training.shape)
            test_outputs = np.broadcast_to(constant, test.shape)
            training_loss = function.value(outputs, training)
            test_loss = function.value(test_outputs, test)
            losses.append((training_loss, test_loss))
        return min(losses)  # by the training loss

    def loss_and_rows(self, loss: str) -> tuple[Loss, list[ArrayDataset]]:
        """The loss function of a name, and the training and the test rows for it."""
        function = as_loss(loss or None, self.network.output_activation)
        rows = []
        for X, y in (self.training, self.test):
            validated = validate_arrays(self.network, function, X, y)
            rows.append(validated.take(dtype=self.network.dtype))
        return function, rows


@dataclass(frozen=True, eq=False, kw_only=True)
class UpdateRecord:
    """The last update, recorded so that it can be repeated and explained."""

    #: The network and its optimizer before the update.
    before: EpochState
    settings: NetworkSettings
    #: The learning rate of this update, including the schedule.
    learning_rate: float
    #: Seed of the order of the rows.
    seed: int
    #: Epoch, counted from the start of the training loop.
    epoch: int
    #: Index of the mini-batch in its epoch.
    batch: int
    n_batches: int

    @property
    def step(self) -> int:
        """Number of updates before this one, counted from the start of the training loop."""
        return self.epoch * self.n_batches + self.batch

    def rows(self, n_rows: int) -> NDArray[np.intp]:
        """Indices of the rows of the mini-batch, shape (batch_size,)."""
        orders = epoch_orders(n_rows, self.seed, [self.epoch])
        order = orders[0]
        size = self.settings.run_config(n_rows).batch_size
        if not isinstance(size, int):
            return order
        start = self.batch * size
        return order[start : start + size]


@dataclass(frozen=True, eq=False, kw_only=True)
class ProgressReport:
    """The state of a training."""

    snapshot: Snapshot
    #: Epochs done.
    epoch: int = 0
    #: Mini-batches done of the current epoch, and mini-batches of an epoch.
    batch: tuple[int, int] = (0, 1)
    playing: bool = False
    #: The reason why it has stopped, or a problem.
    problem: Problem = NO_PROBLEM
    #: Epochs to which it can return; while paused.
    saved: list[int] | None = None
    edits: tuple[WeightEdit, ...] = ()
    #: Last epoch that was reached; later than `epoch` if the network has gone back in time.
    last: int = 0
    #: Metrics of the epochs since the last report.
    rows: list[EpochMetrics] = field(default_factory=list)
    #: Metrics of the epoch with the lowest test loss of all, if it is known.
    lowest: EpochMetrics | None = None
    #: Metrics of the current network, if they are known.
    current: EpochMetrics | None = None
    #: The last update, while paused.
    update: UpdateRecord | None = None


class WeightPath(NamedTuple):
    """The weights of a training after the saved epochs, or some of them."""

    epochs: list[float]
    #: Shape (n_epochs, n_parameters).
    parameters: NDArray[np.floating]

    @classmethod
    def of(cls, timeline: Timeline) -> "WeightPath":
        """Copy the weights of at most MAX_PATH epochs, the last one among them."""
        states = thin(list(timeline.states), MAX_PATH)  # it may change in another thread
        epochs: list[float] = [state.epoch for state in states]
        parameters = [state.snapshot.parameters for state in states]
        return cls(epochs, np.stack(parameters))
