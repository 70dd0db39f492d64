"""The space of a hidden layer, against its layers' outputs and scikit-learn's PCA."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from barenet.playground._sentences import english
from barenet.playground.views._hidden_space import MARGIN, MAX_POINTS, SIDE, hidden_space


def outputs(view, X, count):
    for layer in view.network.layers[:count]:
        X, _ = layer.forward(X)
    return X


def points(found, name="points"):
    """In the units of the axes, from the places on the picture."""
    low, high = np.transpose(found["ranges"])
    across, down = np.reshape(found[name], (-1, 2)).T
    return low + (np.column_stack([across, 1 - down]) - MARGIN) / (1 - 2 * MARGIN) * (high - low)


def test_two_neurons_are_the_axes_and_the_boundary_is_a_line(make_view):
    view = make_view("moons")
    X, y = view.prepared.training
    found = hidden_space(view, 8)
    assert found["layer"] == 1 and found["neurons"] == 2 and found["share"] == 1
    assert points(found) == pytest.approx(outputs(view, X, 2), abs=1e-4)
    assert found["values"] == y.tolist()
    ends = points(found, "boundary")
    answers = view.network.layers[2].forward(ends)[0]
    assert answers == pytest.approx(0.5, abs=1e-3), "unsure at both ends of the line"
    assert np.ptp(ends, axis=0).max() > np.ptp(points(found), axis=0).max()
    assert found["wrong"] == ((view.network.predict(X)[:, 0] > 0.5) != y).sum()
    grid = view.prepared.inputs("grid", SIDE)
    assert points(found, "sheet") == pytest.approx(outputs(view, grid, 2), abs=1e-4)


def test_more_neurons_are_projected_as_by_scikit_learn(make_view):
    view = make_view("moons")
    found = hidden_space(view, 0)
    hidden = outputs(view, view.prepared.training[0], 1)
    oracle = PCA(2).fit(hidden)
    expected = np.abs(oracle.transform(hidden))
    assert np.abs(points(found)) == pytest.approx(expected, abs=1e-3)
    assert found["share"] == pytest.approx(oracle.explained_variance_ratio_.sum(), rel=1e-4)
    assert found["boundary"] == [] and len(found["sheet"]) == 2 * SIDE**2
    view.directions[0] *= -1
    turned = hidden_space(view, 0)
    assert points(turned) == pytest.approx(-points(found), abs=1e-3), "the signs are those before"


def test_of_many_points_some_are_shown_and_images_have_no_plane_of_inputs(make_view):
    found = hidden_space(make_view("digits", (2,)), 0)
    assert MAX_POINTS / 2 < len(found["values"]) <= MAX_POINTS
    assert found["sheet"] == [] and found["boundary"] == [], "of ten classes"


def test_targets_are_fractions_of_their_range(make_view):
    view = make_view("hills", (1,))
    found = hidden_space(view, 0)
    prepared = view.prepared
    low, high = prepared.target_range
    targets = np.sort(prepared.dataset.y[~prepared.is_test].astype(float))
    assert np.sort(found["values"]) == pytest.approx((targets - low) / (high - low), abs=1e-4)
    assert found["neurons"] == 1 and len(found["points"]) == 2 * len(targets)


def test_without_a_hidden_layer_or_two_points_there_is_a_hint(page):
    for address, hint in (
        ("net.hidden=", "no hidden layer"),
        ("data=drawn&points=&net.hidden=3", "two training points"),
        ("data=drawn&points=100zz&net.hidden=3", "two training points"),
    ):
        page.ask("configure", "state", address=address)
        assert hint in english(page.ask("hidden_space", layer=0)["hint"])


@pytest.mark.parametrize(("source", "hidden"), [("spirals", (10, 8)), ("hills", (9, 5))])
def test_before_a_single_output_its_weights_are_an_axis(make_view, source, hidden):
    """Along it, the output rises; the other axis has the greatest variance across it."""
    view = make_view(source, hidden)
    X, y = view.prepared.training
    found, values = hidden_space(view, 1), outputs(view, X, 2).astype(float)
    last = view.network.layers[2]
    across, up = (points(found) - points(found).mean(axis=0)).T
    direction = last.weights[:, 0] / np.linalg.norm(last.weights)
    sums = values @ direction
    assert across == pytest.approx(sums - sums.mean(), abs=2e-3)
    rest = values - np.outer(sums, direction)
    assert np.abs(up) == pytest.approx(np.abs(PCA(1).fit_transform(rest)[:, 0]), abs=2e-3)
    variance = np.var(points(found), axis=0).sum() / np.var(values, axis=0).sum()
    assert found["share"] == pytest.approx(variance, rel=1e-2)
    if source == "spirals":
        wrong = (view.network.predict(X)[:, 0] > 0.5) != y
        assert found["wrong"] == wrong.sum(), "the boundary is exact in this projection"
        edge = points(found, "boundary")[:, 0]
        assert edge == pytest.approx(edge[0]), "it is upright"
        assert ((points(found)[:, 0] > edge[0]) != y).sum() == wrong.sum()
    else:
        assert found["boundary"] == [] and found["wrong"] is None
