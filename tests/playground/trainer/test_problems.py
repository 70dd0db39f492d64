import numpy as np
import pytest

from barenet.playground.state._page_state import HIDDEN_ACTIVATIONS, DataSettings
from barenet.playground.trainer._problems import find_overfitting, flat_layers
from barenet.playground.trainer._timeline import EpochMetrics


@pytest.fixture
def problems(new_task):
    """Find the flat layers of a network with scaled or shifted first weights."""

    def find(scale=1.0, bias=(), **changes):
        task, _ = new_task(DataSettings(source="moons", samples=60), **changes)
        task.network.layers[0].weights *= scale
        task.network.layers[0].bias[: len(bias)] = bias
        return flat_layers(task.network, task.training[0])

    return find


def test_saturated_neurons_are_reported(problems):
    activations = ("tanh", "tanh")
    (found,) = problems(scale=1e4, activations=activations)
    assert "saturated (tanh near −1 or 1)" in found.message
    assert "4 of 4 in hidden layer 1" in found.message
    assert "at least 95 % of the training points" in found.message
    assert "layer 2" not in found.message and found.remedy == "weights"
    assert problems(activations=activations) == []


def test_dead_neurons_are_reported(problems):
    (found,) = problems(bias=[-100] * 3, hidden=(4,), activations=("relu",))
    assert "dead (ReLU at 0)" in found.message and "3 of 4 in hidden layer 1" in found.message


def test_flat_neurons_are_found_by_the_slope_of_any_activation(problems):
    """A hundred below 0, all are flat but the identity."""
    for name in HIDDEN_ACTIVATIONS:
        found = problems(bias=[-100] * 3, hidden=(4,), activations=(name,))
        assert len(found) == (name != "identity"), name


def rows(test_losses, losses=None):
    losses = losses or [1 - epoch / 1000 for epoch in range(len(test_losses))]
    pairs = enumerate(zip(losses, test_losses, strict=True))
    return [EpochMetrics(epoch, loss, test, 0.5, 0.5) for epoch, (loss, test) in pairs]


def test_a_rising_test_loss_is_reported_as_overfitting():
    test_losses = [*np.linspace(0.7, 0.5, 11), *np.linspace(0.5, 0.7, 30)]
    curve = rows(test_losses)
    lowest = curve[10]
    found = find_overfitting(curve, lowest, 0.69)
    assert found["epoch"] == 10 and found["test_loss"][0] == 0.5
    assert found["test_loss"][1] == pytest.approx(np.mean(test_losses[-5:]))
    assert found["loss"][1] < found["loss"][0]
    assert find_overfitting(curve[:25], lowest, 0.69) is None, "20 epochs after the lowest"
    assert find_overfitting(curve, lowest, 69.0) is None, "hardly visible"
    level = rows(test_losses, [0.5] * 41)
    assert find_overfitting(level, level[10], 0.69) is None
    assert find_overfitting(rows([float("nan")] * 30), None, 0.69) is None
    thinned = curve[:1] + curve[20:]
    assert find_overfitting(thinned, lowest, 0.69) == found, "the curve has no row of the lowest"
