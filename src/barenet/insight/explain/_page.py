"""Sections of an explanation and the equations in them, the same in every format."""

import ast
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from barenet.insight.explain._document import SENTENCES, Equation, Quantity, Step
from barenet.insight.explain._notations import UNICODE, Notation, Printer
from barenet.insight.explain._number_format import ERROR_DIGITS, Numbers, digits, largest_entries
from barenet.insight.explain._sketch import Column, in_a_line
from barenet.insight.explain._text_block import TextBlock

#: Maximum number of characters of all numbers in a typeset formula.
SUBSTITUTION_WIDTH = 60


class EquationBlock:
    """A quantity with its formula and its finite differences, if it has any.

    It is printed in full up to a number of entries; a larger one is summarized.
    """

    def __init__(self, equation: Equation, precision: int, limit: int) -> None:
        self.equation = equation
        self.quantity = equation.result
        self.limit = limit
        #: The numbers to print.
        self.numbers = Numbers(self.quantity.value, precision)
        self.differences: Numbers | None = None
        if equation.differences is not None:
            self.differences = Numbers(equation.differences, precision)
        #: Absolute differences between a gradient and its finite differences.
        self.errors = Numbers(equation.errors, ERROR_DIGITS)
        #: The greatest of them.
        self.max_error = digits(equation.max_error, ERROR_DIGITS)

    @property
    def is_large(self) -> bool:
        """Whether it is summarized."""
        return self.quantity.value.size > self.limit

    @property
    def shapes(self) -> str:
        """The shape of the quantity, and those of the factors of a matrix product."""
        result = _shape_text(self.quantity.shape)
        formula = self.equation.formula
        if formula is None or not formula.has_product:
            return result
        shapes = {}
        for letter, operand in self.equation.operands.items():
            shapes[letter] = _shape_text(operand.shape) or "()"
        printer = Printer(UNICODE, shapes, self.equation.scalars)
        product = printer.show(formula)
        return f"{product} → {result}"

    def substituted(self, notation: Notation, room: float = math.inf) -> list[TextBlock]:
        """Print the formula in numbers, if there is room and if that helps a reader."""
        formula = self.equation.formula
        operands = self.equation.operands
        for operand in operands.values():
            if operand.value.size > self.limit:
                return []
        if formula is None or not self._is_worked_out(formula.tree):
            return []
        precision = self.numbers.precision
        numbers: dict[str, Numbers] = {}
        for letter, operand in operands.items():
            numbers[letter] = Numbers(operand.value, precision)
            numbers[f"{letter}.T"] = Numbers(operand.value.T, precision)
        width = 0
        for node in ast.walk(formula.tree):
            if isinstance(node, ast.Name) and node.id in numbers:
                width += numbers[node.id].width
        if width > room:
            return []
        matrices = {name: notation.matrix(matrix) for name, matrix in numbers.items()}
        printer = Printer(notation, matrices, self.equation.scalars, numeric=True)
        return [printer.show(formula)]

    def _is_worked_out(self, tree: ast.expr) -> bool:
        """Return whether the formula does more than copy, choose or sum a single number."""
        if isinstance(tree, ast.Name):
            return False
        for node in ast.walk(tree):
            if isinstance(node, ast.IfExp):
                return False
        if isinstance(tree, ast.Call):
            for operand in self.equation.operands.values():
                if np.array_equal(operand.value, self.quantity.value):
                    return False  # the sum of one number
        return True

    def letters(self, notation: Notation) -> list[tuple[str, str]]:
        """Print the formula in letters, with the sign before it."""
        formula = self.equation.formula
        if formula is None:
            return []
        sign = "="
        symbols = {}
        for letter, operand in self.equation.operands.items():
            symbols[letter] = notation.name(operand.name)
            if operand.name == self.quantity.name:
                sign = "←"  # the quantity is replaced by a new value
        printer = Printer(notation, symbols, self.equation.scalars)
        letters = printer.show(formula)
        return [(sign, str(letters))]

    def lines(self, notation: Notation) -> list[tuple[str, str]]:
        """Print it in letters, in numbers and with its result, each with the sign before it."""
        lines = self.letters(notation)
        if self.is_large:
            return lines
        for formula in self.substituted(notation, SUBSTITUTION_WIDTH):
            lines.append(("=", str(formula)))
        first, *others = notation.matrices(self.numbers)
        lines.append(("=", first))
        for block in others:
            lines.append(("", block))
        return lines

    def summary(self, room: int) -> list[str]:
        """Summarize a large quantity and its finite differences."""
        note = self.quantity.note
        with_largest = note is None or not note.has_numbers
        line = self.numbers.statistics(room, with_largest=with_largest)
        if self.differences is None:
            return [line]
        values = self.differences.value
        n_checked = int((~np.isnan(values)).sum())
        if n_checked == 0:
            return [line, "finite differences overflow"]
        checked = "all" if n_checked == values.size else f"the {n_checked} largest"
        largest = largest_entries(self.quantity.value)[0]
        number = digits(values[largest], self.differences.precision)
        place = f"{number} at {list(largest)}"
        return [line, f"finite differences {place}; {checked} within {self.max_error}"]


def _shape_text(sizes: tuple[int, ...]) -> str:
    """Write a shape as Python does; that of a single number is empty."""
    if not sizes:
        return ""
    return str(tuple(int(size) for size in sizes))


class Section(NamedTuple):
    """One step of the explanation."""

    number: int
    step: Step
    #: The text of the step, unless an earlier step had the same.
    text: str
    #: The quantities that the step begins with.
    quantities: list[EquationBlock]
    equations: list[EquationBlock]
    #: A sentence for the equations like those above.
    alike_text: str
    #: Whether large quantities are printed close together.
    is_compact: bool


