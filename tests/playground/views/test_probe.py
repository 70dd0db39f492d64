"""The probe against a forward pass by hand."""

import dataclasses

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from barenet import (
    Network,
    Predictor,
    Scaling,
    TableEncoding,
    contributions,
    load,
    load_table,
    save,
)
from barenet.datasets._table_loading import read_features
from barenet.playground._sentences import english
from barenet.playground.data._data_sources import prepare_named
from barenet.playground.state._page_state import DataSettings
from barenet.playground.views._backward_pass import backward_pass
from barenet.playground.views._network_view import NetworkView, drawn_rows, point_arrays
from barenet.playground.views._probe import find_row, probe


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


def test_batch_norm_uses_its_running_averages_and_nothing_is_dropped(make_view):
    view = make_view(batch_norm=True, dropout=0.5)
    view.latest.snapshot.statistics[:] = np.linspace(0.5, 2.0, view.network.statistics.size)
    network = view.current()
    found = [probe(view, 5, ()) for _ in range(2)]
    assert found[0] == found[1], "no randomness"
    X = np.array([found[0]["inputs"]])
    assert found[0]["layers"][-1]["outputs"] == pytest.approx(network.predict(X)[0], abs=1e-6)
    again = view.current()
    assert np.array_equal(again.statistics, network.statistics)


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
    assert [*map(float, found["cells"].values())] == pytest.approx(np.asarray(rows.X)[7])
    assert list(found["cells"]) == list(rows.feature_names)
    assert "cells" not in probe(view, 0, tuple(prepared.plane.low))
    assert probe(make_view("digits"), 0, ())["cells"] == {}


def test_points_without_a_unit_have_the_numbers_that_the_network_reads(make_view):
    view = make_view("gaussians")
    found = probe(view, 7, ())
    assert found["raw"] == pytest.approx(found["inputs"])
    cells = [float(cell) for cell in found["cells"].values()]
    assert cells == pytest.approx(found["inputs"], rel=1e-5)
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


def assert_same(found, result, output):
    """The contributions on the page are those of the library, with their standard errors."""
    assert found["prediction"] == pytest.approx(result.predictions[0, output], rel=1e-4)
    assert found["expected"] == pytest.approx(result.expected[output], rel=1e-4)
    values = dict(zip(result.names, result.values[0, :, output], strict=True))
    errors = dict(zip(result.names, result.standard_errors[0, :, output], strict=True))
    spread = max(map(abs, values.values()))
    assert found["values"] == pytest.approx(values, abs=1e-4 * spread)
    assert found["standard_errors"] == pytest.approx(errors, rel=1e-2, abs=1e-4 * spread)


def test_the_contributions_of_a_row_are_those_of_the_library(make_view):
    view = make_view("iris", features=("all",))
    prepared = view.prepared
    found = probe(view, 7, ())["contributions"]
    row = prepared.dataset.X[[7]]
    predictor = prepared.predictor(view.network)
    training = prepared.dataset.X[~prepared.is_test]
    result = contributions(predictor, row, training, n_background=50)
    output = int(result.predictions[0].argmax())
    name = prepared.classes[output]
    assert english(found["output"]) == f"probability of species = {name}"
    assert_same(found, result, output)
    assert sum(found["values"].values()) == pytest.approx(found["prediction"] - found["expected"])
    words = "Compared with 50 rows drawn from the 75 training rows here."
    assert english(found["compared"]) == words


def test_columns_of_a_table_contribute_as_a_whole(tmp_path, store):
    path = tmp_path / "trees.csv"
    rows = [f"{n * 7 % 11 / 4},{'oak' if n % 2 else 'fir'},{n % 3},{n % 5 / 3}" for n in range(60)]
    path.write_text("age,kind,soil,height\n" + "\n".join(rows))
    state = store.initial_state(str(path), "height")
    data = dataclasses.replace(state.data, features=("all",))
    prepared = store.prepare(data)
    view = NetworkView(state.networks[0], prepared, None)
    found = probe(view, 10, ())["contributions"]
    training = np.flatnonzero(~prepared.is_test)
    predictor = prepared.predictor(view.network)
    assert_same(found, contributions(predictor, prepared.raw[[10]], prepared.raw[training]), 0)
    assert english(found["compared"]) == f"Compared with the {len(training)} training rows here."


