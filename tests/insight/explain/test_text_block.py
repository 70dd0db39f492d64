from __future__ import annotations

import pytest

from barenet.insight.explain._text_block import TextBlock, length


def test_blocks_are_aligned_by_their_middles():
    tall = TextBlock(("a", "b", "c"), 1)
    assert str(TextBlock.of("x").beside(tall, TextBlock.of("y"))) == " a\nxby\n c"
    assert str(TextBlock.of("x = ").beside(TextBlock.table([["1"], ["2"]]))) == "x = 1\n    2"


@pytest.mark.parametrize("kind", ["()⎛⎜⎝⎞⎟⎠", "[]⎡⎢⎣⎤⎥⎦", "||││││││"])
def test_brackets_are_as_high_as_their_content(kind):
    block = TextBlock(("1", "2", "3"), 1).between(*kind[:2])
    expected = [
        f"{left}{n}{right}" for left, n, right in zip(kind[2:5], "123", kind[5:], strict=True)
    ]
    assert str(block).splitlines() == expected


def test_columns_are_aligned_to_the_right():
    assert TextBlock.table([["1", "20"], ["300", "4"]]).lines == ("  1  20", "300   4")


def test_a_bar_over_a_letter_has_no_width():
    bar = "V\N{COMBINING MACRON}"
    assert length(bar) == 1
    assert TextBlock((bar, "ab")).beside(TextBlock(("x", "y"))).lines == (f"{bar} x", "aby")
