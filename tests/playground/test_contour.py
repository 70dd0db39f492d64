"""Contours of functions whose zeros are known, on several grids."""

import numpy as np
import pytest

from barenet.playground._neuron_panel import contour


def grid(function, side):
    at = (np.arange(side) + 0.5) / side
    return function(*np.meshgrid(at, at))


@pytest.mark.parametrize("side", [4, 24, 48])
@pytest.mark.parametrize(("a", "b", "c"), [(1, 2, -1.2), (0, 1, -0.31), (-3, 0.1, 1.0), (1, -1, 0)])
def test_a_straight_line_is_exact_to_the_edges(side, a, b, c):
    lines = contour(grid(lambda x, y: a * x + b * y + c, side)).reshape(-1, 2)
    assert np.abs(lines @ [a, b] + c).max() < 1e-12
    inside = lines[((lines >= 0) & (lines <= 1)).all(axis=1)]
    assert len(inside) >= side
    beyond = lines[((lines < 0) | (lines > 1)).any(axis=1)]
    assert len(beyond) >= 2, "it goes on to the edge of the square"


def test_a_circle_is_closed_and_round():
    lines = contour(grid(lambda x, y: (x - 0.5) ** 2 + (y - 0.5) ** 2 - 0.09, 48))
    radii = np.hypot(*(lines.reshape(-1, 2) - 0.5).T)
    assert np.abs(radii - 0.3).max() < 1e-3
    ends, counts = np.unique(lines.reshape(-1, 2).round(9), axis=0, return_counts=True)
    assert (counts == 2).all() and len(ends) == len(lines)


def test_a_saddle_cell_has_two_lines():
    assert len(contour(np.array([[1.0, -1.0], [-1.0, 1.0]]))) >= 2


@pytest.mark.parametrize("value", [1.0, -1.0])
def test_without_a_sign_change_there_is_no_contour(value):
    assert contour(np.full((5, 5), value)).shape == (0, 4)
