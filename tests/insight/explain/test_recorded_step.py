"""A step is taken on copies by the reference engine, and all that goes through it is recorded."""

from __future__ import annotations

import numpy as np

from barenet import Network
from barenet.engines import Job
from barenet.insight.explain._recorded_step import record_step
from barenet.layers import Dense, Dropout
from barenet.losses import SquaredError
from barenet.model._array_dataset import validate_arrays
from barenet.optimizers import SGD, ClipValue
from barenet.penalties import L2

X = np.random.default_rng(0).normal(size=(4, 3))


def test_a_recorded_step():
    network = Network([Dense(3, 2, "relu"), Dropout(0.5), Dense(2, 1)], seed=1, dtype="float64")
    loss = SquaredError()
    penalties, clipping = [L2(0.1)], ClipValue(0.01)
    job = Job(
        network=network,
        rows=validate_arrays(network, loss, X, X[:, 0]),
        loss=loss,
        optimizer=SGD(0.5),
        penalties=penalties,
        clipping=clipping,
    )
    before = network.parameters.copy()
    step = record_step(job)

    assert np.array_equal(step.layers[0].X, X)
    for one, other in zip(step.layers, step.layers[1:], strict=False):
        assert np.array_equal(one.output, other.X)
        assert np.array_equal(one.d_output, other.d_input)

    gradient = np.concatenate([g.ravel() for each in step.layers for g in each.gradients.values()])
    unclipped, clipped = step.clipped
    assert np.array_equal(unclipped, gradient + step.penalties[0].gradient)
    assert np.array_equal(clipped, np.clip(unclipped, -0.01, 0.01))
    assert np.array_equal(step.network.parameters, before - 0.5 * clipped)

    assert np.array_equal(network.parameters, before)
    for thing in (*network.layers, job.optimizer, *penalties, clipping):
        assert not {"forward", "backward", "step", "value", "gradient", "clip"} & set(vars(thing))
