"""A network of the page: its reports, its weights and its pictures."""

import numpy as np
import pytest

from barenet.errors import ArgumentError
from barenet.model._network import Snapshot
from barenet.playground.data._data_sources import prepare_named
from barenet.playground.state._network_layout import MAX_DRAWN, describe, parameter_index
from barenet.playground.state._page_state import DataSettings, NetworkSettings
from barenet.playground.trainer._problems import Problem
from barenet.playground.trainer._timeline import EpochMetrics
from barenet.playground.trainer._trainer_messages import ProgressReport
from barenet.playground.views._network_view import (
    NEURON_SIDE,
    NetworkView,
    input_pictures,
    rasterize,
)


class RecordingTrainer:
    """Records the commands, and trains nothing."""

    def __init__(self):
        self.commands = []

    def begin(self, task, pace, listener):
        return 7

    def send(self, key, action, value=None):
        self.commands.append((key, action, value))


@pytest.fixture
def view():
    view = NetworkView(NetworkSettings(), prepare_named(DataSettings()), RecordingTrainer())
    view.start(30.0, lambda report: None)
    return view


def report(view, losses, **status):
    """A report of epochs with these test losses."""
    rows = [EpochMetrics(epoch, 0.5, loss, 0.7, 0.8) for epoch, loss in losses.items()]
    snapshot = Snapshot(view.network.parameters + 1, view.network.statistics)
    last = max(losses, default=0)
    return ProgressReport(snapshot=snapshot, rows=rows, **{"epoch": last, "last": last, **status})


def test_a_network_is_about_to_play_until_it_reports_of_it(view):
    view.send("play")
    view.receive(report(view, {0: 0.5}, playing=False))  # made before the command
    view.send("pace", 10)
    assert view.playing
    view.receive(report(view, {0: 0.5}, playing=True))
    view.receive(report(view, {3: 0.5}, playing=False))
    assert not view.playing
    view.send("play")
    view.send("pause")
    assert not view.playing


@pytest.mark.parametrize("changes", [{}, {"dropout": 0.3}])
def test_every_weight_is_found_in_the_parameter_vector(new_task, changes):
    network = new_task(**changes)[0].network
    dense = [layer for layer in network.layers if hasattr(layer, "weights")]
    for number, (layer, offsets) in enumerate(
        zip(dense, describe(network, MAX_DRAWN)["layout"], strict=True)
    ):
        assert (offsets["n_in"], offsets["n_out"]) == layer.weights.shape
        for row in range(layer.n_in):
            for column in range(layer.n_out):
                index = parameter_index(network, number, row, column)
                assert network.parameters[index] == layer.weights[row, column]
        network.parameters[parameter_index(network, number, -1, 0)] = 42.0 + number
        assert layer.bias[0] == 42.0 + number


@pytest.mark.parametrize("place", [(9, 0, 0), (0, 2, 0), (0, -2, 0), (0, 0, 4)])
def test_an_unknown_weight_is_rejected(view, place):
    with pytest.raises(ArgumentError, match=r"^(layer|weight): "):
        view.edit(*place, 1.0)
    view.edit(1, -1, 1, 2.5)
    assert view.trainer.commands == [(7, "edit", (12 + 8 + 1, 2.5))]


def test_reports_are_shown(view):
    lowest = EpochMetrics(1, 0.5, 0.6, 0.7, 0.8)
    view.receive(report(view, {1: 0.6, 2: float("inf")}, lowest=lowest))
    version = view.curve.version
    header = view.header(view.latest, {version: 0})
    assert header["epoch"] == 2 and header["newest"] == [2, 0.5, None, 0.7, 0.8]
    assert [row[0] for row in header["rows"]] == [1, 2]
    assert header["lowest"] == [1, 0.5, 0.6, 0.7, 0.8]
    assert view.header(view.latest, {version: 2})["rows"] == []
    _, arrays = view.draw(view.latest)
    assert (arrays["weights"] == view.latest.snapshot.parameters).all()
    assert (view.current().parameters == view.latest.snapshot.parameters).all()
    assert view.current() is not view.network


def test_the_curve_ends_where_the_later_epochs_are_discarded(view):
    view.receive(report(view, dict.fromkeys(range(6), 0.6), last=5))
    view.receive(report(view, {}, epoch=2, last=5))
    assert len(view.header(view.latest, {})["rows"]) == 6, "back in time, the curve stays"
    diverged = Problem("It diverged", failed=True)
    view.receive(report(view, {}, epoch=2, last=2, problem=diverged))
    assert len(view.header(view.latest, {})["rows"]) == 6, "it shows the divergence"
    version = view.curve.version
    view.receive(report(view, {}, epoch=4, last=4))
    assert [row[0] for row in view.header(view.latest, {version: 5})["rows"]] == [0, 1, 2, 3, 4]
    view.receive(report(view, {3: 0.5}, last=3))
    assert [row[0] for row in view.header(view.latest, {})["rows"]] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("score", "status", "count"),
    [
        (0.7, {}, 1),
        (0.96, {}, 0),
        (0.7, {"epoch": 1}, 0),
        (0.7, {"problem": Problem("", "", True)}, 0),
    ],
)
def test_flat_neurons_are_reported_at_the_newest_epoch_unless_the_score_is_good(
    view, score, status, count
):
    view.receive(report(view, {2: 0.5}))
    snapshot = Snapshot(np.full_like(view.network.parameters, 1e4), view.network.statistics)
    row = EpochMetrics(3, 0.5, 0.5, score, score)
    changes = {"epoch": 3, "last": 3, **status}
    view.receive(ProgressReport(snapshot=snapshot, rows=[row], **changes))
    header, _ = view.draw(view.latest)
    assert len(header["problems"]) == count


