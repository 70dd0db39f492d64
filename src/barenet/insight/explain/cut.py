"""Cut: one column of an equation between matrices, with as much of its operands as that needs.

A column of X W + b needs all of X, a column of W and an entry of b. What an equation needs is read
from its formula, so every equation that can be written can be cut.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from barenet.expressions import Expression
from barenet.insight.explain.document import Equation, Quantity
from barenet.insight.explain.name import Name

__all__ = ["cut"]

Part = Literal["column", "row", "all"]


def cut(equation: Equation, column: int) -> Equation:
    """Take one column of an equation's result.

    Examples
    --------
    >>> import numpy as np
    >>> X, W = (Quantity.of(Name(letter), np.eye(2)) for letter in "XW")
    >>> product = Quantity.of(Name("Z", "1"), np.eye(2))
    >>> whole = Equation(product, Expression.parse("X @ W"), {"X": X, "W": W})
    >>> cut(whole, 1).result.name.text, cut(whole, 1).evaluate().tolist()
    ('Z₁,₂', [[0.0], [1.0]])
    """
    result = equation.result
    if result.value.ndim == 0 or result.value.shape[1] == 1:
        return equation
    needed = _needed(equation.formula)
    if needed is None:
        return equation
    operands = {
        name: _part(each, needed.get(name, "all"), column)
        for name, each in equation.operands.items()
    }
    mine = _part(result, "column", column)
    differences: Any = equation.differences
    if differences is not None:
        differences = differences[:, [column]].reshape(mine.value.shape)
    return replace(equation, result=mine, operands=operands, differences=differences)


def _needed(formula: Expression | None) -> dict[str, Part] | None:
    """Find what a column needs of each operand; None if of one it needs two things at once."""
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


def _part(quantity: Quantity, part: Part, column: int) -> Quantity:
    """Take a column or a row; what is the same for all neurons stays whole."""
    name, value, shape, _ = quantity
    if part == "all" or value.ndim == 0 or value.shape[part == "column"] == 1:
        return quantity
    if part == "row":
        mine = value[[column]]
        return Quantity(_called(name, f"←{column + 1}"), _kept(mine), mine.shape)
    mine = value[:, [column]]
    if len(shape) == 1:  # a neuron's entry of a vector is a number
        mine = mine.reshape(())
    return Quantity(_called(name, f",{column + 1}"), _kept(mine), (*shape[:-1],))


def _called(name: Name, which: str) -> Name:
    """Name a part, or what an optimizer remembers of it."""
    if name.of is not None:
        return replace(name, of=_called(name.of, which))
    return replace(name, index=(name.index + which).lstrip(","))


def _kept(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    array.flags.writeable = False
    return array
