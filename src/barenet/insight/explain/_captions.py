"""Captions: the sentences around the steps, on how to read them and whether they are right."""

import ast
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from barenet.insight.explain._document import Equation
from barenet.insight.explain._name import Name
from barenet.insight.explain._number_format import ERROR_DIGITS, digits

#: Functions that a beginner may not know.
_FUNCTIONS = {
    "sigmoid": "σ(x) is 1 / (1 + exp(−x)).",
    "normal": "Φ is the distribution function of the normal distribution.",
    "density": "φ is the density of the normal distribution.",
    "clip": "clip(x, a, b) is x, but not below a and not above b.",
    "sign": "sign(x) is 1, 0 or −1, as x is above, at or below 0.",
}


def introduction(equations: Sequence[Equation], notation: str, precision: int) -> list[str]:
    """Explain the notation."""
    trees = (each.formula.tree for each in equations if each.formula)
    calls = (node.func for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    called = {each.id for each in calls if isinstance(each, ast.Name)}
    return [
        f"Samples are {notation}; the number below a letter is that of its layer. Two "
        "matrices side by side are a product of matrices, and ᵀ swaps rows and columns; ⊙, / and "
        "functions work entry by entry; a bias is added to every sample. dW is short for ∂L/∂W, "
        "how the loss L changes with W. Numbers are computed with all digits, and shown with "
        f"{precision}: where a sum nearly cancels, those shown give fewer.",
        *(sentence for function, sentence in _FUNCTIONS.items() if function in called),
    ]


def neuron_names(names: Sequence[Name]) -> list[str]:
    """Explain the names of the parts of a neuron."""
    sentences = ["A₀ is the input X."] if Name("A", "0") in names else []
    if column := next((name for name in names if "," in name.index), None):
        whole = replace(column, index=column.index.partition(",")[0])
        sentences.append(f"{column.text} is the neuron's part of {whole.text}.")
    if row := next((name for name in names if "←" in name.index), None):
        sentences.append(f"{row.text} are the weights from the neuron to the next layer.")
    return sentences


def verdict(equations: Sequence[Equation], max_error: float) -> str:
    """Compare the gradients with finite differences of the loss."""
    error = digits(max_error, ERROR_DIGITS)
    differences = (
        "finite differences of the loss, (L(θ + h) − L(θ − h)) / 2h with a small h, in float64"
    )
    wrong = [each for each in equations if not each.agrees]
    if not wrong:
        return f"The gradients agree with {differences}, to within {error}."
    names = ", ".join(each.result.name.text for each in wrong)
    known = not all(np.isnan(each.max_error) for each in wrong)
    most = f"by up to {error}" if known else "as the numbers overflow"
    return f"The gradients DIFFER from {differences}, {most}: {names}."


def hint(limit: int, largest: int) -> str:
    """Explain how to print all numbers of a summary."""
    return (
        f"This is a summary: of more than {limit} entries, only the largest are shown, at "
        f"their [row, column] from 0. limit={largest} (--limit {largest}) shows all, neuron=(1, 1) "
        "(--neuron 1.1) all of a neuron."
    )
