"""Sections of an explanation and the equations in them, the same in every format."""

import ast
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np

from barenet.insight.explain._document import SENTENCES, Equation, Name, Quantity, Step
from barenet.insight.explain._notations import UNICODE, Notation, Printer
from barenet.insight.explain._number_format import ERROR_DIGITS, Numbers, digits, largest_entries
from barenet.insight.explain._sketch import Column, in_a_line
from barenet.insight.explain._text_block import TextBlock

#: Characters of all numbers of a typeset formula.
SUBSTITUTION_WIDTH = 60


class EquationBlock:
    """A quantity with its formula and its finite differences, if it has any.

    It is printed whole up to a number of entries; a larger one is summarized.
    """

    def __init__(self, equation: Equation, precision: int, limit: int) -> None:
        self.equation, self.quantity, self.limit = equation, equation.result, limit
        #: The numbers to print.
        self.numbers, values = Numbers(self.quantity.value, precision), equation.differences
        self.differences = None if values is None else Numbers(values, precision)
        #: Absolute differences between a gradient and its finite differences, and the greatest.
        self.errors = Numbers(equation.errors, ERROR_DIGITS)
        self.max_error = digits(equation.max_error, ERROR_DIGITS)

    @property
    def is_large(self) -> bool:
        """Whether it is summarized."""
        return self.quantity.value.size > self.limit

    @property
    def shapes(self) -> str:
        """The shape of the quantity, and those of the factors of a matrix product."""
        result, equation = _shape_text(self.quantity.shape), self.equation
        if equation.formula is None or not equation.formula.has_product:
            return result
        shapes = {name: _shape_text(each.shape) or "()" for name, each in equation.operands.items()}
        product = Printer(UNICODE, shapes, equation.scalars).show(equation.formula)
        return f"{product} → {result}"

    def substituted(self, notation: Notation, room: float = math.inf) -> list[TextBlock]:
        """Print the formula in numbers, if there is room and they help a reader."""
        formula, operands = self.equation.formula, self.equation.operands
        large = any(each.value.size > self.limit for each in operands.values())
        if formula is None or large or not self._is_worked_out(formula.tree):
            return []
        numbers, precision = dict[str, Numbers](), self.numbers.precision
        for name, each in operands.items():
            numbers[name] = Numbers(each.value, precision)
            numbers[f"{name}.T"] = Numbers(each.value.T, precision)
        letters = [node.id for node in ast.walk(formula.tree) if isinstance(node, ast.Name)]
        if sum(numbers[each].width for each in letters if each in numbers) > room:
            return []
        matrices = {name: notation.matrix(each) for name, each in numbers.items()}
        scalars = self.equation.scalars
        negative = {name for name in scalars if operands[name].value < 0}
        return [Printer(notation, matrices, scalars, negative, numeric=True).show(formula)]

    def _is_worked_out(self, tree: ast.expr) -> bool:
        """Whether more is computed than a copy, a choice or the sum of one number."""
        operands = self.equation.operands.values()
        same = (np.array_equal(each.value, self.quantity.value) for each in operands)
        chooses = any(isinstance(node, ast.IfExp) for node in ast.walk(tree))
        sum_of_one = isinstance(tree, ast.Call) and any(same)
        return not (isinstance(tree, ast.Name) or chooses or sum_of_one)

    def letters(self, notation: Notation) -> list[tuple[str, str]]:
        """Print the formula in letters, with the sign before it."""
        formula, operands = self.equation.formula, self.equation.operands
        if formula is None:
            return []
        names = {letter: notation.name(each.name) for letter, each in operands.items()}
        letters = Printer(notation, names, self.equation.scalars).show(formula)
        is_replaced = self.quantity.name in [each.name for each in operands.values()]
        return [("←" if is_replaced else "=", str(letters))]

    def lines(self, notation: Notation) -> list[tuple[str, str]]:
        """Print it in letters, in numbers and with its result, each with the sign before it."""
        lines = self.letters(notation)
        if not self.is_large:
            first, *others = notation.matrices(self.numbers)
            formulas = map(str, self.substituted(notation, SUBSTITUTION_WIDTH))
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


def _shape_text(sizes: tuple[int, ...]) -> str:
    """Write a shape as Python does; that of a single number is empty."""
    return str(tuple(map(int, sizes))) if sizes else ""


class Section(NamedTuple):
    """One step of the explanation."""

    number: int
    step: Step
    #: The text of the step, unless it was there before.
    text: str
    #: The quantities that the step starts from.
    given: list[EquationBlock]
    equations: list[EquationBlock]
    #: A sentence for the equations like those above.
    alike_text: str
    #: Whether large quantities stand close together.
    is_compact: bool


