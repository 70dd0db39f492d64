"""The Poisson loss for counts, from the rate and from the logits of each output activation.

Near a rate of 0, the derivative 1 − y/ŷ is very large and that of the activation nearly 0. Their
product, computed from the logits, keeps all its digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from barenet.errors import ArgumentError
from barenet.model._activations import sigmoid
from barenet.model._arrays import FloatArray
from barenet.model.losses._loss import Loss, log_softmax

#: Formula of the loss, the same for each form.
_DEVIANCE = "A - Y + times_ln(Y, Y / A)"


@dataclass(frozen=True)
class ExponentialPoisson(Loss):
    """`Poisson` of ŷ = eᶻ, from z: ℓ = Σⱼ e^zⱼ − yⱼ − yⱼzⱼ + yⱼ ln yⱼ, with the derivative ŷ − y.

    Examples
    --------
    >>> round(ExponentialPoisson().value(np.log([[2.0]]), np.array([[1.0]])), 6)
    0.306853
    """

    name = "exponential_poisson"
    formula = _DEVIANCE
    derivative_formula = "A - Y"

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return _deviance(np.exp(output), output, y)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return np.exp(output) - y


@dataclass(frozen=True)
class SoftplusPoisson(Loss):
    """`Poisson` of ŷ = ln(1 + eᶻ), from z, with the derivative σ(z) − y σ(z)/ŷ.

    For z below 0, with t = eᶻ and q = ln(1 + t)/t, which is 1 in the limit: ŷ = tq, so::

        ln ŷ = z + ln q,    σ(z)/ŷ = 1 / ((1 + t) q).

    Examples
    --------
    >>> z = np.array([[-1e4], [1e4]])
    >>> SoftplusPoisson().derivative(z, np.array([[1.0], [1.0]]))
    array([[-1. ],
           [ 0.9999]])
    """

    name = "softplus_poisson"
    formula = _DEVIANCE
    derivative_formula = "(1 - exp(-A)) * (1 - Y / A)"

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        rate, log_rate, _ = _softplus_parts(output)
        return _deviance(rate, log_rate, y)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return sigmoid(output) - y * _softplus_parts(output)[2]


@dataclass(frozen=True)
class SigmoidPoisson(Loss):
    """`Poisson` of ŷ = σ(z), from z: ln ŷ = −ln(1 + exp(−z)), with the derivative (1 − ŷ)(ŷ − y).

    Examples
    --------
    >>> SigmoidPoisson().derivative(np.array([[-1e4], [0.0]]), np.array([[1.0], [1.0]]))
    array([[-1. ],
           [-0.25]])
    """

    name = "sigmoid_poisson"
    formula = _DEVIANCE
    derivative_formula = "(1 - A) * (A - Y)"

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        log_rate = np.minimum(output, 0) - np.log1p(np.exp(-np.abs(output)))
        return _deviance(sigmoid(output), log_rate, y)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return sigmoid(-output) * (sigmoid(output) - y)


@dataclass(frozen=True)
class SoftmaxPoisson(Loss):
    """`Poisson` of ŷ = softmax(z), from z: with gⱼ = ŷⱼ − yⱼ, the derivative gⱼ − ŷⱼ Σᵢ gᵢ.

    Examples
    --------
    >>> SoftmaxPoisson().derivative(np.array([[-1e4, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-1.,  1.]])
    """

    name = "softmax_poisson"
    formula = _DEVIANCE
    derivative_formula = "A - Y - A * over_outputs(A - Y)"

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        log_rate = log_softmax(output)
        return _deviance(np.exp(log_rate), log_rate, y)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        rate = np.exp(log_softmax(output))
        return rate - y - rate * (rate - y).sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class Poisson(Loss):
    """ℓ = Σⱼ ŷⱼ − yⱼ + yⱼ ln(yⱼ/ŷⱼ), with the derivative 1 − yⱼ/ŷⱼ: for counts.

    Half the deviance of a Poisson distribution of rate ŷ, so the loss of a perfect prediction is
    0. The output must be positive: exponential (the usual one), softplus, sigmoid or softmax.

    Examples
    --------
    >>> round(Poisson().value(np.array([[2.0]]), np.array([[1.0]])), 6)  # 1 − ln 2
    0.306853
    """

    name = "poisson"
    formula = _DEVIANCE
    derivative_formula = "1 - Y / A"
    outputs = ("exponential", "softplus", "sigmoid", "softmax")
    on_logits: ClassVar = {
        "exponential": ExponentialPoisson,
        "softplus": SoftplusPoisson,
        "sigmoid": SigmoidPoisson,
        "softmax": SoftmaxPoisson,
    }

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        rate = _positive(output)
        return _deviance(rate, np.log(rate), y)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return 1 - y / _positive(output)

    def check_targets(self, y: FloatArray) -> None:
        if (y < 0).any():
            problem = f"the poisson loss needs counts of 0 or more, got {y.min()}"
            raise ArgumentError(problem, argument="y")


def _deviance(rate: FloatArray, log_rate: FloatArray, y: FloatArray) -> FloatArray:
    """Σⱼ ŷⱼ − yⱼ − yⱼ ln ŷⱼ + yⱼ ln yⱼ, where 0 ln 0 is 0."""
    y_log_y = y * np.log(np.where(y > 0, y, 1))
    return (rate - y - y * log_rate + y_log_y).sum(axis=1)


def _softplus_parts(z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return ŷ = ln(1 + eᶻ), ln ŷ and σ(z)/ŷ."""
    t, positive = np.exp(-np.abs(z)), z > 0
    q = np.divide(np.log1p(t), t, out=np.ones_like(t), where=t > 0)
    rate = np.where(positive, z + np.log1p(t), t * q)
    some = np.where(positive, rate, 1)
    log_rate = np.where(positive, np.log(some), z + np.log(q))
    return rate, log_rate, 1 / ((1 + t) * np.where(positive, some, q))


def _positive(output: FloatArray) -> FloatArray:
    """Keep a rate that was rounded to 0 away from the logarithm's pole."""
    return np.maximum(output, np.finfo(output.dtype).eps)
