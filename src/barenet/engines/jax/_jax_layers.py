"""Layers as functions of JAX arrays: the forward pass of each, which JAX differentiates."""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from barenet.engines.jax import _jax_library as library
from barenet.engines.jax._printed_functions import activation_function
from barenet.model._activations import Activation
from barenet.model._randomness import GOLDEN_GAMMA, MULTIPLIER_1, MULTIPLIER_2
from barenet.model.layers import (
    ActivationLayer,
    BatchNorm,
    Dense,
    Dropout,
    Layer,
    LayerNorm,
    PReLU,
)

#: Arrays of a layer by their names.
Arrays: TypeAlias = Mapping[str, Any]


class Rows(NamedTuple):
    """The rows of a batch that layers may have to distinguish.

    A batch is filled up to a fixed number of rows, so that one program fits all batches.
    """

    #: Whether each row belongs to the batch, as 1 or 0, shape (n_rows, 1).
    is_real: Any
    #: Number of these rows.
    count: Any
    #: Whether they are trained, not evaluated.
    training: bool
    #: The key of the random numbers of this layer and step, an integer of 64 bits.
    key: Any = None


#: Computes a layer's output and its new statistics from its parameters, statistics, input and rows.
LayerFunction: TypeAlias = Callable[[Arrays, Arrays, Any, Rows], tuple[Any, Arrays]]


def layer_function(layer: Layer, activation: Activation | None) -> LayerFunction:
    """Make the function of a layer, with its activation or another one."""
    match layer:
        case Dense():
            return dense(activation)
        case ActivationLayer():
            return activate(activation)
        case PReLU():
            return prelu
        case Dropout():
            return dropout(layer)
        case BatchNorm():
            return batch_norm(layer)
        case LayerNorm():
            return layer_norm(layer)
    raise NotImplementedError(f"add the forward pass of {layer!r} to engines/jax/_jax_layers.py")


def dense(activation: Activation | None) -> LayerFunction:
    """A = f(X W + b)."""
    apply = _function_or_none(activation)

    def forward(parameters: Arrays, statistics: Arrays, X: Any, rows: Rows) -> tuple[Any, Arrays]:
        Z = X @ parameters["weights"] + parameters["bias"]
        return (Z, statistics) if apply is None else (apply(Z), statistics)

    return forward


def activate(activation: Activation | None) -> LayerFunction:
    """A = f(X)."""
    apply = _function_or_none(activation)

    def forward(parameters: Arrays, statistics: Arrays, X: Any, rows: Rows) -> tuple[Any, Arrays]:
        return (X, statistics) if apply is None else (apply(X), statistics)

    return forward


def _function_or_none(activation: Activation | None) -> Callable[[Any], Any] | None:
    return None if activation is None else activation_function(activation)


def prelu(parameters: Arrays, statistics: Arrays, X: Any, rows: Rows) -> tuple[Any, Arrays]:
    """A = x for x > 0, otherwise s · x."""
    output = library.jnp.where(X > 0, X, parameters["slopes"] * X)
    return output, statistics


def dropout(layer: Dropout) -> LayerFunction:
    """A = X · M, with the mask of the reference engine."""
    # uniform ≥ rate, for the integer of 53 bits that the uniform number is made of.
    lowest = math.ceil(layer.rate * 2**53)

    def forward(parameters: Arrays, statistics: Arrays, X: Any, rows: Rows) -> tuple[Any, Arrays]:
        if not rows.training or layer.rate == 0:
            return X, statistics
        is_kept = integers(rows.key, X.shape) >= lowest
        mask = is_kept.astype(X.dtype) / X.dtype.type(1 - layer.rate)
        return X * mask, statistics

    return forward


def integers(key: Any, shape: tuple[int, ...]) -> Any:
    """Compute the numbers of `barenet.model._randomness.uniforms`, times 2⁵³, as integers."""
    jnp = library.jnp
    n_numbers = math.prod(shape)
    counter = jnp.arange(1, n_numbers + 1, dtype=jnp.uint64)
    bits = key + counter * jnp.uint64(GOLDEN_GAMMA)
    bits = (bits ^ (bits >> jnp.uint64(30))) * jnp.uint64(MULTIPLIER_1)
    bits = (bits ^ (bits >> jnp.uint64(27))) * jnp.uint64(MULTIPLIER_2)
    bits = bits ^ (bits >> jnp.uint64(31))
    return (bits >> jnp.uint64(11)).reshape(shape).astype(jnp.int64)


def batch_norm(layer: BatchNorm) -> LayerFunction:
    """Normalize each feature, by the batch in training and by running averages otherwise."""

    def forward(parameters: Arrays, statistics: Arrays, X: Any, rows: Rows) -> tuple[Any, Arrays]:
        if not rows.training:
            mean = statistics["mean"]
            variance = statistics["variance"]
            return _normalized(parameters, X, mean, variance, layer.epsilon), statistics
        mean = (X * rows.is_real).sum(axis=0) / rows.count
        squares = (X - mean) ** 2
        variance = (squares * rows.is_real).sum(axis=0) / rows.count
        output = _normalized(parameters, X, mean, variance, layer.epsilon)
        return output, running_averages(statistics, mean, variance, rows.count)

    def running_averages(statistics: Arrays, mean: Any, variance: Any, count: Any) -> Arrays:
        jnp = library.jnp
        old_share = layer.momentum
        new_share = 1 - layer.momentum
        others = jnp.maximum(count - 1, 1)  # the variance of a single row is undefined
        unbiased = variance * (count / others)
        new_mean = old_share * statistics["mean"] + new_share * mean
        new_variance = old_share * statistics["variance"] + new_share * unbiased
        return {
            "mean": jnp.where(count > 1, new_mean, statistics["mean"]),
            "variance": jnp.where(count > 1, new_variance, statistics["variance"]),
        }

    return forward


def layer_norm(layer: LayerNorm) -> LayerFunction:
    """Normalize each row."""

    def forward(parameters: Arrays, statistics: Arrays, X: Any, rows: Rows) -> tuple[Any, Arrays]:
        mean = X.mean(axis=1, keepdims=True)
        variance = ((X - mean) ** 2).mean(axis=1, keepdims=True)
        return _normalized(parameters, X, mean, variance, layer.epsilon), statistics

    return forward


def _normalized(parameters: Arrays, X: Any, mean: Any, variance: Any, epsilon: float) -> Any:
    """γ · (X − μ) / √(σ² + ε) + β."""
    deviation = library.jnp.sqrt(variance + epsilon)
    return parameters["gain"] * ((X - mean) / deviation) + parameters["bias"]
