import numpy as np
import pytest

from barenet.plots import plot_importance

RNG = np.random.default_rng(0)


def bars(axes) -> dict[str, float]:
    names = [text.get_text() for text in axes.get_yticklabels()]
    return dict(zip(names, [bar.get_width() for bar in axes.patches], strict=True))


def test_bars_are_sorted_means_with_standard_deviations():
    (axes,) = plot_importance([[0.0, 0.2], [0.5, 0.7], [-0.1, -0.1]], ["a", "b", "c"]).axes
    assert bars(axes) == pytest.approx({"b": 0.6, "a": 0.1, "c": -0.1})
    assert axes.yaxis_inverted()
    (lines,) = (each.get_segments() for each in axes.collections if len(each.get_segments()) > 1)
    ends = [line[:, 0] for line in lines]
    np.testing.assert_allclose(ends, [[0.5, 0.7], [0.0, 0.2], [-0.1, -0.1]])


def test_fault_145_all_bars_have_one_colour():
    """The spread of the shuffles, which the line shows, does not tell noise from an effect."""
    (axes,) = plot_importance([[-0.1, 0.2], [0.5, 0.7]], ["a", "b"]).axes
    first, second = (bar.get_facecolor() for bar in axes.patches)
    assert first == second


def test_only_the_first_of_many_columns_are_drawn():
    drops = RNG.normal(size=(50, 3))
    (axes,) = plot_importance(drops, [f"column {at}" for at in range(50)]).axes
    assert list(bars(axes).values()) == pytest.approx(sorted(drops.mean(axis=1))[::-1][:20])
    assert axes.get_title(loc="left") == "the first 20 of 50 columns"


def test_importance_of_pixels_is_an_image():
    drops = np.arange(24.0).reshape(12, 2)
    picture = plot_importance(drops, [f"p{at}" for at in range(12)], image_shape=(3, 4))
    image = picture.axes[0].images[0]
    np.testing.assert_array_equal(image.get_array(), drops.mean(axis=1).reshape(3, 4))
    low, high = image.get_clim()
    assert low == -high  # white is 0


@pytest.mark.parametrize(
    "names", [["a"], ["age", "sex", "bmi"], [f"the column with number {n}" * 2 for n in range(30)]]
)
def test_every_name_is_readable(names, readable):
    for drops in (RNG.normal(0.2, 0.1, size=(len(names), 10)), np.zeros((len(names), 2))):
        readable(plot_importance(drops, names, metric="accuracy", title="What matters"))
