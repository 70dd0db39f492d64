"""Features: what a network can be given of a point of the plane, besides its two coordinates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEATURES", "Feature"]

Column = NDArray[np.float64]


@dataclass(frozen=True)
class Feature:
    """A function of a point.

    Attributes
    ----------
    label : str
        How it is written.
    formula : callable
        Takes both coordinates, arrays of shape (n,), and returns an array like them.
    code : str
        The same in Python, of ``u`` of shape (n, 2).
    needs : int
        How many coordinates there must be.
    """

    label: str
    formula: Callable[[Column, Column], Column]
    code: str
    needs: int


#: Every feature by its name.
FEATURES = {
    "x1": Feature("x₁", lambda a, b: a, "u[:, 0]", 1),
    "x2": Feature("x₂", lambda a, b: b, "u[:, 1]", 2),
    "x1^2": Feature("x₁²", lambda a, b: a * a, "u[:, 0] ** 2", 1),
    "x2^2": Feature("x₂²", lambda a, b: b * b, "u[:, 1] ** 2", 2),
    "x1*x2": Feature("x₁x₂", lambda a, b: a * b, "u[:, 0] * u[:, 1]", 2),
    "sin(x1)": Feature("sin x₁", lambda a, b: np.sin(a), "np.sin(u[:, 0])", 1),
    "sin(x2)": Feature("sin x₂", lambda a, b: np.sin(b), "np.sin(u[:, 1])", 2),
}
