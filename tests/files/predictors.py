"""Models for tests: a network of every layer, and predictors with default names."""

from typing import Any

from barenet import Network, Predictor
from barenet.layers import ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm, PReLU


def predictor_of(network: Network, preprocessing: Any, **parts: Any) -> Predictor:
    """A predictor of these parts, for a regression by default."""
    numbered = tuple(f"feature {at}" for at in range(network.n_inputs))
    names = getattr(preprocessing, "feature_names", numbered)
    default = {"classes": None, "target_name": "what it is", "dataset": "some rows"}
    parts = {**default, "feature_names": names, **parts}
    return Predictor(network=network, preprocessing=preprocessing, **parts)


def every_layer(dtype: str = "float32") -> Network:
    """A network with a layer of every kind."""
    layers = [
        Dense(3, 4, "leaky_relu:slope=0.2", init="orthogonal:gain=0.5"),
        BatchNorm(4, momentum=0.5, epsilon=1e-3),
        ActivationLayer("elu:alpha=0.3"),
        Dropout(0.25),
        LayerNorm(4),
        PReLU(4, slope=-0.1),
        Dense(4, 2, "softmax", bias_init="normal:std=2"),
    ]
    return Network(layers, seed=7, dtype=dtype)
