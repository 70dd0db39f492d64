"""Mini-batches for a user-defined loop: every row once, with its target."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from barenet import batches

seeds = st.integers(0, 2**32 - 1)


@given(st.integers(1, 40), st.integers(1, 50), st.one_of(st.none(), seeds))
def test_batches_pair_every_row_with_its_target(n_rows, size, rng):
    X = np.arange(n_rows).reshape(-1, 1)
    parts = list(batches(X, X[:, 0] * 2, batch_size=size, rng=rng))
    assert all(len(part) == size for part, _ in parts[:-1])
    assert sorted(np.concatenate([part[:, 0] for part, _ in parts])) == list(range(n_rows))
    assert all((2 * part[:, 0] == target).all() for part, target in parts)


def test_a_generator_reorders_each_epoch():
    X, rng = np.arange(30), np.random.default_rng(0)
    first, second = (np.concatenate([x for x, _ in batches(X, X, rng=rng)]) for _ in "ab")
    assert not np.array_equal(first, second)


@pytest.mark.case(7, 31)
@pytest.mark.parametrize("size", [0, -1, 2.5, "3", True])
def test_an_invalid_batch_size_or_length_is_refused(size):
    with pytest.raises(ValueError, match="batch_size: expected a whole number of 1 or more"):
        list(batches(np.zeros((3, 1)), np.zeros(3), batch_size=size))
    with pytest.raises(ValueError, match="y: has 2 rows, and X has 3"):
        list(batches(np.zeros((3, 1)), np.zeros(2)))
