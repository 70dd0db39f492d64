"""Notations: mathematics in Unicode, LaTeX and MathML, and the printer of formulas in them."""

import ast
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter

from barenet._expressions import Expression, operation, unsupported
from barenet.insight.explain._document import SYMBOLS, Name
from barenet.insight.explain._number_format import Numbers, digits
from barenet.insight.explain._text_block import TextBlock

#: Characters of a line of numbers.
ROOM = 76

#: As wide as a digit, and not collapsed at the ends of a number.
FIGURE_SPACE = "\N{FIGURE SPACE}"


@dataclass(frozen=True, eq=False, kw_only=True)
class Notation:
    """The symbols of a notation."""

    #: A template for each kind of expression and each sign, such as ``"{} / {}"`` for a quotient.
    templates: Mapping[str, str]
    #: Symbols of functions that are not printed by their names.
    functions: Mapping[str, str]
    #: The name of any other function.
    other_function: str = "{}"
    name: Callable[[Name], str]
    number: Callable[[str], str]
    #: How a number, in a matrix or alone, and the cells of a matrix are printed.
    entry: Callable[[str], str]
    cells: Callable[[list[list[str]]], TextBlock]
    #: Exponents that are characters; all others are printed by the template of a power.
    superscripts: Mapping[str, str] = field(default_factory=dict)
    #: How strongly an operation with a template binds, and how strongly its operands must.
    operations: Mapping[str, tuple[int, tuple[int, ...]]]

    def fill(self, kind: str, *parts: TextBlock | str) -> TextBlock:
        """Fill a template."""
        first, *others = self.templates[kind].split("{}")
        return TextBlock.of(first, *chain.from_iterable(zip(parts, others, strict=True)))

    def matrix(self, numbers: Numbers) -> TextBlock:
        """Write a matrix or a single number."""
        if numbers.value.ndim == 0:
            return TextBlock.of(self.entry(digits(*numbers)))
        return self.cells(numbers.cells())

    def matrices(self, numbers: Numbers) -> list[str]:
        """Write a matrix, a wide one in blocks of columns."""
        blocks = ((label, self.matrix(part)) for label, part in numbers.split(ROOM))
        return [
            str(self.fill("columns", block, label) if label else block) for label, block in blocks
        ]


def mathml_number(text: str) -> str:
    """Write a number with its power of ten.

    Examples
    --------
    >>> mathml_number("-0.25")
    '<mn>−0.25</mn>'
    """
    digits, _, exponent = text.partition("e")
    shown = f"<mn>{digits}</mn>"
    if exponent:
        power = f"<msup><mn>10</mn><mn>{int(exponent)}</mn></msup>"
        shown = power if digits == "1" else f"<mrow>{shown}<mo>·</mo>{power}</mrow>"
    return shown.replace("-", "−")


def latex_number(text: str) -> str:
    """Write a number with its power of ten.

    Examples
    --------
    >>> print(latex_number("1e-08"), latex_number("2.5e+20"))
    10^{-8} 2.5 \\cdot 10^{20}
    """
    digits, _, exponent = text.partition("e")
    if not exponent:
        return digits
    factor = "" if digits == "1" else rf"{digits} \cdot "
    return f"{factor}10^{{{int(exponent)}}}"


