"""Expressions: formulas written once, to be evaluated and printed in any notation or language.

An expression is written as Python would compute it, ``"X @ W + b"``. `explain` prints it as
mathematics and the exports print it as code, and tests evaluate it beside the class that declares
it.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import math
import operator
from collections.abc import Callable, Container, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Functions in terms of simpler ones, for languages that lack them; x is the argument.
DEFINITIONS = {
    "density": f"exp(-0.5 * x * x) / {math.sqrt(2 * math.pi)!r}",
    "erfc": "1 - erf(x)",
    "expm1": "exp(x) - 1",
    "log1p": "ln(1 + x)",
    "normal": f"0.5 * erfc({-math.sqrt(0.5)!r} * x)",
    "sigmoid": "1 / (1 + exp(-x))",
    "softplus": "max(x, 0) + log1p(exp(-abs(x)))",
}


@dataclass(frozen=True, eq=False)
class Expression:
    """An expression of matrices that all have the samples along the same axis.

    ``*``, ``/`` and functions work entry by entry, ``@`` is the matrix product, ``.T`` the
    transpose; ``a if c else b`` chooses entry by entry. ``over_samples`` and ``over_outputs`` are
    sums along an axis, ``mean_samples`` and ``mean_outputs`` means, ``max_outputs`` the maximum;
    ``total`` is the sum of all entries.

    Examples
    --------
    >>> import numpy as np
    >>> rows = Expression.parse("X @ W + b")
    >>> X, W, b = np.array([[1.0, 2.0]]), np.array([[1.0], [10.0]]), np.array([[0.5]])
    >>> rows.evaluate({"X": X, "W": W, "b": b})
    array([[21.5]])
    >>> ast.unparse(rows.transposed().tree)
    'W @ X + b'
    """

    tree: ast.expr
    #: 0 if samples are rows, 1 if they are columns.
    samples_axis: int = 0

    @classmethod
    def parse(cls, text: str, **numbers: float) -> Expression:
        """Read an expression, with numbers in place of some names."""
        constants = {name: ast.Constant(number) for name, number in numbers.items()}
        return cls(_Simplified(constants).visit(_parse(text)))

    def transposed(self) -> Expression:
        """The same expression for transposed operands, with samples along the other axis."""
        return Expression(
            _Transposed().visit(_parse(ast.unparse(self.tree))), 1 - self.samples_axis
        )

    def expanded(self, known: Container[str]) -> Expression:
        """The same expression with the definitions of functions that are not known."""
        return Expression(_Expanded(known).visit(deepcopy(self.tree)), self.samples_axis)

    @cached_property
    def names(self) -> frozenset[str]:
        """The operands, without the functions."""
        nodes = list(ast.walk(self.tree))
        called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
        return frozenset(
            node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in called
        )

    @property
    def has_product(self) -> bool:
        """Whether there is a matrix product in it."""
        return any(isinstance(node, ast.MatMult) for node in ast.walk(self.tree))

    def evaluate(self, values: Mapping[str, Any]) -> NDArray[Any]:
        """Compute the value."""
        return np.asarray(self._value(self.tree, values))

    def _value(self, node: ast.expr, values: Mapping[str, Any]) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return values[name]
            case ast.Attribute(value=inner):
                return self._value(inner, values).T
        name, operands = operation(node)
        return self._function(name)(*(self._value(each, values) for each in operands))

    def _function(self, name: str) -> Callable[..., Any]:
        """Look up a function; reductions depend on the axis of the samples."""
        if name in _FUNCTIONS:
            return _FUNCTIONS[name]
        if name in DEFINITIONS:
            definition = Expression.parse(DEFINITIONS[name])
            return lambda x: definition.evaluate({"x": x})
        kind, _, axis = name.partition("_")
        along = self.samples_axis if axis == "samples" else 1 - self.samples_axis
        reduce: Any = {"over": np.sum, "mean": np.mean, "max": np.max}[kind]
        return lambda array: reduce(array, axis=along, keepdims=True)


def operation(node: ast.expr) -> tuple[str, list[ast.expr]]:
    """The name of the function or operator that a part of an expression applies, and its operands.

    An operator has the name of its class in the syntax tree, such as Add, and a choice is "where".
    """
    match node:
        case ast.UnaryOp(op=op, operand=inner):
            return type(op).__name__, [inner]
        case (
            ast.BinOp(left=left, op=op, right=right)
            | ast.Compare(left=left, ops=[op], comparators=[right])
        ):
            return type(op).__name__, [left, right]
        case ast.IfExp(test=test, body=body, orelse=other):
            return "where", [test, body, other]
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return name, arguments
    raise unsupported(node)


def declared(thing: object, attribute: str) -> Any:
    """Attribute of a class; None if a subclass has other methods, so that it may not be true."""
    for kind in type(thing).__mro__:
        if attribute in vars(kind):
            return vars(kind)[attribute]
        methods = (name for name, value in vars(kind).items() if inspect.isfunction(value))
        if any(not name.startswith("__") for name in methods):
            break
    return None


def unsupported(node: ast.expr) -> ValueError:
    """An error about a part that no expression may have."""
    return ValueError(f"expression: {ast.unparse(node)} is not supported")


def _parse(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


class _Substituted(ast.NodeTransformer):
    """Replaces names."""

    def __init__(self, nodes: Mapping[str, ast.expr]) -> None:
        self.nodes = nodes

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.nodes.get(node.id, node)


class _Simplified(_Substituted):
    """Replaces names by numbers, and removes what becomes superfluous."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left, right = self.visit(node.left), self.visit(node.right)
        ends = [end.value if isinstance(end, ast.Constant) else None for end in (left, right)]
        if None not in ends:
            return ast.Constant(_FUNCTIONS[type(node.op).__name__](*ends))
        if isinstance(node.op, ast.Mult) and ends[0] == 1:
            return right
        if isinstance(node.op, ast.Div | ast.Mult) and ends[0] == 0:
            return ast.Constant(0)
        if isinstance(node.op, ast.Add) and ends[1] == 0:
            return left
        if isinstance(node.op, ast.Div) and ends[1] == 1:
            return left
        return ast.BinOp(left, node.op, right)


