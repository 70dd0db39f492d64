"""plot_weights: the first layer's weights, all on one scale around zero."""

import numpy as np
import pytest

from barenet import Network
from barenet.layers import ActivationLayer, Dense
from barenet.plots import plot_weights

RNG = np.random.default_rng(0)


def test_units_are_drawn_as_images_of_their_weights(readable):
    weights = RNG.standard_normal((6, 4))
    figure = plot_weights(weights, (2, 3))
    units = figure.axes
    assert [axes.get_title() for axes in units] == ["unit 0", "unit 1", "unit 2", "unit 3"]
    for unit, axes in enumerate(units):
        np.testing.assert_array_equal(axes.images[0].get_array(), weights[:, unit].reshape(2, 3))
    readable(figure)


def test_the_colour_scale_is_centred_on_zero():
    weights = RNG.uniform(-1, 5, (6, 4))
    limit = np.abs(weights).max()
    for axes in plot_weights(weights, (2, 3)).axes:
        assert axes.images[0].get_clim() == (-limit, limit)


def test_zero_is_white_and_the_signs_are_red_and_blue():
    image = plot_weights([[1.0], [0.0], [-1.0]], (1, 3)).axes[0].images[0]
    positive, zero, negative = image.cmap(image.norm(image.get_array()))[0, :, :3]
    assert zero.min() > 0.95
    assert positive[0] > 2 * positive[2] and negative[2] > 2 * negative[0]
    assert plot_weights(np.zeros((4, 2)), (2, 2)).axes[0].images[0].get_clim() == (-1, 1)


def test_the_first_dense_layer_is_drawn():
    network = Network([ActivationLayer("tanh"), Dense(4, 3, "relu"), Dense(3, 2)], seed=1)
    units = plot_weights(network, (2, 2)).axes
    drawn = [axes.images[0].get_array().ravel() for axes in units]
    np.testing.assert_array_equal(np.transpose(drawn), network.layers[1].weights)


@pytest.mark.parametrize("n_units", [1, 7, 20])
def test_any_number_of_units_is_readable(n_units, readable):
    figure = plot_weights(RNG.standard_normal((64, n_units)), (8, 8))
    assert len(figure.axes) == n_units
    readable(figure)
