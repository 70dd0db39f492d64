"""LayerNorm: PyTorch's figures forward and backward, and each row for itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barenet.model._network import Network
from barenet.model.layers import LayerNorm


def bound(n_in=3, dtype="float64", **options):
    layer = LayerNorm(n_in, **options)
    return layer, Network([layer], dtype=dtype)


def test_pytorchs_forward_and_backward(pytorch):
    figures = pytorch["layer_norm"]
    layer, _ = bound(epsilon=1e-5)
    layer.gain, layer.bias = figures["gain"], figures["bias"]
    for step in figures["steps"]:
        output, cache = layer.forward(np.array(step["X"]), training=True)
        out = {"gain": np.empty(3), "bias": np.empty(3)}
        d_X = layer.backward(cache, np.array(step["d_output"]), out)
        for name, array in {
            "output": output,
            "d_X": d_X,
            "d_gain": out["gain"],
            "d_bias": out["bias"],
        }.items():
            np.testing.assert_allclose(array, step[name], rtol=1e-12, atol=1e-14, err_msg=name)


@given(scale=st.floats(0.1, 1000), shift=st.floats(-1000, 1000))
def test_each_row_comes_out_with_mean_zero_and_variance_one(scale, shift):
    layer, _ = bound(5, epsilon=1e-12)
    X = shift + scale * np.random.default_rng(0).normal(size=(4, 5))
    output, _ = layer.forward(X)
    np.testing.assert_allclose(output.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(output.var(axis=1), 1, rtol=1e-6)


def test_by_hand():
    layer, _ = bound(2, epsilon=3.0)
    layer.gain, layer.bias = [10, 1], [0, 0.5]
    # mean 3, variance 1, so s = √(1 + 3) = 2: normalized −½ and ½
    assert layer.forward(np.array([[2.0, 4.0]]))[0].tolist() == [[-5, 1]]


def test_training_and_predicting_are_the_same():
    layer, _ = bound()
    X = np.random.default_rng(0).normal(size=(4, 3))
    np.testing.assert_array_equal(layer.forward(X, training=True)[0], layer.forward(X)[0])


def test_a_constant_row_and_a_single_feature():
    for n_in in (1, 3):
        layer, _ = bound(n_in)
        layer.bias = 5
        X = np.full((2, n_in), 1e6)
        output, cache = layer.forward(X)
        assert (output == 5).all()
        out = {"gain": np.empty(n_in), "bias": np.empty(n_in)}
        assert not layer.backward(cache, np.ones_like(X), out).any()


def test_it_starts_from_a_plain_normalization():
    assert bound(2)[1].parameters.tolist() == [1, 1, 0, 0]


@pytest.mark.parametrize("epsilon", [0, -1e-5, float("nan"), float("inf"), "x"])
def test_fault_33_an_epsilon_that_is_none(epsilon):
    with pytest.raises(ValueError, match=r"^epsilon: expected a number above 0, got"):
        LayerNorm(2, epsilon=epsilon)
