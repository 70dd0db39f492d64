"""Notations: mathematics in Unicode, LaTeX and MathML, as tables for the printer of formulas."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from itertools import chain
from operator import attrgetter

from barenet.insight.explain._document import Name
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
    matrix: Callable[[Numbers], TextBlock]
    #: Exponents that are characters; all others are printed by the template of a power.
    superscripts: Mapping[str, str] = field(default_factory=dict)
    #: Whether fractions and roots are drawn, so that their parts need no brackets.
    two_dimensional: bool = True

    def fill(self, kind: str, *parts: TextBlock | str) -> TextBlock:
        """Fill a template."""
        first, *others = self.templates[kind].split("{}")
        return TextBlock.of(first, *chain.from_iterable(zip(parts, others, strict=True)))

    def matrices(self, numbers: Numbers) -> list[str]:
        """Write a matrix, a wide one in blocks of columns."""
        blocks = ((label, self.matrix(part)) for label, part in numbers.split(ROOM))
        return [
            str(self.fill("columns", block, label) if label else block) for label, block in blocks
        ]


def operator(sign: str) -> str:
    """Write an operator in MathML."""
    return f"<mo>{escape(sign)}</mo>"


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


def _unicode_matrix(numbers: Numbers) -> TextBlock:
    if numbers.value.ndim == 0:
        return TextBlock.of(digits(*numbers))
    return TextBlock.table(numbers.cells()).between("[", "]")


def _latex_matrix(numbers: Numbers) -> TextBlock:
    if numbers.value.ndim == 0:
        return TextBlock.of(latex_number(digits(*numbers)))
    rows = (" & ".join(latex_number(word.strip()) for word in row) for row in numbers.cells())
    return TextBlock.of(r"\begin{bmatrix} ", r" \\ ".join(rows), r" \end{bmatrix}")


def _mathml_matrix(numbers: Numbers) -> TextBlock:
    """Write numbers; the style draws the brackets, which not every font makes high enough."""
    if numbers.value.ndim == 0:
        return TextBlock.of(mathml_number(digits(*numbers)))
    rows = (
        "".join(f"<mtd>{mathml_number(word)}</mtd>" for word in row)
        for row in numbers.cells(FIGURE_SPACE)
    )
    inner = "".join(f"<mtr>{row}</mtr>" for row in rows)
    return TextBlock.of(f"<mtable class='matrix'>{inner}</mtable>")


def _mathml_brackets(left: str, right: str) -> str:
    return f"<mrow><mo form='prefix'>{left}</mo>{{}}<mo form='postfix'>{right}</mo></mrow>"


#: The templates of Unicode, LaTeX and MathML for each kind of expression.
_TEMPLATES = {
    "½": ("½", r"\tfrac{1}{2}", "<mfrac displaystyle='false'><mn>1</mn><mn>2</mn></mfrac>"),
    "negative": ("−{}", "-{}", "<mo form='prefix'>−</mo>{}"),
    "+": ("{} + {}", "{} + {}", "{}<mo>+</mo>{}"),
    "−": ("{} − {}", "{}-{}", "{}<mo>−</mo>{}"),
    "product": ("{} {}", r"{}\,{}", "{}<mspace width='0.17em'/>{}"),
    "⊙": ("{} ⊙ {}", r"{} \odot {}", "{}<mo>⊙</mo>{}"),
    "·": ("{} · {}", r"{} \cdot {}", "{}<mo>·</mo>{}"),
    ",": ("{}, {}", "{}, {}", "{}<mo>,</mo>{}"),
    "<": ("{} < {}", r"{} \lt {}", "{}<mo>&lt;</mo>{}"),
    "≤": ("{} ≤ {}", r"{} \le {}", "{}<mo>≤</mo>{}"),
    ">": ("{} > {}", r"{} \gt {}", "{}<mo>&gt;</mo>{}"),
    "()": ("({})", r"\left({}\right)", _mathml_brackets("(", ")")),
    "||": ("|{}|", r"\lvert {} \rvert", _mathml_brackets("|", "|")),
    "fraction": ("{} / {}", r"\frac{{}}{{}}", "<mfrac><mrow>{}</mrow><mrow>{}</mrow></mfrac>"),
    "power": ("{}^{}", "{{}}^{{}}", "<msup><mrow>{}</mrow><mrow>{}</mrow></msup>"),
    "transpose": ("{}ᵀ", r"{{}}^\top", "<msup><mrow>{}</mrow><mo>⊤</mo></msup>"),
    "root": ("√{}", r"\sqrt{{}}", "<msqrt>{}</msqrt>"),
    "exponential": ("exp({})", "e^{{}}", "<msup><mi>e</mi><mrow>{}</mrow></msup>"),
    "function": ("{}{}", "{}{}", "<mrow><mi>{}</mi>{}</mrow>"),
    "bare function": ("{} {}", "{} {}", "<mrow><mi>{}</mi><mspace width='0.17em'/>{}</mrow>"),
    "total": ("Σ {}", r"\sum {}", "<mo largeop='true'>∑</mo><mrow>{}</mrow>"),
    "sum": (
        "Σ_{} {}",
        r"\sum_{\text{{}}} {}",
        "<munder><mo largeop='true'>∑</mo><mtext>{}</mtext></munder><mrow>{}</mrow>",
    ),
    "mean": (
        "mean_{}{}",
        r"\operatorname{mean}_{\text{{}}}{}",
        "<mrow><msub><mi>mean</mi><mtext>{}</mtext></msub>{}</mrow>",
    ),
    "cases": (
        "{}",
        r"\begin{cases} {} \end{cases}",
        "<mrow><mo form='prefix' stretchy='true'>{</mo><mtable class='cases'>{}</mtable></mrow>",
    ),
    "case": (
        "{} if {}, {}",
        r"{} & \text{if }{} \\ {}",
        "<mtr><mtd>{}</mtd><mtd class='left'><mtext>if&#160;</mtext>{}</mtd></mtr>{}",
    ),
    "else": (
        "else {}",
        r"{} & \text{else}",
        "<mtr><mtd>{}</mtd><mtd class='left'><mtext>else</mtext></mtd></mtr>",
    ),
    "columns": (
        "{} {}",
        r"{} \quad \text{{}}",
        "{}<mspace width='1em'/><mtext class='columns'>{}</mtext>",
    ),
}

UNICODE = Notation(
    templates={kind: row[0] for kind, row in _TEMPLATES.items()},
    functions={"sigmoid": "σ", "normal": "Φ", "density": "φ"},
    name=attrgetter("text"),
    number=lambda digits: digits.replace("-", "−"),
    matrix=_unicode_matrix,
    superscripts=dict(zip("0123456789t", "⁰¹²³⁴⁵⁶⁷⁸⁹ᵗ", strict=True)),
    two_dimensional=False,
)

LATEX = Notation(
    templates={kind: row[1] for kind, row in _TEMPLATES.items()},
    functions={
        **{name: f"\\{name}" for name in ("ln", "max", "tanh")},
        "density": r"\varphi",
        "normal": r"\Phi",
        "sigmoid": r"\sigma",
    },
    other_function=r"\operatorname{{{}}}",
    name=attrgetter("latex"),
    number=latex_number,
    matrix=_latex_matrix,
)

MATHML = Notation(
    templates={kind: row[2] for kind, row in _TEMPLATES.items()},
    functions=UNICODE.functions,
    name=attrgetter("mathml"),
    number=mathml_number,
    matrix=_mathml_matrix,
)
