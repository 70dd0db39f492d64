"""The equations of one neuron: one column of the matrices of its layer, and its operands.

A column of X W + b needs all of X, a column of W and an entry of b. The formula of an equation
shows what a column needs, so any equation can be reduced to a column.
"""

import ast
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

    #: Its dense layer, counted from 0, and the following layers whose columns are independent of
    #: each other.
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
    dense = {}
    for place, candidate in enumerate(network.layers, 1):
        if isinstance(candidate, Dense):
            dense[place] = candidate
    layer = int(check_number(neuron[0], "neuron", part="layer", integer=True))
    if layer not in dense:
        places = ", ".join(str(place) for place in dense)
        problem = f"layer {layer} has no neurons; choose from {places}"
        raise ArgumentError(problem, argument="neuron", value=neuron)
    size = dense[layer].n_out
    part = f"of layer {layer}"
    number = int(check_number(neuron[1], "neuron", part=part, ge=1, le=size, integer=True))
    end = layer
    while end < len(network.layers) and _has_independent_columns(network.layers[end]):
        end += 1
    return Neuron(range(layer - 1, end), number - 1)


def _has_independent_columns(layer: Layer) -> bool:
    """Return whether each column of a layer's output depends on the same input column only."""
    if type(layer) is ActivationLayer:
        return not isinstance(layer.activation, Softmax)
    return type(layer) in (BatchNorm, Dropout, PReLU)


def steps_of(steps: Sequence[Step], neuron: Neuron) -> Iterator[Step]:
    """Reduce a training step to a neuron."""
    numbers = {str(layer + 1) for layer in neuron.layers}
    seen: set[Name] = set()
    for step in steps:
        equations = []
        for equation in step.equations:
            name = equation.result.name
            if name.of is not None:  # for a moment, the parameter that it belongs to
                name = name.of
            if name.index in numbers:
                equations.append(column_slice(equation, neuron.column))
        if not equations and (step.equations or step.given):
            continue  # a step without equations is about all neurons
        operands = tuple(_operands(step, equations, seen))
        yield replace(step, given=operands, equations=tuple(equations))


def _operands(step: Step, equations: Sequence[Equation], seen: set[Name]) -> Iterator[Quantity]:
    """Find the new operands, and the settings of the step."""
    for quantity in step.given:
        if quantity.value.ndim == 0:
            seen.add(quantity.name)
            yield quantity
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
    operands = {}
    for letter, operand in equation.operands.items():
        operands[letter] = _slice(operand, needed.get(letter, "all"), column)
    sliced = _slice(result, "column", column)
    differences: Any = equation.differences
    if differences is not None:
        differences = differences[:, [column]].reshape(sliced.value.shape)
    return replace(equation, result=sliced, operands=operands, differences=differences)


def _needed(formula: Expression | None) -> dict[str, Part] | None:
    """Find the part of each operand that a column needs; None if two different parts are needed."""
    parts_needed: dict[str, set[Part]] = {}

    def visit(node: ast.AST, part: Part) -> None:
        match node:
            case ast.Name(id=name):
                parts_needed.setdefault(name, set()).add(part)
            case ast.Attribute(value=ast.Name(id=name)):
                # A column of a transposed matrix is a row of the matrix.
                transposed: Part = "row" if part == "column" else "all"
                parts_needed.setdefault(name, set()).add(transposed)
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                visit(left, "all")
                visit(right, part)
            case ast.Call(func=ast.Name(id=name), args=arguments):
                if name == "total" or name.endswith("_outputs"):
                    part = "all"  # a sum over the columns
                for argument in arguments:
                    visit(argument, part)
            case _:
                for child in ast.iter_child_nodes(node):
                    visit(child, part)

    if formula is not None:
        visit(formula.tree, "column")
    needed = {}
    for name, parts in parts_needed.items():
        if len(parts) > 1:
            return None
        needed[name] = parts.pop()
    return needed


def _slice(quantity: Quantity, part: Part, column: int) -> Quantity:
    """Take a column or a row; a quantity that all neurons share is not cut."""
    value = quantity.value
    shape = quantity.shape
    if part == "all" or value.ndim == 0:
        return quantity
    n_rows, n_columns = value.shape
    if part == "row":
        if n_rows == 1:
            return quantity
        sliced = value[[column]]
        shape = (1, n_columns)
        suffix = f"←{column + 1}"
    else:
        if n_columns == 1:
            return quantity
        sliced = value[:, [column]]
        shape = shape[:-1]
        suffix = f",{column + 1}"
        if not shape:  # a neuron's entry of a vector is a number
            sliced = sliced.reshape(())
    sliced.flags.writeable = False
    return Quantity(quantity.name.indexed(suffix), sliced, shape)
