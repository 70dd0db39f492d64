"""Formulas in LaTeX."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from barenet.insight.explain._printer import StringPrinter

__all__ = ["LatexPrinter", "latex_number"]


class LatexPrinter(StringPrinter):
    """Prints formulas in LaTeX."""

    templates: ClassVar[Mapping[str, str]] = {
        "½": r"\tfrac{1}{2}",
        "negative": "-{}",
        "+": "{} + {}",
        "−": "{}-{}",
        "product": r"{}\,{}",
        "⊙": r"{} \odot {}",
        "·": r"{} \cdot {}",
        ",": "{}, {}",
        "<": r"{} \lt {}",  # as < may be taken for HTML
        "≤": r"{} \le {}",
        ">": r"{} \gt {}",
        "()": r"\left({}\right)",
        "||": r"\lvert {} \rvert",
        "fraction": r"\frac{{}}{{}}",
        "power": "{{}}^{{}}",
        "transpose": r"{{}}^\top",
        "root": r"\sqrt{{}}",
        "exponential": "e^{{}}",
        "function": "{}{}",
        "bare function": "{} {}",
        "total": r"\sum {}",
        "sum": r"\sum_{\text{{}}} {}",
        "mean": r"\operatorname{mean}_{\text{{}}}{}",
        "cases": r"\begin{cases} {} \end{cases}",
        "case": r"{} & \text{if }{} \\ {}",
        "else": r"{} & \text{else}",
    }
    functions: ClassVar[Mapping[str, str]] = {
        "density": r"\varphi",
        "ln": r"\ln",
        "max": r"\max",
        "normal": r"\Phi",
        "sigmoid": r"\sigma",
        "tanh": r"\tanh",
    }

    other_function = r"\operatorname{{{}}}"

    def number(self, digits: str) -> str:
        return latex_number(digits)


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
