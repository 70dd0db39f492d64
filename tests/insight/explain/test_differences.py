"""Finite differences are the gradients, and leave the network as it was."""

from __future__ import annotations

import numpy as np

from barenet import Network
from barenet.engines import Job
from barenet.insight.explain._differences import Differences
from barenet.insight.explain._number_format import LARGEST_ENTRIES
from barenet.insight.explain._recorded_step import record_step
from barenet.layers import Dense
from barenet.losses import CategoricalCrossEntropy
from barenet.model._array_dataset import validate_arrays
from barenet.optimizers import SGD

X = np.random.default_rng(0).normal(size=(4, 3))


def differences(limit=64):
    layers = [Dense(3, 5, "tanh"), Dense(5, 2, "softmax")]
    network = Network(layers, seed=1, dtype="float64")
    loss = CategoricalCrossEntropy()
    rows = validate_arrays(network, loss, X, [0, 1, 1, 0])
    step = record_step(Job(network=network, rows=rows, loss=loss, optimizer=SGD()))
    return step, Differences(step, limit)


def test_they_are_the_gradients():
    step, found = differences()
    first, second = step.layers
    pairs = [
        (found.by_output(1), second.d_output),
        (found.by_output(0), first.d_output),
        (found.by_sum(0), first.d_output * (1 - first.output**2)),
        (found.by_parameter(1, "weights"), second.gradients["weights"]),
        (found.by_parameter(0, "bias"), first.gradients["bias"]),
    ]
    for numeric, analytic in pairs:
        np.testing.assert_allclose(numeric, analytic, atol=1e-9)
    assert np.array_equal(found.network.parameters, step.job.network.parameters)
    assert all("forward" not in vars(layer) for layer in found.network.layers)


def test_of_many_entries_the_largest_are_checked():
    step, found = differences(limit=8)
    known = np.isfinite(found.by_parameter(0, "weights"))
    size = np.abs(step.layers[0].gradients["weights"])
    assert known.sum() == LARGEST_ENTRIES
    assert size[known].min() >= size[~known].max()
