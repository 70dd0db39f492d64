"""Formulas in MathML, which browsers show offline and without scripts."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import ClassVar

from barenet.insight.explain._printer import StringPrinter

__all__ = ["MathPrinter", "math_number", "operator"]


def operator(sign: str) -> str:
    """Write an operator."""
    return f"<mo>{escape(sign)}</mo>"


def math_number(text: str) -> str:
    """Write a number with its power of ten.

    Examples
    --------
    >>> math_number("-0.25")
    '<mn>−0.25</mn>'
    """
    digits, _, exponent = text.replace("-", "−").partition("e")
    shown = f"<mn>{digits}</mn>"
    if not exponent:
        return shown
    ten = int(exponent.replace("−", "-"))
    power = f"<msup><mn>10</mn><mn>{ten}</mn></msup>".replace("-", "−")
    return power if digits == "1" else f"<mrow>{shown}<mo>·</mo>{power}</mrow>"


def _brackets(left: str, right: str) -> str:
    return f"<mrow><mo form='prefix'>{left}</mo>{{}}<mo form='postfix'>{right}</mo></mrow>"


class MathPrinter(StringPrinter):
    """Prints formulas as the content of a ``<math>`` element."""

    templates: ClassVar[Mapping[str, str]] = {
        "½": "<mfrac displaystyle='false'><mn>1</mn><mn>2</mn></mfrac>",
        "negative": "<mo form='prefix'>−</mo>{}",
        **{sign: f"{{}}{operator(sign)}{{}}" for sign in "+−⊙·,<≤>"},
        "product": "{}<mspace width='0.17em'/>{}",
        "()": _brackets("(", ")"),
        "||": _brackets("|", "|"),
        "fraction": "<mfrac><mrow>{}</mrow><mrow>{}</mrow></mfrac>",
        "power": "<msup><mrow>{}</mrow><mrow>{}</mrow></msup>",
        "transpose": "<msup><mrow>{}</mrow><mo>⊤</mo></msup>",
        "root": "<msqrt>{}</msqrt>",
        "exponential": "<msup><mi>e</mi><mrow>{}</mrow></msup>",
        "function": "<mrow><mi>{}</mi>{}</mrow>",
        "bare function": "<mrow><mi>{}</mi><mspace width='0.17em'/>{}</mrow>",
        "total": "<mo largeop='true'>∑</mo><mrow>{}</mrow>",
        "sum": "<munder><mo largeop='true'>∑</mo><mtext>{}</mtext></munder><mrow>{}</mrow>",
        "mean": "<mrow><msub><mi>mean</mi><mtext>{}</mtext></msub>{}</mrow>",
        "cases": "<mrow><mo form='prefix' stretchy='true'>{</mo>"
        "<mtable class='cases'>{}</mtable></mrow>",
        "case": "<mtr><mtd>{}</mtd><mtd class='left'><mtext>if&#160;</mtext>{}</mtd></mtr>{}",
        "else": "<mtr><mtd>{}</mtd><mtd class='left'><mtext>else</mtext></mtd></mtr>",
    }
    functions: ClassVar[Mapping[str, str]] = {"sigmoid": "σ", "normal": "Φ", "density": "φ"}

    def number(self, digits: str) -> str:
        return math_number(digits)
