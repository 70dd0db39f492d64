import math

import numpy as np
import pytest

from barenet.cli._text_graphics import BLOCKS, bar, describe_image, draw_image, sparkline


def test_a_sparkline_goes_from_the_least_to_the_greatest_value():
    assert sparkline(range(8), range(8)) == BLOCKS
    assert sparkline(range(3), [5, 5, 5]) == "▁▁▁"
    assert sparkline([4], [0.5]) == "▁"
    assert sparkline([0, 7], [0, 7]) == BLOCKS
    assert len(sparkline([0, 100_000], [1, 0])) == 32


def test_a_sparkline_leaves_out_what_is_not_finite():
    assert sparkline(range(3), [math.nan, 0, 1]) == " ▁█"
    assert sparkline(range(2), [math.nan, math.nan]) == ""
    assert sparkline(range(2), [-1e308, 1e308]) in ("▁█", "▁▁")


def test_a_bar_is_drawn_to_an_eighth():
    assert [bar(fraction) for fraction in (0, 0.5, 1 / 24 + 1 / 96)] == ["", "█" * 12, "█▎"]


@pytest.mark.parametrize("name", ["a 3", "an 8", "an 11", "an Ankle boot", "a Bag"])
def test_articles(name):
    word = name.partition(" ")[2]
    expected = f"I'm 50.0 % sure that it's {name}. It is {name}."
    assert describe_image(word, 0.5, word) == expected


def test_images():
    image = np.zeros((3, 28))
    image[0, 0] = image[1, 1] = image[0, 2] = image[1, 2] = image[2, 3] = 255
    assert draw_image(image.ravel(), (3, 28)) == "▀▄█\n   ▀"
    assert draw_image(np.full(64, 7.0), (8, 8)).strip() == ""
    assert draw_image(np.eye(100).ravel(), (100, 100)) == ""  # wider than a terminal
