"""Numbers are read back exactly, and no text becomes code."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from run_exports import run_python

from barenet import Network
from barenet.files.exports._c_file import render as render_c
from barenet.files.exports._inference_program import program_of
from barenet.files.exports._json_file import render as render_json
from barenet.files.exports._source_text import identifier
from barenet.layers import Dense

NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False)

#: A string of C whose only escapes are quotes, backslashes and octal bytes.
C_STRING = r'"(?:[^"\\?\x00-\x1f\x7f-\U0010ffff]|\\["\\]|\\[0-7]{3})*"'


@given(st.text())
def test_invalid_identifiers_are_refused(text):
    try:
        name = identifier(text)
    except ValueError as error:
        assert str(error).startswith("path: ")
    else:
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*", name)


def in_python(program):
    module = run_python(program)
    return module["CLASSES"], module["WEIGHTS_1"]


def in_json(program):
    document = json.loads(render_json(program, "it")[".json"])
    return document["classes"], document["steps"][0]["weights"]


def in_c(program):
    """Read the constants; the comment is plain and ends where it should."""
    text = render_c(program, "it")[".c"].decode()
    comment, _, code = text.partition("*/")
    assert re.fullmatch(r"[A-Za-z0-9 _.,:;=()%+*/<>|&\"\n-]*", comment)
    assert code.startswith('\n#include "it.h"\n')
    names, weights = re.findall(r"\[\w+\] = \{\n(.*?)\n\};", code, re.DOTALL)[:2]
    pairs = (re.findall(r"\\([0-7]{3})|\\?(.)", each[1:-1]) for each in re.findall(C_STRING, names))
    data = (bytes(int(octal, 8) if octal else ord(letter) for octal, letter in p) for p in pairs)
    values = (float.fromhex(each.strip(" f")) for each in weights.split(",")[:-1])
    return [each.decode() for each in data], [[value] for value in values]


@pytest.mark.parametrize("read", [in_python, in_json, in_c])
@settings(max_examples=8)
@given(
    st.text(max_size=40),
    st.text(),
    st.lists(NUMBERS, min_size=1, max_size=90),
    st.sampled_from(["float32", "float64"]),
)
def test_names_and_numbers_round_trip_through_an_export(read, name, other, values, dtype):
    network = Network([Dense(len(values), 1)], dtype=dtype)
    network.layers[0].weights[:, 0] = values
    names = {"classes": (name, "x"), "dataset": other, "target_name": other}
    classes, weights = read(replace(program_of(network), **names))
    assert classes == [name, "x"]
    assert np.array_equal(np.array(weights, np.float64).astype(dtype), network.layers[0].weights)
