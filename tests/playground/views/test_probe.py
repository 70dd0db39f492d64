"""The probe against a forward pass by hand, and finite differences of scikit-learn's losses."""

import dataclasses

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss

from barenet import contributions
from barenet.playground._sentences import english
from barenet.playground.data._data_sources import prepare_named
from barenet.playground.state._page_state import DataSettings
from barenet.playground.views._network_view import NetworkView, drawn_rows, point_arrays
from barenet.playground.views._probe import find_row, probe

STEP = 1e-5


def loss_of(network, X, y):
    """The loss by scikit-learn, or half the squared error."""
    output = network.predict(X).astype(np.float64)
    if network.output_activation.name == "identity":
        return 0.5 * np.square(output[:, 0] - y).mean()
    if output.shape[1] == 1:
        output = np.column_stack([1 - output, output])
    return log_loss(y, output, labels=range(output.shape[1]))


def differences(network, X, y):
    """The gradient by central differences, in the order of the parameters."""
    network, found = network.copy("float64"), []
    for index, value in enumerate(network.parameters.copy()):
        losses = []
        for step in (STEP, -STEP):
            network.parameters[index] = value + step
            losses.append(loss_of(network, X, y))
        network.parameters[index] = value
        found.append((losses[0] - losses[1]) / (2 * STEP))
    return np.array(found)


def flat(layers):
    """Weights before bias, layer after layer, as in a network without other parameters."""
    parts = [np.ravel(layer[name]) for layer in layers for name in ("weights", "bias")]
    return np.concatenate(parts)


@pytest.mark.parametrize("source", ["circles", "iris", "sine"])
def test_values_and_errors_of_one_point(make_view, source):
    view = make_view(source)
    network, prepared = view.network, view.prepared
    found = probe(view, 7, (), True)
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
    target = prepared.dataset.y[7]
    if source == "sine":
        target = prepared.target_scaling.transform([[target]])[0, 0]
    error = found["backward"]
    assert error["loss"] == pytest.approx(loss_of(network.copy("float64"), X, [target]), rel=1e-4)
    assert flat(error["layers"]) == pytest.approx(differences(network, X, [target]), abs=1e-4)
    assert error["target"] == pytest.approx(np.eye(3)[target] if source == "iris" else [target])


def test_the_output_gradient_is_that_of_the_loss(make_view):
    found = probe(make_view(), 3, (), True)
    (p,), (target,) = found["layers"][-1]["outputs"], found["backward"]["target"]
    (gradient,) = found["backward"]["output_gradient"]
    assert gradient == pytest.approx(1 / (1 - p) if target == 0 else -1 / p)
    assert found["backward"]["layers"][-1]["bias"] == pytest.approx([p - target])


def test_the_shares_of_all_rows_add_up_to_the_gradient(make_view):
    view = make_view(batch_size=0)
    prepared = view.prepared
    each = [probe(view, row, (), True) for row in np.flatnonzero(~prepared.is_test)]
    shares = sum(flat(one["backward"]["layers"]) / one["backward"]["rows"] for one in each)
    assert shares == pytest.approx(differences(view.network, *prepared.training), abs=1e-5)


def test_batch_norm_uses_its_running_averages_and_nothing_is_dropped(make_view):
    view = make_view(batch_norm=True, dropout=0.5)
    view.latest.snapshot.statistics[:] = np.linspace(0.5, 2.0, view.network.statistics.size)
    network = view.current()
    found = [probe(view, 5, (), True) for _ in range(2)]
    assert found[0] == found[1], "no randomness"
    X = np.array([found[0]["inputs"]])
    assert found[0]["layers"][-1]["outputs"] == pytest.approx(network.predict(X)[0], abs=1e-6)
    slopes = network.layout.views(differences(network, X, view.prepared.dataset.y[[5]]))
    dense = [slopes[index] for index in (0, 4, 8)]
    assert flat(found[0]["backward"]["layers"]) == pytest.approx(flat(dense), abs=1e-4)
    again = view.current()
    assert np.array_equal(again.statistics, network.statistics)


def test_of_many_inputs_those_drawn_are_sent(make_view):
    view = make_view("digits", hidden=(12,), activations=("relu",))
    found = probe(view, 4, (), True)
    chosen = view.prepared.drawn_inputs()
    pixels = view.prepared.dataset.X[4]
    assert found["raw"] == pytest.approx(pixels[chosen])
    weights = view.network.layers[0].weights[chosen]
    assert np.array(found["layers"][0]["weights"]) == pytest.approx(weights)
    assert [np.shape(layer["weights"]) for layer in found["layers"]] == [(8, 12), (12, 10)]


def test_the_neurons_that_decide_come_first_and_the_image_is_the_one_probed(make_view):
    view = make_view("digits", hidden=(48, 30), activations=("relu", "relu"))
    X = view.prepared.dataset.X[[8]]
    row, image = probe(view, 8, (), False), probe(view, -1, tuple(X[0].tolist()), False)
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
    found = probe(view, 10, (), True)
    assert found["raw"][0] == pytest.approx(1.0) != found["inputs"][0]


def test_the_last_step_of_the_points_in_its_batch(page):
    page.configure(optimizer="sgd", learning_rate=0.1, batch_size=0, samples=50)
    page.wait_for(lambda network: network["epoch"] == 0)
    page.run_to(1)
    answers = [page.ask("probe", row=row, backward=True) for row in range(50)]
    training = [each for each in answers if not each["is_test"]]
    assert all("update" not in each for each in answers if each["is_test"])
    shares = sum(flat(each["backward"]["layers"]) / 25 for each in training)
    after, before = flat(training[0]["update"]["after"]), flat(training[0]["layers"])
    assert len(training) == 25 and after - before == pytest.approx(-0.1 * shares, abs=1e-6)
    assert training[0]["update"]["epoch"] == 1 and training[0]["update"]["batch"] == [1, 1]
    assert page.ask("probe", place=[1])["message"].startswith("place: expected two numbers")


