"""Formulas in MathML, which every browser of today shows by itself, offline and without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from barenet.insight.explain.printer import Printer

__all__ = ["MathPrinter"]

_FUNCTIONS = {"sigmoid": "σ", "normal": "Φ", "density": "φ"}


class MathPrinter(Printer[str]):
    """Shows formulas as the inside of a ``<math>`` element."""

    def join(self, *parts: str) -> str:
        return "".join(parts)

    def number(self, value: float) -> str:
        if value == 0.5:
            return "<mfrac displaystyle='false'><mn>1</mn><mn>2</mn></mfrac>"
        return math_number(f"{value:g}")

    def operator(self, sign: str) -> str:
        if not sign:
            return "<mspace width='0.17em'/>"
        return sign_of("−", "form='prefix'") if sign == "negative" else sign_of(sign)

    def brackets(self, inner: str, kind: str = "()") -> str:
        left, right = sign_of(kind[0], "form='prefix'"), sign_of(kind[1], "form='postfix'")
        return f"<mrow>{left}{inner}{right}</mrow>"

    def fraction(self, above: str, below: str) -> str:
        return f"<mfrac>{row(above)}{row(below)}</mfrac>"

    def power(self, base: str, exponent: str) -> str:
        return f"<msup>{row(base)}{row(exponent)}</msup>"

    def transpose(self, inner: str) -> str:
        return f"<msup>{row(inner)}<mo>⊤</mo></msup>"

    def root(self, inner: str) -> str:
        return f"<msqrt>{inner}</msqrt>"

    def exponential(self, exponent: str) -> str:
        return f"<msup><mi>e</mi>{row(exponent)}</msup>"

    def function(self, name: str, inner: str, bare: bool) -> str:
        called = f"<mi>{_FUNCTIONS.get(name, name)}</mi>"
        gap = "<mspace width='0.17em'/>" if bare else ""
        return f"<mrow>{called}{gap}{inner if bare else self.brackets(inner)}</mrow>"

    def reduction(self, name: str, over: str, inner: str) -> str:
        words = f"<mtext>{over}</mtext>"
        if name == "sum":
            sign = "<mo largeop='true'>∑</mo>"
            return (f"<munder>{sign}{words}</munder>" if over else sign) + row(inner)
        return f"<mrow><msub><mi>{name}</mi>{words}</msub>{self.brackets(inner)}</mrow>"

    def cases(self, cases: Sequence[tuple[str, str | None]]) -> str:
        rows = (
            f"<mtr><mtd>{value}</mtd><mtd class='left'>"
            + (
                "<mtext>else</mtext>"
                if condition is None
                else f"<mtext>if&#160;</mtext>{condition}"
            )
            + "</mtd></mtr>"
            for value, condition in cases
        )
        return f"<mrow>{sign_of('{', LEFT)}<mtable class='cases'>{''.join(rows)}</mtable></mrow>"


#: Makes a bracket one that opens, and as high as what follows.
LEFT = "form='prefix' stretchy='true'"


def row(inner: str) -> str:
    """Make one element of several."""
    return f"<mrow>{inner}</mrow>"


def sign_of(sign: str, attributes: str = "") -> str:
    """Write an operator."""
    return f"<mo {attributes}>{escape(sign)}</mo>" if attributes else f"<mo>{escape(sign)}</mo>"


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
