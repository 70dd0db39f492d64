"""Features of the two axes of a picture, which a network can have as inputs."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from barenet._expressions import Expression, Printer

Array = NDArray[np.float64]

#: NumPy code of the functions in formulas, and of the columns of ``u``, of shape (n_rows, 2).
NUMPY_FUNCTIONS = {"sin": "np.sin({})"}
NUMPY_COLUMNS = {"x1": "u[:, 0]", "x2": "u[:, 1]"}


@dataclass(frozen=True)
class Feature:
    """A function of the two columns of a picture."""

    label: str
    #: An expression of the columns ``x1`` and ``x2``.
    formula: str

    @cached_property
    def _expression(self) -> Expression:
        return Expression.parse(self.formula)

    def compute(self, first: Array, second: Array) -> Array:
        """Compute the feature from both columns, arrays of shape (n_rows,)."""
        return self._expression.evaluate({"x1": first, "x2": second})

    @property
    def code(self) -> str:
        """The formula as Python code, with ``u`` of shape (n_rows, 2)."""
        return self._expression.printed(Printer(NUMPY_FUNCTIONS, NUMPY_COLUMNS))


FEATURES = {
    "x1": Feature("x₁", "x1"),
    "x2": Feature("x₂", "x2"),
    "x1^2": Feature("x₁²", "x1 ** 2"),
    "x2^2": Feature("x₂²", "x2 ** 2"),
    "x1*x2": Feature("x₁x₂", "x1 * x2"),
    "sin(x1)": Feature("sin x₁", "sin(x1)"),
    "sin(x2)": Feature("sin x₂", "sin(x2)"),
}
