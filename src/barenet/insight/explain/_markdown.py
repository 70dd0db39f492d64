"""An explanation in Markdown, with formulas in LaTeX as GitHub and notebooks show them."""

import re
from collections.abc import Iterator

from barenet.insight.explain._notations import LATEX, LINE_WIDTH
from barenet.insight.explain._page import EquationBlock, Page

#: Signs before a line of an equation; without one, a line continues a wide matrix.
SIGNS = {"=": "=", "←": r"\leftarrow", "": r"\quad"}


def write_markdown(page: Page) -> str:
    """Write an explanation in Markdown."""
    paragraphs = [paragraph for paragraph in _paragraphs(page) if paragraph]
    return "\n\n".join(paragraphs) + "\n"


def _paragraphs(page: Page) -> Iterator[str]:
    yield f"# {_escape(page.title)}"
    for text in (page.sketch, *page.paragraphs, page.hint):
        yield _escape(text)
    for section in page.sections:
        yield f"## {section.number}. {_escape(section.step.title)}"
        yield _escape(section.text)
        for block in (*section.quantities, *section.equations):
            yield from _equation(block)
        yield _escape(section.alike_text)
    yield _escape(page.verdict)
    yield _escape(page.outcome)


def _equation(block: EquationBlock) -> Iterator[str]:
    rows = [f"&{SIGNS[sign]} {line}" for sign, line in block.lines(LATEX)]
    shown = LATEX.name(block.quantity.name)
    if rows:
        shown += f" {rows[0]}".rstrip()
    if block.shapes:
        shown += rf" \qquad \text{{{block.shapes}}}"
    if rows:
        lines = " \\\\\n".join([shown, *rows[1:]])
        shown = r"\begin{aligned}" + f"\n{lines}\n" + r"\end{aligned}"
    yield f"$$\n{shown}\n$$"
    if block.is_large:
        for line in block.summary(LINE_WIDTH):
            yield _escape(line)
    elif block.differences is not None:
        numeric = "$, $".join(LATEX.matrices(block.differences))
        yield f"Finite differences ${numeric}$, error at most ${LATEX.number(block.max_error)}$."
    yield _escape(str(block.quantity.note or ""))


def _escape(text: str) -> str:
    """Escape the characters that have a meaning in Markdown."""
    return re.sub(r"([\\`*_\[\]<>$#|])", r"\\\1", text)
