"""A figure is displayed by a notebook, with and without pyplot."""

from __future__ import annotations

import pickle
from io import BytesIO

import pytest
from matplotlib.image import imread

from barenet.insight.plots import plot_history

HISTORY = {"loss": [0.9, 0.4, 0.2]}


def test_notebook_png_has_twice_the_pixels_of_its_size():
    figure = plot_history(HISTORY)
    png, size = figure._repr_png_()
    height, width, _ = imread(BytesIO(png), format="png").shape
    assert (width, height) == (2 * size["width"], 2 * size["height"])
    assert size == {"width": 700, "height": 360}


def test_ipython_finds_the_png():
    formatter = pytest.importorskip("IPython.core.formatters").DisplayFormatter()
    data, metadata = formatter.format(plot_history(HISTORY))
    assert data["image/png"].startswith(b"\x89PNG")
    assert metadata["image/png"] == {"width": 700, "height": 360}


def test_it_pickles():
    figure = plot_history(HISTORY)
    again = pickle.loads(pickle.dumps(figure))
    assert again._repr_png_() == figure._repr_png_()
