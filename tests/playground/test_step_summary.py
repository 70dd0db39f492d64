from __future__ import annotations

import numpy as np
import pytest

from barenet import Network, explain
from barenet.model.layers import Dense
from barenet.playground._data_view import MAX_NAMES
from barenet.playground._step_summary import step_summary

RNG = np.random.default_rng(4)
X = RNG.normal(size=(9, 40))
CLASSES = RNG.integers(0, 3, 9)


@pytest.mark.parametrize("place", [(1, 2), (2, 1)], ids=["hidden", "answer"])
@pytest.mark.parametrize("optimizer", ["sgd:learning_rate=0.01", "adam", "lbfgs"])
def test_the_numbers_are_those_of_the_points_that_went_through(place, optimizer):
    network = Network.dense([40, 5, 3], hidden="tanh", output="softmax", dtype="float64", seed=1)
    layer, number = place
    page = explain(network, X, CLASSES, optimizer=optimizer, neuron=place)
    told, column = step_summary(page, number - 1), number - 1
    dense = network.layers[layer - 1]
    assert isinstance(dense, Dense)
    inputs = X if layer == 1 else network.layers[0].forward(X)[0]
    row, shown = told["row"], min(MAX_NAMES, inputs.shape[1])
    sums = inputs @ dense.weights + dense.bias
    says = np.tanh(sums)
    if layer == 2:
        says = np.exp(sums) / np.exp(sums).sum(axis=1, keepdims=True)
    assert told["rows"] == 9 and len(told["inputs"]) == shown
    assert told["inputs"] == pytest.approx(inputs[row, :shown])
    assert told["z"] == pytest.approx(sums[row, column])
    assert told["output"] == pytest.approx(says[row, column])
    assert told["before"] == pytest.approx([*dense.weights[:shown, column], dense.bias[column]])
    slopes = slopes_of(network, layer, column)
    assert told["slope"] == pytest.approx(slopes[row], rel=1e-5)
    assert row == np.abs(slopes).argmax(), "the point that moves it most"
    gradient = [*(slopes @ inputs)[:shown], slopes.sum()]
    assert told["gradient"] == pytest.approx(gradient, rel=1e-4, abs=1e-9)
    if optimizer.startswith("sgd"):
        step = np.subtract(told["after"], told["before"])
        assert step == pytest.approx(-0.01 * np.array(told["gradient"]))
    assert (told["after"] is None) == (optimizer == "lbfgs")


def slopes_of(network, layer, column, step=1e-6):
    """By differences: how the mean loss changes with the sum of one neuron, for each point."""
    slopes = []
    for row in range(len(X)):
        losses = []
        for moved in (step, -step):
            values = X
            for place, dense in enumerate(network.layers, 1):
                values = values @ dense.weights + dense.bias
                if place == layer:
                    values[row, column] += moved
                values = np.tanh(values) if place == 1 else values
            logs = values - np.log(np.exp(values).sum(axis=1, keepdims=True))
            losses.append(-logs[np.arange(len(X)), CLASSES].mean())
        slopes.append((losses[0] - losses[1]) / (2 * step))
    return np.array(slopes)
