"""The style: a user's settings do not change plots, plots do not change them, colours differ."""

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import matplotlib as mpl
import matplotlib.style
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from barenet import plots
from barenet.errors import MissingExtraError
from barenet.insight.plots import _style as style
from barenet.typing import History

X = np.linspace(-3, 3, 30).reshape(-1, 1)
POINTS = np.hstack([X, np.cos(X)])

PLOTS = {
    "history": lambda: plots.plot_history(
        History({"loss": [9, 0.4, 0.02], "test_loss": [9, 0.5, 0.6]})
    ),
    "epochs": lambda: plots.plot_fit(X, X, {1: X, 2: X + 1}),
    "boundary": lambda: plots.plot_boundary(lambda p: p[:, 0] > 0, POINTS, X[:, 0] > 0),
    "digits": lambda: plots.plot_digits(np.eye(4), [0, 1, 2, 3], [0, 1, 2, 0], image_shape=(2, 2)),
    "confusion": lambda: plots.plot_confusion([0, 1, 1], [0, 1, 0], ["no", "yes"]),
    "weights": lambda: plots.plot_weights(np.eye(4), (2, 2)),
}


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["epochs", pytest.param("history", marks=pytest.mark.slow)])
def test_plots_ignore_and_preserve_the_users_style_and_pyplot_keeps_none(kind, pixels):
    import matplotlib.pyplot as plt

    plain = pixels(PLOTS[kind]())
    with matplotlib.style.context(["dark_background", "ggplot"]):
        before = dict(mpl.rcParams)
        np.testing.assert_array_equal(pixels(PLOTS[kind]()), plain)
        assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == []


@pytest.mark.integration
def test_plots_are_thread_safe():
    draws = [PLOTS["digits"], PLOTS["confusion"]] * 2
    expected = [draw()._repr_png_() for draw in draws[:2]] * 2
    with ThreadPoolExecutor() as threads:
        assert [*threads.map(lambda draw: draw()._repr_png_(), draws)] == expected


def test_matplotlib_is_imported_lazily():
    script = "import sys, barenet.plots; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


def test_a_missing_matplotlib_error_has_the_install_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    command = r"a plot needs .*pip install '\.\[plot\]'"
    for draw in PLOTS.values():
        with pytest.raises(MissingExtraError, match=command):
            draw()


@pytest.mark.integration
def test_notebooks_show_high_resolution():
    from IPython.core.formatters import DisplayFormatter

    figure = plots.plot_history(History({"loss": [0.9, 0.4, 0.2]}))
    copied = pickle.loads(pickle.dumps(figure))
    png, size = figure._repr_png_()
    assert copied._repr_png_() == (png, size)
    height, width, _ = imread(BytesIO(png), format="png").shape
    assert (width, height) == (2 * size["width"], 2 * size["height"]) == (1400, 720)
    data, metadata = DisplayFormatter().format(figure)
    assert data["image/png"].startswith(b"\x89PNG") and metadata["image/png"] == size


@pytest.mark.parametrize("name", ["INK", "MUTED", "TRAINING", "WRONG", "PREDICTED"])
def test_text_contrasts_with_the_white_paper(name):
    """By the Web Content Accessibility Guidelines."""
    rgb = np.array(to_rgb(getattr(style, name)))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    assert 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05) >= 4.5
