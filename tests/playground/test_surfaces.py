from __future__ import annotations

import math

import numpy as np

from barenet.playground.surfaces import CENTRES, SIGNS, WIDTH, hills


def test_the_height_is_a_sum_of_bells():
    made = hills(40, 0.0, 3)
    for point, height in zip(made.X, made.y, strict=True):
        bells = (
            sign * math.exp(-((point[0] - x) ** 2 + (point[1] - y) ** 2) / (2 * WIDTH**2))
            for (x, y), sign in zip(CENTRES, SIGNS, strict=True)
        )
        assert abs(sum(bells) - height) < 1e-12


def test_the_same_seed_gives_the_same_rows_and_noise_moves_heights_alone():
    quiet, same, noisy = hills(50, 0.0, 1), hills(50, 0.0, 1), hills(50, 0.3, 1)
    assert (quiet.X == same.X).all() and (quiet.y == same.y).all()
    assert (quiet.X == noisy.X).all() and 0.1 < np.std(noisy.y - quiet.y) < 0.5
    assert (hills(50, 0.0, 2).X != quiet.X).any()
