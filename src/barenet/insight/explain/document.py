"""What an explanation is made of: quantities, the equations between them, and steps of a few.

It is data. How it looks is up to the renderers, and in which notation it is to `transposed`.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.expressions import Expression
from barenet.insight.explain.name import Name
from barenet.insight.explain.note import Note
from barenet.insight.gradient_check import SMALLEST_SCALE
from barenet.model.arrays import FloatArray

__all__ = ["Equation", "Quantity", "Step"]

#: The greatest relative error of a gradient that is right, in float64 and in float32.
EXACT, ROUNDED = 1e-6, 1e-3


class Quantity(NamedTuple):
    """Numbers with a name.

    Attributes
    ----------
    name : Name
        What they are called.
    value : ndarray of shape (n, m), or of no axes
        The numbers: a matrix, in which a vector is a row or a column; or one number.
    shape : tuple of int
        The shape that the array has in the code; in the notation of columns, that of `value`.
    note : Note, optional
        What its entries are called.

    Examples
    --------
    >>> import numpy as np
    >>> Quantity.of(Name("b", "1"), np.array([0.5, 1.0])).transposed().shape
    (2, 1)
    """

    name: Name
    value: FloatArray
    shape: tuple[int, ...]
    note: Note | None = None

    @classmethod
    def of(cls, name: Name, value: Any, *, by_sample: bool = False) -> Quantity:
        """Take an array of the code, where samples are rows."""
        array = np.array(value)
        shape = array.shape
        if array.ndim == 1:
            array = array[:, None] if by_sample else array[None, :]
        array.flags.writeable = False
        return cls(name, array, shape)

    @property
    def is_setting(self) -> bool:
        """Whether it is a single number that goes for all layers, such as a learning rate."""
        return self.value.ndim == 0 and not self.name.index

    def transposed(self) -> Quantity:
        """Turn rows into columns."""
        return self._replace(value=self.value.T, shape=self.value.T.shape)


@dataclass(frozen=True, eq=False)
class Equation:
    """How a quantity comes from others.

    Attributes
    ----------
    result : Quantity
        What is computed.
    formula : Expression, optional
        How; None if nobody has written it down, as for a layer of a user's own.
    operands : mapping of str to Quantity
        What it is computed from, by the names in the formula.
    assigns : bool
        Whether the result takes the place of an operand of the same name.
    differences : ndarray, optional
        For a gradient, what differences of the loss say: as `result`, with NaN where it was not
        computed.

    Examples
    --------
    >>> import numpy as np
    >>> x, y = (Quantity.of(Name(name), 2.0 * n) for n, name in enumerate("xy", 1))
    >>> equation = Equation(y, Expression.parse("2 * x"), {"x": x})
    >>> float(equation.evaluate()) == float(y.value)
    True
    """

    result: Quantity
    formula: Expression | None
    operands: Mapping[str, Quantity] = field(default_factory=dict)
    assigns: bool = False
    differences: NDArray[np.float64] | None = None

    @property
    def scalars(self) -> frozenset[str]:
        """The names in the formula that are single numbers."""
        named = self.operands.items()
        return frozenset(name for name, operand in named if operand.value.ndim == 0)

    @property
    def negative(self) -> frozenset[str]:
        """The names in the formula that are single numbers below 0."""
        return frozenset(name for name in self.scalars if self.operands[name].value < 0)

    @property
    def apart(self) -> FloatArray | None:
        """How far the gradient is from what differences say."""
        if self.differences is None:
            return None
        return np.abs(self.result.value.astype(np.float64) - self.differences)

    @property
    def furthest(self) -> float:
        """The greatest distance of an entry; NaN if none is known."""
        if self.apart is None or np.isnan(self.apart).all():
            return math.nan
        return float(np.nanmax(self.apart))

    @property
    def agrees(self) -> bool:
        """Whether a gradient is what differences say, as exactly as its precision allows."""
        if self.differences is None or self.apart is None:
            return True
        if math.isnan(self.furthest):
            return False  # where numbers overflow, nothing can be said of them
        known = ~np.isnan(self.differences)
        exact = self.result.value.dtype == np.float64
        sizes = np.linalg.norm(self.result.value[known]), np.linalg.norm(self.differences[known])
        allowed = (EXACT if exact else ROUNDED) * max(*map(float, sizes), SMALLEST_SCALE)
        return bool(np.linalg.norm(self.apart[known]) <= allowed)

    def in_numbers(self, limit: int) -> dict[str, FloatArray] | None:
        """Find the numbers to write in place of the letters, where a hand would."""
        formula = self.formula
        if formula is None or isinstance(formula.tree, ast.Name):
            return None
        values = {name: each.value for name, each in self.operands.items()}
        if any(value.size > limit for value in values.values()):
            return None
        nodes = list(ast.walk(formula.tree))
        if any(isinstance(node, ast.IfExp) for node in nodes):
            return None
        sum_of_one = isinstance(formula.tree, ast.Call) and any(
            np.array_equal(value, self.result.value) for value in values.values()
        )
        return None if sum_of_one else values | {f"{n}.T": v.T for n, v in values.items()}

    def breadth(self, width_of: Callable[[FloatArray], int]) -> int:
        """Add up the widths of all numbers, where they stand in place of the letters."""
        nodes = [] if self.formula is None else ast.walk(self.formula.tree)
        names = [node.id for node in nodes if isinstance(node, ast.Name)]
        return sum(width_of(self.operands[name].value) for name in names if name in self.operands)

    def evaluate(self) -> NDArray[Any]:
        """Compute the result by the formula, as a reader would."""
        if self.formula is None:
            raise ValueError(f"{self.result.name.text} has no formula")
        return self.formula.evaluate({name: each.value for name, each in self.operands.items()})

    def transposed(self) -> Equation:
        """Write the same with samples as columns."""
        return replace(
            self,
            result=self.result.transposed(),
            formula=self.formula and self.formula.transposed(),
            operands={name: each.transposed() for name, each in self.operands.items()},
            differences=None if self.differences is None else self.differences.T,
        )


@dataclass(frozen=True, eq=False)
class Step:
    """Equations that belong together.

    Attributes
    ----------
    title : str
        What happens.
    text : str
        A sentence or two.
    given : tuple of Quantity
        What is there to start with.
    equations : tuple of Equation
        What comes of it, in the order in which it is computed.
    phase : {"forward", "backward", "update"}
        Which part of the training step it is of.
    """

    title: str
    text: str
    given: tuple[Quantity, ...] = ()
    equations: tuple[Equation, ...] = ()
    phase: Literal["forward", "backward", "update"] = "forward"

    def transposed(self) -> Step:
        """Write the same with samples as columns."""
        return replace(
            self,
            given=tuple(each.transposed() for each in self.given),
            equations=tuple(each.transposed() for each in self.equations),
        )
