"""Formulas in LaTeX, for Markdown and whatever else is typeset with it."""

from __future__ import annotations

from collections.abc import Sequence

from barenet.insight.explain.printer import Printer

__all__ = ["LatexPrinter"]

_FUNCTIONS = {
    "ln": r"\ln",
    "max": r"\max",
    "tanh": r"\tanh",
    "sigmoid": r"\sigma",
    "normal": r"\Phi",
    "density": r"\varphi",
}
_SIGNS = {
    "": r"\,",
    "negative": "-",
    "−": "-",
    "⊙": r" \odot ",
    "·": r" \cdot ",
    "≤": r" \le ",
    "<": r" \lt ",  # as < may be taken for HTML
    ">": r" \gt ",
    ",": ", ",
}


class LatexPrinter(Printer[str]):
    """Shows formulas as the source of LaTeX's mathematics."""

    def join(self, *parts: str) -> str:
        return "".join(parts)

    def number(self, value: float) -> str:
        return r"\tfrac{1}{2}" if value == 0.5 else latex_number(f"{value:g}")

    def operator(self, sign: str) -> str:
        return _SIGNS.get(sign, f" {sign} ")

    def brackets(self, inner: str, kind: str = "()") -> str:
        if kind == "||":
            return rf"\lvert {inner} \rvert"
        return rf"\left{kind[0]}{inner}\right{kind[1]}"

    def fraction(self, above: str, below: str) -> str:
        return rf"\frac{{{above}}}{{{below}}}"

    def power(self, base: str, exponent: str) -> str:
        return f"{{{base}}}^{{{exponent}}}"

    def transpose(self, inner: str) -> str:
        return rf"{{{inner}}}^\top"

    def root(self, inner: str) -> str:
        return rf"\sqrt{{{inner}}}"

    def exponential(self, exponent: str) -> str:
        return f"e^{{{exponent}}}"

    def function(self, name: str, inner: str, bare: bool) -> str:
        called = _FUNCTIONS.get(name, rf"\operatorname{{{name}}}")
        return rf"{called} {inner}" if bare else rf"{called}\left({inner}\right)"

    def reduction(self, name: str, over: str, inner: str) -> str:
        below = rf"_{{\text{{{over}}}}}" if over else ""
        if name == "sum":
            return rf"\sum{below} {inner}"
        return rf"\operatorname{{{name}}}{below}\left({inner}\right)"

    def cases(self, cases: Sequence[tuple[str, str | None]]) -> str:
        rows = (
            rf"{value} & \text{{{'else' if condition is None else 'if '}}}{condition or ''}"
            for value, condition in cases
        )
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"


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
