"""Plots of a classifier: its boundary, its confusion matrix and its calibration."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from scipy.stats import binomtest, norm
from sklearn.calibration import calibration_curve
from sklearn.datasets import load_iris, make_moons
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, confusion_matrix, recall_score

from barenet.insight.plots import _style as style
from barenet.plots import plot_boundary, plot_calibration, plot_confusion

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


def test_a_class_is_named_if_it_is_absent_and_without_a_boundary_if_it_is_alone():
    X, early = IRIS.data[:, 2:], IRIS.target < 2
    figure = plot_boundary(MODELS["iris"].predict_proba, X[early], IRIS.target[early])
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["class 0", "class 1", "class 2"]
    figure = plot_boundary(lambda points: np.tile([0.9, 0.1], (len(points), 1)), MOONS, MOON)
    assert not figure.axes[0].collections


CLOTHES = (
    *("T-shirt or top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
RNG = np.random.default_rng(0)
ACTUAL = RNG.integers(0, 10, 30_000)
PREDICTED = np.where(RNG.random(30_000) < 0.8, ACTUAL, RNG.integers(0, 10, 30_000))


def cells(axes, n_classes):
    """Read the counts back from the plot."""
    counts = np.full((n_classes, n_classes), -1)
    for text in axes.texts[: n_classes**2]:
        column, row = text.get_position()
        counts[row, column] = int(text.get_text().replace(",", ""))
    return counts


def test_confusion_matrix_agrees_with_scikit_learn():
    (axes,) = plot_confusion(ACTUAL, PREDICTED, CLOTHES).axes
    np.testing.assert_array_equal(cells(axes, 10), confusion_matrix(ACTUAL, PREDICTED))
    fractions = confusion_matrix(ACTUAL, PREDICTED, normalize="true")
    np.testing.assert_allclose(axes.images[0].get_array(), fractions)
    assert axes.images[0].get_clim() == (0, 1)
    beside = {text.get_position()[1]: text.get_text() for text in axes.texts[100:]}
    assert beside.pop(-0.5) == "recall"
    recalls = recall_score(ACTUAL, PREDICTED, average=None)
    assert beside == {row: f"{recall:.1%}" for row, recall in enumerate(recalls)}
    assert axes.get_title(loc="left") == f"{accuracy_score(ACTUAL, PREDICTED):.1%} of 30,000 right"


def test_rows_are_actual_and_columns_predicted():
    (axes,) = plot_confusion([0, 0], [0, 1], ["cat", "dog"]).axes
    np.testing.assert_array_equal(cells(axes, 2), [[1, 1], [0, 0]])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "actual")
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [text.get_text() for text in labels] == ["cat", "dog"]
    # A class without samples has no recall.
    assert [text.get_text() for text in axes.texts[4:]] == ["recall", "50.0%", "none"]


LONG = tuple(f"a rather long name of class {i}" for i in range(10))


@pytest.mark.parametrize("classes", [("no", "yes"), LONG])
def test_every_number_and_name_is_readable(classes, readable):
    actual, predicted = ACTUAL % len(classes), PREDICTED % len(classes)
    readable(plot_confusion(actual, predicted, classes, title="What was taken for what"))


def test_counts_fit_their_cells():
    many = np.repeat(np.arange(10), 123_456)
    figure = plot_confusion(many, many, CLOTHES)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    cell = axes.get_window_extent().width / 10
    assert max(text.get_window_extent().width for text in axes.texts[:100]) < cell


def test_numbers_contrast_with_their_cells():
    (axes,) = plot_confusion([0, 0, 0, 1], [0, 0, 1, 1], ["a", "b"]).axes
    image = axes.images[0]
    for text in axes.texts[:4]:
        column, row = text.get_position()
        paper = image.cmap(image.norm(image.get_array()[row, column]))[:3]
        dark_cell = np.mean(paper) < 0.6
        assert (text.get_color() == "#FFFFFF") == dark_cell


def drawn(figure):
    """The dots of the bins, their intervals, and the numbers above the bars."""
    (axes,) = figure.axes
    (container,) = (each for each in axes.containers if hasattr(each, "has_yerr"))
    line, _, (intervals,) = container.lines
    ends = np.array([segment[:, 1] for segment in intervals.get_segments()])
    return *line.get_data(), ends, [int(text.get_text().replace(",", "")) for text in axes.texts]


def probabilities(n_rows, n_classes):
    raw = RNG.gamma(0.4, size=(n_rows, n_classes))
    return raw / raw.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(("n_classes", "n_bins"), [(2, 10), (5, 4)])
def test_the_diagram_is_the_curve_of_scikit_learn(n_classes, n_bins, readable):
    p, y = probabilities(3000, n_classes), RNG.integers(0, n_classes, 3000)
    names = [f"class {at}" for at in range(n_classes)]
    mean, frequency, _, counts = drawn(plot_calibration(y, p, names, n_bins=n_bins))
    hits, sure = (y == 1, p[:, 1]) if n_classes == 2 else (y == p.argmax(axis=1), p.max(axis=1))
    expected = calibration_curve(hits, sure, n_bins=n_bins)
    np.testing.assert_allclose([frequency, mean], expected)
    in_bins, _ = np.histogram(sure, n_bins, (0, 1))
    assert counts == in_bins[in_bins > 0].tolist()
    readable(plot_calibration(y, p, names, title="How sure it is"))


def test_the_intervals_are_those_of_scipy():
    p, y = probabilities(40, 2), RNG.integers(0, 2, 40)
    _, frequency, ends, counts = drawn(plot_calibration(y, p, ["no", "yes"], n_bins=5))
    level = 2 * norm.cdf(2) - 1  # two standard errors
    for rate, count, found in zip(frequency, counts, ends, strict=True):
        exact = binomtest(round(rate * count), count).proportion_ci(level, method="wilson")
        np.testing.assert_allclose(found, [exact.low, exact.high], atol=1e-12)


def test_probabilities_on_the_edges_of_bins_are_counted_once():
    certain = np.repeat([0.0, 0.2, 1.0], 7)
    p = np.column_stack([1 - certain, certain])
    *_, counts = drawn(plot_calibration(np.zeros(21, int), p, ["no", "yes"]))
    assert counts == [7, 7, 7]
