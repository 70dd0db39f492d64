"""A step is taken on copies, by the code that trains, and all that passes is written down."""

from __future__ import annotations

import numpy as np

from barenet import L2, SGD, ClipValue, Dense, Dropout, Network, SquaredError
from barenet.engines import Job
from barenet.insight.explain.trace import take_step
from barenet.model.array_dataset import validate_arrays

X = np.random.default_rng(0).normal(size=(4, 3))


def job_of(**options):
    network = Network([Dense(3, 2, "relu"), Dropout(0.5), Dense(2, 1)], seed=1, dtype="float64")
    rows = validate_arrays(network, SquaredError(), X, X[:, 0])
    return Job(network=network, rows=rows, loss=SquaredError(), optimizer=SGD(0.5), **options)


def test_each_layer_goes_on_from_the_one_before():
    trace = take_step(job_of())
    for one, other in zip(trace.layers, trace.layers[1:], strict=False):
        assert np.array_equal(one.output, other.X)
        assert np.array_equal(one.d_output, other.d_input)
    assert np.array_equal(trace.layers[0].X, X)


def test_nothing_that_was_given_is_changed_or_watched():
    job = job_of(penalties=[L2(0.1)], clipping=ClipValue(0.01))
    before = job.network.parameters.copy()
    trace = take_step(job)
    assert np.array_equal(job.network.parameters, before)
    assert np.array_equal(trace.before, before)
    for thing in (*job.network.layers, job.optimizer, *job.penalties, job.clipping):
        assert not {"forward", "backward", "step", "value", "gradient", "clip"} & set(vars(thing))


def test_the_gradient_goes_through_penalty_and_clipping_to_the_optimizer():
    trace = take_step(job_of(penalties=[L2(0.1)], clipping=ClipValue(0.01)))
    raw = np.concatenate([g.ravel() for each in trace.layers for g in each.gradients.values()])
    (price,) = trace.penalties
    assert np.array_equal(trace.clipped[0], raw + price.gradient)
    assert np.array_equal(trace.clipped[1], np.clip(trace.clipped[0], -0.01, 0.01))
    assert np.array_equal(trace.gradient, trace.clipped[1])
    assert np.array_equal(trace.network.parameters, trace.before - 0.5 * trace.gradient)
