"""plot_digits: the pixels, the titles and the mark of an error."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from sklearn.datasets import load_digits

from barenet.insight.plots import _style as style
from barenet.plots import plot_digits

DIGITS = load_digits()
IMAGES, LABELS = DIGITS.data[:25], DIGITS.target[:25]


def test_each_panel_shows_its_image():
    figure = plot_digits(IMAGES, LABELS, image_shape=(8, 8))
    assert len(figure.axes) == 25
    for axes, image in zip(figure.axes, DIGITS.images, strict=False):
        np.testing.assert_array_equal(axes.images[0].get_array(), image)
        assert axes.images[0].get_clim() == (0, 16)


@pytest.mark.integration
def test_titles_have_the_label_and_the_prediction(readable):
    predicted = LABELS.copy()
    predicted[3] = 8
    figure = plot_digits(IMAGES, LABELS, predicted, np.full(25, 0.972), image_shape=(8, 8))
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[0] == "label 0\npredicted 0 (97.2%)"
    assert titles[3] == "label 3\nwrong: 8 (97.2%)"
    assert sum("wrong" in title for title in titles) == 1
    readable(figure)


def test_errors_are_marked_by_frame_weight_and_colour():
    right, wrong = plot_digits(IMAGES[:2], [0, 1], [0, 7], image_shape=(8, 8)).axes
    assert wrong.spines["left"].get_linewidth() >= 3 * right.spines["left"].get_linewidth()
    assert (right.title.get_fontweight(), wrong.title.get_fontweight()) == ("normal", "bold")
    assert wrong.spines["left"].get_edgecolor()[:3] == to_rgb(style.WRONG)


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


def test_labels_may_be_names(readable):
    names, others = ["T-shirt or top", "Ankle boot"], ["T-shirt or top", "T-shirt or top"]
    figure = plot_digits(IMAGES[:2], names, others, [0.5, 0.6], image_shape=(8, 8))
    assert figure.axes[1].get_title() == "label Ankle boot\nwrong: T-shirt or top (60.0%)"
    readable(figure)


def test_predictions_without_labels_are_not_marked():
    (axes,) = plot_digits(IMAGES[:1], predictions=[4], image_shape=(8, 8)).axes
    assert axes.get_title() == "predicted 4"


def test_images_may_be_rectangular():
    (axes,) = plot_digits(np.arange(6.0).reshape(1, 6), image_shape=(2, 3)).axes
    np.testing.assert_array_equal(axes.images[0].get_array(), [[0, 1, 2], [3, 4, 5]])
