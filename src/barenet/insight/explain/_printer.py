"""Printer: a formula in a notation, with brackets where they are needed.

A notation is a table of templates, such as ``"{} / {}"`` for a quotient.
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Set
from itertools import chain
from typing import ClassVar, Generic, TypeVar

from barenet._expressions import Expression, unsupported

__all__ = ["Printer", "StringPrinter"]

T = TypeVar("T")

#: How strongly the parts of a formula bind, from the weakest.
CHOICE, SUM, PRODUCT, POWER, ATOM = range(5)

_RELATIONS = {ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">"}


class Printer(ABC, Generic[T]):
    """Prints formulas in a notation, as values of a type T."""

    #: The notation of each kind of expression and of each sign.
    templates: ClassVar[Mapping[str, str]]
    #: Symbols of functions that are not printed by their names.
    functions: ClassVar[Mapping[str, str]]
    #: The name of any other function.
    other_function: ClassVar[str] = "{}"
    #: Whether fractions and roots are drawn, so that their parts need no brackets.
    two_dimensional: ClassVar[bool] = True

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
        """Print a formula."""
        return self._show(formula.tree, CHOICE)

    @abstractmethod
    def text(self, text: str) -> T:
        """Print characters as they are."""

    @abstractmethod
    def join(self, *parts: T) -> T:
        """Put parts side by side."""

    @abstractmethod
    def number(self, digits: str) -> str:
        """Write a number that is a part of the formula."""

    def write(self, kind: str, *parts: T) -> T:
        """Fill a template."""
        first, *others = map(self.text, self.templates[kind].split("{}"))
        return self.join(first, *chain.from_iterable(zip(parts, others, strict=True)))

    def brackets(self, inner: T, kind: str = "()") -> T:
        """Put a part in brackets, or between bars."""
        return self.write(kind, inner)

    def power(self, base: T, exponent: T) -> T:
        """Print a power."""
        return self.write("power", base, exponent)

    def function(self, name: str, inner: T, *, bare: bool) -> T:
        """Print a function, a bare one without brackets."""
        called = self.text(self.functions.get(name, self.other_function.format(name)))
        return self.write("bare function" if bare else "function", called, inner)

    def _show(self, node: ast.expr, needed: int) -> T:
        """Print a part, in brackets if it binds too weakly."""
        level, shown = self._part(node)
        return self.brackets(shown) if level < needed else shown

    def _part(self, node: ast.expr) -> tuple[int, T]:
        """Print a part, and return how strongly it binds."""
        match node:
            case ast.Constant(value=value):
                number = float(str(value))
                half = number == 0.5
                return ATOM, self.write("½") if half else self.text(self.number(f"{number:g}"))
            case ast.Name(id=name):
                return CHOICE if name in self.negative else ATOM, self.leaf(name)
            case ast.Attribute(value=ast.Name(id=name)) if self.numeric:
                return ATOM, self.leaf(f"{name}.T")
            case ast.Attribute(value=inner):
                return POWER, self.write("transpose", self._show(inner, ATOM))
            case ast.UnaryOp(operand=inner):
                return SUM, self.write("negative", self._show(inner, PRODUCT))
            case ast.BinOp(left=left, op=op, right=right):
                return self._operation(left, op, right)
            case ast.Compare(left=left, ops=[relation], comparators=[right]):
                sign = _RELATIONS[type(relation)]
                return CHOICE, self.write(sign, self._show(left, SUM), self._show(right, SUM))
            case ast.IfExp():
                return CHOICE, self.write("cases", self._cases(node))
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._call(name, arguments)
        raise unsupported(node)

    def _operation(self, left: ast.expr, op: ast.operator, right: ast.expr) -> tuple[int, T]:
        """Print a sum, a product, a quotient or a power."""
        match op:
            case ast.Add():
                return SUM, self.write("+", self._show(left, SUM), self._show(right, SUM))
            case ast.Sub():
                return SUM, self.write("−", self._show(left, SUM), self._show(right, PRODUCT))
            case ast.Div():
                levels = (CHOICE, CHOICE) if self.two_dimensional else (PRODUCT, POWER)
                above, below = self._show(left, levels[0]), self._show(right, levels[1])
                return ATOM if self.two_dimensional else PRODUCT, self.write(
                    "fraction", above, below
                )
            case ast.Pow():
                return POWER, self.power(self._show(left, ATOM), self._show(right, CHOICE))
        both = self._is_array(left) and self._is_array(right)
        sign = "⊙" if both and isinstance(op, ast.Mult) else "product"
        if not both and (self.numeric or isinstance(right, ast.Constant)):
            sign = "·"
        return PRODUCT, self.write(sign, self._show(left, PRODUCT), self._show(right, POWER))

    def _call(self, name: str, arguments: list[ast.expr]) -> tuple[int, T]:
        """Print a function, a sum or a mean."""
        kind, _, over = name.partition("_")
        first = arguments[0]
        if name == "total":
            return PRODUCT, self.write("total", self._show(first, PRODUCT))
        if kind == "over":
            return PRODUCT, self.write("sum", self.text(over), self._show(first, PRODUCT))
        if kind == "mean" and over:
            inner = self.brackets(self._show(first, CHOICE))
            return ATOM, self.write("mean", self.text(over), inner)
        if name == "times_ln":
            return self._operation(first, ast.Mult(), ast.Call(ast.Name("ln"), arguments[1:], []))
        shown = [self._show(argument, CHOICE) for argument in arguments]
        simple = isinstance(first, ast.Name)
        if name == "exp" and "exponential" in self.templates and not self.numeric:
            return POWER, self.write("exponential", shown[0])
        if name == "sqrt":
            atom = self.two_dimensional or simple or isinstance(first, ast.Constant)
            return POWER, self.write("root", shown[0] if atom else self.brackets(shown[0]))
        if name == "abs":
            return ATOM, self.brackets(shown[0], "||")
        inner = shown[0]
        for each in shown[1:]:
            inner = self.write(",", inner, each)
        bare = len(shown) == 1 and name in ("ln", "tanh") and simple
        return POWER, self.function(name, inner if bare else self.brackets(inner), bare=bare)

    def _cases(self, node: ast.expr) -> T:
        """Print "a if c else b if d else e" as a list of cases."""
        if not isinstance(node, ast.IfExp):
            return self.write("else", self._show(node, SUM))
        value, condition = self._show(node.body, SUM), self._show(node.test, CHOICE)
        return self.write("case", value, condition, self._cases(node.orelse))

    def _is_array(self, node: ast.expr) -> bool:
        """Whether a part is a matrix, not a single number."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "total":
                return False
            return any(map(self._is_array, node.args))
        if isinstance(node, ast.Name):
            return node.id not in self.scalars
        children = ast.iter_child_nodes(node)
        return any(self._is_array(child) for child in children if isinstance(child, ast.expr))


class StringPrinter(Printer[str]):
    """Prints formulas as markup."""

    def text(self, text: str) -> str:
        return text

    def join(self, *parts: str) -> str:
        return "".join(parts)
