"""save_figure: the file is the picture in its suffix's format, and replaced whole or not at all."""

import os

import numpy as np
import pytest
from matplotlib.image import imread

from barenet import History
from barenet.errors import ArgumentError
from barenet.insight.plots._saving import FORMATS, PLOT_MARK
from barenet.plots import plot_history, save_figure

HISTORY = History({"loss": [0.9, 0.4, 0.2], "validation_loss": [0.9, 0.5, 0.6]})
BEGINNINGS = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "svg": b"<?xml"}


@pytest.fixture
def figure():
    return plot_history(HISTORY)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_suffix_determines_the_format(figure, tmp_path, kind):
    path, other = tmp_path / f"loss.{kind.upper()}", tmp_path / f"other.{kind}"
    path.write_text("old")
    save_figure(figure, path)
    assert path.read_bytes().startswith(BEGINNINGS[kind])
    assert [*tmp_path.iterdir()] == [path]
    figure.savefig(other)
    marked = [bool(PLOT_MARK.search(each.read_bytes())) for each in (path, other)]
    assert marked == [True, False]


def test_saved_pixels_equal_those_of_a_notebook(figure, tmp_path, pixels):
    save_figure(figure, str(tmp_path / "loss.png"), dpi=200)
    again = pixels(plot_history(HISTORY))
    np.testing.assert_array_equal(imread(tmp_path / "loss.png")[:, :, :3], again)


@pytest.mark.parametrize("name", ["loss.bmp", "loss", "png", ".png"])
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
