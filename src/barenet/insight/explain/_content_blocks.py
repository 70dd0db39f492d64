"""Blocks: an explanation as a list of titles, paragraphs, quantities and equations.

All formats are printed from this list.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from barenet.insight.explain._document import Equation, Quantity, Step
from barenet.insight.explain._number_format import (
    ERROR_DIGITS,
    SMALL_ARRAY_ENTRIES,
    Numbers,
    digits,
    largest_entries,
    shape_text,
)
from barenet.insight.explain._unicode_printer import unicode_formula

__all__ = [
    "Block",
    "EquationBlock",
    "Folded",
    "Given",
    "Paragraph",
    "QuantityBlock",
    "Section",
    "Title",
    "section_of",
]


class Title(NamedTuple):
    """The title of the explanation."""

    text: str


class Paragraph(NamedTuple):
    """A paragraph, whose kind may be "hint" or "verdict"."""

    text: str
    kind: str = ""


@dataclass(frozen=True, eq=False)
class QuantityBlock:
    """A quantity, printed whole up to a number of entries; a larger one is summarized."""

    quantity: Quantity
    precision: int
    limit: int

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
        """The shape of the quantity."""
        return shape_text(self.quantity.shape)

    def summary(self, room: int) -> list[str]:
        """Summarize a large quantity."""
        note = self.quantity.note
        with_largest = note is None or not note.has_numbers
        return [self.numbers.statistics(room, with_largest=with_largest)]


@dataclass(frozen=True, eq=False)
class EquationBlock(QuantityBlock):
    """The quantity that an equation computes, with its formula and its finite differences."""

    equation: Equation

    @property
    def substitution(self) -> dict[str, Numbers] | None:
        """The numbers to print in place of the letters of the formula."""
        found = self.equation.substitution(SMALL_ARRAY_ENTRIES if self.is_large else self.limit)
        if found is None:
            return None
        return {name: Numbers(value, self.precision) for name, value in found.items()}

    @property
    def shapes(self) -> str:
        """The shape of the result, and those of the factors of a matrix product."""
        result, equation = shape_text(self.quantity.shape), self.equation
        if equation.formula is None or not equation.formula.has_product:
            return result
        shapes = {name: shape_text(each.shape) or "()" for name, each in equation.operands.items()}
        product = unicode_formula(equation.formula, shapes, equation.scalars)
        return f"{product} → {result}"

    @property
    def differences(self) -> Numbers | None:
        """The finite differences of a gradient."""
        values = self.equation.differences
        return None if values is None else Numbers(values, self.precision)

    @property
    def errors(self) -> Numbers:
        """Absolute differences between a gradient and its finite differences."""
        assert self.equation.errors is not None
        return Numbers(self.equation.errors, ERROR_DIGITS)

    @property
    def max_error(self) -> str:
        """The greatest of the errors."""
        return digits(self.equation.max_error, ERROR_DIGITS)

    def summary(self, room: int) -> list[str]:
        """Summarize a large quantity and its finite differences."""
        lines, differences = super().summary(room), self.equation.differences
        if differences is None:
            return lines
        known = int((~np.isnan(differences)).sum())
        if not known:
            return [*lines, "finite differences overflow"]
        which = "all" if known == differences.size else f"the {known} largest"
        first = largest_entries(self.quantity.value)[0]
        number = f"{digits(differences[first], self.precision)} at {list(first)}"
        return [*lines, f"finite differences {number}; {which} within {self.max_error}"]


class Given(NamedTuple):
    """The quantities that a step starts from."""

    quantities: tuple[QuantityBlock, ...]


class Folded(NamedTuple):
    """Equations like those above, of which a sentence is enough."""

    text: str
    equations: tuple[EquationBlock, ...]


class Section(NamedTuple):
    """One step of the explanation."""

    title: str
    phase: str
    #: Whether large quantities stand close together.
    is_compact: bool
    blocks: tuple[Paragraph | Given | EquationBlock | Folded, ...]


Block = Title | Paragraph | Section


def section_of(step: Step, text: str, precision: int, limit: int, is_summary: bool) -> Section:
    """Choose what is printed of a step; a summary leaves out equations that are alike."""
    blocks: list[Paragraph | Given | EquationBlock | Folded] = [Paragraph(text)] if text else []
    if step.given:
        blocks.append(Given(tuple(QuantityBlock(each, precision, limit) for each in step.given)))
    equations = [EquationBlock(e.result, precision, limit, e) for e in step.equations]
    shown = _number_shown(step, limit if is_summary else math.inf)
    blocks += equations[:shown]
    if alike := equations[shown:]:
        names = [block.quantity.name for block in alike]
        others = ", ".join(name.text for name in names if not name.of)
        blocks.append(Folded(f"The same is done to {others}.", tuple(alike)))
    return Section(step.title, step.phase, is_summary or not text, tuple(blocks))


def _number_shown(step: Step, limit: float) -> int:
    """With large moments, an update is printed for the first array of parameters only."""
    results = [equation.result for equation in step.equations]
    if all(each.value.size <= limit for each in results if each.name.of):
        return len(results)
    return next(number for number, each in enumerate(results, 1) if not each.name.of)
