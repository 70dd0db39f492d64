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
        assert axes.images[0].cmap.name == "gray_r"  # ink is dark on light paper
    (axes,) = plot_digits(np.arange(6.0).reshape(1, 6), image_shape=(2, 3)).axes
    np.testing.assert_array_equal(axes.images[0].get_array(), [[0, 1, 2], [3, 4, 5]])


@pytest.mark.parametrize("count", [1, 7])
def test_any_number_of_images_and_units_is_readable(count, readable):
    labels = DIGITS.target[:count]
    rows = DIGITS.data[:count], labels, labels, np.full(count, 1.0)
    figures = (
        plot_digits(*rows, image_shape=(8, 8), title="Digits"),
        plot_weights(rows[0].T, (8, 8)),
    )
    for figure in figures:
        assert len(figure.axes) == count
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
