"""The terms of the playable pass against the library's gradient and finite differences."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from barenet.losses import AbsoluteError, BinaryCrossEntropy, SquaredError
from barenet.model._activations import Identity, Sigmoid
from barenet.model._array_dataset import validate_arrays
from barenet.model._network import Objective
from barenet.model.losses import as_loss
from barenet.playground.data._data_sources import prepare_named, prepare_table
from barenet.playground.data._table_file import open_table
from barenet.playground.state._page_state import DataSettings, NetworkSettings
from barenet.playground.views._backward_pass import backward_pass, is_difference
from barenet.playground.views._network_view import NetworkView

STEP = 1e-5
ROW = 6

#: Data, and the settings of a network.
CASES = [
    ("circles", {}),
    ("circles", {"hidden": ()}),
    ("circles", {"hidden": (3, 2, 2), "dropout": 0.5}),
    ("iris", {"hidden": (5,), "activations": ("relu",)}),
    ("iris", {"hidden": (5,), "loss": "squared_error"}),
    ("sine", {"hidden": (5, 4), "activations": ("silu", "gelu"), "loss": "huber"}),
    ("digits", {"hidden": (48, 12), "activations": ("relu", "tanh")}),
]


def training_row(view):
    """A row of the training set."""
    return int(np.flatnonzero(~view.prepared.is_test)[ROW])


def dense_slots(network):
    return [slot.layer for slot in network.layout.slots if slot.name == "weights"]


def objective_of(view, row, dtype):
    """The loss of one point as a function of the parameters, with its network and its data."""
    prepared = view.prepared
    network = view.current().copy(dtype)
    X = prepared.scaling.transform(
        prepared.features.apply(np.asarray(prepared.dataset.X[[row]], float)), dtype
    )
    y = prepared.dataset.y[[row]]
    if prepared.target_scaling is not None:
        y = prepared.target_scaling.transform(y[:, None])[:, 0]
    loss = as_loss(view.settings.loss or None, network.output_activation)
    data = validate_arrays(network, loss, X, y).take(dtype=network.dtype)
    return network, Objective(network, loss), data


def shown_part(layer, array):
    """The drawn part of an array of a layer, given the answer's own shape."""
    n_in, n_out = np.shape(layer["weights"])
    return array[:n_in, :n_out]


@pytest.mark.parametrize(("source", "settings"), CASES)
def test_the_terms_add_up_and_the_gradients_are_those_of_the_library(make_view, source, settings):
    view = make_view(source, **settings)
    row = training_row(view)
    answer = backward_pass(view, row, ())
    network, objective, data = objective_of(view, row, "float32")
    value, gradient = objective.value_and_gradient(data, training=False)
    assert answer["loss"] == pytest.approx(value, rel=1e-5)
    gradients = network.layout.views(gradient)
    inputs = np.array(answer["inputs"])
    chosen = view.prepared.drawn_inputs()
    assert inputs == pytest.approx(data.X[0, chosen], abs=1e-6)
    for place, (position, layer) in enumerate(
        zip(dense_slots(network), answer["layers"], strict=True)
    ):
        weights, products = np.array(layer["weights"]), np.array(layer["products"])
        assert products == pytest.approx(weights * inputs[:, None], abs=1e-6)
        total = products.sum(axis=0) + layer["bias"]
        if layer["others"] is not None:
            total += layer["others"]
        assert total == pytest.approx(np.array(layer["sums"]), abs=1e-4)
        assert (layer["others"] is None) == (layer["n_others"] == 0)
        own = gradients[position]["weights"]
        rows = chosen if place == 0 else range(len(inputs))
        shown = own[list(rows)][:, : weights.shape[1]]
        assert np.array(layer["gradients"]) == pytest.approx(shown, abs=1e-7)
        deltas = np.array(layer["deltas"])
        assert deltas == pytest.approx(gradients[position]["bias"][: len(deltas)], abs=1e-7)
        assert shown == pytest.approx(np.outer(inputs, deltas), abs=1e-5), "δ × input"
        inputs = np.array(layer["outputs"])


