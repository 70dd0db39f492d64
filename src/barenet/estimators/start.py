"""Start: the network that learning starts from, with scikit-learn's first weights.

Its numbers are drawn as scikit-learn draws them, in the same order from the same generator, so that
the same `random_state` gives the same network.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from barenet.estimators.settings import Settings, activations_of, hidden_sizes
from barenet.model.activations import Activation
from barenet.model.architecture import check_size
from barenet.model.layers import ActivationLayer, BatchNorm, Dense, Dropout, Layer
from barenet.model.network import Network

__all__ = ["dense_layers_of", "make_network"]


def make_network(
    settings: Settings,
    n_inputs: int,
    n_outputs: int,
    output: str,
    rng: np.random.RandomState,
    dtype: DTypeLike,
) -> Network:
    """Make the network that the parameters ask for."""
    widths = [n_inputs, *hidden_sizes(settings), n_outputs]
    activations = activations_of(settings)
    layers: list[Layer] = []
    for n_in, n_out, activation in zip(widths[:-2], widths[1:-1], activations, strict=True):
        layers += _hidden_layers(settings, n_in, n_out, activation)
    layers.append(Dense(widths[-2], n_outputs, output))
    check_size(layers, "hidden_layer_sizes")
    network = Network(layers, dtype=dtype)
    _draw_weights(network, activations, rng)
    return network


def dense_layers_of(network: Network) -> list[Dense]:
    """List the layers that have weights."""
    return [layer for layer in network.layers if isinstance(layer, Dense)]


def _hidden_layers(
    settings: Settings, n_in: int, n_out: int, activation: Activation
) -> list[Layer]:
    """A dense layer, with a batch norm before its activation and dropout after it, if asked for."""
    if settings.batch_norm:
        layers: list[Layer] = [Dense(n_in, n_out), BatchNorm(n_out), ActivationLayer(activation)]
    else:
        layers = [Dense(n_in, n_out, activation)]
    return [*layers, Dropout(settings.dropout)] if settings.dropout > 0 else layers


def _draw_weights(
    network: Network, activations: list[Activation], rng: np.random.RandomState
) -> None:
    """Weights and bias within ±√(6 / (n_in + n_out)), or ±√(2 / …) where sigmoids are hidden.

    From Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks" (2010). The output layer is drawn as the last hidden one.
    """
    names = [activation.name for activation in activations]
    for layer, name in zip(
        dense_layers_of(network), [*names, names[-1] if names else ""], strict=True
    ):
        factor = 2.0 if name == "sigmoid" else 6.0
        bound = np.sqrt(factor / (layer.n_in + layer.n_out))
        layer.weights = rng.uniform(-bound, bound, layer.weights.shape)
        layer.bias = rng.uniform(-bound, bound, layer.bias.shape)
