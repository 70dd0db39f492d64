"""Printer: a formula in a notation, with brackets where they are needed."""

import ast
from collections.abc import Mapping, Set
from dataclasses import dataclass

from barenet._expressions import Expression, unsupported
from barenet.insight.explain._document import Equation
from barenet.insight.explain._notations import Notation
from barenet.insight.explain._text_block import TextBlock

#: How strongly the parts of a formula bind, from the weakest.
CHOICE, SUM, PRODUCT, POWER, ATOM = range(5)

#: Signs of the operations between equals, and how strongly their two sides must bind.
_SIGNS: dict[type, tuple[str, int, int]] = {
    ast.Add: ("+", SUM, SUM),
    ast.Sub: ("−", SUM, PRODUCT),
    ast.Lt: ("<", SUM, SUM),
    ast.LtE: ("≤", SUM, SUM),
    ast.Gt: (">", SUM, SUM),
}


def print_formula(notation: Notation, equation: Equation) -> str | None:
    """Print the formula of an equation in letters."""
    if equation.formula is None:
        return None
    names = {letter: notation.name(each.name) for letter, each in equation.operands.items()}
    return str(Printer(notation, names, equation.scalars).show(equation.formula))


@dataclass(frozen=True, eq=False)
class Printer:
    """Prints formulas in a notation; a formula of LaTeX or MathML is a block of one line."""

    notation: Notation
    #: The letter or the matrix of each operand.
    operands: Mapping[str, TextBlock | str]
    #: Operands that are single numbers, and those of them that are below 0.
    scalars: Set[str] = frozenset()
    negative: Set[str] = frozenset()
    #: Whether the operands are matrices of numbers.
    numeric: bool = False

    def show(self, formula: Expression) -> TextBlock:
        """Print a formula."""
        return self._show(formula.tree, CHOICE)

    def _brackets(self, inner: TextBlock, kind: str = "()") -> TextBlock:
        """Put a part in brackets, or between bars."""
        return inner.between(*self.notation.templates[kind].split("{}"))

    def _show(self, node: ast.expr, needed: int) -> TextBlock:
        """Print a part, in brackets if it binds too weakly."""
        level, shown = self._part(node)
        return self._brackets(shown) if level < needed else shown

    def _part(self, node: ast.expr) -> tuple[int, TextBlock]:
        """Print a part, and return how strongly it binds."""
        match node:
            case ast.Constant(value=0.5):
                return ATOM, self.notation.fill("½")
            case ast.Constant(value=value):
                return ATOM, TextBlock.of(self.notation.number(f"{float(str(value)):g}"))
            case ast.Name(id=name):
                level = CHOICE if name in self.negative else ATOM
                return level, TextBlock.of(self.operands[name])
            case ast.Attribute(value=ast.Name(id=name)) if self.numeric:
                return ATOM, TextBlock.of(self.operands[f"{name}.T"])
            case ast.Attribute(value=inner):
                return POWER, self.notation.fill("transpose", self._show(inner, ATOM))
            case ast.UnaryOp(operand=inner):
                return SUM, self.notation.fill("negative", self._show(inner, PRODUCT))
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
                return SUM, self._signed(left, op, right)
            case ast.BinOp(left=left, op=op, right=right):
                return self._product(left, op, right)
            case ast.Compare(left=left, ops=[relation], comparators=[right]):
                return CHOICE, self._signed(left, relation, right)
            case ast.IfExp():
                return CHOICE, self.notation.fill("cases", self._cases(node))
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._call(name, arguments)
        raise unsupported(node)

    def _signed(self, left: ast.expr, op: ast.AST, right: ast.expr) -> TextBlock:
        """Print a sum, a difference or a comparison."""
        sign, *needed = _SIGNS[type(op)]
        return self.notation.fill(sign, self._show(left, needed[0]), self._show(right, needed[1]))

    def _product(self, left: ast.expr, op: ast.operator, right: ast.expr) -> tuple[int, TextBlock]:
        """Print a product, a quotient or a power."""
        if isinstance(op, ast.Pow):
            base, exponent = self._show(left, ATOM), self._show(right, CHOICE)
            if set(text := str(exponent)) <= self.notation.superscripts.keys():
                raised = "".join(map(self.notation.superscripts.__getitem__, text))
                return POWER, TextBlock.of(base, raised)
            return POWER, self.notation.fill("power", base, exponent)
        if isinstance(op, ast.Div):
            drawn = self.notation.two_dimensional
            above, below = (CHOICE, CHOICE) if drawn else (PRODUCT, POWER)
            parts = self._show(left, above), self._show(right, below)
            return ATOM if drawn else PRODUCT, self.notation.fill("fraction", *parts)
        both = self._is_array(left) and self._is_array(right)
        sign = "⊙" if both and isinstance(op, ast.Mult) else "product"
        if not both and (self.numeric or isinstance(right, ast.Constant)):
            sign = "·"
        return PRODUCT, self.notation.fill(
            sign, self._show(left, PRODUCT), self._show(right, POWER)
        )

    def _call(self, name: str, arguments: list[ast.expr]) -> tuple[int, TextBlock]:
        """Print a function, a sum or a mean."""
        kind, _, over = name.partition("_")
        first = arguments[0]
        simple = isinstance(first, ast.Name)
        if name == "times_ln":
            return self._product(first, ast.Mult(), ast.Call(ast.Name("ln"), arguments[1:], []))
        if name == "total":
            return PRODUCT, self.notation.fill("total", self._show(first, PRODUCT))
        if kind == "over":
            return PRODUCT, self.notation.fill("sum", over, self._show(first, PRODUCT))
        inner, *others = (self._show(argument, CHOICE) for argument in arguments)
        if kind == "mean" and over:
            return ATOM, self.notation.fill("mean", over, self._brackets(inner))
        if name == "exp" and self.notation.two_dimensional and not self.numeric:
            return POWER, self.notation.fill("exponential", inner)
        if name == "sqrt":
            atom = self.notation.two_dimensional or simple or isinstance(first, ast.Constant)
            return POWER, self.notation.fill("root", inner if atom else self._brackets(inner))
        if name == "abs":
            return ATOM, self._brackets(inner, "||")
        for each in others:
            inner = self.notation.fill(",", inner, each)
        symbol = self.notation.functions.get(name, self.notation.other_function.format(name))
        if name in ("ln", "tanh") and simple and len(inner.lines) == 1:
            return POWER, self.notation.fill("bare function", symbol, inner)
        return POWER, self.notation.fill("function", symbol, self._brackets(inner))

    def _cases(self, node: ast.expr) -> TextBlock:
        """Print "a if c else b if d else e" as a list of cases."""
        if not isinstance(node, ast.IfExp):
            return self.notation.fill("else", self._show(node, SUM))
        value, condition = self._show(node.body, SUM), self._show(node.test, CHOICE)
        return self.notation.fill("case", value, condition, self._cases(node.orelse))

    def _is_array(self, node: ast.expr) -> bool:
        """Whether a part is a matrix, not a single number."""
        match node:
            case ast.Call(func=ast.Name(id="total")):
                return False
            case ast.Call(args=arguments):
                return any(map(self._is_array, arguments))
            case ast.Name(id=name):
                return name not in self.scalars
        children = ast.iter_child_nodes(node)
        return any(self._is_array(child) for child in children if isinstance(child, ast.expr))