@pytest.mark.parametrize(("source", "settings"), CASES)
def test_each_delta_is_its_terms_times_the_slope(make_view, source, settings):
    view = make_view(source, **settings)
    answer = backward_pass(view, training_row(view), ())
    *hidden, last = answer["layers"]
    for layer, after in zip(hidden, answer["layers"][1:], strict=True):
        terms = np.array(layer["back_terms"])
        assert terms == pytest.approx(np.array(after["weights"]) * after["deltas"], abs=1e-6)
        errors = terms.sum(axis=1)
        if layer["back_others"] is not None:
            errors += layer["back_others"]
        assert errors == pytest.approx(np.array(layer["errors"]), abs=1e-6)
        product = np.array(layer["errors"]) * layer["slopes"]
        assert product == pytest.approx(np.array(layer["deltas"]), abs=1e-5)
    if last["activation"] == "softmax":
        mixed = np.array(last["slopes"]) * answer["output_gradient"]
        assert np.array(last["back_terms"]) == pytest.approx(mixed, abs=1e-6)
        assert mixed.sum(axis=1) == pytest.approx(np.array(last["deltas"]), abs=1e-5)
    else:
        product = np.array(answer["output_gradient"]) * last["slopes"]
        assert product == pytest.approx(np.array(last["deltas"]), rel=1e-4, abs=1e-6)
    if answer["is_difference"]:
        difference = np.subtract(last["outputs"], answer["target"])
        assert difference == pytest.approx(np.array(last["deltas"]), abs=1e-6)


@pytest.mark.parametrize(("source", "settings"), CASES[2:-1])
def test_the_gradients_are_finite_differences_of_the_loss(make_view, source, settings):
    view = make_view(source, **settings)
    row = training_row(view)
    answer = backward_pass(view, row, ())
    network, objective, data = objective_of(view, row, "float64")

    def difference(array, place):
        values = []
        before = array[place]
        for step in (STEP, -STEP):
            array[place] = before + step
            value, _ = objective.value_and_output(data)
            values.append(value)
        array[place] = before
        return (values[0] - values[1]) / (2 * STEP)

    views = network.layout.views(network.parameters)
    chosen = view.prepared.drawn_inputs()
    for place, (position, layer) in enumerate(
        zip(dense_slots(network), answer["layers"], strict=True)
    ):
        gradients = np.array(layer["gradients"])
        for i, j in np.ndindex(gradients.shape):
            index = chosen[i] if place == 0 else i
            numeric = difference(views[position]["weights"], (index, j))
            assert gradients[i, j] == pytest.approx(numeric, abs=2e-5)
        for j, delta in enumerate(layer["deltas"]):
            assert delta == pytest.approx(difference(views[position]["bias"], j), abs=2e-5)


@pytest.mark.parametrize("loss", ["categorical_cross_entropy", "squared_error"])
def test_the_class_of_the_point_is_drawn_among_many(tmp_path, loss):
    rows = "".join(f"{n % 7},{n % 5},{chr(97 + n % 13)}\n" for n in range(130))
    path = tmp_path / "table.csv"
    path.write_text("a,b,c\n" + rows)
    prepared = prepare_table(DataSettings(), open_table("table.csv", path))
    settings = NetworkSettings(hidden=(3,), activations=("tanh",), loss=loss)
    view = NetworkView(settings, prepared, None)
    row = int(np.flatnonzero(~prepared.is_test & (prepared.dataset.y == 11))[0])
    answer = backward_pass(view, row, ())
    assert answer["classes"] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 11]
    assert answer["target"] == [0] * 9 + [1]
    last = answer["layers"][-1]
    deltas = np.sum(last["back_terms"], axis=1)
    if loss == "squared_error":
        deltas += last["back_others"]
    assert deltas == pytest.approx(np.array(last["deltas"]), abs=1e-6)
    if loss == "categorical_cross_entropy":
        assert last["back_others"] is None
        assert answer["loss"] == pytest.approx(-np.log(last["outputs"][-1]), rel=1e-5)
    assert backward_pass(view, 0, (0.0, 0.0))["classes"] == [*range(10)]


