"""save_figure: the file is the picture in its suffix's format, and replaced whole or not at all."""

from __future__ import annotations

import os

import numpy as np
import pytest
from matplotlib.image import imread

from barenet.insight.plots._saving import FORMATS, PLOT_MARK
from barenet.plots import plot_history, save_figure

HISTORY = {"loss": [0.9, 0.4, 0.2], "validation_loss": [0.9, 0.5, 0.6]}
BEGINNINGS = {
    "jpg": b"\xff\xd8\xff",
    "pdf": b"%PDF-",
    "png": b"\x89PNG\r\n\x1a\n",
    "svg": b"<?xml",
    "webp": b"RIFF",
}

posix = pytest.mark.skipif(os.name != "posix", reason="of files as POSIX has them")


@pytest.fixture
def figure():
    return plot_history(HISTORY)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_suffix_says_the_format(figure, tmp_path, kind):
    save_figure(figure, tmp_path / f"loss.{kind.upper()}")
    assert (tmp_path / f"loss.{kind.upper()}").read_bytes().startswith(BEGINNINGS[kind])
    assert [path.name for path in tmp_path.iterdir()] == [f"loss.{kind.upper()}"]


def test_pixels_are_those_of_the_notebook(figure, tmp_path, pixels):
    save_figure(figure, str(tmp_path / "loss.png"), dpi=200)
    again = pixels(plot_history(HISTORY))
    np.testing.assert_array_equal(imread(tmp_path / "loss.png")[:, :, :3], again)


@pytest.mark.parametrize("name", ["loss.bmp", "loss", "png", ".png"])
def test_an_unknown_suffix_lists_the_known(figure, tmp_path, name):
    with pytest.raises(ValueError, match=r"path: unknown format .*\.jpg, \.pdf, \.png, \.svg, \.w"):
        save_figure(figure, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_an_older_picture_is_replaced(figure, tmp_path):
    path = tmp_path / "loss.svg"
    path.write_text("old")
    save_figure(figure, path)
    assert path.read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize("kind", FORMATS)
def test_a_picture_is_known_from_matplotlib_s_own(figure, tmp_path, kind):
    own, other = tmp_path / f"own.{kind}", tmp_path / f"other.{kind}"
    save_figure(figure, own)
    figure.savefig(other)
    marked = [bool(PLOT_MARK.search(path.read_bytes())) for path in (own, other)]
    assert marked == [True, False]


@posix
def test_a_folder_or_a_pipe_is_no_file(figure, tmp_path):
    folder, pipe = tmp_path / "folder.png", tmp_path / "pipe.png"
    folder.mkdir()
    os.mkfifo(pipe)
    for path in (folder, pipe):
        with pytest.raises(ValueError, match=r"path: .* is not a file"):
            save_figure(figure, path)
