"""Formulas for a terminal: letters, signs and numbers of Unicode, in boxes where they are high."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import ClassVar

from barenet.expressions import Expression
from barenet.insight.explain.printer import Printer
from barenet.insight.explain.text_block import TextBlock

__all__ = ["UnicodePrinter", "unicode_formula"]

_SUPERSCRIPTS = dict(zip("0123456789t", "⁰¹²³⁴⁵⁶⁷⁸⁹ᵗ", strict=True))


class UnicodePrinter(Printer[TextBlock]):
    """Shows formulas in text."""

    set_apart: ClassVar[bool] = False

    def join(self, *parts: TextBlock) -> TextBlock:
        return parts[0].beside(*parts[1:])

    def number(self, value: float) -> TextBlock:
        return TextBlock.of("½" if value == 0.5 else f"{value:g}".replace("-", "−"))

    def operator(self, sign: str) -> TextBlock:
        spaced = {"": " ", "negative": "−", ",": ", "}
        return TextBlock.of(spaced.get(sign, f" {sign} "))

    def brackets(self, inner: TextBlock, kind: str = "()") -> TextBlock:
        return inner.between(kind[0], kind[1])

    def fraction(self, above: TextBlock, below: TextBlock) -> TextBlock:
        return above.beside(TextBlock.of(" / "), below)

    def power(self, base: TextBlock, exponent: TextBlock) -> TextBlock:
        text = str(exponent)
        raised = "".join(_SUPERSCRIPTS.get(letter, "") for letter in text)
        return base.beside(TextBlock.of(raised if len(raised) == len(text) else f"^{text}"))

    def transpose(self, inner: TextBlock) -> TextBlock:
        return inner.beside(TextBlock.of("ᵀ"))

    def root(self, inner: TextBlock) -> TextBlock:
        return TextBlock.of("√").beside(inner)

    def exponential(self, exponent: TextBlock) -> TextBlock:
        return TextBlock.of("exp").beside(exponent.between("(", ")"))

    def function(self, name: str, inner: TextBlock, bare: bool) -> TextBlock:
        called = {"sigmoid": "σ", "normal": "Φ", "density": "φ"}.get(name, name)
        if bare and len(inner.lines) == 1:
            return TextBlock.of(f"{called} ").beside(inner)
        return TextBlock.of(called).beside(inner.between("(", ")"))

    def reduction(self, name: str, over: str, inner: TextBlock) -> TextBlock:
        below = f"_{over}" if over else ""
        if name == "sum":
            return TextBlock.of(f"Σ{below} ").beside(inner)
        return TextBlock.of(f"{name}{below}").beside(inner.between("(", ")"))

    def cases(self, cases: Sequence[tuple[TextBlock, TextBlock | None]]) -> TextBlock:
        parts: list[TextBlock] = []
        for value, condition in cases:
            if condition is None:
                parts += [TextBlock.of("else "), value]
            else:
                parts += [value, TextBlock.of(" if "), condition, TextBlock.of(", ")]
        return self.join(*parts)


def unicode_formula(formula: Expression, letters: Mapping[str, str], scalars: Set[str]) -> str:
    """Write a formula in one line, each operand by its letters."""
    blocks = {name: TextBlock.of(text) for name, text in letters.items()}
    return str(UnicodePrinter(blocks.__getitem__, scalars).show(formula))
