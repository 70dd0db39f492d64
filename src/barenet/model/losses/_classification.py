"""Losses for classes: cross-entropy, and its generalization, focal loss.

Each loss has two forms: a function of the probabilities, as in textbooks, and a function of the
logits, which includes the sigmoid or softmax. Training uses the second form: it doesn't overflow,
it keeps all digits, and the derivative of cross-entropy is p − y.

Where one class is rare, the many easy rows of the other dominate the cross-entropy. The factor
(1 − p)ᵞ, with p the probability of the correct class, reduces the weight of well-predicted rows.
From Lin, Goyal, Girshick, He and Dollár, "Focal loss for dense object detection" (2017).
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from barenet._constraints import option
from barenet.model._activations import Softmax, log_softmax, sigmoid, softplus
from barenet.model._arrays import FloatArray
from barenet.model.losses._loss import BinaryLoss, CategoricalLoss, Loss, clip_probabilities

SOFTMAX = Softmax()

_BINARY_ENTROPY = "-(times_ln(Y, A) + times_ln(1 - Y, 1 - A))"
_ENTROPY = "-times_ln(Y, A)"

# ln p of softmax, from the logits.
_LOG_P = "(Z - max_outputs(Z) - ln(over_outputs(exp(Z - max_outputs(Z)))))"


class SigmoidCrossEntropy(Loss):
    """`BinaryCrossEntropy` of p = σ(z), from z: ℓ = Σⱼ max(zⱼ, 0) − yⱼzⱼ + ln(1 + exp(−|zⱼ|)).

    With dp/dz = p(1 − p), most factors cancel::

        dℓ/dz = (p − y) / (p(1 − p)) · p(1 − p) = p − y.
    """

    name = "sigmoid_cross_entropy"
    formula = _BINARY_ENTROPY
    derivative_formula = "A - Y"
    logits_formula = "softplus(Z) - Y * Z"
    logits_derivative_formula = "sigmoid(Z) - Y"

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
    formula = _ENTROPY
    derivative_formula = "A - Y"
    logits_formula = f"-Y * {_LOG_P}"
    logits_derivative_formula = f"exp({_LOG_P}) - Y"

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return -(y * log_softmax(output)).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return SOFTMAX.forward(output) - y


class BinaryCrossEntropy(BinaryLoss):
    """Cross-entropy of separate yes-or-no outputs: ℓ = −Σⱼ [yⱼ ln pⱼ + (1 − yⱼ) ln(1 − pⱼ)].

    With the derivative (pⱼ − yⱼ) / (pⱼ(1 − pⱼ)). Probabilities of exactly 0 or 1
    are moved to the nearest number in between.

    Examples
    --------
    >>> round(BinaryCrossEntropy().value(np.array([[0.8]]), np.array([[1.0]])), 6)  # −ln 0.8
    0.223144
    """

    name = "binary_cross_entropy"
    formula = _BINARY_ENTROPY
    derivative_formula = "(A - Y) / (A * (1 - A))"
    on_logits: ClassVar = {"sigmoid": SigmoidCrossEntropy}

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        p = clip_probabilities(output)
        log_likelihood = y * np.log(p) + (1 - y) * np.log1p(-p)
        return -log_likelihood.sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        p = clip_probabilities(output)
        return (p - y) / (p * (1 - p))


class CategoricalCrossEntropy(CategoricalLoss):
    """Cross-entropy of classes: ℓ = −Σⱼ yⱼ ln pⱼ; y is 1 for the sample's class, otherwise 0.

    With the derivative −yⱼ/pⱼ. Probabilities of exactly 0 or 1 are moved to the nearest number in
    between.

    Examples
    --------
    >>> p, y = np.array([[0.7, 0.2, 0.1]]), np.array([[1.0, 0.0, 0.0]])
    >>> round(CategoricalCrossEntropy().value(p, y), 6)  # −ln 0.7
    0.356675
    """

    name = "categorical_cross_entropy"
    formula = _ENTROPY
    derivative_formula = "-Y / A"
    on_logits: ClassVar = {"softmax": SoftmaxCrossEntropy}

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return -(y * np.log(clip_probabilities(output))).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return -y / clip_probabilities(output)


# Formulas of a positive target, of a negative one, and of A times the derivative with respect to A.
_POSITIVE = "(1 - A)**gamma * ln(A)"
_NEGATIVE = "A**gamma * ln(1 - A)"
_CATEGORICAL = f"-(Y * {_POSITIVE})"
_BINARY = f"-(Y * {_POSITIVE} + (1 - Y) * {_NEGATIVE})"
_G = "Y * (gamma * (1 - A)**(gamma - 1) * A * ln(A) - (1 - A)**gamma)"
# 1 − p of softmax, and the same product G, from the logits. Where 1 − p is 0, ln p is 0, too.
_U = f"(-expm1({_LOG_P}))"
_U_POWER = f"({_U} if {_U} > 0 else 1)**(gamma - 1)"
_LOGITS_G = f"Y * (gamma * {_U_POWER} * exp({_LOG_P}) * {_LOG_P} - {_U}**gamma)"


@dataclass(frozen=True)
class Focal(Loss):
    """A loss with the option γ."""

    gamma: float = option(2.0, ge=0)


class SigmoidFocal(Focal):
    """`BinaryFocal` of p = σ(z), from z, with u = 1 − p = σ(−z) and s = −ln p = ln(1 + exp(−z)).

    For y = 1, ℓ = uᵞ s. With du/dz = −pu and ds/dz = −u::

        dℓ/dz = −γ uᵞ⁻¹ pu s − uᵞ u = −uᵞ (γ p s + u),

    which is p − 1 for γ = 0. The case y = 0 is the case y = 1 of −z.
    """

    name = "sigmoid_focal"
    formula = _BINARY
    derivative_formula = (
        "(1 - Y) * A**gamma * (A - gamma * (1 - A) * ln(1 - A))"
        " - Y * (1 - A)**gamma * (1 - A - gamma * A * ln(A))"
    )
    logits_formula = (
        "Y * sigmoid(-Z)**gamma * softplus(-Z) + (1 - Y) * sigmoid(Z)**gamma * softplus(Z)"
    )
    logits_derivative_formula = (
        "(1 - Y) * sigmoid(Z)**gamma * (gamma * sigmoid(-Z) * softplus(Z) + sigmoid(Z))"
        " - Y * sigmoid(-Z)**gamma * (gamma * sigmoid(Z) * softplus(-Z) + sigmoid(-Z))"
    )

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        p = sigmoid(output)
        u = sigmoid(-output)
        yes = u**self.gamma * softplus(-output)
        no = p**self.gamma * softplus(output)
        return (y * yes + (1 - y) * no).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        p = sigmoid(output)
        u = sigmoid(-output)
        gamma = self.gamma
        yes = u**gamma * (gamma * p * softplus(-output) + u)
        no = p**gamma * (gamma * u * softplus(output) + p)
        return (1 - y) * no - y * yes


class SoftmaxFocal(Focal):
    """`CategoricalFocal` of p = softmax(z), from z, with u = 1 − p.

    With gᵢ = pᵢ ∂ℓ/∂pᵢ = yᵢ (γ uᵢᵞ⁻¹ pᵢ ln pᵢ − uᵢᵞ) and ∂pᵢ/∂zⱼ = pᵢ(δᵢⱼ − pⱼ)::

        ∂ℓ/∂zⱼ = Σᵢ gᵢ (δᵢⱼ − pⱼ) = gⱼ − pⱼ Σᵢ gᵢ,

    which is pⱼ − yⱼ for γ = 0.
    """

    name = "softmax_focal"
    formula = _CATEGORICAL
    derivative_formula = f"{_G} - A * over_outputs({_G})"
    logits_formula = f"-Y * {_U}**gamma * {_LOG_P}"
    logits_derivative_formula = f"{_LOGITS_G} - exp({_LOG_P}) * over_outputs({_LOGITS_G})"

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        log_p = log_softmax(output)
        u = -np.expm1(log_p)
        return -(y * u**self.gamma * log_p).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        log_p = log_softmax(output)
        p = np.exp(log_p)
        u = -np.expm1(log_p)
        base = np.where(u > 0, u, 1)  # where u is 0, ln p is 0 too
        power = base ** (self.gamma - 1)
        g = y * (self.gamma * power * p * log_p - u**self.gamma)
        return g - p * g.sum(axis=1, keepdims=True)


class BinaryFocal(Focal, BinaryLoss):
    """Focal loss of yes-or-no outputs: ℓ = −Σⱼ [yⱼ (1 − pⱼ)ᵞ ln pⱼ + (1 − yⱼ) pⱼᵞ ln(1 − pⱼ)].

    With the derivative γ (1 − p)ᵞ⁻¹ ln p − (1 − p)ᵞ/p for y = 1; for y = 0 it is the
    same of 1 − p with the opposite sign. Probabilities of exactly 0 or 1 are moved to the nearest
    number in between. γ = 0 is `BinaryCrossEntropy`.

    Parameters
    ----------
    gamma : float, default=2.0
        γ, 0 or more; larger values give well predicted rows less weight.
    """

    name = "binary_focal"
    formula = _BINARY
    derivative_formula = (
        "Y * (gamma * (1 - A)**(gamma - 1) * ln(A) - (1 - A)**gamma / A)"
        " - (1 - Y) * (gamma * A**(gamma - 1) * ln(1 - A) - A**gamma / (1 - A))"
    )
    on_logits: ClassVar = {"sigmoid": SigmoidFocal}

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        p = clip_probabilities(output)
        yes = (1 - p) ** self.gamma * np.log(p)
        no = p**self.gamma * np.log1p(-p)
        return -(y * yes + (1 - y) * no).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        p = clip_probabilities(output)
        yes = _slope(p, 1 - p, self.gamma)
        no = _slope(1 - p, p, self.gamma)
        return y * yes - (1 - y) * no


class CategoricalFocal(Focal, CategoricalLoss):
    """Focal loss of classes: ℓ = −Σⱼ yⱼ (1 − pⱼ)ᵞ ln pⱼ.

    yⱼ is 1 for the sample's class, otherwise 0. Probabilities of exactly 0 or 1 are moved to the
    nearest number in between. γ = 0 is `CategoricalCrossEntropy`.

    Parameters
    ----------
    gamma : float, default=2.0
        γ, 0 or more; larger values give well predicted rows less weight.
    """

    name = "categorical_focal"
    formula = _CATEGORICAL
    derivative_formula = "Y * (gamma * (1 - A)**(gamma - 1) * ln(A) - (1 - A)**gamma / A)"
    on_logits: ClassVar = {"softmax": SoftmaxFocal}

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        p = clip_probabilities(output)
        return -(y * (1 - p) ** self.gamma * np.log(p)).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        p = clip_probabilities(output)
        return y * _slope(p, 1 - p, self.gamma)


def _slope(p: FloatArray, u: FloatArray, gamma: float) -> FloatArray:
    """Compute the derivative of −uᵞ ln p with respect to p, where u = 1 − p."""
    power = u ** (gamma - 1)
    return gamma * power * np.log(p) - u**gamma / p
