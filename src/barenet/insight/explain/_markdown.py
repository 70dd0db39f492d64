"""An explanation in Markdown, with formulas in LaTeX as GitHub and notebooks show them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from operator import attrgetter

from barenet.insight.explain._content_blocks import (
    Block,
    EquationBlock,
    Folded,
    Given,
    Paragraph,
    QuantityBlock,
    Section,
    Title,
)
from barenet.insight.explain._latex import LatexPrinter, latex_number
from barenet.insight.explain._number_format import Numbers, digits
from barenet.insight.explain._typesetting import ROOM, Notation

__all__ = ["write_markdown"]

#: Signs before a line of an equation; without one, a line continues a wide matrix.
SIGNS = {"=": "=", "←": r"\leftarrow", "": r"\quad"}


def write_markdown(blocks: Sequence[Block]) -> str:
    """Write an explanation in Markdown."""
    return "\n\n".join(_paragraphs(blocks)) + "\n"


def _paragraphs(blocks: Sequence[Block]) -> Iterator[str]:
    number = 0
    for block in blocks:
        match block:
            case Title(text):
                yield f"# {_escape(text)}"
            case Paragraph(text):
                yield _escape(text)
            case Section(title=title, blocks=parts):
                number += 1
                yield f"## {number}. {_escape(title)}"
                for part in parts:
                    yield from _part(part)


def _part(block: Paragraph | Given | EquationBlock | Folded) -> Iterator[str]:
    match block:
        case Paragraph(text) | Folded(text):
            yield _escape(text)
        case Given(quantities):
            for each in quantities:
                yield from _quantity(each)
        case EquationBlock():
            yield from _equation(block)


def _quantity(block: QuantityBlock) -> Iterator[str]:
    name, shape = block.quantity.name.latex, _beside(block.shapes)
    if block.is_large:
        yield _display(name + shape)
        yield from map(_escape, block.summary(ROOM))
    else:
        first, *others = NOTATION.matrices(block.numbers)
        yield _aligned([f"{name} &= {first}{shape}", *(f"&\\quad {each}" for each in others)])
    if block.quantity.note:
        yield _escape(str(block.quantity.note))


def _equation(block: EquationBlock) -> Iterator[str]:
    rows = [f"&{SIGNS[sign]} {line}" for sign, line in NOTATION.lines(block)] or [""]
    rows[0] = f"{block.quantity.name.latex} {rows[0]}{_beside(block.shapes)}"
    yield _aligned(rows)
    if block.is_large:
        yield from map(_escape, block.summary(ROOM))
    elif block.differences is not None:
        numeric = "$, $".join(NOTATION.matrices(block.differences))
        yield f"Finite differences ${numeric}$, error at most ${latex_number(block.max_error)}$."


def _beside(shape: str) -> str:
    """Write a shape beside a formula."""
    return rf" \qquad \text{{{shape}}}" if shape else ""


def _matrix(numbers: Numbers) -> str:
    """Write numbers in brackets."""
    value, precision = numbers
    if value.ndim == 0:
        return latex_number(digits(value, precision))
    rows = (" & ".join(latex_number(digits(entry, precision)) for entry in row) for row in value)
    lines = " \\\\ ".join(rows)
    return rf"\begin{{bmatrix}} {lines} \end{{bmatrix}}"


def _labelled(matrix: str, label: str) -> str:
    return rf"{matrix} \quad \text{{{label}}}"


def _aligned(rows: list[str]) -> str:
    """Set lines with their signs below each other."""
    return _display(r"\begin{aligned}" + "\n" + " \\\\\n".join(rows) + "\n" + r"\end{aligned}")


def _display(formula: str) -> str:
    """Set a formula on lines of its own."""
    return f"$$\n{formula}\n$$"


def _escape(text: str) -> str:
    """Escape the characters that Markdown gives a meaning."""
    return re.sub(r"([\\`*_\[\]<>$#|])", r"\\\1", text)


NOTATION = Notation(LatexPrinter, attrgetter("latex"), _matrix, _labelled)