def test_the_loss_is_that_of_scikit_learn(make_view):
    view = make_view("iris", hidden=(5,))
    row = training_row(view)
    answer = backward_pass(view, row, ())
    output, target = np.array(answer["layers"][-1]["outputs"]), np.argmax(answer["target"])
    expected = log_loss([target], [output / output.sum()], labels=range(3))
    assert answer["loss"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("batch_size", [1, 0])
def test_plain_descent_moves_a_weight_by_the_share_of_the_point(make_view, batch_size):
    view = make_view(optimizer="sgd", learning_rate=0.5, batch_size=batch_size)
    answer = backward_pass(view, training_row(view), ())
    rows = batch_size or len(view.prepared.training.y)
    assert (answer["rows"], answer["no_step"], answer["optimizer"]) == (rows, "", "sgd")
    for layer, step in zip(answer["layers"], answer["steps"], strict=True):
        share = np.array(layer["gradients"]) / rows
        assert np.array(step["shares"]["weights"]) == pytest.approx(share, rel=1e-5)
        after = np.array(layer["weights"]) - 0.5 * share
        assert np.array(step["after"]["weights"]) == pytest.approx(after, abs=1e-6)
        assert np.array(step["changes"]["weights"]) == pytest.approx(-0.5 * share, abs=1e-6)
        bias = np.array(layer["bias"]) - 0.5 * np.array(layer["deltas"]) / rows
        assert np.array(step["after"]["bias"]) == pytest.approx(bias, abs=1e-6)


@pytest.mark.parametrize("optimizer", ["momentum", "muon"])
def test_the_step_is_that_of_the_trained_optimizer_and_moves_nothing(page, optimizer):
    page.configure(optimizer=optimizer, learning_rate=0.02, batch_size=1, samples=20, test_size=0.5)
    page.wait_for(lambda network: network["epoch"] == 0)
    page.run_to(2)
    rows = range(20)
    before = [page.ask("backward_pass", row=row) for row in rows]
    page.send("batch")
    page.wait_for(lambda network: network["batch"][0] == 1)
    after = [page.ask("backward_pass", row=row) for row in rows]
    first, second = after[0]["layers"], before[0]["layers"]
    trained = [layer["weights"] for layer in first]
    assert trained != [layer["weights"] for layer in second]
    matches = []
    for answer in before:
        if answer["is_test"]:
            assert answer["no_step"] == "test" and "steps" not in answer
            continue
        steps = [step["after"]["weights"] for step in answer["steps"]]
        matches.append(
            all(
                np.allclose(ours, theirs, atol=1e-6)
                for ours, theirs in zip(steps, trained, strict=True)
            )
        )
    assert matches.count(True) == 1, "the point of that batch, and no other"


def test_a_schedule_has_its_learning_rate(page):
    page.configure(optimizer="sgd", learning_rate=0.5, schedule="step:every=100", samples=20)
    page.wait_for(lambda network: network["epoch"] == 0)
    page.run_to(120)
    answers = [page.ask("backward_pass", row=row) for row in range(20)]
    rates = {answer["learning_rate"] for answer in answers if not answer["is_test"]}
    assert rates == {0.25}


def test_without_a_target_there_is_only_the_forward_pass(make_view):
    view = make_view()
    answer = backward_pass(view, -1, (0.25, -0.5))
    assert answer["target"] is None and "deltas" not in answer["layers"][0]
    assert backward_pass(view, -1, (0.5,) * 64) == {"layers": []}, "an image of other data"


def test_without_a_step_the_reason_is_stated(make_view):
    view = make_view(optimizer="lbfgs")
    answer = backward_pass(view, training_row(view), ())
    assert answer["no_step"] == "full_batch" and "steps" not in answer
    data = prepare_named(DataSettings())
    test_row = int(np.flatnonzero(data.is_test)[0])
    assert backward_pass(make_view(), test_row, ())["no_step"] == "test"


def test_the_shortcut_holds_for_three_losses_alone():
    assert is_difference(BinaryCrossEntropy(), Sigmoid())
    assert is_difference(SquaredError(), Identity())
    assert not is_difference(SquaredError(factor=1), Identity())
    assert not is_difference(SquaredError(), Sigmoid())
    assert not is_difference(AbsoluteError(), Identity())
