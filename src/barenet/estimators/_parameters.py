"""scikit-learn's parameters: their constraints, and the network and optimizer that they describe.

As scikit-learn requires, an estimator stores its parameters unchanged; `fit` checks them.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Set
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from sklearn.utils import check_random_state

from barenet._constraints import check_count, check_flag, check_number
from barenet._registry import lookup
from barenet.errors import ArgumentError
from barenet.model._activations import Activation, as_activation
from barenet.model._architecture import check_size
from barenet.model._network import Network
from barenet.model.layers import ActivationLayer, BatchNorm, Dense, Dropout, Layer
from barenet.optimization.optimizers import (
    LBFGS,
    SGD,
    Adam,
    Momentum,
    Nesterov,
    Optimizer,
    as_optimizer,
)

#: The range of each number.
RANGES: Mapping[str, Mapping[str, Any]] = {
    "alpha": {"ge": 0},
    "learning_rate_init": {"gt": 0},
    "power_t": {"ge": 0},
    "max_iter": {"ge": 1, "integer": True},
    "tol": {"ge": 0},
    "momentum": {"ge": 0, "le": 1},
    "validation_fraction": {"ge": 0, "lt": 1},
    "beta_1": {"ge": 0, "lt": 1},
    "beta_2": {"ge": 0, "lt": 1},
    "epsilon": {"gt": 0},
    "max_fun": {"ge": 1, "integer": True},
    "dropout": {"ge": 0, "lt": 1},
}

#: Parameters that are True or False.
FLAGS = ("shuffle", "warm_start", "nesterovs_momentum", "early_stopping", "batch_norm")

#: Parameters with a choice of names.
CHOICES = {
    "solver": ("lbfgs", "sgd", "adam"),
    "learning_rate": ("constant", "invscaling", "adaptive"),
}

#: scikit-learn's names of activations, where they differ.
ACTIVATION_NAMES = {"logistic": "sigmoid"}

#: L-BFGS ends when an iteration gains less than this fraction of the loss: SciPy's default.
LBFGS_GAIN = 1e7 * float(np.finfo(float).eps)

#: Adam's own epsilon, where scikit-learn's is added elsewhere.
TINY = float(np.finfo(float).tiny)


def check_parameters(estimator: Any) -> None:
    """Refuse invalid parameters of an estimator."""
    for name, limits in RANGES.items():
        check_number(getattr(estimator, name), name, **limits)
    for name, choices in CHOICES.items():
        lookup(dict.fromkeys(choices), getattr(estimator, name), name)
    for name in FLAGS:
        check_flag(getattr(estimator, name), name)
    if not isinstance(estimator.verbose, bool | np.bool_):
        check_number(estimator.verbose, "verbose", ge=0, integer=True)
    if not (isinstance(estimator.batch_size, str) and estimator.batch_size == "auto"):
        check_count(estimator.batch_size, "batch_size")
    patience = estimator.n_iter_no_change
    if not (isinstance(patience, float) and patience == math.inf):
        check_count(patience, "n_iter_no_change")
    if estimator.threads is not None:
        check_count(estimator.threads, "threads")
    _activations_of(estimator)


def hidden_sizes(estimator: Any) -> list[int]:
    """The widths of the hidden layers; a single number is one layer."""
    sizes = estimator.hidden_layer_sizes
    iterable = hasattr(sizes, "__iter__") and getattr(sizes, "ndim", 1) > 0
    unordered = isinstance(sizes, str | bytes | Mapping | Set)
    entries = list(sizes) if iterable and not unordered else [sizes]
    return [check_count(entry, "hidden_layer_sizes") for entry in entries]


def _activations_of(estimator: Any) -> list[Activation]:
    """The activations of the hidden layers; a single one is used for all."""
    count, given = len(hidden_sizes(estimator)), estimator.activation
    if isinstance(given, list | tuple):
        if len(given) != count:
            raise ArgumentError(
                f"{len(given)} activations for {count} hidden layers",
                argument="activation",
                remedy="give one for all, or one for each",
            )
        return [_activation(each) for each in given]
    return [_activation(given)] * count


def make_optimizer(estimator: Any) -> Optimizer | LBFGS:
    """The optimizer of the parameters."""
    if estimator.optimizer is not None:
        optimizer = copy.deepcopy(as_optimizer(estimator.optimizer))
        optimizer.reset()
        return optimizer
    if estimator.solver == "lbfgs":
        return LBFGS(tolerance=estimator.tol, gain=LBFGS_GAIN, evaluations=estimator.max_fun)
    rate = estimator.learning_rate_init
    if estimator.solver == "adam":
        decay = {"beta1": estimator.beta_1, "beta2": estimator.beta_2}
        return Adam(rate, **decay, epsilon=TINY, epsilon_hat=estimator.epsilon)
    if estimator.momentum == 0:
        return SGD(rate)
    return (Nesterov if estimator.nesterovs_momentum else Momentum)(rate, beta=estimator.momentum)


def random_state_of(estimator: Any) -> np.random.RandomState:
    """The generator of all random numbers of a fit."""
    try:
        return check_random_state(estimator.random_state)
    except ValueError as error:
        raise ArgumentError(str(error), argument="random_state") from error


def _activation(given: object) -> Activation:
    name = ACTIVATION_NAMES.get(given, given) if isinstance(given, str) else given
    return as_activation(name, "activation")  # type: ignore[arg-type]


def make_network(
    estimator: Any,
    n_inputs: int,
    n_outputs: int,
    output: str,
    rng: np.random.RandomState,
    dtype: DTypeLike,
) -> Network:
    """The network of the parameters, with the initial weights that scikit-learn draws."""
    widths = [n_inputs, *hidden_sizes(estimator), n_outputs]
    activations = _activations_of(estimator)
    layers: list[Layer] = []
    for n_in, n_out, activation in zip(widths[:-2], widths[1:-1], activations, strict=True):
        if estimator.batch_norm:
            layers += [Dense(n_in, n_out), BatchNorm(n_out), ActivationLayer(activation)]
        else:
            layers.append(Dense(n_in, n_out, activation))
        if estimator.dropout > 0:
            layers.append(Dropout(estimator.dropout))
    layers.append(Dense(widths[-2], n_outputs, output))
    check_size(layers, "hidden_layer_sizes")
    network = Network(layers, dtype=dtype)
    _draw_weights(network, activations, rng)
    return network


def dense_layers_of(network: Network) -> list[Dense]:
    """The layers with weights."""
    return [layer for layer in network.layers if isinstance(layer, Dense)]


def _draw_weights(
    network: Network, activations: list[Activation], rng: np.random.RandomState
) -> None:
    """Draw weights and biases within ±√(6 / (n_in + n_out)), or ±√(2 / …) for sigmoids.

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks"
    (2010). The output layer is drawn like the last hidden one.
    """
    names = [activation.name for activation in activations]
    names.append(names[-1] if names else "")
    for layer, name in zip(dense_layers_of(network), names, strict=True):
        factor = 2.0 if name == "sigmoid" else 6.0
        bound = np.sqrt(factor / (layer.n_in + layer.n_out))
        layer.weights = rng.uniform(-bound, bound, layer.weights.shape)
        layer.bias = rng.uniform(-bound, bound, layer.bias.shape)
