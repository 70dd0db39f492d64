"""Numbers as text, and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barenet.files.exports.numerals import decimal, flow, hexadecimal

NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(NUMBERS, st.sampled_from([np.float32, np.float64]))
def test_decimals_come_back(number, kind):
    value = kind(number)
    assert kind(float(decimal(value))).tobytes() == value.tobytes()


@given(NUMBERS)
def test_hexadecimals_are_the_bits(number):
    text = hexadecimal(np.float32(number))
    assert text.endswith("f")
    assert np.float32(float.fromhex(text.removesuffix("f"))) == np.float32(number)


@pytest.mark.parametrize(
    ("number", "text"),
    [(1.0, "0x1p+0f"), (-0.5, "-0x1p-1f"), (0.1, "0x1.99999ap-4f"), (1e-45, "0x1p-149f")],
)
def test_hexadecimals_by_hand(number, text):
    assert hexadecimal(np.float64(number)) == text


@given(st.lists(st.text("0123456789", min_size=1, max_size=12), min_size=1), st.integers(20, 90))
def test_lines_are_no_longer_than_they_may_be_and_lose_nothing(items, width):
    text = flow(items, width=width)
    assert all(len(line) <= width for line in text.splitlines())
    assert text.replace("\n", " ").replace(",", "").split() == items
