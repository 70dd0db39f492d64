"""The landscape of the loss, against scikit-learn's PCA and losses computed by hand."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.decomposition import PCA

from barenet.playground._sentences import english
from barenet.playground.trainer._timeline import EpochState, Timeline
from barenet.playground.trainer._trainer_messages import MAX_PATH, WeightPath
from barenet.playground.views import _landscape


def numpy_loss(sizes, parameters, X, y):
    """The cross-entropy of a network of tanh layers and a sigmoid."""
    start = 0
    for n_in, n_out in itertools.pairwise(sizes):
        weights, start = parameters[start : start + n_in * n_out], start + n_in * n_out
        bias, start = parameters[start : start + n_out], start + n_out
        sums = X @ weights.reshape(n_in, n_out) + bias
        X = np.tanh(sums)
    signs = np.where(y == 1, -1.0, 1.0)
    return np.logaddexp(0.0, signs * sums[:, 0]).mean()


def views_of(server, page):
    return server.sessions.open[page.state["session"]].views


def two_networks(page, **changes):
    state = page.state["state"]
    first = state["networks"][0]
    page.ask("configure", "state", state={**state, "networks": [first, {**first, **changes}]})
    page.send("run_to", epoch=12)
    page.receive_until(
        lambda m: m["type"] == "frame" and [n["epoch"] for n in m["networks"]] == [12, 12]
    )


def test_losses_of_the_plane_are_those_of_numpy(server, page):
    page.run_to(25)
    found, (view,) = page.ask("landscape"), views_of(server, page)
    X, y = view.setup.training
    path = view.trainer.request_path(view.key).result(20)
    plane = _landscape.PathPlane.through(path.parameters.astype(float))
    side = found["side"]
    losses = np.reshape(found["losses"], (side, side))
    for row, column in ((0, 0), (7, 30), (20, 20), (40, 3)):
        place = (np.array([column, row]) + 0.5) / side
        expected = numpy_loss((2, 4, 2, 1), plane.states(place), X, y)
        assert losses[row, column] == pytest.approx(expected, rel=1e-4)
    (drawn,) = found["paths"]
    present = view.latest.snapshot.parameters
    at_present = plane.states(np.array(drawn["current"]))
    expected = [numpy_loss((2, 4, 2, 1), each, X, y) for each in (present, at_present)]
    assert drawn["losses"] == pytest.approx(expected, rel=1e-3)
    assert drawn["epochs"] == list(range(26)) and drawn["epoch"] == 25
    assert drawn["best_epoch"] == page.frame["networks"][0]["lowest"][0]
    assert found["rows"] == [len(X), len(X)]


def test_two_weights_are_the_axes_of_their_landscape(server, page):
    """Before any training, on scales that a path leaves unchanged."""
    changes = {"hidden": [], "activations": [], "optimizer": "sgd", "batch_size": 0}
    page.configure(source="plane", learning_rate=2.5, **changes)
    page.send(
        "plan", edits=[{"epoch": 0, "index": i, "value": w} for i, w in enumerate((-0.9, 0.6))]
    )
    page.wait_for(lambda network: len(network["edits"]) == 2)
    before = page.ask("landscape")
    page.run_to(6)
    after, (view,) = page.ask("landscape"), views_of(server, page)
    assert before["reach"] == after["reach"] == 2
    path = view.trainer.request_path(view.key).result(20).parameters
    expected = np.column_stack([path[:, 0] + 2, 2 - path[:, 1]]) / 4
    assert np.reshape(after["paths"][0]["places"], (-1, 2)) == pytest.approx(expected, abs=1e-3)
    assert after["paths"][0]["places"][:2] == pytest.approx([1.1 / 4, 1.4 / 4], abs=1e-3)
    assert np.abs(expected[-1] - 0.5).max() > 0.5, "the rate is too large: it leaves the map"
    X, y = view.setup.training
    side, bias = after["side"], view.latest.snapshot.parameters[2]
    losses = np.reshape(after["losses"], (side, side))
    for row, column in ((0, 0), (7, 30), (20, 20)):
        w = 4 * (column + 0.5) / side - 2, 2 - 4 * (row + 0.5) / side
        error = X @ w + bias - y.ravel()
        assert losses[row, column] == pytest.approx(np.mean(error**2) / 2, rel=1e-3)


def test_the_plane_is_that_of_scikit_learn():
    states = np.random.default_rng(0).normal(size=(30, 17)).cumsum(axis=0)
    plane, oracle = _landscape.PathPlane.through(states), PCA(2).fit(states)
    assert plane.shares == pytest.approx(oracle.explained_variance_ratio_)
    assert np.abs(plane.directions @ oracle.components_.T) == pytest.approx(np.eye(2), abs=1e-9)
    places = plane.places(states)
    assert places.min() > 0 and places.max() < 1 and places[0, 0] < places[-1, 0]
    expected = oracle.inverse_transform(oracle.transform(states))
    assert plane.states(places) == pytest.approx(expected)


def test_lines_join_points_of_equal_loss():
    across, down = np.meshgrid(*[(np.arange(41) + 0.5) / 41] * 2)
    for level, line in enumerate(_landscape.contours(np.exp(across + 2 * down)), start=1):
        low, high = 1.5 / 41, 3 - 1.5 / 41
        expected = low + (high - low) * level / (_landscape.LEVELS + 1)
        assert line[:, :2] @ [1, 2] == pytest.approx(np.full(len(line), expected))


@pytest.mark.parametrize("loss", [np.nan, np.inf, 2.0])
def test_losses_without_two_finite_values_have_lines(loss):
    lines = _landscape.contours(np.full((41, 41), loss))
    assert len(lines) == _landscape.LEVELS and np.isfinite(np.concatenate(lines)).all()


def test_two_networks_of_one_form_share_a_plane(server, page):
    two_networks(page, optimizer="sgd")
    found, views = page.ask("landscape"), views_of(server, page)
    assert found["networks"] == [0, 1] and len(found["paths"]) == 2
    paths = [view.trainer.request_path(view.key).result(20).parameters for view in views]
    oracle = PCA(2).fit(np.concatenate(paths))
    assert found["shares"] == pytest.approx(oracle.explained_variance_ratio_, rel=1e-3)
    first, second = found["paths"]
    assert first["places"][:2] == second["places"][:2], "they start together"
    assert first["losses"][0] != second["losses"][0]


def test_networks_of_other_functions_have_planes_of_their_own(page):
    two_networks(page, loss="squared_error")
    assert [page.ask("landscape", network=network)["networks"] for network in (0, 1)] == [[0], [1]]


def test_back_in_time_the_path_stays_and_the_place_moves(page):
    page.run_to(20)
    page.send("scrub", epoch=8)
    page.wait_for(lambda network: network["epoch"] == 8)
    (path,) = page.ask("landscape")["paths"]
    assert path["epochs"][-1] == 20 and path["epoch"] == 8
    assert path["places"][16:18] == pytest.approx(path["current"], abs=1e-4)


def test_a_short_path_and_a_large_network_have_a_hint(page, monkeypatch):
    assert "Train for a few epochs" in english(page.ask("landscape")["hint"])
    monkeypatch.setattr(_landscape, "MAX_WEIGHTS", 10)
    page.run_to(5)
    assert "at most" in english(page.ask("landscape")["hint"])


def test_a_long_path_is_thinned_out():
    snapshot = SimpleNamespace(parameters=np.zeros(3), statistics=np.zeros(0))
    timeline = Timeline(EpochState(0, snapshot, None))
    timeline.states = [EpochState(epoch, snapshot, None) for epoch in range(450)]
    epochs, parameters = WeightPath.of(timeline)
    assert len(epochs) <= MAX_PATH and epochs[-1] == 449
    assert np.ptp(np.diff(epochs)) == 0 and parameters.shape == (len(epochs), 3)
