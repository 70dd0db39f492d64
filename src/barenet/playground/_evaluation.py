"""Scores of a network on its training and test rows."""

import math

import numpy as np

from barenet.model._array_dataset import class_probabilities, validate_arrays
from barenet.model._network import Network, Objective
from barenet.model.losses import as_loss
from barenet.playground._learning_curve import EpochMetrics
from barenet.playground._prepared_data import PreparedData
from barenet.playground._trainer_messages import TrainingTask
from barenet.training._metrics import METRICS

#: Maximum number of test rows in a confusion matrix, for small networks and for large ones.
MAX_ROWS = ((20_000, 5_000), (10**9, 2_000))


def evaluate(epoch: float, network: Network, task: TrainingTask, loss: str) -> EpochMetrics:
    """Loss and score on the rows of a task, as the training measures them after each epoch."""
    function, metric = as_loss(loss or None, network.output_activation), METRICS[task.metric]
    values = []
    for part in (task.training, task.test):
        rows = validate_arrays(network, function, *part)
        with np.errstate(all="ignore"):
            value, output = Objective(network, function).value_and_output(rows)
        values.append((value, metric(output, rows.y)))
    (training_loss, score), (test_loss, test_score) = values
    return EpochMetrics(epoch, training_loss, test_loss, score, test_score)


def constant_losses(task: TrainingTask, loss: str) -> tuple[float, float]:
    """Training and test loss of the best constant: the classes' frequencies, mean or median."""
    if not len(task.training[0]):
        return math.nan, math.nan
    function = as_loss(loss or None, task.network.output_activation)
    parts = (task.training, task.test)
    training, test = (validate_arrays(task.network, function, *part).y for part in parts)
    losses = [
        [function.value(np.broadcast_to(constant, y.shape), y) for y in (training, test)]
        for constant in (training.mean(axis=0), np.median(training, axis=0))
    ]
    training_loss, test_loss = min(losses)
    return training_loss, test_loss


def confusion_matrix(network: Network, prepared: PreparedData) -> list[list[int]] | None:
    """Count the test rows by class and predicted class."""
    if prepared.classes is None or not prepared.test.n_samples:
        return None
    X, y = prepared.rows(prepared.test)
    limit = next(rows for size, rows in MAX_ROWS if network.n_parameters <= size)
    X, y = X[:limit], y[:limit]
    predicted = class_probabilities(network.forward(X)[0]).argmax(axis=1)
    n_classes = len(prepared.classes)
    counts = np.bincount(n_classes * y + predicted, minlength=n_classes**2)
    return counts.reshape(n_classes, n_classes).tolist()
