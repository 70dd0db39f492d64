"""A quantity with its formula and its finite differences, as a page prints it."""

import ast
import math
from typing import NamedTuple, Self

import numpy as np

from barenet.insight.explain._document import Equation, Quantity
from barenet.insight.explain._notations import UNICODE, Notation, Printer
from barenet.insight.explain._number_format import (
    ERROR_DIGITS,
    Numbers,
    digits,
    largest_entries,
    shape_text,
)
from barenet.insight.explain._text_block import TextBlock

#: Characters of all numbers of a typeset formula.
SUBSTITUTION_ROOM = 60


class EquationBlock(NamedTuple):
    """A quantity with its formula and its finite differences, if it has any.

    It is printed whole up to a number of entries; a larger one is summarized.
    """

    equation: Equation
    quantity: Quantity
    limit: int
    #: The numbers to print.
    numbers: Numbers
    differences: Numbers | None
    #: Absolute differences between a gradient and its finite differences, and the greatest.
    errors: Numbers
    max_error: str

    @classmethod
    def of(cls, equation: Equation, precision: int, limit: int) -> Self:
        """Create one that is printed with a precision."""
        result, values = equation.result, equation.differences
        differences = None if values is None else Numbers(values, precision)
        errors = Numbers(equation.errors, ERROR_DIGITS), digits(equation.max_error, ERROR_DIGITS)
        return cls(equation, result, limit, Numbers(result.value, precision), differences, *errors)

    @property
    def is_large(self) -> bool:
        """Whether it is summarized."""
        return self.quantity.value.size > self.limit

    @property
    def shapes(self) -> str:
        """The shape of the quantity, and those of the factors of a matrix product."""
        result, equation = shape_text(self.quantity.shape), self.equation
        if equation.formula is None or not equation.formula.has_product:
            return result
        shapes = {name: shape_text(each.shape) or "()" for name, each in equation.operands.items()}
        product = Printer(UNICODE, shapes, equation.scalars).show(equation.formula)
        return f"{product} → {result}"

    def substituted(self, notation: Notation, room: float = math.inf) -> list[TextBlock]:
        """Print the formula in numbers, if there is room and they help a reader."""
        formula, operands = self.equation.formula, self.equation.operands
        large = any(each.value.size > self.limit for each in operands.values())
        if formula is None or large or not self._is_worked_out(formula.tree):
            return []
        numbers = {
            name: Numbers(each.value, self.numbers.precision) for name, each in operands.items()
        }
        letters = [node.id for node in ast.walk(formula.tree) if isinstance(node, ast.Name)]
        if sum(numbers[each].width for each in letters if each in numbers) > room:
            return []
        matrices = {}
        for name, each in numbers.items():
            matrices[name] = notation.matrix(each)
            matrices[f"{name}.T"] = notation.matrix(each._replace(value=each.value.T))
        scalars, negative = self.equation.scalars, self.equation.negative
        return [Printer(notation, matrices, scalars, negative, numeric=True).show(formula)]

    def _is_worked_out(self, tree: ast.expr) -> bool:
        """Whether more is computed than a copy, a choice or the sum of one number."""
        values = [each.value for each in self.equation.operands.values()]
        chooses = any(isinstance(node, ast.IfExp) for node in ast.walk(tree))
        sum_of_one = isinstance(tree, ast.Call) and any(
            np.array_equal(value, self.quantity.value) for value in values
        )
        return not (isinstance(tree, ast.Name) or chooses or sum_of_one)

    def letters(self, notation: Notation) -> list[tuple[str, str]]:
        """Print the formula in letters, with the sign before it."""
        formula, operands = self.equation.formula, self.equation.operands
        if formula is None:
            return []
        names = {letter: notation.name(each.name) for letter, each in operands.items()}
        letters = Printer(notation, names, self.equation.scalars).show(formula)
        return [("←" if self.equation.assigns else "=", str(letters))]

    def lines(self, notation: Notation) -> list[tuple[str, str]]:
        """Print it in letters, in numbers and with its result, each with the sign before it."""
        lines = self.letters(notation)
        if not self.is_large:
            first, *others = notation.matrices(self.numbers)
            formulas = map(str, self.substituted(notation, SUBSTITUTION_ROOM))
            lines += [("=", each) for each in (*formulas, first)] + [("", each) for each in others]
        return lines

    def summary(self, room: int) -> list[str]:
        """Summarize a large quantity and its finite differences."""
        note, differences = self.quantity.note, self.differences
        line = self.numbers.statistics(room, with_largest=note is None or not note.has_numbers)
        if differences is None:
            return [line]
        values, precision = differences
        known = int((~np.isnan(values)).sum())
        if not known:
            return [line, "finite differences overflow"]
        which = "all" if known == values.size else f"the {known} largest"
        first = largest_entries(self.quantity.value)[0]
        number = f"{digits(values[first], precision)} at {list(first)}"
        return [line, f"finite differences {number}; {which} within {self.max_error}"]
