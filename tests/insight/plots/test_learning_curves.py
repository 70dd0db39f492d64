"""plot_history: every number of the history is drawn, and the kept epoch is named."""

import math

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from barenet.insight.plots import _style as style
from barenet.plots import plot_history
from barenet.typing import History

HISTORY = {
    "loss": [2.0, 1.0, 0.5, 0.4],
    "validation_loss": [2.1, 1.2, 0.9, 1.1],
    "accuracy": [0.2, 0.6, 0.8, 0.9],
    "validation_accuracy": [0.2, 0.5, 0.7, 0.6],
    "learning_rate": [0.1, 0.1, 0.1, 0.1],
    "gradient_norm": [5.0, 4.0, 3.0, 2.0],
    "seconds": [0.1, 0.1, 0.1, 0.1],
}


def curve(axes, label):
    """Find a line by its name."""
    return next(line for line in axes.lines if line.get_label() == label)


def test_every_epoch_of_every_curve_is_drawn_in_its_colour():
    figure = plot_history(History(HISTORY))
    for axes, name in zip(figure.axes, ("loss", "accuracy"), strict=True):
        for label, prefix, color in (
            ("training", "", style.TRAINING),
            ("validation", "validation_", style.VALIDATION),
        ):
            line = curve(axes, label)
            np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3, 4])
            np.testing.assert_array_equal(line.get_ydata(), HISTORY[prefix + name])
            assert line.get_color() == color
        assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_xlim()) == ("epoch", name, (1, 4))


def test_the_best_epoch_is_marked_in_every_panel():
    figure = plot_history(History(HISTORY, best_epoch=3))
    loss = figure.axes[0]
    ring = next(line for line in loss.lines if line.get_marker() == "o")
    assert (list(ring.get_xdata()), list(ring.get_ydata())) == ([3], [0.9])
    assert "kept: epoch 3, loss 0.9" in [text.get_text() for text in loss.texts]
    for axes in figure.axes:
        assert any(list(line.get_xdata()) == [3, 3] for line in axes.lines)


def test_out_of_fold_scores_are_drawn_where_they_were_measured():
    curves = {
        "loss": [0.9, 0.5, 0.3],
        "out_of_fold_loss": [0.8, np.nan, 0.4],
        "out_of_fold_r2": [0.1, np.nan, 0.6],
    }
    loss, score = plot_history(History(curves, best_epoch=3)).axes
    line = curve(score, "out-of-fold")
    assert (list(line.get_xdata()), list(line.get_ydata())) == ([1, 3], [0.1, 0.6])
    assert (score.get_ylabel(), len(curve(loss, "training").get_xdata())) == ("R²", 3)
    assert "kept: epoch 3, loss 0.4" in [text.get_text() for text in loss.texts]
    assert "out-of-fold 0.6" in History(curves)._repr_html_()


def test_every_measure_has_a_panel_and_all_share_a_legend(readable):
    measures = dict.fromkeys(("mean_absolute_error", "r2", "top_3"), HISTORY["accuracy"])
    curves = {"test_loss": [2.2, 1.3, 1.0, 0.8], "test_accuracy": [0.1, 0.4, 0.6, 0.7]}
    figure = plot_history(History(HISTORY | measures | curves, best_epoch=3))
    drawn = [axes.get_ylabel() for axes in figure.axes]
    assert drawn == ["loss", "accuracy", "mean absolute error", "R²", "top 3"]
    np.testing.assert_array_equal(curve(figure.axes[0], "test").get_ydata(), curves["test_loss"])
    (legend,) = figure.legends
    lines = zip(legend.get_texts(), legend.get_lines(), strict=True)
    colors = {text.get_text(): line.get_color() for text, line in lines}
    roles = {"training": style.TRAINING, "validation": style.VALIDATION, "test": style.TEST}
    assert colors == roles
    ring = next(line for line in figure.axes[0].lines if line.get_marker() == "o")
    assert list(ring.get_ydata()) == [0.9]  # of the validation set
    readable(figure)


def test_the_label_names_a_penalty_that_only_one_curve_has():
    loss, accuracy = plot_history(History(HISTORY, penalized=True)).axes
    assert loss.get_ylabel() == "loss (training: with penalty)"
    assert accuracy.get_ylabel() == "accuracy"
    (alone,) = plot_history(History({"loss": [2.0, 1.0]}, penalized=True)).axes
    assert alone.get_ylabel() == "loss"


@pytest.mark.parametrize(
    ("losses", "scale"),
    [([1.0, 0.01], "log"), ([1.0, 0.0101], "linear"), ([1.0, 0.0], "linear")],
)
def test_losses_spanning_two_decades_have_a_log_axis(losses, scale):
    loss, accuracy = plot_history(History({"loss": losses, "accuracy": [0.001, 1.0]})).axes
    assert (loss.get_yscale(), accuracy.get_yscale()) == (scale, "linear")


@pytest.mark.parametrize("gap", [float("nan"), float("inf")])
def test_epochs_without_a_value_are_omitted(gap):
    curves = {"loss": [3.0, 2.0, 1.0], "validation_loss": [gap, 2.5, gap]}
    (axes,) = plot_history(History(curves, best_epoch=2)).axes
    np.testing.assert_array_equal(curve(axes, "validation").get_xdata(), [2])
    assert curve(axes, "validation").get_marker() == "o"  # a line through one point is no mark
    assert "kept: epoch 2, loss 2.5" in [text.get_text() for text in axes.texts]
    curves = {"loss": [2.0, 1.0], "validation_loss": [gap] * 2, "r2": [gap] * 2}
    (axes,) = plot_history(History(curves, best_epoch=2)).axes
    assert [text.get_text() for text in axes.texts] == ["kept: epoch 2, loss 1"]


@pytest.mark.parametrize(
    "losses",
    [
        *([math.nan, 1.0], [1e150, 1e-280]),
        *([8e307, -8e307, 1.0], [1e-320, 1e-323]),
    ],
)
@pytest.mark.filterwarnings("error")
def test_any_losses_can_be_drawn(losses, pixels):
    figure = plot_history(History({"loss": losses, "validation_loss": losses}, best_epoch=1))
    assert pixels(figure).min() < 0.5


@pytest.mark.integration
def test_a_single_epoch_is_a_dot(pixels, texts, readable):
    figure = plot_history(History({name: values[:1] for name, values in HISTORY.items()}))
    readable(figure)
    loss = figure.axes[0]
    assert [line.get_marker() for line in loss.lines] == ["o", "o"]
    assert [text.get_text() for text in texts(figure)].count("1") == 2  # one tick a panel
    blue = np.abs(pixels(figure) - to_rgb(style.TRAINING)).max(axis=2) < 0.01
    assert blue.any()


@pytest.mark.parametrize(("gap", "best"), [(1e-9, 0), (0.02, 20)])
def test_labels_do_not_overlap(readable, gap, best):
    validation = 1.0 + gap + np.abs(np.arange(40) - best) / 40
    validation[-1] = 1.0 + gap
    curves = {"loss": np.linspace(2.0, 1.0, 40), "validation_loss": validation}
    curves["test_loss"] = validation + gap / 2
    readable(plot_history(History(curves, best_epoch=best + 1), title="A run"))
