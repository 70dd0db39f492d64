"""Notations: mathematics in Unicode, LaTeX and MathML, and the printer of formulas in them."""

import ast
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import NamedTuple

from barenet._expressions import Expression, operation, unsupported
from barenet.insight.explain._document import SYMBOLS, Name
from barenet.insight.explain._number_format import Numbers, digits
from barenet.insight.explain._text_block import TextBlock

#: Maximum number of characters in a line of numbers.
LINE_WIDTH = 76


#: The precedence of the parts of a formula, from the lowest.
CHOICE, SUM, PRODUCT, POWER, ATOM = range(5)


class Operation(NamedTuple):
    """The precedence of an operation with a template, and the lowest ones of its operands."""

    precedence: int
    operands: tuple[int, ...]


Operations = Mapping[str, Operation]

_OPERATIONS: Operations = {
    "Add": Operation(SUM, (SUM, SUM)),
    "Sub": Operation(SUM, (SUM, PRODUCT)),
    "USub": Operation(SUM, (PRODUCT,)),
    "Div": Operation(PRODUCT, (PRODUCT, POWER)),
    "Pow": Operation(POWER, (ATOM, CHOICE)),
    "Lt": Operation(CHOICE, (SUM, SUM)),
    "LtE": Operation(CHOICE, (SUM, SUM)),
    "Gt": Operation(CHOICE, (SUM, SUM)),
    "GtE": Operation(CHOICE, (SUM, SUM)),
    "sqrt": Operation(POWER, (ATOM,)),
    "total": Operation(PRODUCT, (PRODUCT,)),
    "abs": Operation(ATOM, (CHOICE,)),
}

#: The same for notations that draw some operations around their operands, without brackets.
_DRAWN: Operations = {
    **_OPERATIONS,
    "Div": Operation(ATOM, (CHOICE, CHOICE)),
    "exp": Operation(POWER, (CHOICE,)),
    "sqrt": Operation(POWER, (CHOICE,)),
}


class Notation:
    """A typeset notation, given by a column of the tables of symbols."""

    def __init__(self, column: int, operations: Operations = _DRAWN, exponents: str = "") -> None:
        self.column = column
        self.operations = operations
        #: A template for each kind of expression and each sign, such as ``"{} / {}"``.
        self.templates: dict[str, str] = {}
        for name, row in SYMBOLS["templates"].items():
            self.templates[name] = row[column]
        #: Symbols of functions that are not printed by their names.
        self.functions: dict[str, str] = {}
        for name, row in SYMBOLS["functions"].items():
            self.functions[name] = row[column]
        #: Exponents that are characters; all others are printed by the template of a power.
        self.superscripts = dict(zip("0123456789t", exponents, strict=False))

    def name(self, name: Name) -> str:
        """Write the name of a quantity.

        Examples
        --------
        >>> print(LATEX.name(Name("W", "1", d=True)))
        \\mathrm{d}W_{1}
        >>> print(MATHML.name(Name("m", of=Name("W", "2"))))
        <msub><mi>m</mi><msub><mi>W</mi><mn>2</mn></msub></msub>
        """
        shown: TextBlock | str = name.letters[self.column]
        if name.of:
            shown = self.fill("subscript", shown, self.name(name.of))
        elif name.index:
            shown = self.fill("subscript", shown, self.fill("index", name.index))
        if name.d:
            shown = self.fill("d", shown)
        return str(shown)

    def number(self, text: str) -> str:
        """Write a number with its power of ten.

        Examples
        --------
        >>> print(LATEX.number("1e-08"), LATEX.number("2.5e+20"), MATHML.number("-0.25"))
        10^{-8} 2.5 \\cdot 10^{20} <mn>−0.25</mn>
        """
        digits, _, exponent = text.partition("e")
        shown = self.fill("number", digits)
        if exponent:
            power = self.fill("power of ten", str(int(exponent)))
            shown = power if digits == "1" else self.fill("times power", shown, power)
        return str(shown).replace("-", self.templates["minus"])

    def entry(self, text: str) -> str:
        """Write a number of a matrix, or a single number."""
        return self.number(text.replace(" ", self.templates["space"]))

    def cells(self, cells: list[list[str]]) -> TextBlock:
        """Write the numbers of a matrix; brackets of MathML are drawn by the style."""
        rows = []
        for row in cells:
            entries = [self.entry(text) for text in row]
            rows.append(self.templates["next column"].join(entries))
        return self.fill("matrix", self.templates["next row"].join(rows))

    def fill(self, template: str, *parts: TextBlock | str) -> TextBlock:
        """Fill a template, given by its name."""
        first, *texts = self.templates[template].split("{}")
        blocks: list[TextBlock | str] = [first]
        for part, text in zip(parts, texts, strict=True):
            blocks += [part, text]
        return TextBlock.of(*blocks)

    def matrix(self, numbers: Numbers) -> TextBlock:
        """Write a matrix or a single number."""
        if numbers.value.ndim == 0:
            number = digits(numbers.value, numbers.precision)
            return TextBlock.of(self.entry(number))
        return self.cells(numbers.cells())

    def matrices(self, numbers: Numbers) -> list[str]:
        """Write a matrix; a wide one is split into blocks of columns."""
        blocks = []
        for label, part in numbers.split(LINE_WIDTH):
            block = self.matrix(part)
            if label:
                block = self.fill("columns", block, label)
            blocks.append(str(block))
        return blocks


