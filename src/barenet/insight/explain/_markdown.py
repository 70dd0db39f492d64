"""An explanation in Markdown, with formulas in LaTeX as GitHub and notebooks show them."""

import re
from collections.abc import Iterator

from barenet.insight.explain._notations import LATEX, LINE_WIDTH
from barenet.insight.explain._page import EquationBlock, Page

#: Signs before a line of an equation; without one, a line continues a wide matrix.
SIGNS = {"=": "=", "←": r"\leftarrow", "": r"\quad"}


def write_markdown(page: Page) -> str:
    """Write an explanation in Markdown."""
    return "\n\n".join(filter(None, _paragraphs(page))) + "\n"


def _paragraphs(page: Page) -> Iterator[str]:
    yield f"# {_escape(page.title)}"
    yield from map(_escape, (page.sketch, *page.paragraphs, page.hint))
    for section in page.sections:
        yield f"## {section.number}. {_escape(section.step.title)}"
        yield _escape(section.text)
        for block in (*section.given, *section.equations):
            yield from _equation(block)
        yield _escape(section.alike_text)
    yield from map(_escape, (page.verdict, page.outcome))


def _equation(block: EquationBlock) -> Iterator[str]:
    rows = [f"&{SIGNS[sign]} {line}" for sign, line in block.lines(LATEX)]
    beside = rf" \qquad \text{{{block.shapes}}}" if block.shapes else ""
    first, *others = rows or [""]
    name = LATEX.name(block.quantity.name)
    shown = " \\\\\n".join([f"{name} {first}".rstrip() + beside, *others])
    shown = r"\begin{aligned}" + f"\n{shown}\n" + r"\end{aligned}" if rows else shown
    yield f"$$\n{shown}\n$$"
    if block.is_large:
        yield from map(_escape, block.summary(LINE_WIDTH))
    elif block.differences is not None:
        numeric = "$, $".join(LATEX.matrices(block.differences))
        yield f"Finite differences ${numeric}$, error at most ${LATEX.number(block.max_error)}$."
    yield _escape(str(block.quantity.note or ""))


def _escape(text: str) -> str:
    """Escape the characters that Markdown gives a meaning."""
    return re.sub(r"([\\`*_\[\]<>$#|])", r"\\\1", text)
