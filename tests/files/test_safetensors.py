"""The container of model files beside the safetensors package."""

import json

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from barenet.files._safetensors import KINDS, deserialize, serialize

VALUES = st.sampled_from([*KINDS.values()]).flatmap(
    lambda kind: arrays(np.dtype(kind), array_shapes(min_dims=0, max_dims=3, min_side=0))
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(TEXT.filter("__metadata__".__ne__), VALUES), TEXT)
def test_both_write_the_same_bytes_and_read_the_same_arrays(named, words):
    data = serialize(named, {"words": words})
    assert data == safetensors.numpy.save(named, {"words": words})
    found, metadata = deserialize(data)
    assert metadata == {"words": words}
    expected = safetensors.numpy.load(data)
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes() and found[name].flags.writeable


def test_an_array_in_any_order_of_memory_and_bytes():
    array = np.arange(6.0).reshape(2, 3)
    expected = serialize({"a": array}, {})
    assert serialize({"a": np.asfortranarray(array)}, {}) == expected
    assert serialize({"a": array[::-1][::-1]}, {}) == expected


WHOLE = {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}


@pytest.mark.parametrize(
    ("header", "words"),
    [
        *(({"a": {**WHOLE, "data_offsets": at}}, "do not fill it") for at in ([0, 8], [8, 24])),
        ({"a": WHOLE, "b": WHOLE}, "do not fill it"),
        *(
            ({"a": {**WHOLE, "shape": shape}}, "bytes are not F64")
            for shape in ([-1, -2], [2**70], [2**60, [""]])
        ),
        ({"a": {**WHOLE, "shape": [3]}}, r"16 bytes are not F64 of shape \[3\]"),
        ({"a": {**WHOLE, "dtype": "F128"}}, "F128"),
        ({"a": {"dtype": "F64"}}, "data_offsets"),
        ({"a": 1}, "not subscriptable"),
        ([], "pop"),
    ],
)
def test_a_header_that_does_not_fit_is_refused_by_both(header, words):
    text = json.dumps(header).encode()
    data = len(text).to_bytes(8, "little") + text + bytes(16)
    with pytest.raises((AttributeError, LookupError, TypeError, ValueError), match=words):
        deserialize(data)
    with pytest.raises(safetensors.SafetensorError):
        safetensors.numpy.load(data)


@pytest.mark.parametrize("data", [b"", b"\1", bytes(8), b"\xff" * 16, b"\2" + bytes(7) + b"{"])
def test_a_file_without_a_header_is_refused(data):
    with pytest.raises(ValueError, match=r"it is cut off, or its first bytes|Expecting"):
        deserialize(data)
