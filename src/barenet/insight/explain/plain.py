"""Formulas for a terminal: letters, signs and numbers of Unicode, in boxes where they are high."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from barenet.insight.explain.box import Box
from barenet.insight.explain.printer import Printer

__all__ = ["PlainPrinter"]

_SUPERSCRIPTS = dict(zip("0123456789t", "⁰¹²³⁴⁵⁶⁷⁸⁹ᵗ", strict=True))


class PlainPrinter(Printer[Box]):
    """Shows formulas in text."""

    set_apart: ClassVar[bool] = False

    def join(self, *parts: Box) -> Box:
        return parts[0].beside(*parts[1:])

    def number(self, value: float) -> Box:
        return Box.of("½" if value == 0.5 else f"{value:g}".replace("-", "−"))

    def operator(self, sign: str) -> Box:
        spaced = {"": " ", "negative": "−", ",": ", "}
        return Box.of(spaced.get(sign, f" {sign} "))

    def brackets(self, inner: Box, kind: str = "()") -> Box:
        return inner.between(kind[0], kind[1])

    def fraction(self, above: Box, below: Box) -> Box:
        return above.beside(Box.of(" / "), below)

    def power(self, base: Box, exponent: Box) -> Box:
        text = str(exponent)
        raised = "".join(_SUPERSCRIPTS.get(letter, "") for letter in text)
        return base.beside(Box.of(raised if len(raised) == len(text) else f"^{text}"))

    def transpose(self, inner: Box) -> Box:
        return inner.beside(Box.of("ᵀ"))

    def root(self, inner: Box) -> Box:
        return Box.of("√").beside(inner)

    def exponential(self, exponent: Box) -> Box:
        return Box.of("exp").beside(exponent.between("(", ")"))

    def function(self, name: str, inner: Box, bare: bool) -> Box:
        called = {"sigmoid": "σ", "normal": "Φ", "density": "φ"}.get(name, name)
        if bare and len(inner.lines) == 1:
            return Box.of(f"{called} ").beside(inner)
        return Box.of(called).beside(inner.between("(", ")"))

    def reduction(self, name: str, over: str, inner: Box) -> Box:
        below = f"_{over}" if over else ""
        if name == "sum":
            return Box.of(f"Σ{below} ").beside(inner)
        return Box.of(f"{name}{below}").beside(inner.between("(", ")"))

    def cases(self, cases: Sequence[tuple[Box, Box | None]]) -> Box:
        parts: list[Box] = []
        for value, condition in cases:
            if condition is None:
                parts += [Box.of("else "), value]
            else:
                parts += [value, Box.of(" if "), condition, Box.of(", ")]
        return self.join(*parts)
