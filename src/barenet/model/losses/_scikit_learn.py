"""The losses of scikit-learn's networks, which stop by other values than those they descend.

The derivatives are those of the usual losses. The values differ: the squared error is averaged
over the targets, and probabilities are clipped by the precision of the dtype, so that the
cross-entropy of a row has a maximum. Only estimators use them, so they are not in `LOSSES`.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from barenet._constraints import option
from barenet.model._activations import sigmoid
from barenet.model._arrays import FloatArray
from barenet.model.losses._classification import (
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
)
from barenet.model.losses._loss import Loss
from barenet.model.losses._regression import SquaredError


@dataclass(frozen=True)
class AveragedSquaredError(Loss):
    """Half the mean of the squared errors of k targets: ℓ = factor · Σⱼ (ŷⱼ − yⱼ)².

    The factor is 1 / (2k). The derivative is that of half their sum: ŷ − y.
    """

    factor: float = option(0.5, gt=0)
    name = "averaged_squared_error"
    of_differences = True
    formula = "factor * (A - Y)**2"
    derivative_formula = "A - Y"

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return self.factor * ((output - y) ** 2).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return output - y


# p = σ(z), at least ε and at most 1 − ε.
_P = "max(epsilon, min(1 - epsilon, sigmoid(Z)))"


@dataclass(frozen=True)
class SigmoidClippedCrossEntropy(SigmoidCrossEntropy):
    """Binary cross-entropy of p = σ(z), from z, where the value has p from ε to 1 − ε.

    Near 1, p has few digits of 1 − p, and so has the value.
    """

    epsilon: float = option(2.0**-52, gt=0, lt=0.5)
    name = "sigmoid_clipped_cross_entropy"
    formula = SigmoidCrossEntropy.formula
    derivative_formula = SigmoidCrossEntropy.derivative_formula
    logits_formula = f"-(times_ln(Y, {_P}) + times_ln(1 - Y, 1 - {_P}))"
    logits_derivative_formula = SigmoidCrossEntropy.logits_derivative_formula

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        p = np.clip(sigmoid(output), self.epsilon, 1 - self.epsilon)
        log_likelihood = y * np.log(p) + (1 - y) * np.log(1 - p)
        return -log_likelihood.sum(axis=1)


@dataclass(frozen=True)
class SoftmaxCappedCrossEntropy(SoftmaxCrossEntropy):
    """Cross-entropy of p = softmax(z), from z, with a maximum for the class of a row."""

    cap: float = option(36.0, gt=0)
    name = "softmax_capped_cross_entropy"
    formula = f"min(cap, {SoftmaxCrossEntropy.formula})"
    derivative_formula = SoftmaxCrossEntropy.derivative_formula
    logits_formula = f"min(cap, {SoftmaxCrossEntropy.logits_formula})"
    logits_derivative_formula = SoftmaxCrossEntropy.logits_derivative_formula

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return np.minimum(super().per_sample(output, y), self.cap)


@dataclass(frozen=True)
class ClippedBinaryCrossEntropy(BinaryCrossEntropy):
    """Binary cross-entropy of probabilities from ε to 1 − ε."""

    epsilon: float = option(2.0**-52, gt=0, lt=0.5)
    on_logits: ClassVar = {"sigmoid": SigmoidClippedCrossEntropy}


@dataclass(frozen=True)
class CappedCategoricalCrossEntropy(CategoricalCrossEntropy):
    """Cross-entropy of classes with a maximum for each row."""

    cap: float = option(36.0, gt=0)
    on_logits: ClassVar = {"softmax": SoftmaxCappedCrossEntropy}


LOSSES_OF_SCIKIT_LEARN: tuple[type[Loss], ...] = (
    AveragedSquaredError,
    ClippedBinaryCrossEntropy,
    CappedCategoricalCrossEntropy,
)


def as_in_scikit_learn(loss: Loss, n_outputs: int, dtype: np.dtype[np.floating]) -> Loss:
    """Return the loss with scikit-learn's value, for its losses; any other as it is.

    scikit-learn clips probabilities to ε … 1 − ε, with ε the precision of the dtype. A row thus has
    a cross-entropy of at most −ln ε: 36.04 in float64, and 15.94 in float32.
    """
    epsilon = float(np.finfo(dtype).eps)
    if loss == SquaredError():
        return AveragedSquaredError(factor=0.5 / n_outputs)
    if loss == BinaryCrossEntropy():
        return ClippedBinaryCrossEntropy(epsilon=epsilon)
    if loss == CategoricalCrossEntropy():
        cap = dtype.type(-np.log(epsilon))
        return CappedCategoricalCrossEntropy(cap=float(cap))
    return loss