def _unicode_matrix(cells: list[list[str]]) -> TextBlock:
    lines = tuple(map("  ".join, cells))
    return TextBlock(lines, (len(lines) - 1) // 2).between("[", "]")


def _latex_matrix(cells: list[list[str]]) -> TextBlock:
    rows = (" & ".join(latex_number(word.strip()) for word in row) for row in cells)
    return TextBlock.of(r"\begin{bmatrix} ", r" \\ ".join(rows), r" \end{bmatrix}")


def _mathml_matrix(cells: list[list[str]]) -> TextBlock:
    """Write numbers; the style draws the brackets, which not every font makes high enough."""
    rows = ("".join(f"<mtd>{mathml_number(word)}</mtd>" for word in row) for row in cells)
    inner = "".join(f"<mtr>{row.replace(' ', FIGURE_SPACE)}</mtr>" for row in rows)
    return TextBlock.of(f"<mtable class='matrix'>{inner}</mtable>")


#: How strongly the parts of a formula bind, from the weakest.
CHOICE, SUM, PRODUCT, POWER, ATOM = range(5)

_OPERATIONS: dict[str, tuple[int, tuple[int, ...]]] = {
    "Add": (SUM, (SUM, SUM)),
    "Sub": (SUM, (SUM, PRODUCT)),
    "USub": (SUM, (PRODUCT,)),
    "Div": (PRODUCT, (PRODUCT, POWER)),
    "Pow": (POWER, (ATOM, CHOICE)),
    **dict.fromkeys(("Lt", "LtE", "Gt", "GtE"), (CHOICE, (SUM, SUM))),
    "sqrt": (POWER, (ATOM,)),
    "total": (PRODUCT, (PRODUCT,)),
}

#: Operations that are drawn around their operands, which need no brackets.
_DRAWN: dict[str, tuple[int, tuple[int, ...]]] = {
    "Div": (ATOM, (CHOICE, CHOICE)),
    "exp": (POWER, (CHOICE,)),
    "sqrt": (POWER, (CHOICE,)),
}

UNICODE = Notation(
    templates={kind: row[0] for kind, row in SYMBOLS["templates"].items()},
    functions={name: row[0] for name, row in SYMBOLS["functions"].items()},
    name=attrgetter("text"),
    number=lambda digits: digits.replace("-", "−"),
    entry=str,
    cells=_unicode_matrix,
    superscripts=dict(zip("0123456789t", "⁰¹²³⁴⁵⁶⁷⁸⁹ᵗ", strict=True)),
    operations=_OPERATIONS,
)

LATEX = Notation(
    templates={kind: row[1] for kind, row in SYMBOLS["templates"].items()},
    functions={name: row[1] for name, row in SYMBOLS["functions"].items()},
    other_function=r"\operatorname{{{}}}",
    name=attrgetter("latex"),
    number=latex_number,
    entry=latex_number,
    cells=_latex_matrix,
    operations=_OPERATIONS | _DRAWN,
)

MATHML = Notation(
    templates={kind: row[2] for kind, row in SYMBOLS["templates"].items()},
    functions=UNICODE.functions,
    name=attrgetter("mathml"),
    number=mathml_number,
    entry=mathml_number,
    cells=_mathml_matrix,
    operations=_OPERATIONS | _DRAWN,
)


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
            case ast.IfExp():
                return CHOICE, self.notation.fill("cases", self._cases(node))
        name, operands = operation(node)
        if name in ("Mult", "MatMult", "times_ln"):
            return PRODUCT, self._product(name, *operands)
        if name not in self.notation.operations or (name == "exp" and self.numeric):
            return self._call(node, name, operands)
        level, needed = self.notation.operations[name]
        parts = list(map(self._show, operands, needed))
        if name == "Pow" and set(text := str(parts[1])) <= self.notation.superscripts.keys():
            parts[1:] = [TextBlock.of(self.notation.superscripts[letter]) for letter in text]
            return level, TextBlock.of(*parts)
        return level, self.notation.fill(name, *parts)

    def _product(self, name: str, left: ast.expr, right: ast.expr) -> TextBlock:
        """Print a product of matrices, of entries or with a number."""
        if name == "times_ln":
            right = ast.Call(ast.Name("ln"), [right], [])
        both = self._is_array(left) and self._is_array(right)
        sign = "⊙" if both and name != "MatMult" else "product"
        if not both and (self.numeric or isinstance(right, ast.Constant)):
            sign = "·"
        return self.notation.fill(sign, self._show(left, PRODUCT), self._show(right, POWER))

    def _call(self, node: ast.expr, name: str, operands: list[ast.expr]) -> tuple[int, TextBlock]:
        """Print a function, or a sum or a mean along an axis."""
        if not isinstance(node, ast.Call):
            raise unsupported(node)
        kind, _, over = name.partition("_")
        if kind == "over":
            return PRODUCT, self.notation.fill("sum", over, self._show(operands[0], PRODUCT))
        inner, *others = (self._show(operand, CHOICE) for operand in operands)
        if over:
            return ATOM, self.notation.fill("reduction", kind, over, self._brackets(inner))
        if name == "abs":
            return ATOM, self._brackets(inner, "||")
        for each in others:
            inner = self.notation.fill(",", inner, each)
        symbol = self.notation.functions.get(name, self.notation.other_function.format(name))
        bare = name in ("ln", "tanh") and isinstance(operands[0], ast.Name)
        if bare and len(inner.lines) == 1:
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
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return name != "total" and any(map(self._is_array, arguments))
            case ast.Name(id=name):
                return name not in self.scalars
        children = ast.iter_child_nodes(node)
        return any(self._is_array(child) for child in children if isinstance(child, ast.expr))