@dataclass(frozen=True, eq=False, repr=False)
class Page:
    """The fields of an `Explanation`, and the paragraphs and sections that are printed of it."""

    title: str
    facts: tuple[str, ...]
    steps: tuple[Step, ...]
    notation: Literal["rows", "columns"]
    precision: int
    limit: int
    neuron: tuple[int, int] | None
    #: The network, and the loss before and after the step.
    columns: tuple[Column, ...]
    losses: tuple[float, float]

    @property
    def quantities(self) -> list[Quantity]:
        """All quantities in their order; one that changes is there each time."""
        return [quantity for step in self.steps for quantity in step.quantities]

    @property
    def equations(self) -> list[Equation]:
        """All equations in their order."""
        return [equation for step in self.steps for equation in step.equations]

    @property
    def is_summary(self) -> bool:
        """Whether it is about a whole network, with arrays that are larger than the limit."""
        return self.neuron is None and self._largest > self.limit

    @property
    def max_error(self) -> float:
        """The greatest absolute difference between a gradient and its finite differences."""
        errors = (each.max_error for each in self.equations)
        return max((each for each in errors if not math.isnan(each)), default=0.0)

    @property
    def disagreeing(self) -> list[str]:
        """Gradients that differ from their finite differences by more than rounding explains."""
        return [each.result.name.text for each in self.equations if not each.agrees]

    @property
    def agrees(self) -> bool:
        """Whether all gradients equal finite differences of the loss."""
        return not self.disagreeing

    @property
    def paragraphs(self) -> list[str]:
        """The facts, and how to read the notation."""
        trees = (each.formula.tree for each in self.equations if each.formula)
        nodes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
        called = {ast.unparse(node.func) for node in nodes}
        notation: str = SENTENCES["page"]["notation"]
        sentences = [
            notation.format(notation=self.notation, precision=self.precision),
            *(words for name, words in SENTENCES["functions"].items() if name in called),
            *(self._neuron_names() if self.neuron else ()),
        ]
        return ["; ".join(self.facts), " ".join(sentences)]

    @property
    def sketch(self) -> str:
        """The layers in a line; of a large network, the title is enough."""
        return "" if self.is_summary else in_a_line(self.columns)

    @property
    def hint(self) -> str:
        """Advice on printing all numbers of a summary."""
        words: str = SENTENCES["page"]["summary"]
        return self.is_summary * words.format(limit=self.limit, largest=self._largest)

    @property
    def sections(self) -> Iterator[Section]:
        """The steps; a text that was there before is left out."""
        texts = {""}
        for number, step in enumerate(self.steps, 1):
            text = "" if step.text in texts else step.text
            texts.add(step.text)
            given = self._blocks(map(Equation, step.given))
            equations, alike = self._split_alike(step.equations)
            compact = self.is_summary or not text
            shown = self._blocks(equations)
            yield Section(number, step, text, given, shown, alike, compact)

    @property
    def verdict(self) -> str:
        """Whether the gradients agree with finite differences of the loss."""
        error, words = digits(self.max_error, ERROR_DIGITS), SENTENCES["page"]
        if self.agrees:
            return str(words["agree"].format(error=error))
        known = not all(np.isnan(each.max_error) for each in self.equations if not each.agrees)
        most = f"by up to {error}" if known else "as the numbers overflow"
        return str(words["differ"].format(most=most, names=", ".join(self.disagreeing)))

    @property
    def outcome(self) -> str:
        """The loss before and after the step, with as many digits as show the change."""
        if not np.isfinite(self.losses).all():
            return ""
        before, after = self.losses
        if before == after:
            return f"The step leaves the loss as it is: {digits(before, self.precision)}."
        texts = ([digits(each, n) for each in self.losses] for n in range(4, 18))
        shown = next(each for each in texts if each[0] != each[1])
        return f"The step {'lowers' if after < before else 'raises'} the loss: {' → '.join(shown)}."

    @property
    def _largest(self) -> int:
        """Entries of the largest array."""
        return max(each.value.size for each in self.quantities)

    def _neuron_names(self) -> Iterator[str]:
        """Explain the names of the parts of a neuron."""
        names = [each.name for each in self.quantities]
        if Name("A", "0") in names:
            yield "A₀ is the input X."
        if column := next((name for name in names if "," in name.index), None):
            whole = replace(column, index=column.index.partition(",")[0])
            yield f"{column.text} is the neuron's part of {whole.text}."
        if row := next((name for name in names if "←" in name.index), None):
            yield f"{row.text} are the weights from the neuron to the next layer."

    def _blocks(self, equations: Iterable[Equation]) -> list[EquationBlock]:
        return [EquationBlock(each, self.precision, self.limit) for each in equations]

    def _split_alike(self, equations: Sequence[Equation]) -> tuple[Sequence[Equation], str]:
        """Split off equations like the first update of large moments, with a sentence for them."""
        sizes = [each.result.value.size for each in equations if each.result.name.of]
        if not self.is_summary or max(sizes, default=0) <= self.limit:
            return equations, ""
        names = [each.result.name for each in equations]
        shown = next(number for number, name in enumerate(names, 1) if not name.of)
        others = ", ".join(name.text for name in names[shown:] if not name.of)
        return equations[:shown], others and f"The same is done to {others}."
