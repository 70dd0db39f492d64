"""Substitution: a formula in letters, and the same with its numbers put in.

MathML and LaTeX do it alike; they differ in their printer, and in how they write a matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from barenet.insight.explain import figures
from barenet.insight.explain.document import Equation
from barenet.insight.explain.explanation import Explanation
from barenet.insight.explain.name import Name
from barenet.insight.explain.printer import Printer

__all__ = ["ROOM", "in_letters", "in_numbers"]

#: Letters that a line has room for, if they are all numbers, and if there are signs between them.
ROOM, ROOM_WITH_SIGNS = 76, 60


def in_letters(
    equation: Equation, printer: type[Printer[str]], symbol: Callable[[Name], str]
) -> str:
    """Write a formula in letters."""
    assert equation.formula is not None
    names = {name: symbol(each.name) for name, each in equation.operands.items()}
    return printer(names.__getitem__, equation.scalars).show(equation.formula)


def in_numbers(
    equation: Equation,
    page: Explanation,
    printer: type[Printer[str]],
    matrix: Callable[[NDArray[Any], int], str],
) -> list[str]:
    """Write a formula in numbers, where they have room."""
    numbers = equation.in_numbers(page.limit)
    if numbers is None or equation.formula is None:
        return []
    if equation.breadth(lambda value: figures.breadth(value, page.precision)) > ROOM_WITH_SIGNS:
        return []
    values = {name: matrix(value, page.precision) for name, value in numbers.items()}
    shown = printer(
        values.__getitem__, equation.scalars, numeric=True, negative=equation.negative
    ).show(equation.formula)
    return [shown]
