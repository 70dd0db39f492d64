"""Differences move one thing at a time, and put it back."""

from __future__ import annotations

import numpy as np

from barenet import SGD, CategoricalCrossEntropy, Dense, Network
from barenet.engines import Job
from barenet.insight.explain.differences import Differences
from barenet.insight.explain.limits import LARGEST_ENTRIES
from barenet.insight.explain.trace import take_step
from barenet.model.array_dataset import validate_arrays

X = np.random.default_rng(0).normal(size=(4, 3))


def differences(limit=64):
    layers = [Dense(3, 5, "tanh"), Dense(5, 2, "softmax")]
    network = Network(layers, seed=1, dtype="float64")
    loss = CategoricalCrossEntropy()
    rows = validate_arrays(network, loss, X, [0, 1, 1, 0])
    job = Job(network=network, rows=rows, loss=loss, optimizer=SGD())
    trace = take_step(job)
    return trace, Differences(job, trace, limit)


def test_they_are_the_gradients():
    trace, found = differences()
    first, second = trace.layers
    np.testing.assert_allclose(found.by_output(1), second.d_output, atol=1e-9)
    np.testing.assert_allclose(found.by_output(0), first.d_output, atol=1e-9)
    dZ = first.d_output * (1 - first.output**2)
    np.testing.assert_allclose(found.by_sum(0), dZ, atol=1e-9)
    np.testing.assert_allclose(
        found.by_parameter(1, "weights"), second.gradients["weights"], atol=1e-9
    )


def test_everything_is_put_back():
    trace, found = differences()
    found.by_output(0)
    found.by_parameter(0, "bias")
    assert np.array_equal(found.network.parameters, trace.before)
    assert all("forward" not in vars(layer) for layer in found.network.layers)


def test_of_many_entries_the_largest_are_taken():
    trace, found = differences(limit=8)
    numeric = found.by_parameter(0, "weights")
    known = np.isfinite(numeric)
    size = np.abs(trace.layers[0].gradients["weights"])
    assert known.sum() == LARGEST_ENTRIES
    assert size[known].min() >= size[~known].max()
