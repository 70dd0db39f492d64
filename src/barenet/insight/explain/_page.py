"""Page: an explanation as titles, paragraphs, quantities and equations.

All formats are printed from it.
"""

import ast
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from barenet.insight.explain._document import Equation, Quantity, Step
from barenet.insight.explain._notations import UNICODE, Notation
from barenet.insight.explain._number_format import (
    ERROR_DIGITS,
    SMALL_ARRAY_ENTRIES,
    Numbers,
    digits,
    largest_entries,
    shape_text,
)
from barenet.insight.explain._printer import Printer, print_formula
from barenet.insight.explain._text_block import TextBlock

#: Characters of all numbers of a typeset formula.
SUBSTITUTION_ROOM = 60


@dataclass(frozen=True, eq=False)
class EquationBlock:
    """A quantity with its formula and its finite differences, if it has any.

    It is printed whole up to a number of entries; a larger one is summarized.
    """

    equation: Equation
    precision: int
    limit: int

    @property
    def quantity(self) -> Quantity:
        """The quantity that the equation computes."""
        return self.equation.result

    @property
    def numbers(self) -> Numbers:
        """The numbers to print."""
        return Numbers(self.quantity.value, self.precision)

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
        limit = SMALL_ARRAY_ENTRIES if self.is_large else self.limit
        large = any(each.value.size > limit for each in operands.values())
        if formula is None or large or not self._is_worked_out(formula.tree):
            return []
        numbers = {name: Numbers(each.value, self.precision) for name, each in operands.items()}
        letters = [node.id for node in ast.walk(formula.tree) if isinstance(node, ast.Name)]
        if sum(numbers[each].width for each in letters if each in numbers) > room:
            return []
        numbers |= {
            f"{name}.T": each._replace(value=each.value.T) for name, each in numbers.items()
        }
        matrices = {name: notation.matrix(each) for name, each in numbers.items()}
        scalars, negative = self.equation.scalars, self.equation.negative
        return [Printer(notation, matrices, scalars, negative, numeric=True).show(formula)]

    def _is_worked_out(self, tree: ast.expr) -> bool:
        """Whether there is more to compute than a copy, a choice or the sum of one number."""
        values = [each.value for each in self.equation.operands.values()]
        chooses = any(isinstance(node, ast.IfExp) for node in ast.walk(tree))
        sum_of_one = isinstance(tree, ast.Call) and any(
            np.array_equal(value, self.quantity.value) for value in values
        )
        return not (isinstance(tree, ast.Name) or chooses or sum_of_one)

    def lines(self, notation: Notation) -> list[tuple[str, str]]:
        """Print it in letters, in numbers and with its result, each with the sign before it."""
        letters, lines = print_formula(notation, self.equation), []
        if letters is not None:
            lines.append(("←" if self.equation.assigns else "=", letters))
        if not self.is_large:
            first, *others = notation.matrices(self.numbers)
            formulas = map(str, self.substituted(notation, SUBSTITUTION_ROOM))
            lines += [("=", each) for each in (*formulas, first)] + [("", each) for each in others]
        return lines

    @property
    def differences(self) -> Numbers | None:
        """The finite differences of a gradient."""
        values = self.equation.differences
        return None if values is None else Numbers(values, self.precision)

    @property
    def errors(self) -> Numbers:
        """Absolute differences between a gradient and its finite differences."""
        return Numbers(self.equation.errors, ERROR_DIGITS)

    @property
    def max_error(self) -> str:
        """The greatest of the errors."""
        return digits(self.equation.max_error, ERROR_DIGITS)

    def summary(self, room: int) -> list[str]:
        """Summarize a large quantity and its finite differences."""
        note, differences = self.quantity.note, self.equation.differences
        line = self.numbers.statistics(room, with_largest=note is None or not note.has_numbers)
        if differences is None:
            return [line]
        known = int((~np.isnan(differences)).sum())
        if not known:
            return [line, "finite differences overflow"]
        which = "all" if known == differences.size else f"the {known} largest"
        first = largest_entries(self.quantity.value)[0]
        number = f"{digits(differences[first], self.precision)} at {list(first)}"
        return [line, f"finite differences {number}; {which} within {self.max_error}"]


class Section(NamedTuple):
    """One step of the explanation."""

    number: int
    title: str
    phase: str
    text: str
    #: The quantities that the step starts from.
    given: list[EquationBlock]
    equations: list[EquationBlock]
    #: Equations like those above, of which a sentence is enough.
    alike: list[EquationBlock]
    #: Whether large quantities stand close together.
    is_compact: bool

    @property
    def alike_text(self) -> str:
        """The sentence for the equations like those above."""
        names = [block.quantity.name for block in self.alike]
        others = ", ".join(name.text for name in names if not name.of)
        return f"The same is done to {others}." if names else ""


class Page(NamedTuple):
    """The explanation of a training step."""

    title: str
    paragraphs: list[str]
    #: How to print all numbers of a summary.
    hint: str
    sections: list[Section]
    verdict: str


def sections_of(
    steps: Sequence[Step], precision: int, limit: int, is_summary: bool
) -> list[Section]:
    """Choose what is printed; a summary leaves out equations that are alike."""
    sections: list[Section] = []
    texts: set[str] = set()
    for number, step in enumerate(steps, 1):
        text = "" if step.text in texts else step.text
        texts.add(step.text)
        given = [EquationBlock(Equation(each), precision, limit) for each in step.given]
        equations = [EquationBlock(each, precision, limit) for each in step.equations]
        shown = _number_shown(step, limit if is_summary else math.inf)
        alike, compact = equations[shown:], is_summary or not text
        parts = given, equations[:shown], alike, compact
        sections.append(Section(number, step.title, step.phase, text, *parts))
    return sections


def _number_shown(step: Step, limit: float) -> int:
    """With large moments, an update is printed for the first array of parameters only."""
    results = [equation.result for equation in step.equations]
    if all(each.value.size <= limit for each in results if each.name.of):
        return len(results)
    return next(number for number, each in enumerate(results, 1) if not each.name.of)
