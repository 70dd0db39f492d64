"""An explanation in Markdown, for a lesson, with LaTeX as GitHub and notebooks show it."""

from __future__ import annotations

import re
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.insight.explain import figures
from barenet.insight.explain.document import Equation, Quantity
from barenet.insight.explain.explanation import Explanation
from barenet.insight.explain.latex import LatexPrinter, latex_number
from barenet.insight.explain.limits import APART_DIGITS
from barenet.insight.explain.part import Part
from barenet.insight.explain.substitution import ROOM, in_letters, in_numbers
from barenet.insight.explain.words import about, hint, shapes, summary, verdict

__all__ = ["write_markdown"]


def write_markdown(page: Explanation) -> str:
    """Write an explanation in Markdown."""
    head = [f"# {_words(page.title)}", _words("; ".join(page.facts)), _words(about(page))]
    head += filter(None, [_words(hint(page))])
    parts = [
        block for number, part in enumerate(page.parts, 1) for block in _part(number, part, page)
    ]
    return "\n\n".join([*head, *parts, _words(verdict(page))]) + "\n"


def _part(number: int, part: Part, page: Explanation) -> list[str]:
    blocks = [f"## {number}. {_words(part.step.title)}", _words(part.text)]
    for quantity in part.step.given:
        blocks += _given(quantity, page)
        blocks += [_words(str(quantity.note))] if quantity.note else []
    for equation in part.equations:
        blocks += _equation(equation, page)
    return list(filter(None, [*blocks, _words(part.note)]))


def _given(quantity: Quantity, page: Explanation) -> list[str]:
    """Write what is there to start with."""
    name, shape = quantity.name.latex, figures.shape(quantity.shape)
    if quantity.value.size > page.limit:
        return [_display(f"{name}{_beside(shape)}"), *_summary(quantity, page)]
    first, *others = _blocks(quantity.value, page.precision)
    rows = [f"{name} &= {first}{_beside(shape)}", *(f"&\\quad {block}" for block in others)]
    return [_aligned(rows)]


def _equation(equation: Equation, page: Explanation) -> list[str]:
    """Write a formula, the same with its numbers, what comes of it, and what differences say."""
    result = equation.result
    large = result.value.size > page.limit
    lines = []
    if equation.formula is not None:
        letters = in_letters(equation, LatexPrinter, attrgetter("latex"))
        lines.append((r"\leftarrow" if equation.assigns else "=", letters))
    if not large:
        first, *others = _blocks(result.value, page.precision)
        numbers = in_numbers(equation, page, LatexPrinter, _matrix)
        lines += [("=", each) for each in (*numbers, first)]
        lines += [(r"\quad", each) for each in others]
    rows = [f"&{sign} {line}" for sign, line in lines] or [""]
    rows[0] = f"{result.name.latex} {rows[0]}{_beside(shapes(equation))}"
    below = _summary(result, page, equation) if large else _check(equation, page)
    return [_aligned(rows), *below]


def _check(equation: Equation, page: Explanation) -> list[str]:
    """Write what differences say of a gradient."""
    if equation.differences is None or equation.apart is None:
        return []
    numeric = "$, $".join(_blocks(equation.differences, page.precision))
    apart = latex_number(figures.digits(equation.furthest, APART_DIGITS))
    return [f"By differences ${numeric}$, at most ${apart}$ apart."]


def _summary(quantity: Quantity, page: Explanation, equation: Equation | None = None) -> list[str]:
    """Write statistics and the largest entries of many numbers."""
    return [_words(line) for line in summary(quantity, page.precision, ROOM, equation)]


def _beside(shape: str) -> str:
    """Write a shape beside a formula."""
    return rf" \qquad \text{{{shape}}}" if shape else ""


def _matrix(value: NDArray[Any], precision: int) -> str:
    """Write numbers in brackets."""
    if np.ndim(value) == 0:
        return latex_number(figures.digits(value, precision))
    rows = " \\\\ ".join(
        " & ".join(latex_number(figures.digits(entry, precision)) for entry in row) for row in value
    )
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


def _blocks(value: NDArray[Any], precision: int) -> list[str]:
    """Write numbers in brackets, in as many blocks of columns as they need."""
    found = figures.blocks(value, precision, ROOM)
    if len(found) == 1:
        return [_matrix(value, precision)]
    return [
        rf"{_matrix(value[:, columns], precision)} \quad "
        rf"\text{{columns {columns.start} to {columns.stop - 1}}}"
        for columns in found
    ]


def _aligned(rows: list[str]) -> str:
    """Set lines with their signs below each other."""
    return _display(r"\begin{aligned}" + "\n" + " \\\\\n".join(rows) + "\n" + r"\end{aligned}")


def _display(formula: str) -> str:
    """Set a formula on lines of its own."""
    return f"$$\n{formula}\n$$"


def _words(text: str) -> str:
    """Write text such that no letter of it is taken for Markdown."""
    return re.sub(r"([\\`*_\[\]<>$#|])", r"\\\1", text)
