from __future__ import annotations

import numpy as np
import pytest

from barenet.playground.page_state import DataSettings
from barenet.playground.diagnosis import diagnose
from barenet.playground.evaluation import constant_loss
from barenet.playground.learning_curve import EpochMetrics, LearningCurve
from barenet.playground.page_state import NetworkSettings
from barenet.playground.prepared_data import prepare
from barenet.playground.run_setup import build_network, make_task


def signs(losses, score=0.7, scale=1.0, **changes):
    """What is found in a network whose first weights are scaled, after epochs of such losses."""
    settings = NetworkSettings().copy(**changes)
    prepared = prepare(DataSettings(source="moons", samples=60), {})
    network = build_network(settings, prepared)
    network.layers[0].weights *= scale
    task, curve = make_task(settings, prepared, network), LearningCurve()
    for epoch, loss in enumerate(losses):
        curve.add(EpochMetrics(epoch, loss, loss, score, score))
    return diagnose(network, task, curve, constant_loss(task, settings))


def test_all_is_well_while_the_loss_falls():
    assert signs([0.7 * 0.98**epoch for epoch in range(300)]) == []
    assert signs([0.7] * 5) == [], "too early to tell"
    assert signs([0.3] * 300, score=0.96) == [], "good enough"


def test_a_loss_that_has_not_fallen_for_long_is_stuck():
    (found,) = signs([0.7, *[0.5] * 150])
    assert found["words"].startswith("Stuck: since epoch 50 the training loss has hardly fallen")
    assert "accuracy is 70%" in found["words"] and found["remedy"] == "weights"
    assert signs([0.7, *[0.5] * 90]) == [], "a hundred epochs at least"
    losses = [*np.linspace(0.7, 0.5, 300), *[0.5] * 120]
    assert signs(losses) == [], "and a third of all"


def test_a_loss_far_worse_than_that_of_a_constant_is_told_of():
    found = signs([0.7, *[1.2] * 20], score=0.5)
    assert "0.693" in found[0]["words"] and found[0]["remedy"] == "rate"
    assert signs([0.7, *[1.0] * 20], score=0.5) == []


@pytest.mark.parametrize(
    ("activation", "words"),
    [("tanh", "saturated (tanh near −1 or 1)"), ("sigmoid", "saturated (sigmoid near 0 or 1)")],
)
def test_saturated_neurons_are_told_of(activation, words):
    (found,) = signs([0.7] * 20, scale=1e4, activations=(activation,) * 2)
    assert words in found["words"] and "4 of 4 in hidden layer 1" in found["words"]
    assert "layer 2" not in found["words"] and found["remedy"] == "weights"
    (found,) = signs([0.5, *[0.7] * 20], scale=1e4, activations=(activation,) * 2)
    assert found["remedy"] == "rate", "it was better before"
    assert signs([0.7] * 20, activations=(activation,) * 2) == []


def test_dead_neurons_are_told_of():
    settings = NetworkSettings().copy(hidden=(4,), activations=("relu",))
    prepared = prepare(DataSettings(source="moons", samples=60), {})
    network = build_network(settings, prepared)
    network.layers[0].bias[:3] = -100
    task, curve = make_task(settings, prepared, network), LearningCurve()
    for epoch in range(10):
        curve.add(EpochMetrics(epoch, 0.6, 0.6, 0.7, 0.7))
    (found,) = diagnose(network, task, curve, constant_loss(task, settings))
    assert "dead (ReLU at 0)" in found["words"] and "3 of 4 in hidden layer 1" in found["words"]


def test_without_rows_there_is_nothing_to_tell():
    settings, prepared = NetworkSettings(), prepare(DataSettings(samples=60), {})
    network = build_network(settings, prepared)
    assert diagnose(network, make_task(settings, prepared, network), LearningCurve(), None) == []
