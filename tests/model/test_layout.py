"""The layout: every entry of the flat vector belongs to one array, and its views are views."""

import math

import numpy as np
from hypothesis import given, strategies as st

from barenet.model._layout import Layout

shapes = st.lists(
    st.dictionaries(
        st.sampled_from(["weights", "bias", "gain"]),
        st.lists(st.integers(1, 4), min_size=1, max_size=2).map(tuple),
    ),
    max_size=6,
)


@given(shapes)
def test_the_slots_tile_the_vector_in_order(layers):
    layout = Layout(layers)
    assert layout.size == sum(math.prod(s) for arrays in layers for s in arrays.values())
    stops = [0, *(slot.stop for slot in layout.slots)]
    assert [slot.start for slot in layout.slots] == stops[:-1]
    assert stops[-1] == layout.size
    assert [(slot.layer, slot.name, slot.shape) for slot in layout.slots] == [
        (index, name, shape)
        for index, arrays in enumerate(layers)
        for name, shape in arrays.items()
    ]


@given(shapes)
def test_views_share_memory_with_the_vector(layers):
    layout = Layout(layers)
    vector = np.arange(layout.size, dtype=np.float64)
    views = layout.views(vector)
    assert len(views) == len(layers)
    flat = [array.ravel() for arrays in views for array in arrays.values()]
    np.testing.assert_array_equal(np.concatenate([[], *flat]), vector)
    for arrays, expected in zip(views, layers, strict=True):
        assert {name: array.shape for name, array in arrays.items()} == expected
        for array in arrays.values():
            assert np.shares_memory(array, vector)
            array[...] = -1
    assert (vector == -1).all()
