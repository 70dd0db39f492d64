"""Losses; `LOSSES` has them by name."""

from barenet.model.losses import (
    LOSSES,
    AbsoluteError,
    BinaryCrossEntropy,
    BinaryFocal,
    CategoricalCrossEntropy,
    CategoricalFocal,
    Huber,
    Loss,
    Poisson,
    Quantile,
    SquaredError,
)
from barenet.model.losses._cross_entropy import SigmoidCrossEntropy, SoftmaxCrossEntropy

__all__ = [
    "LOSSES",
    "AbsoluteError",
    "BinaryCrossEntropy",
    "BinaryFocal",
    "CategoricalCrossEntropy",
    "CategoricalFocal",
    "Huber",
    "Loss",
    "Poisson",
    "Quantile",
    "SigmoidCrossEntropy",
    "SoftmaxCrossEntropy",
    "SquaredError",
]
