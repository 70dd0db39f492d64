"""A neuron with its line, and the explanation of the last update, which is that of the training."""

import re

import numpy as np
import pytest

from barenet import Network, explain
from barenet.playground.data._prepared_data import MAX_NAMES
from barenet.playground.views._neuron_panel import contour, neuron_view, step_summary


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


@pytest.mark.parametrize("batch_norm", [False, True])
def test_the_picture_equals_the_layer_output(make_view, batch_norm):
    view = make_view(batch_norm=batch_norm)
    found = neuron_view(view, 0, 1)
    values = view.prepared.inputs("grid", found["side"])
    for layer in view.network.layers[: 3 if batch_norm else 1]:
        values, _ = layer.forward(values)
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


def step(page, epoch):
    """Take a step, and wait until it can be explained."""
    page.send("step")
    page.wait_for(lambda network: network["epoch"] == epoch and network["explained"])


def apart(report):
    """How far the training's own weights are from those of the explanation."""
    exact, near = re.search(
        r"own weights are (exactly|within (\S+) of) those", report["html"]
    ).groups()
    return 0.0 if exact == "exactly" else float(near)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"source": "plane", "optimizer": "momentum", "schedule": "cosine", "stop_epoch": 4},
        # Not by Adam, which makes a whole step of the last digits of a gradient that should be 0.
        {"dropout": 0.3, "batch_norm": True, "batch_size": 10, "penalty": "l1", "optimizer": "sgd"},
    ],
    ids=lambda changes: " ".join(changes) or "defaults",
)
def test_the_explained_update_is_the_one_taken(page, changes):
    page.configure(**changes)
    for epoch in (1, 2):
        step(page, epoch)
    last = len(page.state["networks"][0]["layout"]) - 1
    for layer, neuron in ((0, 1), (last, 0)):
        report = page.ask("explain", layer=layer, neuron=neuron)
        assert (report["layer"], report["neuron"], report["network"]) == (layer, neuron, 0)
        assert apart(report) < 2e-6
        assert "The gradients agree with finite differences" in report["html"]


def test_after_a_pause_the_last_update_is_explained(page):
    page.send("play")
    page.wait_for(lambda network: network["epoch"] > 20)
    page.send("pause")
    page.wait_for(lambda network: not network["playing"] and network["explained"])
    assert apart(page.ask("explain", layer=1, neuron=0)) < 1e-6


def test_explanations_contain_no_scripts(page, server):
    """Also where a column is called like a script."""
    rows = "\n".join(f"{i % 7},{i % 3},{'ab'[i % 2]}" for i in range(40))
    content = f"<img src=x onerror=alert(1)>,b,c\n{rows}\n".encode()
    page.configure(source=server.sessions.store.upload_table("t.csv", content))
    step(page, 1)
    html = page.ask("explain", layer=0, neuron=1)["html"]
    tags = " ".join(re.findall("<[^>]*>", html))
    assert not re.search(r"<(style|script|img|a|link)\b|\b(style|on\w+)=", tags)
    assert "<math>" in tags and "&lt;img" in html and len(html) < 64_000


def test_inexplicable_updates_are_reported(page):
    assert "train first" in page.ask("explain", layer=0, neuron=0)["message"]
    step(page, 1)
    assert "layer" in page.ask("explain", layer=5, neuron=0)["message"]
    page.send("edit", network=0, layer=0, row=0, column=0, value=2.0)
    page.wait_for(lambda network: not network["explained"])
    assert "train first" in page.ask("explain", layer=0, neuron=0)["message"]
    page.configure(source="plane", optimizer="sgd", learning_rate=1e4)
    page.send("step")
    page.wait_for(lambda network: network["failed"] and not network["explained"])
    assert "train first" in page.ask("explain", layer=0, neuron=0)["message"], "it is undone"


def test_lbfgs_is_explained_with_gradients_and_text(page):
    page.configure(optimizer="lbfgs", penalty="l2")
    step(page, 1)
    html = page.ask("explain", layer=0, neuron=0)["html"]
    assert "L-BFGS uses all rows" in html and "The gradients agree" in html
    assert "own weights" not in html, "there are none to compare"


RNG = np.random.default_rng(4)
X = RNG.normal(size=(9, 40))
CLASSES = RNG.integers(0, 3, 9)


@pytest.mark.parametrize(
    ("place", "optimizer"),
    [((1, 2), "sgd:learning_rate=0.01"), ((2, 2), "lbfgs")],
)
def test_the_numbers_are_those_of_the_batch(place, optimizer):
    """The numbers of the explanation are compared with others where it is tested."""
    network = Network.dense([40, 5, 3], hidden="tanh", output="softmax", dtype="float64", seed=1)
    page = explain(network, X, CLASSES, optimizer=optimizer, neuron=place)
    report, (layer, number) = step_summary(page, place[1] - 1), place
    slopes, inputs = page[f"dZ{layer},{number}"], page[f"A{layer - 1}"]
    row, shown = report["row"], min(MAX_NAMES, inputs.shape[1])
    assert row == np.abs(slopes).argmax(), "the point that moves it most"
    assert report["slope"] == slopes[row] and report["rows"] == 9
    assert report["inputs"] == inputs[row, :shown].tolist()
    assert report["z"] == page[f"Z{layer},{number}"][row]
    output = network.layers[0].forward(X)[0] if layer == 1 else network.predict(X)
    assert report["output"] == pytest.approx(output[row, number - 1])
    dense = network.layers[layer - 1]
    weights = [*dense.weights[:shown, number - 1], dense.bias[number - 1]]
    gradient = [*page[f"dW{layer},{number}"][:shown], page[f"db{layer},{number}"]]
    assert report["before"] == weights and report["gradient"] == gradient
    if optimizer.startswith("sgd"):
        step = np.subtract(report["after"], report["before"])
        assert step == pytest.approx(-0.01 * np.array(report["gradient"]))
    assert (report["after"] is None) == (optimizer == "lbfgs")
