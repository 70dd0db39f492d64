"""Formula: mathematics written once, to be shown in any notation, and to be evaluated.

It is written as Python would compute it, ``"X @ W + b"``. So what a reader is shown can be tested:
evaluated on the numbers beside it, it gives the result beside it.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Formula"]

_OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.MatMult: operator.matmul,
    ast.Pow: operator.pow,
}

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
}


@dataclass(frozen=True, eq=False)
class Formula:
    """An expression of arrays that are matrices, all with the samples along the same axis.

    Attributes
    ----------
    tree : ast.expr
        What is computed. ``*``, ``/`` and functions work entry by entry, ``@`` is the product of
        matrices, ``.T`` the transpose; ``a if c else b`` chooses entry by entry. ``over_samples``
        and ``over_outputs`` are sums, ``mean_samples`` and ``mean_outputs`` means; ``total`` is the
        sum of all entries.
    samples_axis : int, default=0
        0 if samples are rows, 1 if they are columns.

    Examples
    --------
    >>> import numpy as np
    >>> rows = Formula.parse("X @ W + b")
    >>> X, W, b = np.array([[1.0, 2.0]]), np.array([[1.0], [10.0]]), np.array([[0.5]])
    >>> rows.evaluate({"X": X, "W": W, "b": b})
    array([[21.5]])
    >>> ast.unparse(rows.transposed().tree)
    'W @ X + b'
    """

    tree: ast.expr
    samples_axis: int = 0

    @classmethod
    def parse(cls, text: str, **numbers: float) -> Formula:
        """Read a formula."""
        tree = ast.parse(text, mode="eval").body
        return cls(_Numbers(numbers).visit(tree))

    def transposed(self) -> Formula:
        """Write the same with samples along the other axis, for operands that are transposed."""
        turned = _Turned().visit(ast.parse(ast.unparse(self.tree), mode="eval").body)
        return Formula(turned, 1 - self.samples_axis)

    @cached_property
    def names(self) -> frozenset[str]:
        """What it is made of; the names of functions aside."""
        nodes = list(ast.walk(self.tree))
        called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
        return frozenset(
            node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in called
        )

    @property
    def has_product(self) -> bool:
        """Whether there is a product of matrices in it."""
        return any(isinstance(node, ast.MatMult) for node in ast.walk(self.tree))

    def evaluate(self, values: Mapping[str, Any]) -> NDArray[Any]:
        """Compute it."""
        return np.asarray(self._value(self.tree, values))

    def _value(self, node: ast.expr, values: Mapping[str, Any]) -> Any:
        """Compute a part of it."""
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return values[name]
            case ast.Attribute(value=inner):
                return self._value(inner, values).T
            case ast.UnaryOp(operand=inner):
                return -self._value(inner, values)
            case ast.BinOp(left=left, op=op, right=right):
                return _OPERATIONS[type(op)](self._value(left, values), self._value(right, values))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return _COMPARISONS[type(op)](self._value(left, values), self._value(right, values))
            case ast.IfExp(test=test, body=body, orelse=other):
                return np.where(*(self._value(part, values) for part in (test, body, other)))
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._function(name)(*(self._value(part, values) for part in arguments))
        raise ValueError(f"formula: {ast.unparse(node)} is more than it can hold")

    def _function(self, name: str) -> Callable[..., Any]:
        """Find a function; for sums and means it depends on where the samples are."""
        if name in _FUNCTIONS:
            return _FUNCTIONS[name]
        kind, _, axis = name.partition("_")
        along = self.samples_axis if axis == "samples" else 1 - self.samples_axis
        reduce: Any = {"over": np.sum, "mean": np.mean}[kind]
        return lambda array: reduce(array, axis=along, keepdims=True)


class _Numbers(ast.NodeTransformer):
    """Writes numbers in place of names, and leaves out what they make superfluous."""

    def __init__(self, numbers: Mapping[str, float]) -> None:
        self.numbers = numbers

    def visit_Name(self, node: ast.Name) -> ast.expr:
        number = self.numbers.get(node.id)
        return node if number is None else ast.Constant(number)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left, right = self.visit(node.left), self.visit(node.right)
        ends = [end.value if isinstance(end, ast.Constant) else None for end in (left, right)]
        if None not in ends:
            return ast.Constant(_OPERATIONS[type(node.op)](*ends))
        if isinstance(node.op, ast.Mult) and ends[0] == 1:
            return right
        if isinstance(node.op, ast.Div | ast.Mult) and ends[0] == 0:
            return ast.Constant(0)
        if isinstance(node.op, ast.Add) and ends[1] == 0:
            return left
        if isinstance(node.op, ast.Div) and ends[1] == 1:
            return left
        return ast.BinOp(left, node.op, right)


class _Turned(ast.NodeTransformer):
    """Turns every product of matrices round."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left, right = self.visit(node.left), self.visit(node.right)
        product = isinstance(node.op, ast.MatMult)
        return ast.BinOp(right, node.op, left) if product else ast.BinOp(left, node.op, right)


def _times_ln(factor: Any, x: Any) -> Any:
    """Compute factor · ln x, with 0 · ln 0 = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(factor == 0, 0.0, factor * np.log(x))


def _normal(x: Any) -> Any:
    """Compute the normal distribution function."""
    from scipy.special import ndtr

    return ndtr(x)


def _density(x: Any) -> Any:
    """Compute the normal distribution's density."""
    return np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def _sigmoid(x: Any) -> Any:
    """Compute 1 / (1 + e⁻ˣ)."""
    return 1 / (1 + np.exp(-x))


#: What a formula may call, besides sums and means along an axis.
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "clip": np.clip,
    "density": _density,
    "exp": np.exp,
    "ln": np.log,
    "max": np.maximum,
    "normal": _normal,
    "sigmoid": _sigmoid,
    "sign": np.sign,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "times_ln": _times_ln,
    "total": np.sum,
}
