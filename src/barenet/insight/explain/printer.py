"""Printer: goes through a formula, and puts brackets where they are needed.

How a fraction, a root or a sum looks is another matter in a terminal, in a browser and in LaTeX;
each has a printer of its own.
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence, Set
from typing import ClassVar, Generic, TypeVar

from barenet.expressions import Expression, unsupported

__all__ = ["Printer"]

T = TypeVar("T")

#: How strongly the parts of a formula hold together, from loosely to firmly.
CHOICE, SUM, PRODUCT, POWER, ATOM = range(5)

_RELATIONS = {ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">"}


class Printer(ABC, Generic[T]):
    """One way to show formulas; T is what it makes of them."""

    #: Whether a fraction or an exponent is set apart by its place, and needs no brackets.
    set_apart: ClassVar[bool] = True

    def __init__(
        self,
        leaf: Callable[[str], T],
        scalars: Set[str] = frozenset(),
        *,
        numeric: bool = False,
        negative: Set[str] = frozenset(),
    ) -> None:
        self.leaf, self.scalars, self.numeric, self.negative = leaf, scalars, numeric, negative

    def show(self, formula: Expression) -> T:
        """Show a formula."""
        return self._show(formula.tree, CHOICE)

    @abstractmethod
    def join(self, *parts: T) -> T:
        """Put parts side by side."""

    @abstractmethod
    def number(self, value: float) -> T:
        """Show a number that is part of the formula."""

    @abstractmethod
    def operator(self, sign: str) -> T:
        """Show a sign between two parts; "" where they stand side by side."""

    @abstractmethod
    def brackets(self, inner: T, kind: str = "()") -> T:
        """Put a part in brackets, or between two other signs."""

    @abstractmethod
    def fraction(self, above: T, below: T) -> T:
        """Show a quotient."""

    @abstractmethod
    def power(self, base: T, exponent: T) -> T:
        """Show a power."""

    @abstractmethod
    def transpose(self, inner: T) -> T:
        """Show a transposed matrix."""

    @abstractmethod
    def root(self, inner: T) -> T:
        """Show a square root."""

    @abstractmethod
    def exponential(self, exponent: T) -> T:
        """Show a power of e."""

    @abstractmethod
    def function(self, name: str, inner: T, bare: bool) -> T:
        """Show a function; `bare` if what it is of needs no brackets."""

    @abstractmethod
    def reduction(self, name: str, over: str, inner: T) -> T:
        """Show a sum or a mean, over samples, outputs, or all ("")."""

    @abstractmethod
    def cases(self, cases: Sequence[tuple[T, T | None]]) -> T:
        """Show values with their conditions; the last one's is "else"."""

    def _show(self, node: ast.expr, needed: int) -> T:
        """Show a part, in brackets if it holds together less than it needs to."""
        level, shown = self._part(node)
        return self.brackets(shown) if level < needed else shown

    def _part(self, node: ast.expr) -> tuple[int, T]:
        """Show a part, and tell how firmly it holds together."""
        match node:
            case ast.Constant(value=value):
                return ATOM, self.number(float(str(value)))
            case ast.Name(id=name):
                return CHOICE if name in self.negative else ATOM, self.leaf(name)
            case ast.Attribute(value=ast.Name(id=name)) if self.numeric:
                return ATOM, self.leaf(f"{name}.T")
            case ast.Attribute(value=inner):
                return POWER, self.transpose(self._show(inner, ATOM))
            case ast.UnaryOp(operand=inner):
                return SUM, self.join(self.operator("negative"), self._show(inner, PRODUCT))
            case ast.BinOp(left=left, op=op, right=right):
                return self._operation(left, op, right)
            case ast.Compare(left=left, ops=[relation], comparators=[right]):
                sign = self.operator(_RELATIONS[type(relation)])
                return CHOICE, self.join(self._show(left, SUM), sign, self._show(right, SUM))
            case ast.IfExp():
                return CHOICE, self.cases(self._cases(node))
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._call(name, arguments)
        raise unsupported(node)

    def _operation(self, left: ast.expr, op: ast.operator, right: ast.expr) -> tuple[int, T]:
        """Show a sum, a product, a quotient or a power."""
        match op:
            case ast.Add():
                parts = self._show(left, SUM), self.operator("+"), self._show(right, SUM)
                return SUM, self.join(*parts)
            case ast.Sub():
                parts = self._show(left, SUM), self.operator("−"), self._show(right, PRODUCT)
                return SUM, self.join(*parts)
            case ast.Div():
                levels = (CHOICE, CHOICE) if self.set_apart else (PRODUCT, POWER)
                above, below = self._show(left, levels[0]), self._show(right, levels[1])
                return ATOM if self.set_apart else PRODUCT, self.fraction(above, below)
            case ast.Pow():
                return POWER, self.power(self._show(left, ATOM), self._show(right, CHOICE))
        both = self._is_array(left) and self._is_array(right)
        sign = "⊙" if both and isinstance(op, ast.Mult) else ""
        if not both and (self.numeric or isinstance(right, ast.Constant)):
            sign = "·"
        parts = self._show(left, PRODUCT), self.operator(sign), self._show(right, POWER)
        return PRODUCT, self.join(*parts)

    def _call(self, name: str, arguments: list[ast.expr]) -> tuple[int, T]:
        """Show a function, a sum or a mean."""
        kind, _, over = name.partition("_")
        if kind in ("over", "total"):
            return PRODUCT, self.reduction("sum", over, self._show(arguments[0], PRODUCT))
        if kind == "mean" and over:
            return ATOM, self.reduction("mean", over, self._show(arguments[0], CHOICE))
        if name == "times_ln":
            return self._operation(
                arguments[0], ast.Mult(), ast.Call(ast.Name("ln"), arguments[1:], [])
            )
        shown = [self._show(argument, CHOICE) for argument in arguments]
        if name == "exp" and not self.numeric:
            return POWER, self.exponential(shown[0])
        if name == "sqrt":
            atom = self.set_apart or isinstance(arguments[0], ast.Name | ast.Constant)
            return POWER, self.root(shown[0] if atom else self.brackets(shown[0]))
        if name == "abs":
            return ATOM, self.brackets(shown[0], "||")
        comma = self.operator(",")
        inner = shown[0]
        for each in shown[1:]:
            inner = self.join(inner, comma, each)
        bare = len(shown) == 1 and name in ("ln", "tanh") and isinstance(arguments[0], ast.Name)
        return POWER, self.function(name, inner, bare)

    def _cases(self, node: ast.expr) -> list[tuple[T, T | None]]:
        """Flatten "a if c else b if d else e"."""
        if not isinstance(node, ast.IfExp):
            return [(self._show(node, SUM), None)]
        value, condition = self._show(node.body, SUM), self._show(node.test, CHOICE)
        return [(value, condition), *self._cases(node.orelse)]

    def _is_array(self, node: ast.expr) -> bool:
        """Tell matrices from single numbers."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "total":
                return False
            return any(map(self._is_array, node.args))
        if isinstance(node, ast.Name):
            return node.id not in self.scalars
        children = ast.iter_child_nodes(node)
        return any(self._is_array(child) for child in children if isinstance(child, ast.expr))