def drawn(data, **changes):
    prepared = prepare_named(DataSettings(source=data))
    settings = NetworkSettings(**changes)
    network = prepared.make_network(settings)
    return network, prepared, rasterize(network, prepared)


def test_the_output_is_what_the_network_predicts():
    network, prepared, picture = drawn("circles")
    predicted = network.predict(prepared.inputs("grid", picture.side))[:, 0]
    assert picture.output / 127 == pytest.approx(2 * predicted - 1, abs=0.005)


def test_many_classes_show_the_most_probable_and_its_probability():
    network, prepared, picture = drawn("iris")
    predicted = network.predict(prepared.inputs("grid", picture.side))
    first, sure, second, less = np.split(picture.output, 4)
    ranked = predicted.argsort(axis=1)
    assert (first == ranked[:, -1]).all() and (second == ranked[:, -2]).all()
    predicted.sort(axis=1)
    assert sure / 127 == pytest.approx(predicted[:, -1], abs=0.005)
    assert less / 127 == pytest.approx(predicted[:, -2], abs=0.005)


def test_a_curve_has_the_units_of_the_target():
    network, prepared, picture = drawn("sine")
    assert picture.output.dtype == np.float32 and len(picture.output) == picture.side
    predicted = network.predict(prepared.inputs("line", picture.side))
    expected = prepared.target_scaling.inverse_transform(predicted)[:, 0]
    assert picture.output == pytest.approx(expected, abs=1e-5)


def test_neuron_images_equal_layer_outputs():
    network, prepared, picture = drawn("circles", dropout=0.5)
    assert picture.neurons.shape == (6, NEURON_SIDE, NEURON_SIDE)
    values = prepared.inputs("grid", NEURON_SIDE)
    for layer in network.layers[:2]:
        values, _ = layer.forward(values)
    for neuron in range(4):
        expected = values[:, neuron].reshape(NEURON_SIDE, NEURON_SIDE)
        found = picture.neurons[neuron] * picture.scales[neuron] / 127
        assert found == pytest.approx(expected, abs=picture.scales[neuron] / 120)


@pytest.mark.parametrize(("hidden", "count"), [((40, 3), MAX_DRAWN + 3), ((), 0)])
def test_wide_layers_are_drawn_in_part(hidden, count):
    _, _, picture = drawn("circles", hidden=hidden, activations=("relu",) * len(hidden))
    assert picture.neurons.shape == (count, NEURON_SIDE, NEURON_SIDE)


def test_first_layers_on_images_are_drawn_as_the_weights_of_the_pixels():
    network, _, picture = drawn("digits", hidden=(3, 2), activations=("relu", "relu"))
    weights = network.layers[0].weights
    assert picture.neurons.shape == (5, NEURON_SIDE, NEURON_SIDE)
    for neuron in range(3):
        found = picture.neurons[neuron] * picture.scales[neuron] / 127
        blocks = found.reshape(8, 3, 8, 3).swapaxes(1, 2).reshape(64, 9)
        assert picture.scales[neuron] == pytest.approx(np.abs(weights[:, neuron]).max())
        np.testing.assert_allclose(blocks.T, np.tile(weights[:, neuron], (9, 1)), atol=0.01)


def test_overflowing_weights_are_drawn_as_far_as_possible():
    network, prepared, _ = drawn("circles")
    network.parameters[:] = np.nan
    picture = rasterize(network, prepared)
    assert np.isfinite(picture.scales).all()


def test_inputs_are_drawn_after_scaling():
    prepared = prepare_named(DataSettings(source="xor", features=("x1", "x2^2")))
    pictures, scales = input_pictures(prepared)
    values = prepared.inputs("grid", NEURON_SIDE)[:, 1].reshape(NEURON_SIDE, NEURON_SIDE)
    assert pictures[1] * scales[1] / 127 == pytest.approx(values, abs=scales[1] / 120)
    assert pictures.shape == (2, NEURON_SIDE, NEURON_SIDE)
    assert (np.diff(pictures[0], axis=0) == 0).all(), "x1 is the same from top to bottom"
    assert (np.diff(pictures[1], axis=1) == 0).all()


def test_the_most_varying_pixels_are_drawn():
    prepared = prepare_named(DataSettings(source="digits"))
    spread = prepared.dataset.X[~prepared.is_test].std(axis=0)
    chosen = prepared.drawn_inputs()
    assert chosen == sorted(chosen) and len(chosen) == MAX_DRAWN
    assert spread[chosen].min() >= np.sort(spread)[-MAX_DRAWN]
    assert (input_pictures(prepared)[0].any(axis=(1, 2))).all()
    assert prepare_named(DataSettings(source="circles")).drawn_inputs() == [0, 1]