class _Transposed(ast.NodeTransformer):
    """Swaps the operands of every matrix product."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left, right = self.visit(node.left), self.visit(node.right)
        product = isinstance(node.op, ast.MatMult)
        return ast.BinOp(right, node.op, left) if product else ast.BinOp(left, node.op, right)


class _Expanded(ast.NodeTransformer):
    """Replaces calls of functions by their definitions."""

    def __init__(self, known: Container[str]) -> None:
        self.known = known

    def visit_Call(self, node: ast.Call) -> ast.expr:
        node.args = [self.visit(argument) for argument in node.args]
        name = ast.unparse(node.func)
        if name in self.known or name not in DEFINITIONS:
            return node
        replace = _Substituted({"x": node.args[0]})
        body: ast.expr = replace.visit(self.visit(_parse(DEFINITIONS[name])))
        return body


def _times_ln(factor: Any, x: Any) -> Any:
    """Compute factor · ln x, with 0 · ln 0 = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(factor == 0, 0.0, factor * np.log(x))


def _special(name: str, x: Any) -> Any:
    """Function of SciPy, imported at the first call."""
    return getattr(importlib.import_module("scipy.special"), name)(x)


#: Operators and functions, besides reductions along an axis and those of `DEFINITIONS`.
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mult": operator.mul,
    "Div": operator.truediv,
    "MatMult": operator.matmul,
    "Pow": operator.pow,
    "Lt": operator.lt,
    "LtE": operator.le,
    "Gt": operator.gt,
    "USub": operator.neg,
    "abs": np.abs,
    "clip": np.clip,
    "erf": partial(_special, "erf"),
    "erfc": partial(_special, "erfc"),
    "exp": np.exp,
    "expm1": np.expm1,
    "ln": np.log,
    "log1p": np.log1p,
    "max": np.maximum,
    "min": np.minimum,
    "normal": partial(_special, "ndtr"),
    "sign": np.sign,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "times_ln": _times_ln,
    "total": np.sum,
    "where": np.where,
}
