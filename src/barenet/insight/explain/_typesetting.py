"""Typesetting: a formula in letters and in numbers, in LaTeX and in MathML alike."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NamedTuple

from barenet.insight.explain._content_blocks import EquationBlock
from barenet.insight.explain._name import Name
from barenet.insight.explain._number_format import Numbers
from barenet.insight.explain._printer import Printer

__all__ = ["ROOM", "Notation"]

#: Characters of a line of numbers, without and with operators between them.
ROOM, ROOM_WITH_OPERATORS = 76, 60


class Notation(NamedTuple):
    """The parts that LaTeX and MathML write differently."""

    printer: type[Printer[str]]
    name: Callable[[Name], str]
    matrix: Callable[[Numbers], str]
    #: Puts a label such as "columns 0 to 5" beside a matrix.
    labelled: Callable[[str, str], str]

    def lines(self, block: EquationBlock) -> list[tuple[str, str]]:
        """An equation in letters, in numbers and with its result, each with the sign before it."""
        lines = []
        equation = block.equation
        if equation.formula is not None:
            names = {letter: self.name(each.name) for letter, each in equation.operands.items()}
            letters = self.printer(names.__getitem__, equation.scalars).show(equation.formula)
            lines.append(("←" if equation.assigns else "=", letters))
        if not block.is_large:
            first, *others = self.matrices(block.numbers)
            lines += [("=", each) for each in (*self.substituted(block), first)]
            lines += [("", each) for each in others]
        return lines

    def substituted(self, block: EquationBlock) -> list[str]:
        """Write a formula in numbers, if there is room."""
        equation, numbers = block.equation, block.substitution
        if numbers is None or equation.formula is None:
            return []
        nodes = ast.walk(equation.formula.tree)
        letters = [node.id for node in nodes if isinstance(node, ast.Name)]
        if sum(numbers[each].width for each in letters if each in numbers) > ROOM_WITH_OPERATORS:
            return []
        matrices = {letter: self.matrix(each) for letter, each in numbers.items()}
        printer = self.printer(
            matrices.__getitem__, equation.scalars, numeric=True, negative=equation.negative
        )
        return [printer.show(equation.formula)]

    def matrices(self, numbers: Numbers) -> list[str]:
        """Write a matrix, a wide one in blocks of columns."""
        return [
            self.labelled(self.matrix(part), label) if label else self.matrix(part)
            for label, part in numbers.split(ROOM)
        ]
