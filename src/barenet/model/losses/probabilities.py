"""Probabilities, as outputs and as targets of the cross-entropies and the focal losses."""

from __future__ import annotations

import numpy as np

from barenet.model.arrays import FloatArray

__all__ = ["check_class_probabilities", "check_probabilities", "inside"]


def inside(p: FloatArray) -> FloatArray:
    """Keep probabilities that were rounded to 0 or 1 away from the logarithm's poles."""
    limits = np.finfo(p.dtype)
    return np.clip(p, limits.tiny, 1 - limits.eps)


def check_probabilities(y: FloatArray, loss: str) -> None:
    """Refuse targets outside of 0 … 1."""
    if ((y < 0) | (y > 1)).any():
        raise ValueError(f"y: {loss} needs targets from 0 to 1, got {y.min():g} to {y.max():g}")


def check_class_probabilities(y: FloatArray, loss: str) -> None:
    """Refuse rows of targets that are not one probability for each class."""
    check_probabilities(y, loss)
    if not np.allclose(y.sum(axis=1), 1, atol=1e-3):
        raise ValueError(
            f"y: {loss} needs rows that sum to 1 (one class each); for several labels at once take "
            "a sigmoid output and binary_cross_entropy"
        )
