"""The steps of an explanation as plain data, for programs."""

from __future__ import annotations

from typing import Any

from barenet.insight.explain._document import Equation, Quantity, Step
from barenet.insight.explain._latex import LatexPrinter
from barenet.insight.explain._unicode_printer import unicode_formula

__all__ = ["record_of"]


def record_of(step: Step) -> dict[str, Any]:
    """Write a step as plain data."""
    return {
        "title": step.title,
        "text": step.text,
        "phase": step.phase,
        "given": [_given(each) for each in step.given],
        "equations": [_equation(each) for each in step.equations],
    }


def _given(quantity: Quantity) -> dict[str, Any]:
    note = {} if quantity.note is None else {"note": str(quantity.note)}
    return {**_quantity(quantity), **note}


def _quantity(quantity: Quantity) -> dict[str, Any]:
    return {
        "name": quantity.name.key,
        "shape": list(quantity.shape),
        "value": quantity.value.reshape(quantity.shape).tolist(),
    }


def _equation(equation: Equation) -> dict[str, Any]:
    """Write a formula as text and in LaTeX, with its result."""
    text = latex = None
    if equation.formula is not None:
        names = {letter: each.name for letter, each in equation.operands.items()}
        letters = {letter: name.text for letter, name in names.items()}
        text = unicode_formula(equation.formula, letters, equation.scalars)
        printer = LatexPrinter(lambda letter: names[letter].latex, equation.scalars)
        latex = printer.show(equation.formula)
    differences = equation.differences
    return {
        **_quantity(equation.result),
        "assigns": equation.assigns,
        "formula": text,
        "latex": latex,
        "differences": None
        if differences is None
        else differences.reshape(equation.result.shape).tolist(),
    }
