"""Images in a grid: the pixels, the titles, the mark of an error, and the scale of the weights."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from sklearn.datasets import load_digits

from barenet import Network
from barenet.insight.plots import _style as style
from barenet.layers import ActivationLayer, Dense
from barenet.plots import plot_digits, plot_weights

DIGITS = load_digits()
IMAGES, LABELS = DIGITS.data[:25], DIGITS.target[:25]
RNG = np.random.default_rng(0)


def test_each_panel_shows_its_image():
    figure = plot_digits(IMAGES, LABELS, image_shape=(8, 8))
    assert len(figure.axes) == 25
    for axes, image in zip(figure.axes, DIGITS.images, strict=False):
        np.testing.assert_array_equal(axes.images[0].get_array(), image)
        assert axes.images[0].get_clim() == (0, 16)
    (axes,) = plot_digits(np.arange(6.0).reshape(1, 6), image_shape=(2, 3)).axes
    np.testing.assert_array_equal(axes.images[0].get_array(), [[0, 1, 2], [3, 4, 5]])


def test_ink_is_dark_on_light_paper(pixels):
    blank, full = np.zeros(64), np.ones(64)
    figure = plot_digits(np.stack([blank, full]), image_shape=(8, 8))
    image = pixels(figure)
    for axes, shade in zip(figure.axes, (1.0, 0.0), strict=True):
        x, y = axes.transAxes.transform((0.5, 0.5)) * 2
        np.testing.assert_array_equal(image[int(image.shape[0] - y), int(x)], [shade] * 3)


@pytest.mark.parametrize("n_images", [1, 2, 5, 20])
def test_up_to_a_hundred_images_are_readable(n_images, readable):
    labels = DIGITS.target[:n_images]
    rows = DIGITS.data[:n_images], labels, labels, np.full(n_images, 1.0)
    figure = plot_digits(*rows, image_shape=(8, 8), title="Digits")
    assert len(figure.axes) == n_images
    readable(figure)


def test_titles_name_labels_and_predictions_and_errors_are_marked(readable):
    names = ["T-shirt or top", "Ankle boot"], ["T-shirt or top", "T-shirt or top"]
    figure = plot_digits(IMAGES[:2], *names, [0.972, 0.6], image_shape=(8, 8))
    right, wrong = figure.axes
    assert right.get_title() == "label T-shirt or top\npredicted T-shirt or top (97.2%)"
    assert wrong.get_title() == "label Ankle boot\nwrong: T-shirt or top (60.0%)"
    assert wrong.spines["left"].get_linewidth() >= 3 * right.spines["left"].get_linewidth()
    assert (right.title.get_fontweight(), wrong.title.get_fontweight()) == ("normal", "bold")
    assert wrong.spines["left"].get_edgecolor()[:3] == to_rgb(style.WRONG)
    readable(figure)
    (axes,) = plot_digits(IMAGES[:1], predictions=[4], image_shape=(8, 8)).axes
    assert axes.get_title() == "predicted 4"


def test_units_are_images_of_their_weights_on_one_scale_around_zero(readable):
    weights = RNG.uniform(-1, 5, (6, 4))
    figure = plot_weights(weights, (2, 3))
    limit = np.abs(weights).max()
    for unit, axes in enumerate(figure.axes):
        assert axes.get_title() == f"unit {unit}"
        np.testing.assert_array_equal(axes.images[0].get_array(), weights[:, unit].reshape(2, 3))
        assert axes.images[0].get_clim() == (-limit, limit)
    readable(figure)


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
