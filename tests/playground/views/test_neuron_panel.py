"""A neuron with its line."""

import numpy as np
import pytest

from barenet.playground.views._neuron_panel import contour, neuron_view


def inputs_at(view, lines):
    """The scaled inputs at the ends of lines."""
    points, plane = np.reshape(lines, (-1, 2)), view.prepared.plane
    up = np.column_stack([points[:, 0], 1 - points[:, 1]])
    rows = plane.rows(plane.low + up * (plane.high - plane.low))
    return view.prepared.scaling.transform(view.prepared.features.apply(rows), np.float32)


@pytest.mark.parametrize("source", ["circles", "iris", "digits"])
def test_on_the_line_of_a_first_layer_neuron_z_is_zero(make_view, source):
    view = make_view(source)
    layer = view.network.layers[0]
    layer.bias[:] = 0.1
    view.latest.snapshot.parameters[:] = view.network.parameters
    found = neuron_view(view, 0, 2)
    assert found["line"] and found["before"] == []
    sums = inputs_at(view, found["line"]) @ layer.weights[:, 2] + 0.1
    assert np.abs(sums).max() < 0.01
    assert found["weights"] == pytest.approx(layer.weights[:64, 2].tolist())
    assert found["bias"] == pytest.approx(0.1)
    x, y, right, down = found["arrow"]
    ahead = inputs_at(view, [x + 0.05 * right, y + 0.05 * down]) @ layer.weights[:, 2]
    assert ahead + 0.1 > 0, "the arrow points to positive sums"


def test_nonlinear_features_bend_the_line(make_view):
    view = make_view(features=("x1^2", "x2^2"))
    view.network.layers[0].weights[:, 0] = 1.0
    view.latest.snapshot.parameters[:] = view.network.parameters
    ends = np.reshape(neuron_view(view, 0, 0)["line"], (-1, 2)) - 0.5
    assert len(ends) > 20 and np.ptp(np.hypot(*ends.T)) < 0.1


def test_a_later_neuron_shows_the_lines_of_its_inputs(make_view):
    view = make_view()
    before = [neuron_view(view, 0, neuron)["line"] for neuron in range(4)]
    assert neuron_view(view, 1, 0)["before"] == before


def test_the_picture_equals_the_layer_output(make_view):
    view = make_view()
    found = neuron_view(view, 0, 1)
    values = view.prepared.inputs("grid", found["side"])
    values, _ = view.network.layers[0].forward(values)
    picture = np.array(found["picture"]) / 127 * found["scale"]
    np.testing.assert_allclose(picture, values[:, 1], atol=found["scale"] / 127)
    assert found["positive"] == pytest.approx((values[:, 1] > 0).mean())


def test_the_line_of_a_softmax_output_is_its_decision_boundary(make_view):
    view = make_view("iris")
    found = neuron_view(view, 2, 1)
    assert found["activation"] == "softmax"
    outputs = view.network.forward(inputs_at(view, found["line"]))[0]
    others = np.delete(outputs, 1, axis=1).max(axis=1)
    assert np.abs(outputs[:, 1] - others).max() < 0.02


def test_a_neuron_without_weights_has_no_line(make_view):
    view = make_view()
    view.latest.snapshot.parameters[:] = 0.0
    found = neuron_view(view, 0, 0)
    assert found["line"] == [] and found["arrow"] is None and found["positive"] == 0


def grid(function, side):
    at = (np.arange(side) + 0.5) / side
    return function(*np.meshgrid(at, at))


@pytest.mark.parametrize(
    ("side", "a", "b", "c"),
    [(4, 1, 2, -1.2), (24, 0, 1, -0.31), (48, -3, 0.1, 1.0), (24, 1, -1, 0)],
)
def test_a_straight_line_is_exact_to_the_edges(side, a, b, c):
    lines = contour(grid(lambda x, y: a * x + b * y + c, side)).reshape(-1, 2)
    assert np.abs(lines @ [a, b] + c).max() < 1e-12
    inside = lines[((lines >= 0) & (lines <= 1)).all(axis=1)]
    assert len(inside) >= side
    beyond = lines[((lines < 0) | (lines > 1)).any(axis=1)]
    assert len(beyond) >= 2, "it goes on to the edge of the square"


def test_a_circle_is_closed_and_round():
    lines = contour(grid(lambda x, y: (x - 0.5) ** 2 + (y - 0.5) ** 2 - 0.09, 48))
    radii = np.hypot(*(lines.reshape(-1, 2) - 0.5).T)
    assert np.abs(radii - 0.3).max() < 1e-3
    ends, counts = np.unique(lines.reshape(-1, 2).round(9), axis=0, return_counts=True)
    assert (counts == 2).all() and len(ends) == len(lines)


def test_a_saddle_cell_has_two_lines_and_without_a_sign_change_there_is_none():
    assert len(contour(np.array([[1.0, -1.0], [-1.0, 1.0]]))) >= 2
    assert contour(np.full((5, 5), -1.0)).shape == contour(np.ones((5, 5))).shape == (0, 4)
