"""Normalization layers and PReLU: PyTorch's figures, cases worked by hand, corner cases."""

import numpy as np
import pytest

from barenet import Network
from barenet.model.layers import BatchNorm, LayerNorm, PReLU

KINDS = {"batch_norm": BatchNorm, "layer_norm": LayerNorm, "prelu": PReLU}


def bound(name="batch_norm", n_in=3, **options):
    layer = KINDS[name](n_in, **options)
    return layer, Network([layer], dtype="float64")


def backward(layer, cache, d_output):
    out = {name: np.empty(layer.n_in) for name in layer.parameter_shapes}
    return layer.backward(cache, d_output, out), out


@pytest.mark.parametrize("name", KINDS)
def test_passes_agree_with_pytorch(name, pytorch):
    """PyTorch's momentum is the new value's fraction: 0.1 there is 0.9 here."""
    figures = pytorch[name]
    layer, _ = bound(name, **({} if name == "prelu" else {"epsilon": 1e-5}))
    for parameter in layer.parameter_shapes:
        setattr(layer, parameter, figures[parameter])
    for step in figures["steps"]:
        training = step.get("training", True)
        output, cache = layer.forward(np.array(step["X"]), training=training)
        d_X, out = backward(layer, cache, np.array(step["d_output"]))
        found = {"output": output, "d_X": d_X, "d_gain": out.pop("slopes", out.get("gain"))}
        if name != "prelu":
            found["d_bias"] = out["bias"]
        if name == "batch_norm":
            found |= {"mean": layer.mean, "variance": layer.variance}
        for part, array in found.items():
            np.testing.assert_allclose(array, step[part], rtol=1e-12, atol=1e-14, err_msg=part)


def test_running_averages_by_hand():
    layer, network = bound(n_in=1, momentum=0.75)
    layer.forward(np.array([[1.0], [3.0]]), training=True)
    # mean 2, unbiased variance ((1 − 2)² + (3 − 2)²) / 1 = 2
    assert layer.mean.tolist() == [0.5]  # ¾ · 0 + ¼ · 2
    assert layer.variance.tolist() == [1.25]  # ¾ · 1 + ¼ · 2
    assert network.statistics.tolist() == [0.5, 1.25]
    layer.forward(np.array([[1.0], [3.0]]))
    assert network.statistics.tolist() == [0.5, 1.25]  # unchanged by a prediction


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
