import json

import numpy as np
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from barenet.playground._wire_format import pack

ARRAYS = st.sampled_from([np.float32, np.int8, np.uint8]).flatmap(
    lambda dtype: arrays(dtype, array_shapes(max_dims=2, max_side=9, min_side=0))
)


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text()), st.lists(ARRAYS))
def test_binary_messages_are_unpacked(header, values):
    header.pop("arrays", None)
    named = {str(index): value for index, value in enumerate(values)}
    message = pack(header, named)
    size = 4 + int.from_bytes(message[:4], "little")
    unpacked = json.loads(message[4:size])
    layout = unpacked.pop("arrays")
    assert unpacked == header
    for name, value in named.items():
        dtype, offset, count = layout[name]
        found = np.frombuffer(message, dtype, count, size + offset)
        assert (found.dtype, found.tobytes()) == (value.dtype, value.tobytes())
        assert (size + offset) % 4 == 0, "aligned, as a browser needs it"
