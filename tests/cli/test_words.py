from __future__ import annotations

import numpy as np
import pytest

from barenet.cli.words import draw_image, guess, truth


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("3", "a 3"),
        ("8", "an 8"),
        ("11", "an 11"),
        ("Ankle boot", "an Ankle boot"),
        ("Bag", "a Bag"),
    ],
)
def test_articles(name, said):
    assert guess(name, 0.5) == f"I'm 50.0 % sure that it's {said}."
    assert truth(name) == f"It is {said}."


def test_a_large_image_has_two_pixels_to_a_letter():
    image = np.zeros((3, 28))
    image[0, 0] = image[1, 1] = image[0, 2] = image[1, 2] = image[2, 3] = 255
    assert draw_image(image.ravel(), (3, 28)) == "▀▄█\n   ▀"


def test_an_empty_image_is_empty():
    assert draw_image(np.full(64, 7.0), (8, 8)).strip() == ""


def test_an_image_wider_than_a_terminal_is_left_out():
    assert draw_image(np.eye(100).ravel(), (100, 100)) == ""
