"""plot_boundary: the colour behind the points is what the classifier says there."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from sklearn.datasets import load_iris, make_moons
from sklearn.linear_model import LogisticRegression

from barenet.insight.plots import _style as style
from barenet.insight.plots._boundary import shade
from barenet.plots import plot_boundary

MOONS, MOON = make_moons(200, noise=0.2, random_state=0)
IRIS = load_iris()
PETALS = IRIS.data[:, 2:]


@pytest.fixture(scope="module")
def moons():
    return LogisticRegression().fit(MOONS, MOON)


@pytest.fixture(scope="module")
def iris():
    return LogisticRegression(max_iter=1000).fit(PETALS, IRIS.target)


def centres(image):
    """Where each pixel of a background lies; shape (height * width, 2)."""
    x0, x1, y0, y1 = image.get_extent()
    height, width = image.get_array().shape[:2]
    across = x0 + (np.arange(width) + 0.5) * (x1 - x0) / width
    up = y0 + (np.arange(height) + 0.5) * (y1 - y0) / height
    return np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)


def nearest_class(colors, n_classes):
    """Tell each background colour's class by its hue."""
    palette = 1 - np.array([to_rgb(style.CLASS_COLORS[i]) for i in range(n_classes)])
    ink = 1 - colors
    return (ink @ (palette / np.linalg.norm(palette, axis=1, keepdims=True)).T).argmax(axis=1)


def test_background_is_what_two_classes_get(moons):
    (axes, _) = plot_boundary(moons.predict_proba, MOONS, MOON).axes
    (image,) = axes.images
    probabilities = moons.predict_proba(centres(image))
    colors = np.asarray(image.get_array()).reshape(-1, 3)
    sure = np.abs(probabilities[:, 1] - 0.5) > 0.01
    np.testing.assert_array_equal(
        nearest_class(colors, 2)[sure], probabilities.argmax(axis=1)[sure]
    )
    strength = 1 - colors.min(axis=1)
    for said in (0, 1):
        here = probabilities.argmax(axis=1) == said
        by_certainty = np.argsort(probabilities.max(axis=1)[here])
        assert (np.diff(strength[here][by_certainty]) >= -1e-9).all()


def test_background_is_what_three_classes_get(iris):
    (axes,) = plot_boundary(iris.predict_proba, PETALS, IRIS.target).axes
    (image,) = axes.images
    probabilities = iris.predict_proba(centres(image))
    clear = np.sort(probabilities, axis=1)[:, -1] > 0.6
    colors = np.asarray(image.get_array()).reshape(-1, 3)[clear]
    np.testing.assert_array_equal(nearest_class(colors, 3), probabilities.argmax(axis=1)[clear])


def test_rendered_colours_are_the_classifier_s(moons, pixels):
    figure = plot_boundary(moons.predict_proba, MOONS, MOON)
    image = pixels(figure)
    axes = figure.axes[0]
    for point in ([-1.6, 1.4], [2.4, -1.0]):  # far corners, no samples there
        x, y = axes.transData.transform(point) * 2
        color = image[int(image.shape[0] - y), int(x)]
        expected = shade(moons.predict_proba([point]))[0]
        np.testing.assert_allclose(color, expected, atol=0.02)


def test_lines_separate_the_two_most_probable_classes(moons, iris):
    for model, X, y in ((moons, MOONS, MOON), (iris, PETALS, IRIS.target)):
        axes = plot_boundary(model.predict_proba, X, y).axes[0]
        vertices = np.vstack([path.vertices for c in axes.collections for path in c.get_paths()])
        best, second = np.sort(model.predict_proba(vertices), axis=1)[:, :-3:-1].T
        np.testing.assert_allclose(best, second, atol=0.01)


def test_no_line_where_one_class_is_everywhere():
    def sure(points):
        return np.tile([0.9, 0.1], (len(points), 1))

    assert not plot_boundary(sure, MOONS, MOON).axes[0].collections


def test_every_sample_is_drawn_with_its_class_s_colour_and_marker(iris, readable):
    figure = plot_boundary(
        iris.predict_proba,
        PETALS,
        IRIS.target,
        classes=IRIS.target_names,
        feature_names=IRIS.feature_names[2:],
        title="Irises",
    )
    (axes,) = figure.axes
    for index, line in enumerate(axes.lines):
        np.testing.assert_array_equal(line.get_xydata(), PETALS[IRIS.target == index])
        assert line.get_color() == style.CLASS_COLORS[index]
        assert line.get_label() == IRIS.target_names[index]
    assert len({line.get_marker() for line in axes.lines}) == 3
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("petal length (cm)", "petal width (cm)")
    readable(figure)


def test_scale_of_two_classes_says_whose_probability_it_is(moons, readable):
    figure = plot_boundary(moons.predict_proba, MOONS, MOON, classes=["upper", "lower"])
    assert figure.axes[1].get_ylabel() == "probability of lower"
    readable(figure)


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_one_probability_is_that_of_class_1(moons, shape):
    def positive(points):
        return moons.predict_proba(points)[:, 1].reshape(shape)

    one = plot_boundary(positive, MOONS, MOON).axes[0].images[0].get_array()
    two = plot_boundary(moons.predict_proba, MOONS, MOON).axes[0].images[0].get_array()
    np.testing.assert_allclose(one, two)


def test_an_absent_class_is_still_named(iris):
    early = IRIS.target < 2
    figure = plot_boundary(iris.predict_proba, PETALS[early], IRIS.target[early])
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["class 0", "class 1", "class 2"]
