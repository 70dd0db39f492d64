"""Features of a picture's two axes, which a network can have as its inputs."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Feature:
    """A function of the two columns of the picture."""

    label: str
    #: Takes both columns, arrays of shape (n_rows,), and returns an array of that shape.
    formula: Callable[[Array, Array], Array]
    #: The same as Python source, with ``u`` of shape (n_rows, 2).
    code: str


FEATURES = {
    "x1": Feature("x₁", lambda a, b: a, "u[:, 0]"),
    "x2": Feature("x₂", lambda a, b: b, "u[:, 1]"),
    "x1^2": Feature("x₁²", lambda a, b: a * a, "u[:, 0] ** 2"),
    "x2^2": Feature("x₂²", lambda a, b: b * b, "u[:, 1] ** 2"),
    "x1*x2": Feature("x₁x₂", lambda a, b: a * b, "u[:, 0] * u[:, 1]"),
    "sin(x1)": Feature("sin x₁", lambda a, b: np.sin(a), "np.sin(u[:, 0])"),
    "sin(x2)": Feature("sin x₂", lambda a, b: np.sin(b), "np.sin(u[:, 1])"),
}
