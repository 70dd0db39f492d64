"""plot_boundary: the colour behind the points is that of the predicted class."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from sklearn.datasets import load_iris, make_moons
from sklearn.linear_model import LogisticRegression

from barenet.insight.plots import _style as style
from barenet.plots import plot_boundary

MOONS, MOON = make_moons(200, noise=0.2, random_state=0)
IRIS = load_iris()
DATA = {"moons": (MOONS, MOON), "iris": (IRIS.data[:, 2:], IRIS.target)}
MODELS = {name: LogisticRegression(max_iter=1000).fit(*rows) for name, rows in DATA.items()}


def draw(name, **options):
    return plot_boundary(MODELS[name].predict_proba, *DATA[name], **options)


def centres(image):
    """The centre of each pixel of a background; shape (height * width, 2)."""
    x0, x1, y0, y1 = image.get_extent()
    height, width = image.get_array().shape[:2]
    across = x0 + (np.arange(width) + 0.5) * (x1 - x0) / width
    up = y0 + (np.arange(height) + 0.5) * (y1 - y0) / height
    return np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)


@pytest.mark.parametrize("name", DATA)
def test_background_hue_is_the_most_probable_class(name):
    (image,) = draw(name).axes[0].images
    probabilities = MODELS[name].predict_proba(centres(image))
    classes, colors = probabilities.argmax(axis=1), np.asarray(image.get_array()).reshape(-1, 3)
    palette = 1 - np.array([to_rgb(color) for color in style.CLASS_COLORS[: classes.max() + 1]])
    hues = ((1 - colors) @ (palette / np.linalg.norm(palette, axis=1, keepdims=True)).T).argmax(1)
    second, best = np.sort(probabilities, axis=1)[:, -2:].T
    np.testing.assert_array_equal(hues[best > second + 0.02], classes[best > second + 0.02])
    for each in range(classes.max() + 1):  # the more certain, the stronger
        here = classes == each
        strength = 1 - colors.min(axis=1)[here][np.argsort(best[here])]
        assert (np.diff(strength) >= -1e-9).all()


@pytest.mark.parametrize("name", DATA)
def test_boundaries_separate_the_two_most_probable_classes(name):
    lines = draw(name).axes[0].collections
    vertices = np.vstack([path.vertices for each in lines for path in each.get_paths()])
    best, second = np.sort(MODELS[name].predict_proba(vertices), axis=1)[:, :-3:-1].T
    np.testing.assert_allclose(best, second, atol=0.01)


def test_a_single_class_has_no_boundary():
    figure = plot_boundary(lambda points: np.tile([0.9, 0.1], (len(points), 1)), MOONS, MOON)
    assert not figure.axes[0].collections


def test_samples_have_the_colour_and_marker_of_their_class(readable):
    names = {"classes": IRIS.target_names, "feature_names": IRIS.feature_names[2:]}
    figure = draw("iris", title="Irises", **names)
    (axes,) = figure.axes
    for index, line in enumerate(axes.lines):
        np.testing.assert_array_equal(line.get_xydata(), IRIS.data[IRIS.target == index, 2:])
        assert line.get_color() == style.CLASS_COLORS[index]
        assert line.get_label() == IRIS.target_names[index]
    assert len({line.get_marker() for line in axes.lines}) == 3
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("petal length (cm)", "petal width (cm)")
    readable(figure)


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_a_single_probability_is_that_of_class_1(shape):
    def positive(points):
        return MODELS["moons"].predict_proba(points)[:, 1].reshape(shape)

    one = plot_boundary(positive, MOONS, MOON).axes[0].images[0].get_array()
    np.testing.assert_allclose(one, draw("moons").axes[0].images[0].get_array())


def test_an_absent_class_is_named():
    X, early = IRIS.data[:, 2:], IRIS.target < 2
    figure = plot_boundary(MODELS["iris"].predict_proba, X[early], IRIS.target[early])
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["class 0", "class 1", "class 2"]
