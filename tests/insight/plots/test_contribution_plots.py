"""Plots of contributions: bars and dots are at the contributions."""

import itertools
from dataclasses import replace

import numpy as np
import pandas
import pytest

from barenet import Network, Predictor, TableEncoding, contributions
from barenet.plots import (
    plot_beeswarm,
    plot_mean_contributions,
    plot_waterfall,
)


@pytest.fixture
def result():
    """Contributions to a probability, of a table with columns of each type."""
    rng, n_rows = np.random.default_rng(0), 80
    rows = pandas.DataFrame(
        {
            "town": rng.choice(["Rome", "Oslo", "a $ town with a long name"], n_rows),
            "size": [None if n % 11 == 5 else n % 60 * 1.5 for n in range(n_rows)],
            "built": pandas.to_datetime(rng.integers(0, 2**31, n_rows), unit="s"),
        }
    )
    encoding = TableEncoding.fit(rows)
    predictor = Predictor(
        network=Network.dense([encoding.n_inputs, 8, 1], output="sigmoid", seed=1),
        preprocessing=encoding,
        classes=("no", "yes"),
        feature_names=encoding.feature_names,
        target_name="far",
        dataset="towns",
    )
    return contributions(predictor, rows, exact=True)


def test_a_waterfall_ends_at_the_prediction(result):
    (axes,) = plot_waterfall(result, 3).axes
    bars = axes.patches
    widths = np.array([bar.get_width() for bar in bars])
    expected = result.values[3, :, 1]
    np.testing.assert_allclose(widths, sorted(expected, key=lambda value: -abs(value)))
    assert bars[-1].get_x() == pytest.approx(result.expected[1])
    top = bars[0].get_x() + bars[0].get_width()
    assert top == pytest.approx(result.predictions[3, 1])
    for above, below in itertools.pairwise(bars):
        assert above.get_x() == pytest.approx(below.get_x() + below.get_width())
    labels = [text.get_text() for text in axes.get_yticklabels()]
    town = result.rows["town"][3].replace("$", r"\$")
    assert any(label.startswith(f"town = {town}") for label in labels)
    assert "the probability of far = yes" in axes.get_xlabel()


def test_a_waterfall_has_the_standard_errors(result):
    errors = result.standard_errors.copy()
    errors[3, :, 1] = [0.01, 0.02, 0.0]
    (axes,) = plot_waterfall(replace(result, standard_errors=errors), 3).axes
    [lines] = [each for each in axes.collections if each.get_segments()]
    lengths = {round(float(np.ptp(segment[:, 0])), 6) for segment in lines.get_segments()}
    assert lengths == {0.02, 0.04}


def is_coloured(dots):
    return dots.get_array() is not None


@pytest.mark.parametrize(("first", "n_coloured"), [("2024-01-05", 54), ("2024-13-05", 0)])
def test_texts_that_are_dates_have_their_colours_in_a_beeswarm(result, first, n_coloured):
    texts = [first, *["2024-01-05", "2023-12-31 08:30", None] * 26, "2022-02-02"]
    dates = replace(result, rows={"built": np.array(texts, object)})
    coloured = [dots for dots in plot_beeswarm(dates).axes[0].collections if is_coloured(dots)]
    assert sum(len(dots.get_offsets()) for dots in coloured) == n_coloured


def test_smaller_contributions_are_one_bar(result):
    (axes,) = plot_waterfall(result, max_columns=1, output="no").axes
    assert axes.get_yticklabels()[1].get_text() == "2 other columns"
    values = result.values[0, :, 0]
    others = values.sum() - values[np.abs(values).argmax()]
    assert axes.patches[1].get_width() == pytest.approx(others)
    (axes,) = plot_waterfall(result, max_columns=2, output="no").axes
    assert axes.get_yticklabels()[2].get_text() == "1 other column"


def test_bars_are_mean_sizes(result):
    (axes,) = plot_mean_contributions(result, max_columns=2).axes
    widths = [bar.get_width() for bar in axes.patches]
    np.testing.assert_allclose(widths, np.sort(result.mean_sizes[:, 1])[::-1][:2])
    assert axes.get_title("left") == "the first 2 of 3 columns"


def test_bars_have_parts_for_more_than_two_classes():
    X = np.random.default_rng(0).normal(size=(9, 4))
    result = contributions(Network.dense([4, 5, 3], output="softmax", seed=1), X)
    figure = plot_mean_contributions(result)
    (axes,) = figure.axes
    total = sum(bar.get_width() for bar in axes.patches)
    assert total == pytest.approx(result.mean_sizes.sum())
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["0", "1", "2"]


def test_the_dots_of_a_beeswarm_are_the_contributions(result):
    axes, bar = plot_beeswarm(result).axes
    x = np.concatenate([dots.get_offsets()[:, 0] for dots in axes.collections])
    np.testing.assert_allclose(np.sort(x), np.sort(result.values[..., 1].ravel()))
    places = np.concatenate([dots.get_offsets()[:, 1] for dots in axes.collections])
    assert np.abs(places - places.round()).max() <= 0.45
    assert [text.get_text() for text in bar.get_yticklabels()] == ["low", "high"]


def test_yes_and_no_have_colours_in_a_beeswarm():
    rows = {"member": ["yes", "no"] * 20, "size": np.arange(40.0) ** 2 % 7}
    encoding = TableEncoding.fit(rows)
    predictor = Predictor(
        network=Network.dense([encoding.n_inputs, 1], seed=1),
        preprocessing=encoding,
        classes=None,
        feature_names=encoding.feature_names,
        target_name="y",
        dataset="members",
    )
    axes, _ = plot_beeswarm(contributions(predictor, rows, exact=True)).axes
    coloured = [dots for dots in axes.collections if is_coloured(dots)]
    assert sum(len(dots.get_offsets()) for dots in coloured) == 80


def test_the_plots_are_readable(result, readable):
    readable(plot_waterfall(result, title="Why"))
    readable(plot_mean_contributions(result))


def test_arguments_that_cannot_be_drawn_are_refused(result):
    with pytest.raises(ValueError, match=r"^contributions: expected the result of barenet.contr"):
        plot_beeswarm(result.values)
    with pytest.raises(ValueError, match=r"^row: expected 0 to 79, got 80"):
        plot_waterfall(result, 80)
    with pytest.raises(ValueError, match=r"^output: .*maybe"):
        plot_waterfall(result, output="maybe")
    rows = np.random.default_rng(0).normal(size=(9, 3))
    network = Network.dense([3, 1], seed=0)
    grouped = contributions(network, rows, groups={"both": ["x0", "x1"]})
    assert plot_beeswarm(grouped).axes
    assert plot_waterfall(grouped).axes
