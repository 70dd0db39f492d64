from __future__ import annotations

from typing import Literal

import pytest
from cyclopts import Token

from barenet.cli.numbers import whole


def tokens(*values: str) -> list[Token]:
    return [Token(keyword="--epochs", value=value, source="cli") for value in values]


@pytest.mark.parametrize(
    ("text", "number"),
    [("3", 3), ("-3", -3), ("1e3", 1000), ("2.0", 2), ("9" * 23, 10**23 - 1)],
)
def test_whole_numbers(text, number):
    assert whole(int, tokens(text)) == number


def test_several():
    assert whole(tuple[int, ...], tokens("1", "10", "1")) == (1, 10, 1)


def test_words():
    assert whole(int | Literal["full"], tokens("full")) == "full"


@pytest.mark.parametrize("text", ["1.5", "x", "", "nan", "inf", "8,,x", "full"])
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match=r"^expected a whole number, got"):
        whole(int, tokens(text))