def test_a_data_point_has_its_row_and_its_target(make_view):
    view = make_view("diabetes")
    prepared, rows = view.prepared, view.prepared.dataset
    found = probe(view, 7, (), backward=False)
    assert found["truth"] == rows.y[7]
    assert [*map(float, found["cells"].values())] == pytest.approx(np.asarray(rows.X)[7])
    assert list(found["cells"]) == list(rows.feature_names)
    assert "cells" not in probe(view, 0, tuple(prepared.plane.low), backward=False)
    assert probe(make_view("digits"), 0, (), backward=False)["cells"] == {}


def test_points_without_a_unit_have_the_numbers_that_the_network_reads(make_view):
    view = make_view("gaussians")
    found = probe(view, 7, (), backward=False)
    assert found["raw"] == pytest.approx(found["inputs"])
    assert [float(cell) for cell in found["cells"].values()] == pytest.approx(found["inputs"])
    plane = view.prepared.describe()
    middle = (np.array(plane["low"]) + np.array(plane["high"])) / 2
    at_the_middle = probe(view, 0, tuple(middle), backward=False)
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


@pytest.mark.parametrize("source", ["iris", "diabetes"])
def test_the_contributions_of_a_row_are_those_of_the_library(make_view, source):
    view = make_view(source, features=("all",))
    prepared = view.prepared
    found = probe(view, 7, (), backward=False)["contributions"]
    row = prepared.dataset.X[[7]]
    predictor = prepared.predictor(view.network)
    training = prepared.dataset.X[~prepared.is_test]
    step = -(-len(training) // 50)
    result = contributions(predictor, row, training[::step])
    output = 0
    if source == "iris":
        output = int(result.predictions[0].argmax())
        assert english(found["output"]) == f"probability of {prepared.classes[output]}"
    assert found["prediction"] == pytest.approx(result.predictions[0, output], rel=1e-4)
    assert found["expected"] == pytest.approx(result.expected[output], rel=1e-4)
    values = list(found["values"].values())
    assert sum(values) == pytest.approx(found["prediction"] - found["expected"], rel=1e-3)
    spread = max(map(abs, values))
    assert values == pytest.approx(result.values[0, :, output], abs=0.05 * spread)


def test_columns_of_a_table_contribute_as_a_whole(tmp_path, store):
    path = tmp_path / "trees.csv"
    rows = [f"{n * 7 % 11 / 4},{'oak' if n % 2 else 'fir'},{n % 3},{n % 5 / 3}" for n in range(60)]
    path.write_text("age,kind,soil,height\n" + "\n".join(rows))
    state = store.initial_state(str(path), "height")
    data = dataclasses.replace(state.data, features=("all",))
    prepared = store.prepare(data)
    view = NetworkView(state.networks[0], prepared, None)
    found = probe(view, 10, (), backward=False)
    frame = prepared.raw
    training = np.flatnonzero(~prepared.is_test)
    result = contributions(
        prepared.predictor(view.network),
        frame[[10]],
        frame[training[:: -(-len(training) // 50)]],
    )
    expected = dict(zip(result.names, result.values[0, :, 0], strict=True))
    assert found["contributions"]["values"] == pytest.approx(expected, abs=1e-4)


def test_an_image_and_a_place_have_no_contributions(make_view):
    assert probe(make_view("digits"), 0, (), backward=False)["contributions"] is None
    assert probe(make_view("circles"), 0, (), backward=False)["contributions"] is None
    assert "contributions" not in probe(make_view("iris"), 0, (1.0, 2.0), backward=False)


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
        shown = probe(dated, index, (), backward=False)
        assert shown["truth"] == number % 13 + 0.5
        assert answer["is_test"] == prepared.is_test[index]
        place = prepared.plane.low + answer["position"] * (prepared.plane.high - prepared.plane.low)
        assert place == pytest.approx(prepared.points[index], abs=1e-5)
    assert english(find_row(dated, 3)["refusal"]) == "Row 3 was left out, as it has no cost."
    assert english(find_row(dated, 90)["refusal"]) == "The table has the rows 0 to 89."


def test_a_row_outside_of_the_sample_of_a_long_table(tmp_path, store):
    path = tmp_path / "long.csv"
    path.write_text("a,b,y\n" + "".join(f"{n % 7},{n},{n % 2}\n" for n in range(5_100)))
    state = store.initial_state(str(path), "y")
    view = NetworkView(state.networks[0], store.prepare(state.data), None)
    numbers = set(view.prepared.dataset.numbers.tolist())
    left_out = next(number for number in range(5_100) if number not in numbers)
    words = f"Row {left_out} is not among the {len(numbers):,} rows that were drawn at random."
    assert english(find_row(view, left_out)["refusal"]) == words
    kept = max(numbers)
    row = find_row(view, kept)["row"]
    assert float(probe(view, row, (), backward=False)["cells"]["b"]) == kept


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
        6: {"age": str(np.nanmedian(training["age"]))},
        7: {},  # a category, which is an input of its own
        1: {},
    }
    for number, assumed in expected.items():
        row = find_row(dated, number)["row"]
        shown = probe(dated, row, (), backward=False)["assumed"]
        assert {name: value.replace(" ", "T") for name, value in shown.items()} == assumed


def test_a_network_alone_is_one_network(make_view):
    assert probe(make_view("iris"), 7, (), backward=False)["networks"] == 1
