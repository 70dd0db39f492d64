"""What an explanation says in words: how it is to be read, and whether it can be trusted."""

from __future__ import annotations

import ast
from dataclasses import replace

import numpy as np

from barenet.insight.explain import figures
from barenet.insight.explain.box import Box
from barenet.insight.explain.document import Equation, Quantity
from barenet.insight.explain.explanation import Explanation
from barenet.insight.explain.limits import APART_DIGITS
from barenet.insight.explain.plain import PlainPrinter

__all__ = ["about", "hint", "shapes", "summary", "verdict"]

#: The functions that a beginner may not know.
_FUNCTIONS = {
    "sigmoid": "σ(x) is 1 / (1 + exp(−x)).",
    "normal": "Φ is the distribution function of the normal distribution.",
    "density": "φ is the density of the normal distribution.",
    "clip": "clip(x, a, b) is x, but not below a and not above b.",
    "sign": "sign(x) is 1, 0 or −1, as x is above, at or below 0.",
}


def about(page: Explanation) -> str:
    """Say how the formulas are to be read."""
    called = _called(page)
    return (
        f"Samples are {page.notation}; the number below a letter is that of its layer. Two "
        "matrices side by side are a product of matrices, and ᵀ swaps rows and columns; ⊙, / and "
        "functions work entry by entry; a bias is added to every sample. dW is short for ∂L/∂W, "
        "how the loss L changes with W. Numbers are computed with all digits, and shown with "
        f"{page.precision}: where a sum nearly cancels, those shown give fewer."
        + "".join(f" {said}" for name, said in _FUNCTIONS.items() if name in called)
        + _parts(page)
    )


def _called(page: Explanation) -> set[str]:
    """Find the functions in all formulas."""
    trees = (each.formula.tree for each in page.equations if each.formula)
    calls = (node.func for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {each.id for each in calls if isinstance(each, ast.Name)}


def _parts(page: Explanation) -> str:
    """Say what the names of a neuron's parts mean, where there are any."""
    names = [quantity.name for quantity in page.quantities]
    said = " A₀ is the input X." if page.neuron and "A0" in (name.key for name in names) else ""
    if column := next((name for name in names if "," in name.index), None):
        whole = replace(column, index=column.index.partition(",")[0])
        said += f" {column.text} is the neuron's part of {whole.text}."
    if row := next((name for name in names if "←" in name.index), None):
        said += f" {row.text} is what goes from the neuron to the next layer."
    return said


def verdict(page: Explanation) -> str:
    """Say how well the gradients agree with differences of the loss."""
    apart = figures.digits(page.apart, APART_DIGITS)
    differences = "differences of the loss, (L(θ + h) − L(θ − h)) / 2h with a small h, in float64"
    if page.agrees:
        return f"The gradients agree with {differences}, to within {apart}."
    wrong = ", ".join(page.disagreeing)
    known = [
        each.furthest for each in page.equations if not (each.agrees or np.isnan(each.furthest))
    ]
    most = f"by up to {apart}" if known else "for no number is left"
    return f"The gradients DIFFER from {differences}, {most}: {wrong}."


def hint(page: Explanation) -> str:
    """Say how to see what is only summed up."""
    if not page.is_summary:
        return ""
    largest = max(each.value.size for each in page.quantities)
    return (
        f"This is a summary: of more than {page.limit} entries, only the largest are shown, at "
        f"their [row, column] from 0. limit={largest} (--limit {largest}) shows all, neuron=(1, 1) "
        "(--neuron 1.1) all of a neuron."
    )


def summary(
    quantity: Quantity, precision: int, room: int, equation: Equation | None = None
) -> list[str]:
    """Sum up an array that is too large to be shown."""
    told = quantity.note is not None and quantity.note.has_numbers
    lines = [figures.statistics(quantity.value, precision, room, with_largest=not told)]
    if equation is not None and equation.differences is not None:
        first = next(figures.largest(quantity.value, equation))
        known = int((~np.isnan(equation.differences)).sum())
        if not known:
            return [*lines, "by differences no number is left"]
        which = "all" if known == quantity.value.size else f"the {known} largest"
        apart = figures.digits(equation.furthest, APART_DIGITS)
        there = f"{figures.digits(first.difference, precision)} at {list(first.place)}"
        lines.append(f"by differences {there}; {which} within {apart}")
    return lines


def shapes(equation: Equation) -> str:
    """Write the shape of a result, and of a product of matrices how it comes about."""
    result, formula = figures.shape(equation.result.shape), equation.formula
    if formula is None or not formula.has_product:
        return result
    leaf = {
        name: Box.of(figures.shape(each.shape) or "()") for name, each in equation.operands.items()
    }
    return f"{PlainPrinter(leaf.__getitem__, equation.scalars).show(formula)} → {result}"
