"""Figures in files of each format, and as SVG within a page."""

import os
import re
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.image import imread

from barenet.errors import ArgumentError
from barenet.insight.plots._saving import FORMATS, MARK, inline_panels, inline_svg
from barenet.plots import plot_history, save_figure
from barenet.typing import History

CURVES = {"loss": [0.9, 0.4, 0.2], "validation_loss": [0.9, 0.5, 0.6], "accuracy": [0.5, 0.6, 0.7]}
HISTORY = History(CURVES)
SMALL = History({"loss": [0.9, 0.4, 0.2]})
BEGINNINGS = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "svg": b"<?xml"}


@pytest.fixture
def figure():
    return plot_history(HISTORY)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_suffix_determines_the_format(tmp_path, kind):
    figure = plot_history(SMALL)
    path = tmp_path / f"loss.{kind.upper()}"
    path.write_text("old")
    save_figure(figure, path)
    assert path.read_bytes().startswith(BEGINNINGS[kind])
    assert [*tmp_path.iterdir()] == [path]
    assert MARK.encode() in path.read_bytes()


def test_saved_pixels_equal_those_of_a_notebook(tmp_path, pixels):
    save_figure(plot_history(SMALL), str(tmp_path / "loss.png"), dpi=200)
    again = pixels(plot_history(SMALL))
    np.testing.assert_array_equal(imread(tmp_path / "loss.png")[:, :, :3], again)


@pytest.mark.parametrize("name", ["loss.bmp", "loss", ".png"])
def test_an_unknown_suffix_lists_the_known_ones(figure, tmp_path, name):
    with pytest.raises(ArgumentError, match=r"unknown format .*\.pdf, \.png, \.svg\)"):
        save_figure(figure, tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_folders_and_pipes_are_refused(figure, tmp_path):
    folder, pipe = tmp_path / "folder.png", tmp_path / "pipe.png"
    folder.mkdir()
    os.mkfifo(pipe)
    for path in (folder, pipe):
        with pytest.raises(ArgumentError, match="is not a file"):
            save_figure(figure, path)


def test_svg_in_a_page_is_well_formed_and_has_text_and_variable_colours(figure):
    before = matplotlib.rcParams.copy()
    svg = inline_svg(figure, 'curves of "a" & <b>')
    root = ElementTree.fromstring(svg)
    assert root.get("aria-label") == 'curves of "a" & <b>'
    words = {"".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"loss", "accuracy", "epoch", "training", "validation"} <= words
    assert "var(--262626, #262626)" in svg
    assert not re.search(r": #[0-9a-f]{6}", svg)
    assert matplotlib.rcParams == before
    assert svg == inline_svg(plot_history(HISTORY), 'curves of "a" & <b>')


def test_panels_and_the_legend_are_separate(figure):
    root = ElementTree.fromstring(f"<div>{inline_panels(figure, 'curves')}</div>")
    legend, *panels = root
    assert legend.get("class") == "legend" and len(panels) == 2
    texts = ["".join(panel.itertext()).split() for panel in (legend, *panels)]
    assert ["training" in words for words in texts] == [True, False, False]
    assert ["accuracy" in words for words in texts] == [False, False, True]
    identifiers = re.findall(r' id="([^"]+)"', ElementTree.tostring(root, encoding="unicode"))
    assert len(identifiers) == len(set(identifiers))
    widths = [float(panel.get("width").removesuffix("pt")) for panel in panels]
    whole = figure.get_size_inches()[0] * 72
    assert np.all(np.array(widths) < 0.6 * whole)
