from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from barenet.playground.wire_format import pack, unpack

ARRAYS = st.sampled_from([np.float32, np.int8, np.uint8]).flatmap(
    lambda dtype: arrays(dtype, array_shapes(max_dims=2, max_side=9, min_side=0))
)


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text()), st.lists(ARRAYS))
def test_what_is_packed_is_unpacked(header, values):
    header.pop("arrays", None)
    named = {str(index): value for index, value in enumerate(values)}
    told, found = unpack(pack(header, named))
    assert {**told, "arrays": 0} == {**header, "arrays": 0}
    for name, value in named.items():
        assert found[name].dtype == value.dtype
        assert found[name].tobytes() == value.tobytes()


def test_every_array_lies_where_a_browser_can_read_it():
    message = pack({"é": 1}, {"a": np.zeros(3, np.int8), "b": np.ones(2, np.float32)})
    size = int.from_bytes(message[:4], "little")
    header, _ = unpack(message)
    assert (4 + size) % 4 == 0
    assert all(offset % 4 == 0 for _, offset, _ in header["arrays"].values())
