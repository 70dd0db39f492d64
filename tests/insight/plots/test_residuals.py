"""plot_residuals: the differences over the predictions, and every target in a bar."""

import numpy as np

from barenet.plots import plot_residuals

RNG = np.random.default_rng(0)
PREDICTED = RNG.normal(size=200)
Y = PREDICTED + RNG.normal(0, 0.2, 200)


def test_the_points_are_residuals_and_the_bars_count_targets(readable):
    figure = plot_residuals(Y, PREDICTED, target_name="price ($)", title="Prices")
    residuals, targets = figure.axes
    np.testing.assert_array_equal(residuals.lines[0].get_xdata(), PREDICTED)
    np.testing.assert_array_equal(residuals.lines[0].get_ydata(), Y - PREDICTED)
    counts, edges = np.histogram(Y, len(targets.patches))
    assert [bar.get_height() for bar in targets.patches] == counts.tolist()
    np.testing.assert_allclose([bar.get_x() for bar in targets.patches], edges[:-1])
    assert (residuals.get_ylabel(), targets.get_ylabel()) == ("actual − predicted", "rows")
    readable(figure)


def test_equal_targets_are_drawn():
    _, targets = plot_residuals([2.0, 2.0], [[1.0], [3.0]]).axes
    assert sum(bar.get_height() for bar in targets.patches) == 2


def test_targets_that_differ_by_less_than_a_bar_are_drawn():
    y = 1e15 + np.arange(40) % 3 * 0.125  # the smallest difference of such numbers
    _, targets = plot_residuals(y, y).axes
    assert sum(bar.get_height() for bar in targets.patches) == 40
