"""Dropout: how much is silenced, what is kept, and that a mask is a function of its key."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from barenet.model._randomness import uniforms
from barenet.model.layers import Dropout


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_fraction_dropped_is_the_rate(rate):
    from scipy import stats  # which takes a second to import

    output, _ = Dropout(rate).forward(np.ones((200, 500)), training=True, rng_key=12)
    silenced = int((output == 0).sum())
    assert stats.binomtest(silenced, output.size, rate).pvalue > 0.001
    assert output.mean() == pytest.approx(1, abs=5 * np.sqrt(rate / (1 - rate) / output.size))


@given(rate=st.floats(0, 0.99), key=st.integers(0, 2**64 - 1))
def test_remaining_units_are_scaled_up(rate, key):
    X = np.random.default_rng(0).normal(size=(5, 4))
    output, mask = Dropout(rate).forward(X, training=True, rng_key=key)
    kept = uniforms(key, (5, 4)) >= rate
    np.testing.assert_allclose(output, np.where(kept, X / (1 - rate), 0), rtol=1e-14)
    d_X = Dropout(rate).backward(mask, np.ones((5, 4)), {})
    np.testing.assert_allclose(d_X, np.where(kept, 1 / (1 - rate), 0), rtol=1e-14)


@pytest.mark.parametrize(("rate", "training"), [(0.5, False), (0.0, True)])
def test_dropout_is_the_identity_in_prediction_or_at_rate_zero(rate, training):
    X = np.random.default_rng(0).normal(size=(3, 2))
    output, cache = Dropout(rate).forward(X, training=training, rng_key=1)
    np.testing.assert_array_equal(output, X)
    np.testing.assert_array_equal(Dropout(rate).backward(cache, X, {}), X)
