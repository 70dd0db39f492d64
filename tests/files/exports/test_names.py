"""Names and words that must not become code."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from barenet.files.exports.names import c_string, identifier, words


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
