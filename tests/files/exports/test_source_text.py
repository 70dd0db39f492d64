"""Numbers are read back exactly, and no text becomes code."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st
from run_exports import run_python

from barenet import Network
from barenet.files.exports._inference_program import program_of
from barenet.files.exports._json_file import render as render_json
from barenet.files.exports._source_text import (
    c_string,
    decimal,
    flow,
    hexadecimal,
    identifier,
    words,
)
from barenet.layers import Dense

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


@given(st.text())
def test_words_are_plain(text):
    safe = words(text)
    assert len(safe) <= 60
    assert re.fullmatch(r"[A-Za-z0-9 _.,:;=()%+-]*", safe)


@given(st.text(max_size=40))
def test_a_string_of_c_is_plain_and_reads_back(text):
    literal = c_string(text)
    assert re.fullmatch(r'"([^"\\?\x00-\x1f\x7f-\U0010ffff]|\\["\\]|\\[0-7]{3})*"', literal)
    parts = re.findall(r"\\([0-7]{3})|\\?(.)", literal[1:-1])
    data = bytes(int(octal, 8) if octal else ord(letter) for octal, letter in parts)
    assert data == text.encode("utf-8", "replace")


@given(st.text())
def test_an_identifier_is_one_or_refused(text):
    try:
        name = identifier(text)
    except ValueError as error:
        assert str(error).startswith("path: ")
    else:
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*", name)


@pytest.mark.parametrize("name", ["math", "Math", "stdio", "string"])
def test_headers_of_c_are_refused(name):
    with pytest.raises(ValueError, match="is a header of the C standard"):
        identifier(name)


def in_python(program):
    module = run_python(program)
    return module["CLASSES"], module["WEIGHTS_1"]


def in_json(program):
    document = json.loads(render_json(program, "it")[".json"])
    return document["classes"], document["steps"][0]["weights"]


@pytest.mark.parametrize("read", [in_python, in_json])
@given(
    st.text(),
    st.text(),
    st.lists(NUMBERS, min_size=1, max_size=90),
    st.sampled_from(["float32", "float64"]),
)
def test_names_and_numbers_come_back_from_an_export(read, name, other, values, dtype):
    network = Network([Dense(len(values), 1)], dtype=dtype)
    network.layers[0].weights[:, 0] = values
    names = {"classes": (name, "x"), "dataset": other, "target_name": other}
    classes, weights = read(replace(program_of(network), answer="class", **names))
    assert classes == [name, "x"]
    found = np.array(weights, np.float64).astype(dtype)
    assert found.tobytes() == network.layers[0].weights.tobytes()
