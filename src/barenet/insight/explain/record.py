"""An explanation as plain data, for programs."""

from __future__ import annotations

from typing import Any

from barenet.insight.explain.box import Box
from barenet.insight.explain.document import Equation, Quantity
from barenet.insight.explain.explanation import Explanation
from barenet.insight.explain.latex import LatexPrinter
from barenet.insight.explain.plain import PlainPrinter

__all__ = ["write_record"]


def write_record(page: Explanation) -> dict[str, Any]:
    """Write an explanation as plain data."""
    return {
        "title": page.title,
        "facts": list(page.facts),
        "notation": page.notation,
        "agrees": page.agrees,
        "apart": page.apart,
        "steps": [
            {
                "title": step.title,
                "text": step.text,
                "phase": step.phase,
                "given": [_given(each) for each in step.given],
                "equations": [_equation(each) for each in step.equations],
            }
            for step in page.steps
        ],
    }


def _given(quantity: Quantity) -> dict[str, Any]:
    """Write what is there to start with, and what its entries are called if that is known."""
    note = {} if quantity.note is None else {"note": str(quantity.note)}
    return {**_quantity(quantity), **note}


def _quantity(quantity: Quantity) -> dict[str, Any]:
    return {
        "name": quantity.name.key,
        "shape": list(quantity.shape),
        "value": quantity.value.reshape(quantity.shape).tolist(),
    }


def _equation(equation: Equation) -> dict[str, Any]:
    """Write a formula in text and in LaTeX, with its result."""
    text = latex = None
    if equation.formula is not None:
        names = {key: each.name for key, each in equation.operands.items()}
        boxes = PlainPrinter(lambda name: Box.of(names[name].text), equation.scalars)
        sources = LatexPrinter(lambda name: names[name].latex, equation.scalars)
        text, latex = str(boxes.show(equation.formula)), sources.show(equation.formula)
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
