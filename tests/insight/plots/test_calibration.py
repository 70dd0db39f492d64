import numpy as np
import pytest
from scipy.stats import binomtest, norm
from sklearn.calibration import calibration_curve

from barenet.plots import plot_calibration

RNG = np.random.default_rng(3)


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


@pytest.mark.parametrize("n_bins", [1, 4, 10])
@pytest.mark.parametrize("n_classes", [2, 5])
def test_the_diagram_is_the_curve_of_scikit_learn(n_classes, n_bins):
    p, y = probabilities(3000, n_classes), RNG.integers(0, n_classes, 3000)
    names = [f"class {at}" for at in range(n_classes)]
    mean, frequency, _, counts = drawn(plot_calibration(y, p, names, n_bins=n_bins))
    hits, sure = (y == 1, p[:, 1]) if n_classes == 2 else (y == p.argmax(axis=1), p.max(axis=1))
    expected = calibration_curve(hits, sure, n_bins=n_bins)
    np.testing.assert_allclose([frequency, mean], expected)
    in_bins, _ = np.histogram(sure, n_bins, (0, 1))
    assert counts == in_bins[in_bins > 0].tolist()


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


def test_the_diagram_is_readable(readable):
    p, y = probabilities(500, 3), RNG.integers(0, 3, 500)
    readable(plot_calibration(y, p, ["a", "b", "c"], title="How sure it is"))
