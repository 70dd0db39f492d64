import dataclasses
from typing import Literal

import pytest
from cyclopts import Token

from barenet.cli._flags import Flags, integer
from barenet.data import RunConfig


def test_every_setting_is_a_flag_with_its_default(barenet):
    names = [field.name for field in dataclasses.fields(RunConfig)]
    assert [field.name for field in dataclasses.fields(Flags)] == names
    assert isinstance(Flags(), RunConfig) and Flags().set_fields() == {}
    page = barenet("train", "--help").out
    assert [name for name in names if f"--{name.replace('_', '-')} " not in page] == []
    assert "[default: adam]" in page and "[default: relu]" in page


def tokens(*values: str) -> list[Token]:
    return [Token(keyword="--epochs", value=value, source="cli") for value in values]


@pytest.mark.parametrize(
    ("texts", "kind", "expected"),
    [
        (["3"], int, 3),
        (["-3"], int, -3),
        (["1e3"], int, 1000),
        (["2.0"], int, 2),
        (["9" * 23], int, 10**23 - 1),
        (["1", "10", "1"], tuple[int, ...], (1, 10, 1)),
        (["full"], int | Literal["full"], "full"),
    ],
)
def test_integers(texts, kind, expected):
    assert integer(kind, tokens(*texts)) == expected


@pytest.mark.parametrize("text", ["1.5", "x", "", "nan", "inf", "8,,x", "full"])
def test_anything_else_is_no_integer(text):
    with pytest.raises(ValueError, match=r"^expected a whole number, got"):
        integer(int, tokens(text))
