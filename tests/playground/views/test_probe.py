"""The probe against a forward pass by hand."""

import dataclasses

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from barenet.playground.data._data_sources import prepare_named
from barenet.playground.state._page_state import DataSettings
from barenet.playground.views._network_view import NetworkView, drawn_rows, point_arrays
from barenet.playground.views._probe import probe


@pytest.mark.parametrize("source", ["iris", "sine"])
def test_values_of_one_point(make_view, source):
    view = make_view(source)
    network, prepared = view.network, view.prepared
    found = probe(view, 7, ())
    values = prepared.scaling.transform(prepared.features.apply(prepared.dataset.X[[7]]))[0]
    assert found["inputs"] == pytest.approx(values, rel=1e-5)
    for layer, shown in zip(network.layers, found["layers"], strict=True):
        sums = values @ layer.weights + layer.bias
        values = np.tanh(sums)
        assert shown["sums"] == pytest.approx(sums, abs=1e-5)
        if layer is not network.layers[-1]:
            assert shown["outputs"] == pytest.approx(values, abs=1e-5)
    X = np.array([found["inputs"]])
    assert found["layers"][-1]["outputs"] == pytest.approx(network.predict(X)[0], abs=1e-6)


def test_nothing_is_dropped(make_view):
    view = make_view(dropout=0.5)
    first, second = (probe(view, 5, ()) for _ in range(2))
    assert first == second, "no randomness"
    X = np.array([first["inputs"]])
    expected = view.current().predict(X)[0]
    assert first["layers"][-1]["outputs"] == pytest.approx(expected, abs=1e-6)


def test_of_many_inputs_those_drawn_are_sent(make_view):
    view = make_view("digits", hidden=(12,), activations=("relu",))
    found = probe(view, 4, ())
    chosen = view.prepared.drawn_inputs()
    pixels = view.prepared.dataset.X[4]
    assert found["raw"] == pytest.approx(pixels[chosen])
    weights = view.network.layers[0].weights[chosen]
    assert np.array(found["layers"][0]["weights"]) == pytest.approx(weights)
    assert [np.shape(layer["weights"]) for layer in found["layers"]] == [(8, 12), (12, 10)]


def test_the_neurons_that_decide_come_first_and_the_image_is_the_one_probed(make_view):
    view = make_view("digits", hidden=(48, 30), activations=("relu", "relu"))
    X = view.prepared.dataset.X[[8]]
    row, image = probe(view, 8, ()), probe(view, -1, tuple(X[0].tolist()))
    assert image["layers"] == row["layers"] and image["image"] == row["image"] == X[0].tolist()
    values = view.prepared.scaling.transform(X, np.float32)[0]
    for layer, shown in zip(view.network.layers, row["layers"], strict=True):
        terms = values[:, None] * layer.weights
        assert len(shown["terms"]) == terms.shape[1]
        for neuron, found in enumerate(shown["terms"]):
            places, weights, inputs = np.array(found).T
            largest = np.sort(np.abs(terms[:, neuron]))[:-9:-1]
            assert np.abs(weights * inputs) == pytest.approx(largest, abs=1e-5)
            assert terms[places.astype(int), neuron] == pytest.approx(weights * inputs, abs=1e-5)
        assert shown["sums"] == pytest.approx(terms.sum(axis=0) + layer.bias, abs=1e-4)
        values = np.maximum(shown["sums"], 0)


def test_points_are_numbered_among_all_of_their_part():
    prepared = prepare_named(DataSettings(source="digits", test_size=0.3))
    arrays, rows = point_arrays(prepared), drawn_rows(prepared)
    assert len(rows) == 899
    for part, count in ((False, 1257), (True, 540)):
        places = np.flatnonzero(prepared.is_test == part)
        assert len(places) == count
        numbers = arrays["numbers"][arrays["tests"] == part]
        assert rows[arrays["tests"] == part].tolist() == places[numbers.astype(int) - 1].tolist()


def test_a_table_shows_its_own_units(tmp_path, store):
    path = tmp_path / "trees.csv"
    rows = [f"{n * 7 % 11 / 4},{'oak' if n % 2 else 'fir'},{n % 5 / 3}" for n in range(60)]
    path.write_text("age,kind,height\n" + "\n".join(rows))
    state = store.initial_state(str(path), "height")
    data = dataclasses.replace(state.data, features=("all",))
    view = NetworkView(state.networks[0], store.prepare(data), None)
    found = probe(view, 10, ())
    assert found["raw"][0] == pytest.approx(1.0) != found["inputs"][0]


def test_a_place_has_two_numbers(make_view):
    with pytest.raises(ValueError, match="place: expected two numbers"):
        probe(make_view(), 0, (1.0,))


def test_a_data_point_has_its_row_and_its_target(make_view):
    view = make_view("diabetes")
    prepared, rows = view.prepared, view.prepared.dataset
    found = probe(view, 7, ())
    assert found["truth"] == rows.y[7]
    assert found["raw"] == pytest.approx(np.asarray(rows.X)[7, prepared.drawn_inputs()])
    assert "truth" not in probe(view, 0, tuple(prepared.plane.low))
    with pytest.raises(ValueError, match="row: expected the index of one of 442 rows"):
        probe(view, 442, ())


def test_points_without_a_unit_have_the_numbers_that_the_network_reads(make_view):
    view = make_view("gaussians")
    found = probe(view, 7, ())
    assert found["raw"] == pytest.approx(found["inputs"])
    plane = view.prepared.describe()
    middle = (np.array(plane["low"]) + np.array(plane["high"])) / 2
    at_the_middle = probe(view, 0, tuple(middle))
    assert at_the_middle["inputs"] == pytest.approx(middle, abs=1e-6)


def test_the_linear_score_is_that_of_scikit_learn():
    diabetes, wine = (prepare_named(DataSettings(source=name)) for name in ("diabetes", "wine"))
    oracle = Ridge().fit(*diabetes.training)
    assert diabetes.linear_score == pytest.approx(oracle.score(*diabetes.test), abs=1e-3)
    classifier = LogisticRegression(max_iter=500).fit(*wine.training)
    assert wine.linear_score == pytest.approx(classifier.score(*wine.test), abs=0.02)
    assert vars(wine.with_fixed(("hue", "1")))["linear_score"] == wine.linear_score, "kept"
    for name in ("moons", "digits"):
        assert prepare_named(DataSettings(source=name)).linear_score is None, "no table"


def test_the_inputs_on_the_axes_are_drawn_first():
    data = DataSettings(source="wine", axes=("proline", "hue"), features=("all",))
    prepared = prepare_named(data)
    names = prepared.input_names
    first = [names[place] for place in prepared.drawn_inputs()[:3]]
    assert sorted(first[:2]) == ["hue", "proline"] and first[2] == names[0]
