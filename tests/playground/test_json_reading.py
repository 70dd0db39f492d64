from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from barenet.playground.wire_format import check_choice, check_list, known_fields, read_json

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)


@given(st.text())
def test_any_text_is_an_object_or_refused(text):
    try:
        assert isinstance(read_json(text), dict)
    except ValueError as error:
        assert str(error).startswith("message: ")


@given(ANYTHING)
def test_what_is_read_is_what_json_says(value):
    text = json.dumps({"value": value})
    try:
        assert read_json(text) == json.loads(text)
    except ValueError:
        assert "NaN" in text or "Infinity" in text or text.count("[") + text.count("{") >= 8


def test_depth_and_constants_are_refused():
    with pytest.raises(ValueError, match="too deeply nested"):
        read_json('{"a": ' * 9 + "1" + "}" * 9)
    with pytest.raises(ValueError, match="too deeply nested"):
        read_json("[" * 100_000)
    with pytest.raises(ValueError, match="NaN is no number of JSON"):
        read_json('{"a": NaN}')


def test_names_that_are_not_known_are_told():
    with pytest.raises(ValueError, match="did you mean 'relu'"):
        check_choice("rellu", ("relu", "tanh"), "activation")
    with pytest.raises(ValueError, match="thing: field: unknown 'size'"):
        known_fields({"size": 1}, {"sizes": 2}, "thing")
    with pytest.raises(ValueError, match="expected a list of 2 entries at most"):
        check_list([1, 2, 3], "pair", most=2)
    assert known_fields({"a": 1}, {"a": 2, "b": (3,)}, "thing") == {"a": 1, "b": [3]}