@dataclass(frozen=True, eq=False, repr=False)
class Page:
    """The fields of an `Explanation`, and its printed paragraphs and sections."""

    title: str
    facts: tuple[str, ...]
    steps: tuple[Step, ...]
    notation: Literal["rows", "columns"]
    precision: int
    limit: int
    #: The network, and the loss before and after the step.
    columns: tuple[Column, ...]
    losses: tuple[float, float]

    @property
    def quantities(self) -> list[Quantity]:
        """All quantities in order; one that changes occurs each time."""
        quantities: list[Quantity] = []
        for step in self.steps:
            quantities += step.quantities
        return quantities

    @property
    def equations(self) -> list[Equation]:
        """All equations in their order."""
        equations: list[Equation] = []
        for step in self.steps:
            equations += step.equations
        return equations

    @property
    def is_summary(self) -> bool:
        """Whether it has arrays that are larger than the limit."""
        return self._largest > self.limit

    @property
    def max_error(self) -> float:
        """The greatest absolute difference between a gradient and its finite differences."""
        errors = []
        for equation in self.equations:
            error = equation.max_error
            if not math.isnan(error):
                errors.append(error)
        return max(errors, default=0.0)

    @property
    def disagreeing(self) -> list[str]:
        """Gradients that differ from their finite differences by more than rounding explains."""
        return [equation.result.name.text for equation in self.equations if not equation.agrees]

    @property
    def agrees(self) -> bool:
        """Whether all gradients equal finite differences of the loss."""
        return not self.disagreeing

    @property
    def paragraphs(self) -> list[str]:
        """The facts, and how to read the notation."""
        notation: str = SENTENCES["page"]["notation"]
        sentences = [notation.format(notation=self.notation, precision=self.precision)]
        called = self._called_functions()
        for name, words in SENTENCES["functions"].items():
            if name in called:
                sentences.append(words)
        return ["; ".join(self.facts), " ".join(sentences)]

    @property
    def sketch(self) -> str:
        """The layers in a line; for a large network, the title is enough."""
        return "" if self.is_summary else in_a_line(self.columns)

    @property
    def hint(self) -> str:
        """Advice on printing all numbers of a summary."""
        if not self.is_summary:
            return ""
        words: str = SENTENCES["page"]["summary"]
        return words.format(limit=self.limit, largest=self._largest)

    @property
    def sections(self) -> Iterator[Section]:
        """The steps, without repeated texts."""
        earlier_texts = set()
        for number, step in enumerate(self.steps, 1):
            text = step.text
            if text in earlier_texts:
                text = ""
            earlier_texts.add(step.text)
            quantities = self._blocks(Equation(quantity) for quantity in step.given)
            shown, alike_text = self._split_alike(step.equations)
            equations = self._blocks(shown)
            is_compact = self.is_summary or not text
            yield Section(
                number=number,
                step=step,
                text=text,
                quantities=quantities,
                equations=equations,
                alike_text=alike_text,
                is_compact=is_compact,
            )

    @property
    def verdict(self) -> str:
        """Whether the gradients agree with finite differences of the loss."""
        error = digits(self.max_error, ERROR_DIGITS)
        words: dict[str, str] = SENTENCES["page"]
        if self.agrees:
            return words["agree"].format(error=error)
        errors = [equation.max_error for equation in self.equations if not equation.agrees]
        most = "as the numbers overflow" if np.isnan(errors).all() else f"by up to {error}"
        return words["differ"].format(most=most, names=", ".join(self.disagreeing))

    @property
    def outcome(self) -> str:
        """The loss before and after the step, with enough digits to show the change."""
        if not np.isfinite(self.losses).all():
            return ""
        before, after = self.losses
        if before == after:
            return f"The step leaves the loss as it is: {digits(before, self.precision)}."
        verb = "lowers" if after < before else "raises"
        for precision in range(4, 18):
            shown_before = digits(before, precision)
            shown_after = digits(after, precision)
            if shown_before != shown_after:
                break
        return f"The step {verb} the loss: {shown_before} → {shown_after}."

    @property
    def _largest(self) -> int:
        """Entries of the largest array."""
        return max(quantity.value.size for quantity in self.quantities)

    def _called_functions(self) -> set[str]:
        """Names of the functions in the formulas."""
        names = set()
        for equation in self.equations:
            if equation.formula is None:
                continue
            for node in ast.walk(equation.formula.tree):
                if isinstance(node, ast.Call):
                    names.add(ast.unparse(node.func))
        return names

    def _blocks(self, equations: Iterable[Equation]) -> list[EquationBlock]:
        return [EquationBlock(equation, self.precision, self.limit) for equation in equations]

    def _split_alike(self, equations: Sequence[Equation]) -> tuple[Sequence[Equation], str]:
        """Split off updates that only repeat the first one, if moments are large; describe them."""
        largest_moment = 0
        for equation in equations:
            if equation.result.name.of:
                largest_moment = max(largest_moment, equation.result.value.size)
        if not self.is_summary or largest_moment <= self.limit:
            return equations, ""
        # An update has the equations of an array's moments, and then the equation of the array.
        ends = []
        for number, equation in enumerate(equations, 1):
            if not equation.result.name.of:
                ends.append(number)
        update_of_first = equations[: ends[0]]
        if len(ends) == 1:
            return update_of_first, ""
        names = []
        for end in ends[1:]:
            array = equations[end - 1].result
            names.append(array.name.text)
        return update_of_first, f"The same is done to {', '.join(names)}."
