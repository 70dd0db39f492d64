import numpy as np
import pytest

from barenet.playground._data_preparation import prepare_named
from barenet.playground._network_layout import MAX_DRAWN
from barenet.playground._network_view import NEURON_SIDE, input_pictures, rasterize
from barenet.playground._page_state import DataSettings, NetworkSettings


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


def test_regression_is_shown_in_the_range_of_the_targets():
    network, prepared, picture = drawn("plane")
    y, scaling = prepared.dataset.y[~prepared.is_test], prepared.target_scaling
    inputs = prepared.inputs("grid", picture.side)
    predicted = scaling.inverse_transform(network.predict(inputs))[:, 0]
    share = 2 * (predicted - y.min()) / (y.max() - y.min()) - 1
    assert picture.output / 127 == pytest.approx(np.clip(share, -1, 1), abs=0.005)


def test_a_curve_has_the_units_of_the_target():
    network, prepared, picture = drawn("sine")
    assert picture.output.dtype == np.float32 and len(picture.output) == picture.side
    predicted = prepared.target_scaling.inverse_transform(
        network.predict(prepared.inputs("line", picture.side))
    )
    assert picture.output == pytest.approx(predicted[:, 0], abs=1e-5)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_neuron_images_equal_layer_outputs(batch_norm):
    network, prepared, picture = drawn("circles", batch_norm=batch_norm, dropout=0.5)
    assert picture.neurons.shape == (6, NEURON_SIDE, NEURON_SIDE)
    values = prepared.inputs("grid", NEURON_SIDE)
    for layer in network.layers[: 4 if batch_norm else 2]:
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
