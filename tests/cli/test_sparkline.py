from __future__ import annotations

import math

from barenet.cli.sparkline import BLOCKS, sparkline


def test_the_least_is_at_the_bottom_and_the_greatest_at_the_top():
    assert sparkline(range(8), range(8)) == BLOCKS
    assert sparkline(range(3), [5, 5, 5]) == "▁▁▁"
    assert sparkline([4], [0.5]) == "▁"


def test_a_place_that_is_not_known_is_drawn_between_its_neighbours():
    assert sparkline([0, 7], [0, 7]) == BLOCKS
    assert len(sparkline([0, 100_000], [1, 0])) == 32


def test_what_is_not_finite_is_a_hole():
    assert sparkline(range(3), [math.nan, 0, 1]) == " ▁█"
    assert sparkline(range(2), [math.nan, math.nan]) == ""
    assert sparkline(range(2), [-1e308, 1e308]) in ("▁█", "▁▁")
