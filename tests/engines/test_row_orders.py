"""The orders of rows in machine code are NumPy's."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from barenet.engines.kernels._row_orders import row_orders
from barenet.model._randomness import epoch_orders


@given(
    st.integers(1, 300),
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(0, 10**9), min_size=1, max_size=5),
)
def test_the_orders_are_those_of_numpy(n_rows, seed, epochs):
    expected = [
        np.random.Generator(np.random.Philox(key=[seed, epoch])).permutation(n_rows)
        for epoch in epochs
    ]
    assert np.array_equal(row_orders(n_rows, seed, epochs), expected)
    assert np.array_equal(epoch_orders(n_rows, seed, epochs), expected)


@pytest.mark.parametrize("n_rows", [2**k + more for k in (8, 12, 16, 17) for more in (-1, 0, 1, 2)])
def test_the_orders_of_many_rows_are_those_of_numpy(n_rows):
    assert np.array_equal(row_orders(n_rows, 3, [0, 7]), epoch_orders(n_rows, 3, [0, 7]))
