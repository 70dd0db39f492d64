"""Arguments that can't be drawn, checked, fitted or shuffled are refused by their names."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris, make_moons

from barenet import (
    Network,
    Predictor,
    Scaling,
    check_gradients,
    explain,
    permutation_importance,
    plots,
)
from barenet.insight._baselines import fit_baseline
from barenet.layers import ActivationLayer, BatchNorm, Dense
from barenet.typing import History

MOONS, MOON = make_moons(200, noise=0.2, random_state=0)
IRIS = load_iris()
DIGITS = load_digits()
IMAGES, LABELS = DIGITS.data[:25], DIGITS.target[:25]
SMALL = {"image_shape": (8, 8)}
X = np.linspace(-6, 6, 80).reshape(-1, 1)
Y = np.sin(X)
AB = ["a", "b"]
PREDICTOR = Predictor(
    network=Network.dense([4, 3], output="softmax"),
    preprocessing=Scaling.fit("standardize", IRIS.data),
    classes=("x", "y", "z"),
    feature_names=("a", "b", "c", "d"),
    target_name="kind",
    dataset="iris",
)
THREE = replace(PREDICTOR, network=Network.dense([4, 3]), classes=None)
FOUR = Network.dense([4, 1]), IRIS.data[:5], IRIS.target[:5] / 2
NAMES = [["a"], ["a", 2], "abcd", 3]
OF_EXPLAIN = {
    "notation": ["diagonal"], "precision": [0, 18], "limit": [0], "optimizer": ["sdg"],
    "loss": ["binary_cross_entropy"], "penalty": ["l2:strength=[1,2,3]"],
    "feature_names": NAMES, "class_names": NAMES,
}  # fmt: skip


def half(points):
    """The same probability everywhere."""
    return np.full(len(points), 0.5)


WRONG = {
    check_gradients: [
        (Network.dense([4, 3]), IRIS.data[:7], [0] * 7, {"tolerance": 0}, "tolerance"),
        (Network.dense([4, 3]), IRIS.data[:7], [0, 1], {}, "y"),
        (None, IRIS.data, IRIS.target, {}, "network"),
    ],
    explain: [
        *((*FOUR, {name: each}, name) for name, wrong in OF_EXPLAIN.items() for each in wrong),
        ("network", *FOUR[1:], {}, "network"),
        (*FOUR, {"optimizer": "lbfgs", "clip": "norm:limit=1"}, "clip"),
        (*FOUR[:2], [1.0], {}, "y"),
        (Network([Dense(4, 2), BatchNorm(2)]), IRIS.data[:1], [[1.0, 2.0]], {}, "X"),
    ],
    fit_baseline: [
        ("forest", IRIS.data, IRIS.target, {}, "name"),
        ("linear", IRIS.data * np.nan, IRIS.target, {}, "X"),
        *(
            ("linear", np.eye(3), y, {"n_classes": 3}, "y")
            for y in ([0, 1, 3], [0.5, 0, 1], ["a", "b", "a"])
        ),
    ],
    permutation_importance: [
        *((PREDICTOR, IRIS.data, IRIS.target, {"n_repeats": n}, "n_repeats") for n in (0, 1.5)),
        (PREDICTOR, IRIS.data[:, :3], IRIS.target, {}, "X"),
        (PREDICTOR, IRIS.data, IRIS.target[:5], {}, "y"),
        (THREE, IRIS.data, IRIS.target, {}, "predictor"),
        ("model", [[1.0]], [1], {}, "predictor"),
        (Network.dense([1, 1]), [1.0], [1], {}, "X"),
    ],
    plots.plot_boundary: [
        (half, IRIS.data, IRIS.target, {}, "X"),
        *((half, MOONS, wrong, {}, "y") for wrong in (MOON[:5], MOON + 1)),
        (half, MOONS, MOON, {"classes": ["a"]}, "classes"),
        (half, MOONS, MOON, {"feature_names": "ab"}, "feature_names"),
        (half, MOONS, MOON, {"resolution": 0}, "resolution"),
        (lambda points: [0.5], MOONS, MOON, {}, "predict"),
        (lambda points: 3 * half(points), MOONS, MOON, {}, "predict"),
        (lambda points: half(points) * np.nan, MOONS, MOON, {}, "predict"),
    ],
    plots.plot_calibration: [
        ([0, 1], [[0.5, 0.5]] * 3, AB, {}, "y"),
        ([0, 2], [[0.5, 0.5]] * 2, AB, {}, "y"),
        *(([0, 1], wrong, AB, {}, "probabilities") for wrong in ([[2, -1]] * 2, [0.5, 1.5])),
        ([0], [[0.2, 0.8]], ["a"], {}, "classes"),
        ([0], [[0.2, 0.8]], AB, {"n_bins": 0}, "n_bins"),
    ],
    plots.plot_confusion: [
        *((wrong, [0, 1], AB, {}, "y_true") for wrong in ([0, 2], [0.0, 0.5], np.eye(2), [])),
        *(([0, 1], wrong, AB, {}, "y_predicted") for wrong in ([0], [0, -1])),
        ([0], [0], "ab", {}, "classes"),
    ],
    plots.plot_dependence: [
        (PREDICTOR, IRIS.data, [], {}, "columns"),
        (PREDICTOR, IRIS.data, ["e"], {}, "columns"),
        (PREDICTOR, IRIS.data[:, :2], ["a"], {}, "X"),
    ],
    plots.plot_digits: [
        (IMAGES, {"image_shape": (28, 28)}, "image_shape"),
        *((wrong, SMALL, "images") for wrong in (DIGITS.images, DIGITS.data[:101])),
        (IMAGES, LABELS[:3], SMALL, "labels"),
        (IMAGES, LABELS, LABELS[:3], SMALL, "predictions"),
        *((IMAGES, LABELS, LABELS, wrong, SMALL, "confidences") for wrong in ([0.5], [97.2] * 25)),
        (IMAGES, LABELS, None, [0.5] * 25, SMALL, "confidences"),
    ],
    plots.plot_fit: [
        *((wrong, Y, Y, {}, "X") for wrong in (np.ones((80, 1, 1)), np.empty((0, 1)))),
        *((X, wrong, Y, {}, "y") for wrong in (Y[:9], np.hstack([Y, Y]), ["a"] * 80)),
        *((X, Y, wrong, {}, "predictions") for wrong in (Y[:9], np.full(80, np.nan))),
        (X, Y, {}, {}, "predictions"),
        (X, Y, {10: Y[:5]}, {}, "predictions[10]"),
        (X, Y, {10: Y}, {"losses": {20: 0.5}}, "losses"),
    ],
    plots.plot_history: [
        ({"loss": [1.0, 2.0]}, {}, "history"),
        *((History(wrong), {}, "history") for wrong in ({}, {"accuracy": [1.0]})),
        *((History({"loss": wrong}), {}, "history") for wrong in ([], [np.nan], [1e300])),
    ],
    plots.plot_importance: [
        ([[0.1], [0.2]], ["a"], {}, "names"),
        ([0.1, 0.2], ["a", "b"], {}, "drops"),
        ([[np.nan]], ["a"], {}, "drops"),
    ],
    plots.plot_residuals: [
        *((wrong, Y, {}, "y") for wrong in (np.hstack([Y, Y]), np.full(80, np.nan))),
        (Y, Y[:9], {}, "predictions"),
    ],
    plots.plot_weights: [
        (np.ones((64, 4)), {"image_shape": (28, 28)}, "image_shape"),
        (np.ones((4, 257)), {"image_shape": (2, 2)}, "network"),
        *(
            (w, {"image_shape": (2, 2)}, "network")
            for w in (np.ones(4), [[np.nan]], Network([ActivationLayer("relu")]))
        ),
    ],
}


@pytest.mark.parametrize(
    ("function", "arguments", "options", "argument"),
    [(function, case[:-2], *case[-2:]) for function, cases in WRONG.items() for case in cases],
)
def test_invalid_arguments_are_refused(function, arguments, options, argument, refused):
    with refused(argument):
        function(*arguments, **options)
