import numpy as np
import pytest

from barenet.playground.state._page_state import HIDDEN_ACTIVATIONS, DataSettings
from barenet.playground.trainer._problems import (
    NEW_WEIGHTS,
    SMALLER_RATE,
    diagnose,
    find_overfitting,
)
from barenet.playground.trainer._timeline import EpochMetrics, LearningCurve


@pytest.fixture
def problems(new_task):
    """Diagnose a network with scaled first weights, after epochs with these losses."""

    def find(losses, score=0.7, scale=1.0, bias=(), source="moons", **changes):
        task, _ = new_task(DataSettings(source=source, samples=60), **changes)
        task.network.layers[0].weights *= scale
        task.network.layers[0].bias[: len(bias)] = bias
        curve = LearningCurve()
        for epoch, loss in enumerate(losses):
            curve.add(EpochMetrics(epoch, loss, loss, score, score))
        constant = task.constant_losses("")[0]
        return diagnose(task.network, task.training[0], task.metric, curve, constant)

    return find


@pytest.mark.parametrize(
    ("losses", "score"),
    [
        ([0.7 * 0.98**epoch for epoch in range(300)], 0.7),
        ([0.7] * 5, 0.7),  # too early
        ([0.3] * 300, 0.96),  # good enough
        ([0.7, *[0.5] * 90], 0.7),  # stuck for less than a hundred epochs
        ([*np.linspace(0.7, 0.5, 300), *[0.5] * 120], 0.7),  # and for less than a third of all
        ([0.7, *[1.0] * 20], 0.5),  # not much worse than a constant prediction
        ([], 0.5),
    ],
)
def test_normal_training_reports_no_problem(problems, losses, score):
    assert problems(losses, score) == []


def test_a_loss_that_stops_falling_is_stuck(problems):
    (found,) = problems([0.7, *[0.5] * 150])
    assert found.message.startswith("Stuck: since epoch 50 the training loss has hardly fallen")
    assert "accuracy is 70.0 %" in found.message and found.remedy == NEW_WEIGHTS
    assert found.message.endswith("where the classes overlap, nothing does.")
    (found,) = problems([0.7, *[0.5] * 150], source="plane")
    assert "R² is 0.70" in found.message and "class" not in found.message, "a regression"
    (found,) = problems([0.7, *[0.5] * 150], hidden=(), activations=())
    assert "or inputs, if some are left out" in found.message and not found.remedy


def test_a_loss_far_above_the_baseline_is_reported(problems):
    found = problems([0.7, *[1.2] * 20], score=0.5)
    assert "0.693" in found[0].message and found[0].remedy == SMALLER_RATE


def test_saturated_neurons_are_reported(problems):
    activations = ("tanh", "tanh")
    (found,) = problems([0.7] * 20, scale=1e4, activations=activations)
    assert (
        "saturated (tanh near −1 or 1)" in found.message
        and "4 of 4 in hidden layer 1" in found.message
    )
    assert "at least 95 % of the training points" in found.message
    assert "layer 2" not in found.message and found.remedy == NEW_WEIGHTS
    (found,) = problems([0.5, *[0.7] * 20], scale=1e4, activations=activations)
    assert found.remedy == SMALLER_RATE, "it was better before"
    assert problems([0.7] * 20, activations=activations) == []


@pytest.mark.case(181)
def test_a_collapsed_network_is_reported_with_the_way_out(problems):
    for activation in ("relu", "tanh", "sigmoid"):
        two = (activation,) * 2
        (found,) = problems([0.7] * 20, scale=1e-6, hidden=(8, 8), activations=two)
        assert found.message.startswith("The network has collapsed: its weights are almost 0")
        assert found.message.endswith("choose a smaller strength first. Then press Reset.")
        assert not found.remedy, "a lesson shows it, too"
        assert problems([0.7] * 20, scale=0.1, hidden=(8, 8), activations=two) == []
    assert problems([0.7] * 20, scale=1e-6, hidden=(), activations=()) == [], "it grows again"
    assert problems([0.7] * 3, scale=1e-6, hidden=(8, 8), activations=two) == [], "too early"


def test_initial_weights_of_zero_are_not_called_a_collapse(make_view):
    view = make_view(init="zeros")
    X, curve = view.setup.training[0], LearningCurve()
    for epoch in range(20):
        curve.add(EpochMetrics(epoch, 0.7, 0.7, 0.5, 0.5))
    arguments = (view.network, X, "accuracy", curve, 0.69)
    assert diagnose(*arguments, starts_at_zero=True) == []
    (found,) = diagnose(*arguments)
    assert "collapsed" in found.message


def test_dead_neurons_are_reported(problems):
    (found,) = problems([0.6] * 10, bias=[-100] * 3, hidden=(4,), activations=("relu",))
    assert "dead (ReLU at 0)" in found.message and "3 of 4 in hidden layer 1" in found.message


def test_flat_neurons_are_found_by_the_slope_of_any_activation(problems):
    """A hundred below 0, all are flat but the identity."""
    for name in HIDDEN_ACTIVATIONS:
        found = problems([0.6] * 10, bias=[-100] * 3, hidden=(4,), activations=(name,))
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
