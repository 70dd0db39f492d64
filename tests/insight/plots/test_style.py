"""The look: nobody's settings leak in, none leak out, and colours can be told apart."""

from __future__ import annotations

import gc
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations

import matplotlib as mpl
import matplotlib.style
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from barenet.errors import MissingExtraError
from barenet.insight.plots import (
    _style as style,
)
from barenet.insight.plots import (
    plot_boundary,
    plot_confusion,
    plot_digits,
    plot_fit_at_epochs,
    plot_history,
    plot_weights,
)

X = np.linspace(-3, 3, 30).reshape(-1, 1)
POINTS = np.hstack([X, np.cos(X)])

PLOTS = {
    "history": lambda: plot_history({"loss": [9, 0.4, 0.02], "validation_loss": [9, 0.5, 0.6]}),
    "epochs": lambda: plot_fit_at_epochs(X, X, {1: X, 2: X + 1}),
    "boundary": lambda: plot_boundary(lambda p: p[:, 0] > 0, POINTS, X[:, 0] > 0),
    "digits": lambda: plot_digits(np.eye(4), [0, 1, 2, 3], [0, 1, 2, 0], image_shape=(2, 2)),
    "confusion": lambda: plot_confusion([0, 1, 1], [0, 1, 0], ["no", "yes"]),
    "weights": lambda: plot_weights(np.eye(3)),
}


@pytest.mark.parametrize("sheet", ["dark_background", "ggplot"])
@pytest.mark.parametrize("kind", PLOTS)
def test_a_user_s_style_does_not_change_the_picture(kind, sheet, pixels):
    plain = pixels(PLOTS[kind]())
    with matplotlib.style.context(sheet):
        styled = pixels(PLOTS[kind]())
    np.testing.assert_array_equal(styled, plain)


@pytest.mark.parametrize("kind", PLOTS)
def test_matplotlib_s_settings_are_left_alone(kind):
    before = dict(mpl.rcParams)
    PLOTS[kind]()._repr_png_()
    assert dict(mpl.rcParams) == before


def test_pyplot_keeps_no_picture():
    import matplotlib.pyplot as plt

    picture = weakref.ref(plot_history({"loss": [1.0, 0.5]}))
    assert plt.get_fignums() == []
    gc.collect()
    assert picture() is None


def test_threads_draw_the_same_plots():
    expected = {kind: draw()._repr_png_() for kind, draw in PLOTS.items()}
    with ThreadPoolExecutor() as threads:
        drawn = threads.map(lambda draw: draw()._repr_png_(), PLOTS.values())
        assert dict(zip(PLOTS, drawn, strict=True)) == expected


@pytest.mark.parametrize("kind", PLOTS)
def test_without_matplotlib_the_error_says_what_to_install(kind, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"a plot needs .*pip install 'barenet\[plot\]'"):
        PLOTS[kind]()


def contrast(one, other):
    """Contrast ratio of two colours by the Web Content Accessibility Guidelines, 1 to 21."""

    def luminance(color):
        rgb = np.array(to_rgb(color))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", ["INK", "MUTED", "TRAINING", "WRONG", "PREDICTED"])
def test_text_can_be_read_on_the_paper(name):
    assert contrast(getattr(style, name), style.PAPER) >= 4.5


#: What a reader without one kind of cone sees of linear RGB (Viénot, Brettel and Mollon 1999).
NO_RED = np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]])
NO_GREEN = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])


@pytest.mark.parametrize("seen", [np.eye(3), NO_RED, NO_GREEN], ids=["all", "no-red", "no-green"])
def test_colours_of_roles_can_be_told_apart(seen):
    pairs = [
        (style.TRAINING, style.VALIDATION),
        (style.ACTUAL, style.PREDICTED),
        *combinations(style.CLASS_COLORS[:3], 2),
    ]
    for one, other in pairs:
        difference = seen @ (np.array(to_rgb(one)) ** 2.2 - np.array(to_rgb(other)) ** 2.2)
        assert np.abs(difference).max() > 0.1, (one, other)
