from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from barenet.data._datasets import load_dataset
from barenet.playground._plane import plane_of


def test_a_plane_of_two_columns_is_the_columns():
    iris = load_dataset("iris")
    names = (iris.feature_names[2], iris.feature_names[0])
    plane, points = plane_of(iris, names)
    assert plane.names == names
    assert (points == iris.X[:, [2, 0]]).all()
    rows = plane.rows(np.array([[1.5, 2.5]]))
    usual = np.median(iris.X, axis=0)
    assert rows[0] == pytest.approx([2.5, usual[1], 1.5, usual[3]])


def test_the_grid_covers_the_rectangle_from_the_top_left():
    plane, _ = plane_of(load_dataset("xor"), ())
    grid = plane.grid(4)
    assert grid.shape == (16, 2)
    assert grid[0, 0] == grid[:, 0].min() and grid[0, 1] == grid[:, 1].max()
    assert grid[-1, 0] == grid[:, 0].max() and grid[-1, 1] == grid[:, 1].min()
    cell = (plane.high - plane.low) / 4
    assert grid[1] - grid[0] == pytest.approx([cell[0], 0])
    assert plane.positions(grid[:1])[0] == pytest.approx([1 / 8, 7 / 8])


def test_images_are_seen_along_their_main_directions():
    digits = load_dataset("digits")
    plane, points = plane_of(digits, ())
    expected = PCA(2).fit_transform(digits.X)
    assert np.abs(points) == pytest.approx(np.abs(expected), abs=1e-6)
    assert plane.rows(np.zeros((1, 2)))[0] == pytest.approx(digits.X.mean(axis=0))


def test_a_single_column_is_seen_against_its_target():
    sine = load_dataset("sine", samples=50)
    plane, points = plane_of(sine, ())
    assert plane.names == ("x",)
    assert (points[:, 1] == sine.y).all()
    assert plane.rows(plane.line(3)).shape == (3, 1)


def test_an_axis_that_is_no_column_is_told():
    with pytest.raises(ValueError, match="no column 'height'"):
        plane_of(load_dataset("xor"), ("height", "x1"))
    with pytest.raises(ValueError, match="twice"):
        plane_of(load_dataset("xor"), ("x1", "x1"))
