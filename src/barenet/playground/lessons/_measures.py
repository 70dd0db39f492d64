"""Measures of a network that is being trained, which the conditions of lessons compare."""

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.optimization.optimizers import OPTIMIZERS
from barenet.playground.state._network_layout import layer_values
from barenet.playground.state._page_state import (
    HAND_DRAWN,
    NAMED,
)
from barenet.playground.trainer._timeline import EpochMetrics
from barenet.playground.trainer._trainer_messages import ProgressReport
from barenet.playground.views._landscape import TrainingLoss
from barenet.playground.views._network_view import NetworkView

#: Maximum number of training rows that are used to find dead neurons.
MAX_ROWS = 1000


class NetworkReport(NamedTuple):
    """The last report of a network, with its metrics."""

    view: NetworkView
    report: ProgressReport
    metrics: EpochMetrics

    def score(self, value: float, metric: str) -> float | None:
        """Return a score if its metric applies to the task."""
        return None if self.view.setup.metric != metric else value

    def tested(self, value: float | None) -> float | None:
        """Return a score or loss of the test points, if there are any."""
        return value if self.view.prepared.is_test.any() else None

    def training_loss(self) -> float:
        """Return the training loss of the weights now, not the mean over an epoch of batches."""
        weights = self.report.snapshot.parameters[None]
        return float(TrainingLoss(self.view).at(weights)[0])

    def relative_loss(self) -> float | None:
        """Return the test loss as a fraction of the best constant's; NaN if that is 0."""
        constant_loss = self.view.constant_losses.test
        if constant_loss == 0:
            return self.tested(math.nan)
        return self.tested(self.metrics.test_loss / constant_loss)

    def count_dead(self) -> int:
        """Count hidden neurons with the same output for all training rows."""
        count = 0
        for values in self._outputs():
            is_dead = np.ptp(values, axis=0) == 0
            count += int(is_dead.sum())
        return count

    def _outputs(self) -> list[NDArray[np.floating]]:
        """Compute the outputs of each hidden layer for training rows, shape (n_rows, n_neurons)."""
        network = self.view.current(self.report)
        X = self.view.setup.training.X[:MAX_ROWS]
        if not len(X):
            return []
        return [layer.outputs for layer in layer_values(network, X, -1)]

    def count_alike(self) -> int:
        """Count live hidden neurons with the same outputs as an earlier neuron of their layer."""
        count = 0
        for values in self._outputs():
            is_live = np.ptp(values, axis=0) > 0
            live = values[:, is_live].round(5)
            different = np.unique(live, axis=1)
            count += live.shape[1] - different.shape[1]
        return count

    def data_name(self) -> str:
        """Return the name of the data set, or the kind of the opened file."""
        prepared = self.view.prepared
        if prepared.table is not None:
            return "own table"
        if prepared.model is not None:
            return "own model"
        return prepared.dataset.name


Value = float | str | None

#: The metrics of a network that has not been measured yet.
UNMEASURED = EpochMetrics(
    epoch=math.nan, loss=math.nan, test_loss=math.nan, score=math.nan, test_score=math.nan
)

#: The numbers and names that conditions compare; None if the network has no such value.
MEASURES: dict[str, Callable[[NetworkReport], Value]] = {
    "training_accuracy": lambda now: now.score(now.metrics.score, "accuracy"),
    "test_accuracy": lambda now: now.tested(now.score(now.metrics.test_score, "accuracy")),
    "training_r2": lambda now: now.score(now.metrics.score, "r2"),
    "test_r2": lambda now: now.tested(now.score(now.metrics.test_score, "r2")),
    "training_loss": NetworkReport.training_loss,
    "test_loss": lambda now: now.tested(now.metrics.test_loss),
    "gap": lambda now: now.tested(now.metrics.test_loss - now.training_loss()),
    "relative_loss": NetworkReport.relative_loss,
    "epoch": lambda now: now.report.epoch,
    "hidden_layers": lambda now: len(now.view.settings.hidden),
    "hidden_neurons": lambda now: sum(now.view.settings.hidden),
    "dead_neurons": NetworkReport.count_dead,
    "alike_neurons": NetworkReport.count_alike,
    "inputs": lambda now: len(now.view.prepared.input_names),
    "weights": lambda now: now.view.network.n_parameters,
    "changed_weights": lambda now: len(now.report.edits),
    "training_points": lambda now: len(now.view.setup.training.y),
    "learning_rate": lambda now: now.view.settings.learning_rate,
    "batch_size": lambda now: now.view.settings.batch_size,
    "data": NetworkReport.data_name,
    "optimizer": lambda now: now.view.settings.optimizer.partition(":")[0],
    "penalty": lambda now: now.view.settings.penalty,
    "initial_weights": lambda now: now.view.settings.init or "random",
}

#: Measures whose values are names, and these names.
NAMES: dict[str, Iterable[str]] = {
    "data": (*NAMED, HAND_DRAWN, "own table", "own model"),
    "optimizer": OPTIMIZERS,
    "penalty": ("none", "l1", "l2"),
    "initial_weights": ("random", "zeros"),
}

#: Measures that are shown as percentages.
PERCENTAGES = ("training_accuracy", "test_accuracy", "relative_loss")

#: Measures whose values have more digits than mean something.
MEASURED = ("training_loss", "test_loss", "gap", "training_r2", "test_r2")

#: Measured values below this are shown as almost 0.
ALMOST_NOTHING = 5e-4


def title_of(measure: str) -> str:
    """Return the name of a measure as the beginning of a condition.

    Examples
    --------
    >>> title_of("test_r2")
    'Test R²'
    """
    words = measure.capitalize().replace("_", " ")
    return words.replace("r2", "R²")