class TextNotation(Notation):
    """Text in Unicode, with matrices of several lines."""

    def name(self, name: Name) -> str:
        """Write the name of a quantity."""
        return name.text

    def number(self, text: str) -> str:
        """Write a number in a formula."""
        return text.replace("-", self.templates["minus"])

    def entry(self, text: str) -> str:
        """Write a number of a matrix, or a single number."""
        return text

    def cells(self, cells: list[list[str]]) -> TextBlock:
        """Write the numbers of a matrix in brackets."""
        lines = tuple("  ".join(row) for row in cells)
        return self.fill("matrix", TextBlock(lines, (len(lines) - 1) // 2))


UNICODE = TextNotation(0, _OPERATIONS, "⁰¹²³⁴⁵⁶⁷⁸⁹ᵗ")
LATEX = Notation(1)
MATHML = Notation(2)


@dataclass(frozen=True, eq=False)
class Printer:
    """Prints formulas in a notation; a formula of LaTeX or MathML is a block of one line."""

    notation: Notation
    #: The letter or the matrix of each operand.
    operands: Mapping[str, TextBlock | str]
    #: Operands that are single numbers.
    scalars: Set[str] = frozenset()
    #: Whether the operands are matrices of numbers.
    numeric: bool = False

    def show(self, formula: Expression) -> TextBlock:
        """Print a formula."""
        return self._show(formula.tree, CHOICE)

    def _show(self, node: ast.expr, needed: int) -> TextBlock:
        """Print a part, in brackets if it binds too weakly."""
        level, shown = self._part(node)
        return self.notation.fill("()", shown) if level < needed else shown

    def _part(self, node: ast.expr) -> tuple[int, TextBlock]:
        """Print a part, and return how strongly it binds."""
        match node:
            case ast.Constant(value=0.5):
                return ATOM, self.notation.fill("½")
            case ast.Constant(value=value):
                number = float(str(value))
                text = self.notation.number(f"{number:g}")
                return ATOM, TextBlock.of(text)
            case ast.Name(id=name):
                return ATOM, TextBlock.of(self.operands[name])
            case ast.Attribute(value=ast.Name(id=name)) if self.numeric:
                return ATOM, TextBlock.of(self.operands[f"{name}.T"])
            case ast.Attribute(value=inner):
                return POWER, self.notation.fill("transpose", self._show(inner, ATOM))
            case ast.IfExp():
                return CHOICE, self.notation.fill("cases", self._cases(node))
        name, operands = operation(node)
        if name in ("Mult", "MatMult", "times_ln"):
            return PRODUCT, self._product(name, *operands)
        if name not in self.notation.operations or (name == "exp" and self.numeric):
            return self._call(node, name, operands)
        level, lowest_levels = self.notation.operations[name]
        parts = []
        for operand, lowest in zip(operands, lowest_levels, strict=False):
            parts.append(self._show(operand, lowest))
        if name == "Pow":
            exponent = str(parts[1])
            superscripts = self.notation.superscripts
            if set(exponent) <= superscripts.keys():
                letters = [superscripts[letter] for letter in exponent]
                return level, TextBlock.of(parts[0], *letters)
        return level, self.notation.fill(name, *parts)

    def _product(self, name: str, left: ast.expr, right: ast.expr) -> TextBlock:
        """Print a product of matrices, of entries or with a number."""
        if name == "times_ln":
            right = ast.Call(ast.Name("ln"), [right], [])
        both = self._is_array(left) and self._is_array(right)
        sign = "product"
        if both:
            if name != "MatMult":
                sign = "⊙"
        elif self.numeric or isinstance(right, ast.Constant):
            sign = "·"
        left_factor = self._show(left, PRODUCT)
        right_factor = self._show(right, POWER)
        return self.notation.fill(sign, left_factor, right_factor)

    def _call(self, node: ast.expr, name: str, operands: list[ast.expr]) -> tuple[int, TextBlock]:
        """Print a function, or a sum or a mean along an axis."""
        if not isinstance(node, ast.Call):
            raise unsupported(node)
        function, _, axis = name.partition("_")
        if function == "over":
            summand = self._show(operands[0], PRODUCT)
            return PRODUCT, self.notation.fill("sum", axis, summand)
        inner, *arguments = [self._show(operand, CHOICE) for operand in operands]
        if axis:
            return ATOM, self.notation.fill("reduction", function, axis, inner)
        for argument in arguments:
            inner = self.notation.fill(",", inner, argument)
        symbol: TextBlock | str | None = self.notation.functions.get(name)
        if symbol is None:
            symbol = self.notation.fill("other function", name)
        is_bare = name in ("ln", "tanh") and isinstance(operands[0], ast.Name)
        if is_bare and len(inner.lines) == 1:
            return POWER, self.notation.fill("bare function", symbol, inner)
        return POWER, self.notation.fill("function", symbol, inner)

    def _cases(self, node: ast.expr) -> TextBlock:
        """Print "a if c else b if d else e" as a list of cases."""
        if not isinstance(node, ast.IfExp):
            return self.notation.fill("else", self._show(node, SUM))
        value = self._show(node.body, SUM)
        condition = self._show(node.test, CHOICE)
        return self.notation.fill("case", value, condition, self._cases(node.orelse))

    def _is_array(self, node: ast.expr) -> bool:
        """Return whether a part is a matrix, not a single number."""
        match node:
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return name != "total" and any(self._is_array(part) for part in arguments)
            case ast.Name(id=name):
                return name not in self.scalars
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr) and self._is_array(child):
                return True
        return False
