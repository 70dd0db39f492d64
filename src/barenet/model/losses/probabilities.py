"""Probabilities: stable logarithms of them, and checks of targets that are probabilities."""

from __future__ import annotations

import numpy as np

from barenet.errors import ArgumentError
from barenet.model.arrays import FloatArray


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


def check_probabilities(y: FloatArray, loss: str) -> None:
    """Reject targets outside of 0 … 1."""
    if ((y < 0) | (y > 1)).any():
        problem = f"{loss} needs targets from 0 to 1, got {y.min():g} to {y.max():g}"
        raise ArgumentError(problem, argument="y")


def check_class_probabilities(y: FloatArray, loss: str) -> None:
    """Reject rows of targets that are not one probability per class."""
    check_probabilities(y, loss)
    if not np.allclose(y.sum(axis=1), 1, atol=1e-3):
        raise ArgumentError(
            f"{loss} needs rows that sum to 1 (one class each)",
            argument="y",
            remedy="for several labels at once use a sigmoid output and binary_cross_entropy",
        )
