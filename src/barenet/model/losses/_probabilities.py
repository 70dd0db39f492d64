"""Losses of probabilities: their targets, and stable logarithms."""

from __future__ import annotations

import numpy as np

from barenet.errors import ArgumentError
from barenet.model._arrays import FloatArray
from barenet.model.losses._loss import Loss


class BinaryLoss(Loss):
    """A loss of independent probabilities, one for each output."""

    outputs = ("sigmoid", "softmax")

    def check_targets(self, y: FloatArray) -> None:
        """Reject targets outside of 0 … 1."""
        if ((y < 0) | (y > 1)).any():
            problem = f"{self.name} needs targets from 0 to 1, got {y.min():g} to {y.max():g}"
            raise ArgumentError(problem, argument="y")


class CategoricalLoss(BinaryLoss):
    """A loss of the probabilities of classes that exclude each other."""

    outputs = ("softmax", "sigmoid")

    def check_targets(self, y: FloatArray) -> None:
        """Reject rows of targets that are not one probability per class."""
        super().check_targets(y)
        if not np.allclose(y.sum(axis=1), 1, atol=1e-3):
            raise ArgumentError(
                f"{self.name} needs rows that sum to 1 (one class each)",
                argument="y",
                remedy="for several labels at once use a sigmoid output and binary_cross_entropy",
            )


def clip_probabilities(p: FloatArray) -> FloatArray:
    """Move probabilities that were rounded to 0 or 1 away from the poles of the logarithm."""
    limits = np.finfo(p.dtype)
    return np.clip(p, limits.tiny, 1 - limits.eps)


def softplus(z: FloatArray) -> FloatArray:
    """ln(1 + eᶻ) = −ln σ(−z), without overflow."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def log_softmax(z: FloatArray) -> FloatArray:
    """ln softmax(z) of each row, without overflow."""
    Z = z - z.max(axis=1, keepdims=True)
    return Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
