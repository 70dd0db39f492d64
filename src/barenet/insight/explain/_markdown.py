"""An explanation in Markdown, with formulas in LaTeX as GitHub and notebooks show them."""

import re
from collections.abc import Iterator

from barenet.insight.explain._equation_block import EquationBlock
from barenet.insight.explain._notations import LATEX, ROOM, latex_number
from barenet.insight.explain._page import Page

#: Signs before a line of an equation; without one, a line continues a wide matrix.
SIGNS = {"=": "=", "←": r"\leftarrow", "": r"\quad"}


def write_markdown(page: Page) -> str:
    """Write an explanation in Markdown."""
    return "\n\n".join(filter(None, _paragraphs(page))) + "\n"


def _paragraphs(page: Page) -> Iterator[str]:
    yield f"# {_escape(page.title)}"
    yield from map(_escape, (*page.paragraphs, page.hint))
    for section in page.sections:
        yield f"## {section.number}. {_escape(section.title)}"
        yield _escape(section.text)
        for block in section.given:
            yield from _quantity(block)
        for block in section.equations:
            yield from _equation(block)
        yield _escape(section.alike_text)
    yield _escape(page.verdict)


def _quantity(block: EquationBlock) -> Iterator[str]:
    name, shape = block.quantity.name.latex, _beside(block.shapes)
    if block.is_large:
        yield _display(name + shape)
        yield from map(_escape, block.summary(ROOM))
    else:
        first, *others = LATEX.matrices(block.numbers)
        yield _aligned([f"{name} &= {first}{shape}", *(f"&\\quad {each}" for each in others)])
    yield _escape(str(block.quantity.note or ""))


def _equation(block: EquationBlock) -> Iterator[str]:
    rows = [f"&{SIGNS[sign]} {line}" for sign, line in block.lines(LATEX)] or [""]
    rows[0] = f"{block.quantity.name.latex} {rows[0]}{_beside(block.shapes)}"
    yield _aligned(rows)
    if block.is_large:
        yield from map(_escape, block.summary(ROOM))
    elif block.differences is not None:
        numeric = "$, $".join(LATEX.matrices(block.differences))
        yield f"Finite differences ${numeric}$, error at most ${latex_number(block.max_error)}$."


def _beside(shape: str) -> str:
    """Write a shape beside a formula."""
    return rf" \qquad \text{{{shape}}}" if shape else ""


def _aligned(rows: list[str]) -> str:
    """Set lines with their signs below each other."""
    return _display(r"\begin{aligned}" + "\n" + " \\\\\n".join(rows) + "\n" + r"\end{aligned}")


def _display(formula: str) -> str:
    """Set a formula on lines of its own."""
    return f"$$\n{formula}\n$$"


def _escape(text: str) -> str:
    """Escape the characters that Markdown gives a meaning."""
    return re.sub(r"([\\`*_\[\]<>$#|])", r"\\\1", text)
