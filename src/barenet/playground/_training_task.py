"""The task of a trainer: a network, its rows and its settings; and its scores on these rows."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.model._array_dataset import ArrayDataset, validate_arrays
from barenet.model._network import Network, Objective
from barenet.model.losses import Loss, as_loss
from barenet.playground._learning_curve import EpochMetrics
from barenet.playground._page_state import NetworkSettings
from barenet.training._metrics import METRICS


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainingTask:
    """A network with its initial weights, its data and the settings to start with."""

    network: Network
    #: X and y, scaled.
    training: tuple[NDArray[np.float32], NDArray[Any]]
    test: tuple[NDArray[np.float32], NDArray[Any]]
    metric: str
    settings: NetworkSettings
    #: Whether there can be no rows to learn from.
    model_only: bool = False

    def evaluate(self, epoch: float, network: Network, loss: str) -> EpochMetrics:
        """Loss and score of a network, as the training measures them after each epoch."""
        function, rows = self._loss_and_rows(loss)
        values = []
        for part in rows:
            with np.errstate(all="ignore"):
                value, output = Objective(network, function).value_and_output(part)
            values.append((value, METRICS[self.metric](output, part.y)))
        (training_loss, score), (test_loss, test_score) = values
        return EpochMetrics(epoch, training_loss, test_loss, score, test_score)

    def constant_losses(self, loss: str) -> tuple[float, float]:
        """Training and test loss of the best constant: the classes' frequencies, mean or median."""
        if not len(self.training[0]):
            return math.nan, math.nan
        function, rows = self._loss_and_rows(loss)
        training, test = (part.y for part in rows)
        losses = [
            [function.value(np.broadcast_to(constant, y.shape), y) for y in (training, test)]
            for constant in (training.mean(axis=0), np.median(training, axis=0))
        ]
        training_loss, test_loss = min(losses)
        return training_loss, test_loss

    def _loss_and_rows(self, loss: str) -> tuple[Loss, list[ArrayDataset]]:
        function = as_loss(loss or None, self.network.output_activation)
        parts = (self.training, self.test)
        return function, [validate_arrays(self.network, function, *part) for part in parts]
