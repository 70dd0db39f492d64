"""The earlier states of a network, and its learning curve, in bounded memory."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from barenet import Network
from barenet.optimization.optimizers import LBFGS, SGD, Adam
from barenet.playground.trainer import _timeline as module
from barenet.playground.trainer._timeline import EpochMetrics, EpochState, LearningCurve, Timeline


def state(epoch, value=None, loss=None):
    """A state whose weights are all one value, by default the epoch."""
    network = Network.dense([2, 1])
    network.parameters[:] = epoch if value is None else value
    metrics = None if loss is None else EpochMetrics(epoch, loss, loss, 0.5, 0.5)
    return EpochState.of(epoch, network, SGD(), metrics)


@pytest.fixture
def timeline():
    """A timeline of six epochs."""
    timeline = Timeline(state(0))
    for epoch in range(1, 6):
        timeline.add(state(epoch))
    return timeline


def epochs(timeline):
    return [each.epoch for each in timeline.states]


def test_a_state_is_a_copy_of_the_network_and_its_optimizer():
    network, optimizer = Network.dense([2, 1]), Adam()

    def step():
        optimizer.step(network.parameters, np.ones_like(network.parameters))

    step()
    saved, before = EpochState.of(1, network, optimizer, None), network.parameters.copy()
    step()
    after = network.parameters.copy()
    saved.restore(network, optimizer)
    assert (network.parameters == before).all() and optimizer.n_steps == 1
    step()
    assert (network.parameters == after).all()
    for other in (SGD(), LBFGS()):  # another kind starts anew
        saved.restore(network, other)
    assert other.name == "lbfgs" and (network.parameters == before).all()


@pytest.mark.parametrize(("limit", "value"), [("MAX_STATES", 50), ("MAX_BYTES", 600)])
def test_memory_does_not_grow_with_time(monkeypatch, limit, value):
    monkeypatch.setattr(module, limit, value)
    timeline = Timeline(state(0))
    for epoch in range(1, 1_000):
        if timeline.is_due(epoch):
            timeline.add(state(epoch))
        assert len(timeline.states) <= 50
        assert sum(each.n_bytes for each in timeline.states) <= module.MAX_BYTES
    assert epochs(timeline)[0] == 0 and len(epochs(timeline)) >= 20
    assert len({b - a for a, b in itertools.pairwise(epochs(timeline))}) == 1


def test_the_nearest_state_is_found_and_later_ones_are_removed(timeline):
    assert timeline.at(4).snapshot.parameters[0] == 4 and timeline.at(100).epoch == 5
    timeline.add(state(3, 33))
    assert epochs(timeline) == [0, 1, 2, 3]
    assert timeline.at(3).snapshot.parameters[0] == 33
    timeline.remove_after(0)
    assert epochs(timeline) == [0]


def test_the_best_state_has_the_lowest_loss():
    timeline = Timeline(state(0, loss=0.7))
    for epoch, loss in enumerate((0.2, float("nan"), 0.1, float("inf"), None), 1):
        timeline.add(state(epoch, loss=loss))
    assert timeline.best.epoch == 3
    timeline.forget_metrics()
    assert timeline.best.epoch == 0


def evaluate(epoch):
    return EpochMetrics(epoch, 1.0 / (epoch + 1), 0.0, 0.0, 0.0)


def test_the_learning_curve_is_bounded_and_keeps_the_newest_point(monkeypatch):
    monkeypatch.setattr(module, "MAX_POINTS", 100)
    curve = LearningCurve()
    for epoch in range(5_000):
        curve.add(evaluate(epoch))
    assert len(curve.rows) <= 101 and curve.newest.epoch == 4_999
    assert curve.rows[0].epoch == 0
    assert len({b.epoch - a.epoch for a, b in itertools.pairwise(curve.rows[:-1])}) == 1


def test_returning_starts_a_new_version():
    curve, versions = LearningCurve(), [LearningCurve().version]
    for epoch in range(10):
        curve.add(evaluate(epoch))
    versions.append(curve.version)
    curve.cut(4)
    assert curve.newest.epoch == 4
    versions.append(curve.version)
    curve.add(evaluate(3))
    assert [row.epoch for row in curve.rows] == [0, 1, 2, 3]
    versions.append(curve.version)
    assert len({*versions}) == 4, "another network's history is another one, too"


def lowest_of(rows):
    """The row with the lowest test loss, the first of several; by pandas."""
    table = pd.DataFrame(rows, index=[row.epoch for row in rows])
    return table["test_loss"].idxmin()


@pytest.mark.case(179)
@pytest.mark.parametrize("seed", range(2))
def test_the_lowest_test_loss_is_exact_after_every_return(monkeypatch, seed):
    """Long descents, where each epoch is the lowest so far, and returns to saved epochs."""
    monkeypatch.setattr(module, "MAX_STATES", 20)
    rng = np.random.default_rng(seed)
    timeline = Timeline(state(0))
    rows = [EpochMetrics(0, 1.0, 1.0, 0.5, 0.5)]
    timeline.measure(rows[0])
    for _ in range(20):
        for slope in rng.normal(-0.2, 1.0, size=rng.integers(1, 300)):
            epoch = rows[-1].epoch + 1
            test_loss = rows[-1].test_loss * np.exp(0.01 * slope)
            rows.append(EpochMetrics(epoch, 1.0, test_loss, 0.5, 0.5))
            timeline.measure(rows[-1])
            if timeline.is_due(epoch):
                timeline.add(state(epoch))
            assert len(timeline.lowest.records) <= 2 * module.MAX_STATES
        assert timeline.lowest.metrics.epoch == lowest_of(rows)
        if rows[-1].epoch > timeline.last:  # as the page does before it goes back
            timeline.add(state(rows[-1].epoch))
        returned = timeline.states[rng.integers(len(timeline.states))].epoch
        timeline.leave(returned)
        timeline.lowest.cut(max(returned, timeline.last))
        rows = rows[: returned + 1]
        assert timeline.lowest.metrics.epoch == lowest_of(rows)


def test_unknown_and_forgotten_test_losses_have_no_lowest():
    timeline = Timeline(state(0))
    for epoch, losses in enumerate([(1.0, math.nan), (math.inf, 0.1), (math.nan, 0.1)]):
        timeline.measure(EpochMetrics(epoch, *losses, 0.5, 0.5))
    assert timeline.lowest.metrics is None
    timeline.measure(EpochMetrics(3, 1.0, 2.0, 0.5, 0.5))
    timeline.measure(EpochMetrics(3, 1.0, 3.0, 0.5, 0.5))
    assert timeline.lowest.metrics.test_loss == 3.0, "a weight was changed by hand"
    timeline.forget_metrics()
    assert timeline.lowest.metrics is None
