"""A neuron's line is where its weights say, and its picture is what its layer says."""

from __future__ import annotations

import numpy as np
import pytest

from barenet.playground.page_state import DataSettings
from barenet.playground.page_state import NetworkSettings
from barenet.playground.network_view import NetworkView
from barenet.playground.neuron_view import neuron_view
from barenet.playground.prepared_data import prepare


def view(data=None, **changes):
    settings = NetworkSettings(**{"hidden": (4, 2), "activations": ("tanh", "tanh"), **changes})
    return NetworkView(settings, prepare(data or DataSettings(), {}), None, 0.0)


def rows_at(there, lines):
    """The scaled inputs at the ends of lines."""
    points, plane = np.reshape(lines, (-1, 2)), there.prepared.plane
    up = np.column_stack([points[:, 0], 1 - points[:, 1]])
    raw = plane.rows(plane.low + up * (plane.high - plane.low))
    return there.prepared.scaling.apply(there.prepared.apply_features(raw), np.float32)


@pytest.mark.parametrize("data", ["circles", "iris", "digits"])
def test_the_line_of_a_first_neuron_is_where_its_weights_say(data):
    there = view(DataSettings(source=data))
    layer = there.network.layers[0]
    layer.bias[:] = 0.1
    there.latest.parameters[:] = there.network.parameters
    told = neuron_view(there, 0, 2)
    assert told["line"] and told["before"] == []
    sums = rows_at(there, told["line"]) @ layer.weights[:, 2] + 0.1
    assert np.abs(sums).max() < 0.01
    assert told["weights"] == pytest.approx(layer.weights[:64, 2].tolist())
    assert told["bias"] == pytest.approx(0.1)
    x, y, right, down = told["arrow"]
    ahead = rows_at(there, [x + 0.05 * right, y + 0.05 * down]) @ layer.weights[:, 2]
    assert ahead + 0.1 > 0, "the arrow points to where it is above 0"


def test_features_that_are_no_lines_make_a_curve():
    there = view(DataSettings(features=("x1^2", "x2^2")))
    there.network.layers[0].weights[:, 0] = 1.0
    there.latest.parameters[:] = there.network.parameters
    ends = np.reshape(neuron_view(there, 0, 0)["line"], (-1, 2)) - 0.5
    assert len(ends) > 20 and np.ptp(np.hypot(*ends.T)) < 0.1


def test_a_later_neuron_comes_with_the_lines_before_it():
    there = view()
    told = neuron_view(there, 1, 0)
    assert told["before"] == [neuron_view(there, 0, place)["line"] for place in range(4)]
    assert len(told["before"]) == 4


@pytest.mark.parametrize("normed", [False, True])
def test_the_picture_is_what_the_layer_says(normed):
    there = view(batch_norm=normed)
    told = neuron_view(there, 0, 1)
    values = there.prepared.grid(told["side"])
    for layer in there.network.layers[: 3 if normed else 1]:
        values, _ = layer.forward(values)
    said = np.array(told["picture"]) / 127 * told["scale"]
    np.testing.assert_allclose(said, values[:, 1], atol=told["scale"] / 127)
    assert told["above"] == pytest.approx((values[:, 1] > 0).mean())


def test_the_border_of_a_class_among_several():
    there = view(DataSettings(source="iris"))
    told = neuron_view(there, 2, 1)
    assert told["activation"] == "softmax"
    said = there.network.forward(rows_at(there, told["line"]))[0]
    others = np.delete(said, 1, axis=1).max(axis=1)
    assert np.abs(said[:, 1] - others).max() < 0.02


def test_a_neuron_without_weights_has_no_line():
    there = view()
    there.latest.parameters[:] = 0.0
    told = neuron_view(there, 0, 0)
    assert told["line"] == [] and told["arrow"] is None and told["above"] == 0


def test_a_neuron_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="layer: expected 0 to 2, got 3"):
        neuron_view(view(), 3, 0)
