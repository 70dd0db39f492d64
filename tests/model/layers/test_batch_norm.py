"""BatchNorm: PyTorch's figures forward and backward, its running averages, its corner cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barenet.model._network import Network
from barenet.model.layers import BatchNorm


def bound(n_in=3, dtype="float64", **options):
    layer = BatchNorm(n_in, **options)
    return layer, Network([layer], dtype=dtype)


def test_pytorchs_forward_backward_and_running_averages(pytorch):
    """PyTorch's momentum is the new value's share: 0.1 there is 0.9 here."""
    figures = pytorch["batch_norm"]
    layer, _ = bound(momentum=0.9, epsilon=1e-5)
    layer.gain, layer.bias = figures["gain"], figures["bias"]
    for step in figures["steps"]:
        output, cache = layer.forward(np.array(step["X"]), training=step["training"])
        out = {"gain": np.empty(3), "bias": np.empty(3)}
        d_X = layer.backward(cache, np.array(step["d_output"]), out)
        for name, array in {
            "output": output,
            "d_X": d_X,
            "d_gain": out["gain"],
            "d_bias": out["bias"],
            "mean": layer.mean,
            "variance": layer.variance,
        }.items():
            np.testing.assert_allclose(
                array, step[name], rtol=1e-12, atol=1e-14, err_msg=f"{name}, {step['training']}"
            )
    assert [step["training"] for step in figures["steps"]] == [True, True, False]


@given(scale=st.floats(0.1, 1000), shift=st.floats(-1000, 1000), n=st.integers(2, 9))
def test_what_comes_out_has_mean_zero_and_variance_one(scale, shift, n):
    layer, _ = bound(epsilon=1e-12)
    X = shift + scale * np.random.default_rng(n).normal(size=(n, 3))
    output, _ = layer.forward(X, training=True)
    np.testing.assert_allclose(output.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(output.var(axis=0), 1, rtol=1e-6)


def test_the_running_averages_by_hand():
    layer, network = bound(1, momentum=0.75)
    layer.forward(np.array([[1.0], [3.0]]), training=True)
    # mean 2, unbiased variance ((1 − 2)² + (3 − 2)²) / 1 = 2
    assert layer.mean.tolist() == [0.5]  # ¾ · 0 + ¼ · 2
    assert layer.variance.tolist() == [1.25]  # ¾ · 1 + ¼ · 2
    assert network.statistics.tolist() == [0.5, 1.25]
    layer.forward(np.array([[1.0], [3.0]]))
    assert network.statistics.tolist() == [0.5, 1.25]  # predicting measures nothing


def test_predicting_uses_the_running_averages():
    layer, _ = bound(1, epsilon=1.0)
    layer.mean, layer.variance, layer.gain, layer.bias = 2, 3, 10, 1
    output, _ = layer.forward(np.array([[4.0]]))
    assert output.tolist() == [[11]]  # 10 · (4 − 2) / √(3 + 1) + 1


def test_a_constant_feature_and_a_batch_of_one_row():
    """Fault 20 for the layer: no variance to divide by, and nothing but β comes out."""
    layer, _ = bound(2)
    layer.bias = [5, -5]
    for X in (np.full((4, 2), 1e6), np.array([[3.0, -7.0]])):
        output, cache = layer.forward(X, training=True)
        assert output.tolist() == [[5, -5]] * len(X)
        out = {"gain": np.empty(2), "bias": np.empty(2)}
        d_X = layer.backward(cache, np.ones_like(X), out)
        assert not d_X.any()
        assert out["gain"].tolist() == [0, 0]
    assert np.isfinite(layer.variance).all()
    assert (layer.variance > 0).all()


def test_it_starts_from_a_plain_normalization():
    layer, network = bound(2)
    assert network.parameters.tolist() == [1, 1, 0, 0]
    assert network.statistics.tolist() == [0, 0, 1, 1]
    layer.mean = 9
    network.initialize()
    assert network.statistics.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("momentum", [-0.1, 1, 1.5, float("nan"), "x", None])
def test_fault_33_a_momentum_that_is_none(momentum):
    with pytest.raises(ValueError, match=r"^momentum: expected a number from 0 to below 1, got"):
        BatchNorm(2, momentum=momentum)


@pytest.mark.parametrize("epsilon", [0, -1e-5, float("nan"), float("inf"), "x"])
def test_fault_33_an_epsilon_that_is_none(epsilon):
    with pytest.raises(ValueError, match=r"^epsilon: expected a number above 0, got"):
        BatchNorm(2, epsilon=epsilon)
