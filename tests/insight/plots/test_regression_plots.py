"""Plots of a regression: the curve, the scatter, the panels and the residuals show the numbers."""

import numpy as np
import pytest
from sklearn.metrics import r2_score

from barenet.insight.plots import _style as style
from barenet.plots import plot_fit, plot_residuals

RNG = np.random.default_rng(0)
X = RNG.uniform(-6, 6, (80, 1))
Y = (np.sin(X) + 1) / 2
EPOCHS = (10, 50, 100, 500, 1000)


def lines(axes):
    """Read the lines by their names."""
    return {line.get_label(): line for line in axes.lines}


def test_one_feature_is_drawn_as_a_curve(readable):
    figure = plot_fit(X, Y, 0.9 * Y, feature_name="x (radians)", target_name="height (m)")
    (axes,) = figure.axes
    order = np.argsort(X[:, 0])
    expected = {
        "actual": (Y, "None", "o", style.ACTUAL),
        "predicted": (0.9 * Y, "-", "", style.PREDICTED),
    }
    for name, (values, *look) in expected.items():
        line = lines(axes)[name]
        np.testing.assert_array_equal(line.get_xdata(), X[order, 0])
        np.testing.assert_array_equal(line.get_ydata(), values[order, 0])
        assert [line.get_linestyle(), line.get_marker(), line.get_color()] == look
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x (radians)", "height (m)")
    readable(figure)


def test_several_features_are_drawn_as_a_scatter_plot(readable):
    inputs = RNG.standard_normal((60, 2))
    y = inputs.sum(axis=1)
    predicted = y + RNG.normal(0, 0.3, 60)
    figure = plot_fit(inputs, y, predicted, target_name="price")
    (axes,) = figure.axes
    np.testing.assert_array_equal(lines(axes)["a sample"].get_xdata(), y)
    np.testing.assert_array_equal(lines(axes)["a sample"].get_ydata(), predicted)
    diagonal = lines(axes)["predicted = actual"]
    np.testing.assert_array_equal(diagonal.get_xdata(), diagonal.get_ydata())
    assert axes.get_xlim() == axes.get_ylim() == tuple(diagonal.get_xdata())
    assert axes.get_xlim()[0] < min(y.min(), predicted.min())
    assert axes.get_xlim()[1] > max(y.max(), predicted.max())
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("actual price", "predicted price")
    assert [text.get_text() for text in axes.texts] == [f"R² = {r2_score(y, predicted):.3f}"]
    readable(figure)


def test_epochs_are_panels_with_shared_axes(readable):
    fits = {epochs: Y * (1 - 1 / epochs) for epochs in EPOCHS}
    losses = {epochs: 0.5 / epochs for epochs in EPOCHS}
    figure = plot_fit(X, Y, fits, losses=losses, title="A sine wave")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[::4] == ["10 epochs, loss 0.05", "1,000 epochs, loss 0.0005"]
    order = np.argsort(X[:, 0])
    for axes, epochs in zip(figure.axes, EPOCHS, strict=True):
        np.testing.assert_array_equal(lines(axes)["predicted"].get_ydata(), fits[epochs][order, 0])
    assert len({(axes.get_xlim(), axes.get_ylim()) for axes in figure.axes}) == 1
    readable(figure)
    ticks = [axes.xaxis.get_major_ticks() for axes in figure.axes]
    labelled = [any(tick.label1.get_visible() for tick in each) for each in ticks]
    assert labelled == [False, False, True, True, True]  # the lowest of each column


def test_single_samples_constant_targets_and_single_epochs():
    drawn = lines(plot_fit([[1.0]], [2.0], [3.0]).axes[0])
    assert drawn["predicted"].get_marker() == "o"
    (axes,) = plot_fit(np.ones((3, 2)), np.ones(3), np.ones(3)).axes
    assert not axes.texts and axes.get_xlim() == (0.5, 1.5)  # R² is not defined
    (axes,) = plot_fit(X, Y, {1: Y}).axes
    assert axes.get_title(loc="left") == "1 epoch"


def test_residuals_are_points_and_targets_are_counted(readable):
    predicted = RNG.normal(size=200)
    y = predicted + RNG.normal(0, 0.2, 200)
    figure = plot_residuals(y, predicted, target_name="price ($)", title="Prices")
    residuals, targets = figure.axes
    np.testing.assert_array_equal(residuals.lines[0].get_xdata(), predicted)
    np.testing.assert_array_equal(residuals.lines[0].get_ydata(), y - predicted)
    counts, edges = np.histogram(y, len(targets.patches))
    assert [bar.get_height() for bar in targets.patches] == counts.tolist()
    np.testing.assert_allclose([bar.get_x() for bar in targets.patches], edges[:-1])
    assert (residuals.get_ylabel(), targets.get_ylabel()) == ("actual − predicted", "rows")
    readable(figure)


#: Equal targets, and some that differ by the smallest difference of such numbers.
@pytest.mark.parametrize("y", [np.full(40, 2.0), 1e15 + np.arange(40) % 3 * 0.125])
def test_almost_equal_targets_are_counted(y):
    _, targets = plot_residuals(y, y[:, None]).axes
    assert sum(bar.get_height() for bar in targets.patches) == 40
