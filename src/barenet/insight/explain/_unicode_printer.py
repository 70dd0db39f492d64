"""Formulas for a terminal: Unicode letters, signs and numbers, in blocks where they are high."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import ClassVar

from barenet._expressions import Expression
from barenet.insight.explain._printer import Printer
from barenet.insight.explain._text_block import TextBlock

__all__ = ["UnicodePrinter", "unicode_formula"]

_SUPERSCRIPTS = dict(zip("0123456789t", "⁰¹²³⁴⁵⁶⁷⁸⁹ᵗ", strict=True))


class UnicodePrinter(Printer[TextBlock]):
    """Prints formulas as text."""

    two_dimensional = False
    templates: ClassVar[Mapping[str, str]] = {
        "½": "½",
        "negative": "−{}",
        **{sign: f"{{}} {sign} {{}}" for sign in "+−⊙·<≤>"},
        ",": "{}, {}",
        "product": "{} {}",
        "fraction": "{} / {}",
        "transpose": "{}ᵀ",
        "root": "√{}",
        "function": "{}{}",
        "bare function": "{} {}",
        "total": "Σ {}",
        "sum": "Σ_{} {}",
        "mean": "mean_{}{}",
        "cases": "{}",
        "case": "{} if {}, {}",
        "else": "else {}",
    }
    functions: ClassVar[Mapping[str, str]] = {"sigmoid": "σ", "normal": "Φ", "density": "φ"}

    def text(self, text: str) -> TextBlock:
        return TextBlock.of(text)

    def join(self, *parts: TextBlock) -> TextBlock:
        return parts[0].beside(*parts[1:])

    def number(self, digits: str) -> str:
        return digits.replace("-", "−")

    def brackets(self, inner: TextBlock, kind: str = "()") -> TextBlock:
        return inner.between(*kind)

    def power(self, base: TextBlock, exponent: TextBlock) -> TextBlock:
        text = str(exponent)
        raised = "".join(_SUPERSCRIPTS.get(letter, "") for letter in text)
        return base.beside(TextBlock.of(raised if len(raised) == len(text) else f"^{text}"))

    def function(self, name: str, inner: TextBlock, *, bare: bool) -> TextBlock:
        if bare and len(inner.lines) > 1:
            bare, inner = False, self.brackets(inner)
        return super().function(name, inner, bare=bare)


def unicode_formula(formula: Expression, letters: Mapping[str, str], scalars: Set[str]) -> str:
    """Write a formula in one line, each operand by its letters."""
    blocks = {name: TextBlock.of(text) for name, text in letters.items()}
    return str(UnicodePrinter(blocks.__getitem__, scalars).show(formula))
