"""Score: how good a network is on the test rows, in the words of its task."""

from __future__ import annotations

from typing import Any

import numpy as np

from barenet.model.array_dataset import validate_arrays
from barenet.model.losses import as_loss
from barenet.model.network import Network, Objective
from barenet.model.targets import class_probabilities
from barenet.playground.blueprint import Task
from barenet.playground.design import Design
from barenet.playground.material import Material
from barenet.playground.trace import Measure
from barenet.training.history import finite_or_none
from barenet.training.metrics import METRICS

__all__ = ["confusion", "finite", "guess", "measure"]

#: Maximum number of test rows in each confusion matrix, for small networks and for large ones.
MOST_ROWS = ((20_000, 5_000), (10**9, 2_000))


def measure(epoch: float, network: Network, task: Task, design: Design) -> Measure | None:
    """Measure a network on the rows of its task, as the training does after each epoch."""
    if not len(task.training[0]):
        return None
    loss, metric = as_loss(design.loss or None, network.output_activation), METRICS[task.metric]
    values = []
    for part in (task.training, task.held_out):
        rows = validate_arrays(network, loss, *part)
        with np.errstate(all="ignore"):
            value, output = Objective(network, loss).value_and_output(rows)
        values.append((value, metric(output, rows.y)))
    (loss_value, score), (test_loss, test_score) = values
    return Measure(epoch, loss_value, test_loss, score, test_score)


def guess(task: Task, design: Design) -> tuple[float, float]:
    """Measure the best constant prediction: the classes' frequencies, the mean or the median."""
    network = task.network
    loss = as_loss(design.loss or None, network.output_activation)
    training, held_out = (
        validate_arrays(network, loss, *part).y for part in (task.training, task.held_out)
    )
    constants = (training.mean(axis=0), np.median(training, axis=0))
    values = [
        [loss.value(np.broadcast_to(constant, y.shape), y) for y in (training, held_out)]
        for constant in constants
    ]
    best = min(values, key=lambda pair: pair[0])
    return best[0], best[1]


def confusion(network: Network, material: Material) -> list[list[int]] | None:
    """Count which classes are taken for which, among the test rows."""
    if material.classes is None or not material.held_out.n_samples:
        return None
    X, y = material.rows(material.held_out)
    most = next(rows for size, rows in MOST_ROWS if network.n_parameters <= size)
    X, y = X[:most], y[:most]
    output = network.forward(X)[0]
    said = class_probabilities(output).argmax(axis=1)
    n_classes = len(material.classes)
    counts = np.bincount(n_classes * y + said, minlength=n_classes**2)
    return counts.reshape(n_classes, n_classes).tolist()


def finite(values: Any) -> list[float | None]:
    """Write numbers as JSON can: it has no NaN and no infinity.

    Examples
    --------
    >>> finite([0.5, float("nan")])
    [0.5, None]
    """
    return [finite_or_none(value) for value in values]
