from __future__ import annotations

import pytest

from barenet.insight.explain.text_block import TextBlock, length


def test_boxes_stand_beside_each_other_by_their_middles():
    tall = TextBlock(("a", "b", "c"), 1)
    assert str(TextBlock.of("x").beside(tall, TextBlock.of("y"))) == " a\nxby\n c"


def test_of_two_lines_the_upper_one_goes_on():
    assert str(TextBlock.of("x = ").beside(TextBlock.table([["1"], ["2"]]))) == "x = 1\n    2"


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("()", ["⎛1⎞", "⎜2⎟", "⎝3⎠"]),
        ("[]", ["⎡1⎤", "⎢2⎥", "⎣3⎦"]),
        ("||", ["│1│", "│2│", "│3│"]),
    ],
)
def test_brackets_are_as_high_as_what_they_hold(kind, lines):
    assert str(TextBlock(("1", "2", "3"), 1).between(*kind)).splitlines() == lines


def test_words_fill_their_columns_from_the_right():
    assert TextBlock.table([["1", "20"], ["300", "4"]]).lines == ("  1  20", "300   4")


def test_a_bar_over_a_letter_takes_no_room():
    bar = "V\N{COMBINING MACRON}"
    assert length(bar) == 1
    assert TextBlock((bar, "ab")).beside(TextBlock(("x", "y"))).lines == (f"{bar} x", "aby")
