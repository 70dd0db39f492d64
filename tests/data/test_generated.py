"""Generated data sets obey their options, and refuse those out of range."""

from __future__ import annotations

import math

import numpy as np
import pytest

from barenet.data.generated import GENERATED


def load(name: str, **options):
    return GENERATED[name].load(name, **options)


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_every_set_obeys_its_options(name):
    data = load(name, samples=51, noise=0.1, data_seed=5)
    again = load(name, samples=51, noise=0.1, data_seed=5)
    np.testing.assert_array_equal(data.X, again.X)
    np.testing.assert_array_equal(data.y, again.y)
    other = load(name, samples=51, noise=0.1, data_seed=6)
    assert not (np.array_equal(data.X, other.X) and np.array_equal(data.y, other.y))
    assert data.X.dtype == np.float64
    assert data.X.shape == (51, len(data.feature_names))
    assert data.y.shape == (51,)
    assert data.y.dtype == (np.float64 if data.classes is None else np.int64)
    assert data.classes is None or set(data.y) == {0, 1}
    assert (data.config.samples, data.config.noise, data.config.data_seed) == (51, 0.1, 5)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("samples", 1),
        ("samples", 10**7 + 1),
        ("samples", 2.5),
        ("noise", -0.1),
        ("noise", math.nan),
        ("noise", math.inf),
        ("data_seed", -1),
        ("data_seed", 2**32),
    ],
)
def test_options_out_of_range(option, value):
    with pytest.raises(ValueError, match=rf"^{option}: expected .*, got {value}$"):
        load("xor", **{option: value})
