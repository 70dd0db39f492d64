"""How an error writes what a user gave."""

import numpy as np
import pytest

import barenet
from barenet.errors import LONGEST, brief, in_a_line, some


def test_an_array_is_told_by_its_shape():
    assert brief(np.zeros((3, 4))) == "an array of shape (3, 4)"


def test_what_is_short_is_shown_whole():
    assert brief("relu") == "'relu'"
    assert brief(np.float64(2)) == repr(np.float64(2))


def test_what_is_long_is_cut_and_in_one_line():
    text = brief({"a": "x\ny" * 100})
    assert len(text) == LONGEST + 3
    assert "\n" not in text


@pytest.mark.parametrize("wrong", [np.ones(784), list(range(10_000))])
def test_a_large_value_does_not_flood_a_message(wrong):
    with pytest.raises(ValueError, match=r"^scale: expected a number") as caught:
        barenet.train(barenet.Network.dense([1, 1]), [[0.0]], [0.0], scale=wrong)
    assert len(str(caught.value)) < 200


def test_promise_17_names_from_a_file_stay_in_a_line():
    assert some(["a", "of\ntwo", "\x1b[2J", "é"]) == r"a, of\ntwo, \x1b[2J, é"


def test_promise_17_what_another_library_says_is_one_line_and_not_long():
    assert in_a_line(ValueError("here\n  and\u2028there")) == "here and there"
    assert len(in_a_line(ValueError("x" * 10_000))) < 300
