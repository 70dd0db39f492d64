"""plot_confusion: scikit-learn's counts and recalls, readable for two classes and for ten."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, recall_score

from barenet.plots import plot_confusion

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


@pytest.mark.parametrize("classes", [("no", "yes"), tuple("0123456789"), CLOTHES, LONG])
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
