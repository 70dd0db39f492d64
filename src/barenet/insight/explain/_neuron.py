"""The equations of one neuron: one column of the matrices of its layer, and its operands.

A column of X W + b needs all of X, a column of W and an entry of b. The needs of an equation are
read from its formula, so any equation can be reduced to a column.
"""

import ast
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from barenet._constraints import check_number
from barenet._expressions import Expression
from barenet.errors import ArgumentError
from barenet.insight.explain._document import Equation, Name, Quantity, Step
from barenet.model._activations import Softmax
from barenet.model._network import Network
from barenet.model.layers import ActivationLayer, BatchNorm, Dense, Dropout, Layer, PReLU

#: Part of an operand that a column of a result needs.
Part = Literal["column", "row", "all"]


class Neuron(NamedTuple):
    """The place of a neuron."""

    #: Its dense layer, from 0, and those behind it whose columns are independent of each other.
    layers: range
    column: int


def find_neuron(network: Network, neuron: Sequence[int]) -> Neuron:
    """Find a neuron by the numbers of its layer and of itself, counted from 1.

    Examples
    --------
    >>> find_neuron(Network.dense([2, 4, 1], dropout=0.5), (1, 3))
    Neuron(layers=range(0, 2), column=2)
    """
    if not isinstance(neuron, tuple | list) or len(neuron) != 2:
        raise ArgumentError.of("neuron", neuron, "its layer and its number, such as (1, 2)")
    dense = {place: each for place, each in enumerate(network.layers, 1) if isinstance(each, Dense)}
    layer = int(check_number(neuron[0], "neuron", part="layer", integer=True))
    if layer not in dense:
        problem = f"layer {layer} has no neurons; choose from {', '.join(map(str, dense))}"
        raise ArgumentError(problem, argument="neuron", value=neuron)
    size, part = dense[layer].n_out, f"of layer {layer}"
    number = int(check_number(neuron[1], "neuron", part=part, ge=1, le=size, integer=True))
    behind = itertools.takewhile(_has_independent_columns, network.layers[layer:])
    return Neuron(range(layer - 1, layer + len(list(behind))), number - 1)


def _has_independent_columns(layer: Layer) -> bool:
    """Whether no column of a layer's output depends on another column of its input."""
    elementwise = type(layer) is ActivationLayer and not isinstance(layer.activation, Softmax)
    return elementwise or type(layer) in (BatchNorm, Dropout, PReLU)


def steps_of(steps: Sequence[Step], neuron: Neuron) -> Iterator[Step]:
    """Reduce a training step to a neuron."""
    numbers = {str(layer + 1) for layer in neuron.layers}
    seen: set[Name] = set()
    for step in steps:
        names = ((each, each.result.name) for each in step.equations)
        mine = [each for each, name in names if (name.of or name).index in numbers]
        if not mine and (step.equations or step.given):
            continue  # a step in words alone is about all neurons
        equations = tuple(column_slice(each, neuron.column) for each in mine)
        yield replace(step, given=tuple(_given(step, equations, seen)), equations=equations)


def _given(step: Step, equations: Sequence[Equation], seen: set[Name]) -> Iterator[Quantity]:
    """Find the operands that are new, and the settings of the step."""
    for each in step.given:
        if each.value.ndim == 0:
            seen.add(each.name)
            yield each
    for equation in equations:
        for operand in equation.operands.values():
            if operand.name not in seen:
                seen.add(operand.name)
                yield operand
        seen.add(equation.result.name)


def column_slice(equation: Equation, column: int) -> Equation:
    """Reduce an equation between matrices to one column of its result.

    Examples
    --------
    >>> import numpy as np
    >>> X, W = (Quantity.of(Name(letter), np.eye(2)) for letter in "XW")
    >>> product = Quantity.of(Name("Z", "1"), np.eye(2))
    >>> whole = Equation(product, Expression.parse("X @ W"), {"X": X, "W": W})
    >>> column_slice(whole, 1).result.name.text, column_slice(whole, 1).evaluate().tolist()
    ('Z₁,₂', [[0.0], [1.0]])
    """
    result = equation.result
    if result.value.ndim == 0 or result.value.shape[1] == 1:
        return equation
    needed = _needed(equation.formula)
    if needed is None:
        return equation
    operands = {
        name: _slice(each, needed.get(name, "all"), column)
        for name, each in equation.operands.items()
    }
    mine = _slice(result, "column", column)
    differences: Any = equation.differences
    if differences is not None:
        differences = differences[:, [column]].reshape(mine.value.shape)
    return replace(equation, result=mine, operands=operands, differences=differences)


def _needed(formula: Expression | None) -> dict[str, Part] | None:
    """The part of each operand that a column needs; None where one is needed in two ways."""
    found: dict[str, set[Part]] = {}

    def visit(node: ast.AST, part: Part) -> None:
        match node:
            case ast.Name(id=name):
                found.setdefault(name, set()).add(part)
            case ast.Attribute(value=ast.Name(id=name)):
                found.setdefault(name, set()).add("row" if part == "column" else "all")
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                visit(left, "all")
                visit(right, part)
            case ast.Call(func=ast.Name(id=name), args=arguments):
                sums = name == "total" or name.endswith("_outputs")
                for argument in arguments:
                    visit(argument, "all" if sums else part)
            case _:
                for child in ast.iter_child_nodes(node):
                    visit(child, part)

    if formula is not None:
        visit(formula.tree, "column")
    if any(len(parts) > 1 for parts in found.values()):
        return None
    return {name: parts.pop() for name, parts in found.items()}


def _slice(quantity: Quantity, part: Part, column: int) -> Quantity:
    """Take a column or a row; a quantity that is the same for all neurons stays whole."""
    name, value, shape, _ = quantity
    if part == "all" or value.ndim == 0 or value.shape[part == "column"] == 1:
        return quantity
    if part == "row":
        mine, shape, suffix = value[[column]], (1, value.shape[1]), f"←{column + 1}"
    else:
        mine, shape, suffix = value[:, [column]], shape[:-1], f",{column + 1}"
        mine = mine if shape else mine.reshape(())  # a neuron's entry of a vector is a number
    mine.flags.writeable = False
    return Quantity(name.indexed(suffix), mine, shape)
