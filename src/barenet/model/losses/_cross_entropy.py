"""Losses for classes: binary and categorical cross-entropy.

Each has two forms: from the probabilities, as in textbooks, and from the logits, with the sigmoid
or softmax included. Training uses the second: it doesn't overflow, keeps all digits, and its
derivative is p − y.
"""

from functools import partial
from typing import ClassVar

import numpy as np

from barenet.model._activations import Softmax, log_softmax, sigmoid, softplus
from barenet.model._arrays import FloatArray
from barenet.model.losses._focal import SoftmaxBinaryFocal
from barenet.model.losses._loss import BinaryLoss, CategoricalLoss, Loss, clip_probabilities

SOFTMAX = Softmax()

#: Formulas of both forms.
_BINARY, _CATEGORICAL = "-(times_ln(Y, A) + times_ln(1 - Y, 1 - A))", "-times_ln(Y, A)"


class SigmoidCrossEntropy(Loss):
    """`BinaryCrossEntropy` of p = σ(z), from z: ℓ = Σⱼ max(zⱼ, 0) − yⱼzⱼ + ln(1 + exp(−|zⱼ|)).

    With dp/dz = p(1 − p), most factors cancel::

        dℓ/dz = (p − y) / (p(1 − p)) · p(1 − p) = p − y.
    """

    name = "sigmoid_cross_entropy"
    formula = _BINARY
    derivative_formula = "A - Y"

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return (softplus(output) - y * output).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return sigmoid(output) - y


class SoftmaxCrossEntropy(Loss):
    """`CategoricalCrossEntropy` of p = softmax(z), from z: ℓ = −Σⱼ yⱼ (zⱼ − ln Σₖ exp zₖ).

    With ∂pᵢ/∂zⱼ = pᵢ(δᵢⱼ − pⱼ) and Σᵢ yᵢ = 1::

        ∂ℓ/∂zⱼ = −Σᵢ yᵢ/pᵢ · pᵢ(δᵢⱼ − pⱼ) = −yⱼ + pⱼ Σᵢ yᵢ = pⱼ − yⱼ.
    """

    name = "softmax_cross_entropy"
    formula = _CATEGORICAL
    derivative_formula = "A - Y"

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return -(y * log_softmax(output)).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return SOFTMAX.forward(output) - y


class BinaryCrossEntropy(BinaryLoss):
    """ℓ = −Σⱼ yⱼ ln pⱼ + (1 − yⱼ) ln(1 − pⱼ): each output is a separate yes or no.

    With the derivative (pⱼ − yⱼ) / (pⱼ(1 − pⱼ)). Probabilities of exactly 0 or 1
    are moved to the nearest number in between.

    Examples
    --------
    >>> round(BinaryCrossEntropy().value(np.array([[0.8]]), np.array([[1.0]])), 6)  # −ln 0.8
    0.223144
    """

    name = "binary_cross_entropy"
    formula = _BINARY
    derivative_formula = "(A - Y) / (A * (1 - A))"
    on_logits: ClassVar = {
        "sigmoid": SigmoidCrossEntropy,
        "softmax": partial(SoftmaxBinaryFocal, gamma=0),
    }

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        p = clip_probabilities(output)
        return -(y * np.log(p) + (1 - y) * np.log1p(-p)).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        p = clip_probabilities(output)
        return (p - y) / (p * (1 - p))


class CategoricalCrossEntropy(CategoricalLoss):
    """ℓ = −Σⱼ yⱼ ln pⱼ: y is 1 for the sample's class, and 0 for all others.

    With the derivative −yⱼ/pⱼ. Probabilities of exactly 0 or 1 are moved to the nearest number in
    between.

    Examples
    --------
    >>> p, y = np.array([[0.7, 0.2, 0.1]]), np.array([[1.0, 0.0, 0.0]])
    >>> round(CategoricalCrossEntropy().value(p, y), 6)  # −ln 0.7
    0.356675
    """

    name = "categorical_cross_entropy"
    formula = _CATEGORICAL
    derivative_formula = "-Y / A"
    on_logits: ClassVar = {"softmax": SoftmaxCrossEntropy}

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return -(y * np.log(clip_probabilities(output))).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return -y / clip_probabilities(output)
