"""Losses for classes: binary and categorical cross-entropy.

Each comes twice: from the probabilities, as it is written in books, and from the logits, with the
sigmoid or softmax inside. The second one is what trains: it can't overflow, loses no digits, and
its derivative is simply p − y.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from barenet.model.activations import Activation, Softmax, sigmoid
from barenet.model.arrays import FloatArray
from barenet.model.losses.focal import SoftmaxBinaryFocal
from barenet.model.losses.loss import Loss
from barenet.model.losses.probabilities import (
    check_class_probabilities,
    check_probabilities,
    inside,
)

__all__ = [
    "BinaryCrossEntropy",
    "CategoricalCrossEntropy",
    "SigmoidCrossEntropy",
    "SoftmaxCrossEntropy",
    "inside",
]


@dataclass(frozen=True)
class BinaryCrossEntropy(Loss):
    """ℓ = −Σⱼ yⱼ ln pⱼ + (1 − yⱼ) ln(1 − pⱼ): each output is a yes or no of its own.

    With the derivative (pⱼ − yⱼ) / (pⱼ(1 − pⱼ)). Probabilities of exactly 0 and 1
    are taken as the closest ones that the dtype tells from them.

    Examples
    --------
    >>> import numpy as np
    >>> round(BinaryCrossEntropy().value(np.array([[0.8]]), np.array([[1.0]])), 6)  # −ln 0.8
    0.223144
    """

    name: ClassVar[str] = "binary_cross_entropy"
    formula: ClassVar[str] = "-(times_ln(Y, A) + times_ln(1 - Y, 1 - A))"
    derivative_formula: ClassVar[str] = "(A - Y) / (A * (1 - A))"
    outputs: ClassVar[tuple[str, ...]] = ("sigmoid", "softmax")

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        p = inside(output)
        return -(y * np.log(p) + (1 - y) * np.log1p(-p)).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        p = inside(output)
        return (p - y) / (p * (1 - p))

    def check_targets(self, y: FloatArray) -> None:
        check_probabilities(y, self.name)

    def on_logits(self, activation: Activation) -> Loss | None:
        if activation.name == "softmax":
            return SoftmaxBinaryFocal(gamma=0)
        return SigmoidCrossEntropy() if activation.name == "sigmoid" else None


@dataclass(frozen=True)
class SigmoidCrossEntropy(Loss):
    """`BinaryCrossEntropy` of p = σ(z), from z: ℓ = Σⱼ max(zⱼ, 0) − yⱼzⱼ + ln(1 + exp(−|zⱼ|)).

    The chain rule cancels nearly everything: with dp/dz = p(1 − p)::

        dℓ/dz = (p − y) / (p(1 − p)) · p(1 − p) = p − y.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([[-1e4], [1e4]])
    >>> SigmoidCrossEntropy().per_sample(z, np.array([[1.0], [1.0]]))
    array([10000., 0.])
    """

    name: ClassVar[str] = "sigmoid_cross_entropy"
    formula: ClassVar[str] = "-(times_ln(Y, A) + times_ln(1 - Y, 1 - A))"
    derivative_formula: ClassVar[str] = "A - Y"

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        softplus = np.maximum(output, 0) + np.log1p(np.exp(-np.abs(output)))
        return (softplus - y * output).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return sigmoid(output) - y


@dataclass(frozen=True)
class CategoricalCrossEntropy(Loss):
    """ℓ = −Σⱼ yⱼ ln pⱼ: y is 1 for the sample's class, and 0 for all others.

    With the derivative −yⱼ/pⱼ. Probabilities of exactly 0 and 1 are taken as the closest ones
    that the dtype tells from them.

    Examples
    --------
    >>> import numpy as np
    >>> p, y = np.array([[0.7, 0.2, 0.1]]), np.array([[1.0, 0.0, 0.0]])
    >>> round(CategoricalCrossEntropy().value(p, y), 6)  # −ln 0.7
    0.356675
    """

    name: ClassVar[str] = "categorical_cross_entropy"
    formula: ClassVar[str] = "-times_ln(Y, A)"
    derivative_formula: ClassVar[str] = "-Y / A"
    outputs: ClassVar[tuple[str, ...]] = ("softmax", "sigmoid")

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return -(y * np.log(inside(output))).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return -y / inside(output)

    def check_targets(self, y: FloatArray) -> None:
        check_class_probabilities(y, self.name)

    def on_logits(self, activation: Activation) -> Loss | None:
        return SoftmaxCrossEntropy() if activation.name == "softmax" else None


@dataclass(frozen=True)
class SoftmaxCrossEntropy(Loss):
    """`CategoricalCrossEntropy` of p = softmax(z), from z: ℓ = −Σⱼ yⱼ (zⱼ − ln Σₖ exp zₖ).

    With ∂pᵢ/∂zⱼ = pᵢ(δᵢⱼ − pⱼ) and Σᵢ yᵢ = 1::

        ∂ℓ/∂zⱼ = −Σᵢ yᵢ/pᵢ · pᵢ(δᵢⱼ − pⱼ) = −yⱼ + pⱼ Σᵢ yᵢ = pⱼ − yⱼ.

    Examples
    --------
    >>> import numpy as np
    >>> z, y = np.array([[1e4, 0.0], [0.0, 0.0]]), np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> SoftmaxCrossEntropy().per_sample(z, y).round(4)
    array([1.000e+04, 6.931e-01])
    """

    name: ClassVar[str] = "softmax_cross_entropy"
    formula: ClassVar[str] = "-times_ln(Y, A)"
    derivative_formula: ClassVar[str] = "A - Y"

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        Z = output - output.max(axis=1, keepdims=True)
        log_p = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
        return -(y * log_p).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return Softmax().forward(output) - y