@pytest.fixture(scope="module")
def long_table(tmp_path_factory):
    """A table of 5,200 rows, of which the page uses 5,000; rows 3 and 8 have no target."""
    path = tmp_path_factory.mktemp("tables") / "trees.csv"
    lines = ["age,kind,soil,height"]
    for row in range(5_200):
        height = "" if row in (3, 8) else f"{row % 13}.5"
        lines.append(f"{row % 101 / 4},{('oak', 'fir', 'elm')[row % 3]},{row % 977},{height}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def model_file(long_table, tmp_path_factory):
    """A model of the long table, in a file that keeps no rows of it."""
    rows = load_table(long_table, "height")
    encoding = TableEncoding.fit(rows.X)
    predictor = Predictor(
        network=Network.dense([encoding.n_inputs, 4, 1], hidden="tanh", seed=1),
        preprocessing=encoding,
        classes=None,
        feature_names=encoding.feature_names,
        target_name="height",
        dataset="trees.csv",
    )
    path = tmp_path_factory.mktemp("models") / "model.safetensors"
    save(predictor, path)
    return path


def unused_number(prepared):
    """The number of a row with a target that the page doesn't use."""
    used = set(prepared.dataset.numbers.tolist())
    return next(number for number in range(100, 5_200) if number not in used)


def test_the_rows_in_a_model_file_come_first(long_table, model_file, store, tmp_path):
    columns = read_features(long_table, load(model_file, Predictor).feature_names)
    keeping = load(model_file, Predictor).with_background(columns[:60])
    path = tmp_path / "keeping.safetensors"
    save(keeping, path)
    state = store.initial_model_state(path, str(long_table))
    view = NetworkView(state.networks[0], store.prepare(state.data), None)
    row = find_row(view, 17)["row"]
    found = probe(view, row, ())["contributions"]
    assert_same(found, contributions(keeping, columns[[17]]), 0)
    assert english(found["compared"]) == "Compared with the 60 rows in the model file."


def test_an_image_and_a_place_have_no_contributions(make_view):
    assert probe(make_view("digits"), 0, ())["contributions"] is None
    assert probe(make_view("circles"), 0, ())["contributions"] is None
    assert "contributions" not in probe(make_view("iris"), 0, (1.0, 2.0))


@pytest.fixture
def dated(tmp_path, store):
    """A view of a table with missing values of each kind; rows 3 and 8 have no target."""
    path = tmp_path / "visits.csv"
    lines = ["day,paid,age,town,cost"]
    for row in range(90):
        day = "" if row % 9 == 4 else f"2024-03-{row % 28 + 1:02d}"
        paid = "" if row % 9 == 5 else ("yes", "no", "yes")[row % 3]
        age = "" if row % 9 == 6 else f"{row % 11 / 4}"
        town = "" if row % 9 == 7 else ("Rome", "Oslo")[row % 2]
        cost = "" if row in (3, 8) else f"{row % 13}.5"
        lines.append(f"{day},{paid},{age},{town},{cost}")
    path.write_text("\n".join(lines) + "\n")
    state = store.initial_state(str(path), "cost")
    data = dataclasses.replace(state.data, features=("all",))
    return NetworkView(state.networks[0], store.prepare(data), None)


def test_a_row_is_found_by_its_number_in_the_file(dated):
    prepared = dated.prepared
    for number in (0, 2, 4, 7, 9, 89):
        answer = find_row(dated, number)
        index = answer["row"]
        assert prepared.dataset.numbers[index] == number
        shown = probe(dated, index, ())
        assert shown["truth"] == number % 13 + 0.5
        assert answer["part"] == ("test" if prepared.is_test[index] else "training")
        place = prepared.plane.low + answer["position"] * (prepared.plane.high - prepared.plane.low)
        assert place == pytest.approx(prepared.points[index], abs=1e-5)
    assert english(find_row(dated, 90)["refusal"]) == (
        "There is no row 90: the table has the rows 0 to 89."
    )


def test_a_row_without_a_target_is_probed_without_an_error(dated):
    answer = find_row(dated, 8)
    assert answer["part"] == "unused" and not answer["has_target"]
    shown = probe(dated, answer["row"], ())
    assert shown["truth"] is None
    assert float(shown["cells"]["age"]) == 8 % 11 / 4
    assert shown["contributions"]["standard_errors"].keys() == {"day", "paid", "age", "town"}
    assert backward_pass(dated, answer["row"], ())["target"] is None


def test_a_row_that_the_page_does_not_use(long_table, store):
    state = store.initial_state(str(long_table), "height")
    data = dataclasses.replace(state.data, features=("all",))
    prepared = store.prepare(data)
    view = NetworkView(state.networks[0], prepared, None)
    assert prepared.dataset.n_samples == 5_000 and prepared.n_table_rows == 5_200
    number = unused_number(prepared)
    answer = find_row(view, number)
    assert answer["part"] == "unused" and answer["has_target"]
    place = prepared.plane.low + answer["position"] * (prepared.plane.high - prepared.plane.low)
    values = {"age": number % 101 / 4, "soil": number % 977}
    assert place == pytest.approx([values[name] for name in prepared.plane.names], rel=1e-5)
    shown = probe(view, answer["row"], ())
    kind = ("oak", "fir", "elm")[number % 3]
    assert shown["cells"] == {
        "age": f"{values['age']:g}",
        "kind": kind,
        "soil": str(values["soil"]),
    }
    assert shown["truth"] == number % 13 + 0.5
    frame = read_features(long_table, ("age", "kind", "soil"))
    [expected] = prepared.predictor(view.network).predict(frame[[number]]).ravel()
    assert shown["prediction"] == pytest.approx([expected], rel=1e-5)
    assert backward_pass(view, answer["row"], ())["no_step"] == "unused"
    used = find_row(view, int(prepared.dataset.numbers[0]))
    assert used["part"] in ("training", "test")
    with pytest.raises(ValueError, match=r"row: expected the index of one of 10,200 rows"):
        probe(view, 10_200, ())


def test_a_row_that_lacks_what_its_inputs_are_computed_from(tmp_path, store):
    path = tmp_path / "plane.csv"
    lines = [f"{n % 7},{n % 5},{n % 2}" for n in range(200)]
    lines[9] = ",3,"
    path.write_text("a,b,y\n" + "\n".join(lines) + "\n")
    state = store.initial_state(str(path), "y")
    data = dataclasses.replace(state.data, features=("x1", "x1^2"))
    view = NetworkView(state.networks[0], store.prepare(data), None)
    words = "Row 9 lacks a value that the network needs."
    assert english(find_row(view, 9)["refusal"]) == words
    assert find_row(view, 8)["part"] in ("training", "test")


def test_a_model_of_numbers_and_rows_without_a_target(tmp_path, store):
    """Row 3 has no target, and row 8 neither a target nor a number."""
    random = np.random.default_rng(0)
    X = random.normal(size=(300, 3)).round(3)
    path = tmp_path / "numbers.csv"
    lines = [f"{a},{b},{c},{a + b * c:.3f}" for a, b, c in X]
    lines[3] = lines[3].rpartition(",")[0] + ","
    lines[8] = f",{X[8, 1]},{X[8, 2]},"
    path.write_text("a,b,c,y\n" + "\n".join(lines) + "\n")
    predictor = Predictor(
        network=Network.dense([3, 4, 1], hidden="tanh", seed=1),
        preprocessing=Scaling.fit("standardize", X),
        classes=None,
        feature_names=("a", "b", "c"),
        target_name="y",
        dataset="numbers.csv",
    )
    save(predictor, tmp_path / "model.safetensors")
    state = store.initial_model_state(tmp_path / "model.safetensors", str(path))
    view = NetworkView(state.networks[0], store.prepare(state.data), None)
    complete = np.delete(X, 8, axis=0)
    for number in (17, 3):
        row = find_row(view, number)["row"]
        found = probe(view, row, ())["contributions"]
        assert_same(found, contributions(predictor, X[[number]], complete), 0)
        assert english(found["compared"]) == "Compared with the 299 rows of numbers.csv."
    assert english(find_row(view, 8)["refusal"]) == "Row 8 lacks a value that the network needs."


def test_data_without_a_table_have_no_numbers_in_a_file(make_view):
    assert english(find_row(make_view("wine"), 10_000)["refusal"]) == "These data are not a table."
    assert make_view("wine").prepared.describe()["table_rows"] == 0


def test_the_values_that_replace_missing_ones(dated):
    prepared = dated.prepared
    training = prepared.raw[np.flatnonzero(~prepared.is_test)]
    days = np.array([text for text in training["day"].tolist() if text not in ("", "NaT")])
    middle = str(np.median(days.astype("M8[s]").astype(np.int64)).astype("M8[s]"))
    expected = {
        4: {"day": middle.removesuffix("T00:00:00")},
        5: {"paid": "true"},
        6: {"age": f"{np.nanmedian(training['age']):g}"},
        7: {},  # a category, which is an input of its own
        1: {},
    }
    for number, assumed in expected.items():
        row = find_row(dated, number)["row"]
        shown = probe(dated, row, ())["assumed"]
        assert {name: value.replace(" ", "T") for name, value in shown.items()} == assumed


def test_a_network_alone_is_one_network(make_view):
    assert probe(make_view("iris"), 7, ())["networks"] == 1
