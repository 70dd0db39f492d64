"""What an explanation says in words: how it is to be read, and whether it can be trusted."""

from __future__ import annotations

from dataclasses import replace

from barenet.insight.explain import figures
from barenet.insight.explain.box import Box
from barenet.insight.explain.document import Equation
from barenet.insight.explain.explanation import Explanation
from barenet.insight.explain.plain import PlainPrinter

__all__ = ["APART_DIGITS", "about", "shapes", "verdict"]

#: Digits of a distance between a gradient and its differences: only its size matters.
APART_DIGITS = 2


def about(page: Explanation) -> str:
    """Say how the formulas are to be read.

    Parameters
    ----------
    page : Explanation
        What is to be read.

    Returns
    -------
    str
        Some sentences.
    """
    return (
        f"Samples are {page.notation}. A product without a sign is one of matrices; ⊙, / and "
        "functions work entry by entry; a bias is added to every sample. dW is short for ∂L/∂W."
        + _parts(page)
    )


def _parts(page: Explanation) -> str:
    """Say what the names of a neuron's parts mean, where there are any."""
    names = [quantity.name for quantity in page.quantities]
    said = ""
    if column := next((name for name in names if "," in name.index), None):
        whole = replace(column, index=column.index.partition(",")[0])
        said += f" {column.text} is the neuron's part of {whole.text}."
    if row := next((name for name in names if "←" in name.index), None):
        said += f" {row.text} is what goes from the neuron to the next layer."
    return said


def verdict(page: Explanation) -> str:
    """Say how well the gradients agree with differences of the loss.

    Parameters
    ----------
    page : Explanation
        What was read.

    Returns
    -------
    str
        A sentence.
    """
    apart = figures.digits(page.apart, APART_DIGITS)
    differences = "differences of the loss, (L(θ + h) − L(θ − h)) / 2h in float64"
    if page.agrees:
        return f"The gradients agree with {differences}, to within {apart}."
    wrong = ", ".join(page.disagreeing)
    return f"The gradients DIFFER from {differences}, by up to {apart}: {wrong}."


def shapes(equation: Equation) -> str:
    """Write the shape of a result, and of a product of matrices how it comes about.

    Parameters
    ----------
    equation : Equation
        What is computed.

    Returns
    -------
    str
        Such as ``(1, 2) (2, 3) → (1, 3)``; nothing for a single number.
    """
    result, formula = figures.shape(equation.result.shape), equation.formula
    if formula is None or not formula.has_product:
        return result
    leaf = {
        name: Box.of(figures.shape(each.shape) or "()") for name, each in equation.operands.items()
    }
    return f"{PlainPrinter(leaf.__getitem__, equation.scalars).show(formula)} → {result}"
