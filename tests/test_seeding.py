"""Generators of a seed have the state of NumPy's."""

import pickle

import numpy as np
import pytest

from barenet._seeding import random_state


@pytest.mark.parametrize("seed", [0, 1, 42, 2**31, 2**32 - 1])
def test_a_generator_is_that_of_numpy(seed):
    ours, theirs = random_state(seed), np.random.RandomState(seed)
    pairs = zip(ours.get_state(), theirs.get_state(), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)
    assert pickle.loads(pickle.dumps(ours)).normal() == ours.normal() == theirs.normal()
