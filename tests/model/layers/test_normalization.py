"""Normalization layers and PReLU: PyTorch's figures, cases worked by hand, corner cases."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from barenet.model._network import Network
from barenet.model.layers import BatchNorm, LayerNorm, PReLU

KINDS = {"batch_norm": BatchNorm, "layer_norm": LayerNorm}
each = pytest.mark.parametrize("name", KINDS)


def bound(name="batch_norm", n_in=3, **options):
    layer = KINDS[name](n_in, **options)
    return layer, Network([layer], dtype="float64")


def backward(layer, cache, d_output):
    out = {"gain": np.empty(layer.n_in), "bias": np.empty(layer.n_in)}
    return layer.backward(cache, d_output, out), out


@each
def test_passes_agree_with_pytorch(name, pytorch):
    """PyTorch's momentum is the new value's fraction: 0.1 there is 0.9 here."""
    figures = pytorch[name]
    layer, _ = bound(name, epsilon=1e-5)
    layer.gain, layer.bias = figures["gain"], figures["bias"]
    for step in figures["steps"]:
        training = step.get("training", True)
        output, cache = layer.forward(np.array(step["X"]), training=training)
        d_X, out = backward(layer, cache, np.array(step["d_output"]))
        found = {"output": output, "d_X": d_X, "d_gain": out["gain"], "d_bias": out["bias"]}
        if name == "batch_norm":
            found |= {"mean": layer.mean, "variance": layer.variance}
        for part, array in found.items():
            np.testing.assert_allclose(array, step[part], rtol=1e-12, atol=1e-14, err_msg=part)


@each
@given(scale=st.floats(0.1, 1000), shift=st.floats(-1000, 1000), n=st.integers(2, 9))
def test_the_output_has_mean_zero_and_variance_one(name, scale, shift, n):
    axis = int(name == "layer_norm")
    layer, _ = bound(name, n, epsilon=1e-12)
    output, _ = layer.forward(
        shift + scale * np.random.default_rng(n).normal(size=(n, n)), training=True
    )
    np.testing.assert_allclose(output.mean(axis=axis), 0, atol=1e-9)
    np.testing.assert_allclose(output.var(axis=axis), 1, rtol=1e-6)


def test_passes_of_prelu_agree_with_pytorch(pytorch):
    layer, figures = PReLU(3), pytorch["prelu"]
    Network([layer], dtype="float64")
    layer.slopes = figures["slopes"]
    for step in figures["steps"]:
        output, cache = layer.forward(np.array(step["X"]))
        d_slopes = np.empty(3)
        d_X = layer.backward(cache, np.array(step["d_output"]), {"slopes": d_slopes})
        for part, array in {"output": output, "d_X": d_X, "d_gain": d_slopes}.items():
            np.testing.assert_allclose(array, step[part], rtol=1e-12, atol=0, err_msg=part)


def test_prelu_by_hand():
    network = Network([PReLU(2, slope=0.5)], dtype="float64")
    X, d_output = np.array([[-2.0, 4.0], [-6.0, 0.0]]), np.array([[1.0, 10.0], [3.0, 7.0]])
    output, cache = network.forward(X)
    assert output.tolist() == [[-1, 4], [-3, 0]]
    assert network.backward(cache, d_output).tolist() == [-20, 0]  # 1 · −2 + 3 · −6
    d_X = network.layers[0].backward(cache[0], d_output, {"slopes": np.empty(2)})
    assert d_X.tolist() == [[0.5, 10], [1.5, 3.5]]  # at 0 it is the slope, as in PyTorch


def test_running_averages_by_hand():
    layer, network = bound(n_in=1, momentum=0.75)
    layer.forward(np.array([[1.0], [3.0]]), training=True)
    # mean 2, unbiased variance ((1 − 2)² + (3 − 2)²) / 1 = 2
    assert layer.mean.tolist() == [0.5]  # ¾ · 0 + ¼ · 2
    assert layer.variance.tolist() == [1.25]  # ¾ · 1 + ¼ · 2
    assert network.statistics.tolist() == [0.5, 1.25]
    layer.forward(np.array([[1.0], [3.0]]))
    assert network.statistics.tolist() == [0.5, 1.25]  # unchanged by a prediction


def test_batch_norm_predicts_with_running_averages():
    layer, _ = bound(n_in=1, epsilon=1.0)
    layer.mean, layer.variance, layer.gain, layer.bias = 2, 3, 10, 1
    assert layer.forward(np.array([[4.0]]))[0].tolist() == [[11]]  # 10 · (4 − 2) / √(3 + 1) + 1


def test_layer_norm_by_hand():
    layer, _ = bound("layer_norm", 2, epsilon=3.0)
    layer.gain, layer.bias = [10, 1], [0, 0.5]
    # mean 3, variance 1, so s = √(1 + 3) = 2: normalized −½ and ½
    for training in (True, False):
        assert layer.forward(np.array([[2.0, 4.0]]), training=training)[0].tolist() == [[-5, 1]]


@pytest.mark.parametrize(
    ("name", "X"),
    [
        ("batch_norm", np.full((4, 2), 1e6)),
        ("batch_norm", np.array([[3.0, -7.0]])),
        ("layer_norm", np.full((2, 3), 1e6)),
        ("layer_norm", np.full((2, 1), 1e6)),
    ],
)
def test_without_variance_the_output_is_the_bias(name, X):
    """Fault 20 for the layers."""
    layer, network = bound(name, X.shape[1])
    layer.bias = 5
    output, cache = layer.forward(X, training=True)
    assert (output == 5).all()
    d_X, out = backward(layer, cache, np.ones_like(X))
    assert not d_X.any() and not out["gain"].any()
    assert np.isfinite(network.statistics).all()


def test_initial_scale_and_shift_are_neutral():
    layer, network = bound(n_in=2)
    layer.mean = 9
    network.initialize()
    assert network.parameters.tolist() == [1, 1, 0, 0]
    assert network.statistics.tolist() == [0, 0, 1, 1]
