"""The Poisson loss for counts, from the rate and from the logits of each output activation.

Near a rate of 0, the derivative 1 − y/ŷ is very large and that of the activation nearly 0. Their
product, computed from the logits, keeps all its digits.
"""

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from barenet.errors import ArgumentError
from barenet.model._activations import log_softmax, sigmoid
from barenet.model._arrays import FloatArray
from barenet.model.losses._loss import Loss

#: Formula of the loss, the same for each form.
_DEVIANCE = "A - Y + times_ln(Y, Y / A)"


class Deviance(Loss):
    """ℓ = Σⱼ ŷⱼ − yⱼ − yⱼ ln ŷⱼ + yⱼ ln yⱼ, where 0 ln 0 is 0; each form computes ŷ and ln ŷ."""

    @abstractmethod
    def _rate(self, output: FloatArray) -> tuple[FloatArray, FloatArray]:
        """ŷ and ln ŷ, each of shape (n_samples, n_outputs)."""

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        rate, log_rate = self._rate(output)
        y_log_y = y * np.log(np.where(y > 0, y, 1))
        return (rate - y - y * log_rate + y_log_y).sum(axis=1)


class ExponentialPoisson(Deviance):
    """`Poisson` of ŷ = eᶻ, from z: ln ŷ = z, with the derivative ŷ − y."""

    name = "exponential_poisson"
    formula = _DEVIANCE
    derivative_formula = "A - Y"

    def _rate(self, output: FloatArray) -> tuple[FloatArray, FloatArray]:
        return np.exp(output), output

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return np.exp(output) - y


class SoftplusPoisson(Deviance):
    """`Poisson` of ŷ = ln(1 + eᶻ), from z, with the derivative σ(z) − y σ(z)/ŷ.

    For z below 0, with t = eᶻ and q = ln(1 + t)/t, which is 1 in the limit: ŷ = tq, so::

        ln ŷ = z + ln q,    σ(z)/ŷ = 1 / ((1 + t) q).
    """

    name = "softplus_poisson"
    formula = _DEVIANCE
    derivative_formula = "(1 - exp(-A)) * (1 - Y / A)"

    def _rate(self, output: FloatArray) -> tuple[FloatArray, FloatArray]:
        return self._parts(output)[:2]

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return sigmoid(output) - y * self._parts(output)[2]

    def _parts(self, z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """ŷ, ln ŷ and σ(z)/ŷ."""
        t, positive = np.exp(-np.abs(z)), z > 0
        q = np.divide(np.log1p(t), t, out=np.ones_like(t), where=t > 0)
        rate = np.where(positive, z + np.log1p(t), t * q)
        some = np.where(positive, rate, 1)
        log_rate = np.where(positive, np.log(some), z + np.log(q))
        return rate, log_rate, 1 / ((1 + t) * np.where(positive, some, q))


class SigmoidPoisson(Deviance):
    """`Poisson` of ŷ = σ(z), from z: ln ŷ = −ln(1 + exp(−z)), the derivative (1 − ŷ)(ŷ − y)."""

    name = "sigmoid_poisson"
    formula = _DEVIANCE
    derivative_formula = "(1 - A) * (A - Y)"

    def _rate(self, output: FloatArray) -> tuple[FloatArray, FloatArray]:
        return sigmoid(output), np.minimum(output, 0) - np.log1p(np.exp(-np.abs(output)))

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return sigmoid(-output) * (sigmoid(output) - y)


class SoftmaxPoisson(Deviance):
    """`Poisson` of ŷ = softmax(z), from z: with gⱼ = ŷⱼ − yⱼ, the derivative gⱼ − ŷⱼ Σᵢ gᵢ."""

    name = "softmax_poisson"
    formula = _DEVIANCE
    derivative_formula = "A - Y - A * over_outputs(A - Y)"

    def _rate(self, output: FloatArray) -> tuple[FloatArray, FloatArray]:
        log_rate = log_softmax(output)
        return np.exp(log_rate), log_rate

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        rate, _ = self._rate(output)
        return rate - y - rate * (rate - y).sum(axis=1, keepdims=True)


class Poisson(Deviance):
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

    def _rate(self, output: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Keep a rate that was rounded to 0 away from the logarithm's pole."""
        rate = np.maximum(output, np.finfo(output.dtype).eps)
        return rate, np.log(rate)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return 1 - y / self._rate(output)[0]

    def check_targets(self, y: FloatArray) -> None:
        if (y < 0).any():
            problem = f"the poisson loss needs counts of 0 or more, got {y.min()}"
            raise ArgumentError(problem, argument="y")
