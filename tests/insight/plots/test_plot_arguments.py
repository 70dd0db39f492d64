"""Arguments that can't be drawn are refused by their names."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris, make_moons

from barenet import Network, plots
from barenet.errors import ArgumentError
from barenet.layers import ActivationLayer

MOONS, MOON = make_moons(200, noise=0.2, random_state=0)
IRIS = load_iris()
DIGITS = load_digits()
IMAGES, LABELS = DIGITS.data[:25], DIGITS.target[:25]
SMALL = {"image_shape": (8, 8)}
X = np.linspace(-6, 6, 80).reshape(-1, 1)
Y = np.sin(X)


def half(points):
    """The same probability everywhere."""
    return np.full(len(points), 0.5)


WRONG = {
    plots.plot_boundary: [
        (half, IRIS.data, IRIS.target, {}, "X"),
        (half, MOONS, MOON[:5], {}, "y"),
        (half, MOONS, MOON + 1, {}, "y"),
        (half, MOONS, MOON / 2, {}, "y"),
        (half, MOONS, MOON, {"classes": ["a"]}, "classes"),
        (half, MOONS, MOON, {"feature_names": "ab"}, "feature_names"),
        (half, MOONS, MOON, {"resolution": 0}, "resolution"),
        (lambda points: [0.5], MOONS, MOON, {}, "predict"),
        (lambda points: 3 * half(points), MOONS, MOON, {}, "predict"),
        (lambda points: half(points) * np.nan, MOONS, MOON, {}, "predict"),
    ],
    plots.plot_confusion: [
        ([0, 1], [0], ["a", "b"], {}, "y_predicted"),
        ([0, 2], [0, 1], ["a", "b"], {}, "y_true"),
        ([0, 1], [0, -1], ["a", "b"], {}, "y_predicted"),
        ([0.0, 0.5], [0, 1], ["a", "b"], {}, "y_true"),
        ([[1, 0], [0, 1]], [0, 1], ["a", "b"], {}, "y_true"),
        ([], [], ["a", "b"], {}, "y_true"),
        ([0], [0], "ab", {}, "classes"),
    ],
    plots.plot_digits: [
        (IMAGES, {"image_shape": (28, 28)}, "image_shape"),
        (DIGITS.images, SMALL, "images"),
        (DIGITS.data[:101], SMALL, "images"),
        (IMAGES, LABELS[:3], SMALL, "labels"),
        (IMAGES, LABELS, LABELS[:3], SMALL, "predictions"),
        (IMAGES[:1], ["3"], [3], SMALL, "predictions"),
        (IMAGES, LABELS, LABELS, [0.5], SMALL, "confidences"),
        (IMAGES, LABELS, LABELS, [97.2] * 25, SMALL, "confidences"),
        (IMAGES, LABELS, None, [0.5] * 25, SMALL, "confidences"),
    ],
    plots.plot_fit: [
        (X[:, 0], Y, Y, {}, "X"),
        (X, Y[:9], Y, {}, "y"),
        (X, Y, Y[:9], {}, "predictions"),
        (X, np.hstack([Y, Y]), Y, {}, "y"),
        (X, Y, np.full(80, np.nan), {}, "predictions"),
        (X, ["a"] * 80, Y, {}, "y"),
        (np.empty((0, 1)), [], [], {}, "X"),
    ],
    plots.plot_fit_at_epochs: [
        (X, Y, {}, {}, "predictions"),
        (X, Y, {10: Y[:5]}, {}, "predictions[10]"),
        (X, Y, {10: Y}, {"losses": {20: 0.5}}, "losses"),
    ],
    plots.plot_history: [
        ({}, {}, "history"),
        ({"accuracy": [1.0]}, {}, "history"),
        ({"loss": []}, {}, "history"),
        ({"loss": [float("nan")]}, {}, "history"),
        ({"loss": 0.5}, {}, "history"),
        ({"loss": ["low"]}, {}, "history"),
        ({"loss": [1.0, 2.0], "accuracy": [1.0]}, {}, "history"),
    ],
    plots.plot_importance: [
        ([[0.1], [0.2]], ["a"], {}, "names"),
        ([0.1, 0.2], ["a", "b"], {}, "drops"),
        ([[np.nan]], ["a"], {}, "drops"),
    ],
    plots.plot_weights: [
        (np.ones((64, 4)), {"image_shape": (28, 28)}, "image_shape"),
        (np.ones((4, 257)), {"image_shape": (2, 2)}, "network"),
        (np.ones((4, 2)), {"feature_names": ["a"]}, "feature_names"),
        (np.ones(4), {}, "network"),
        ([[np.nan]], {}, "network"),
        (Network([ActivationLayer("relu")]), {}, "network"),
    ],
}


@pytest.mark.parametrize(
    ("plot", "arguments", "options", "argument"),
    [(plot, case[:-2], *case[-2:]) for plot, cases in WRONG.items() for case in cases],
)
def test_arguments_that_cannot_be_drawn(plot, arguments, options, argument):
    with pytest.raises(ArgumentError) as caught:
        plot(*arguments, **options)
    assert caught.value.argument == argument
