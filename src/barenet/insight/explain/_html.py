"""An explanation in HTML, with formulas in MathML, which needs no network and no scripts.

All colours derive from the text's own, so it fits a document or a notebook that is light or dark.
"""

import re
from html import escape
from pathlib import Path

from barenet.insight._web_page import write_page
from barenet.insight.explain._notations import MATHML
from barenet.insight.explain._page import EquationBlock, Page, Section
from barenet.insight.explain._sketch import draw

#: Characters of a summary.
SUMMARY_WIDTH = 90


#: The style of an explanation.
STYLE = Path(__file__).with_name("explanation.css").read_text("utf-8")


def write_html(page: Page) -> str:
    """Write an explanation as a document of its own."""
    return write_page(page.title, write_fragment(page))


def write_fragment(page: Page, *, style: bool = True) -> str:
    """Write an explanation as a part of a document, with a style that affects nothing else."""
    return (
        '<div class="barenet-explain">\n'
        + (f"<style>{STYLE}</style>\n" if style else "")
        + f'<p class="title" role="heading" aria-level="2">{escape(page.title)}</p>\n'
        + ("" if page.neuron else draw(page.columns))
        + "".join(map(_paragraph, (*page.paragraphs, page.hint)))
        + "".join(map(_section, page.sections))
        + f'<p class="verdict">{escape(page.verdict)}</p>\n'
        + (page.outcome and f'<p class="outcome">{escape(page.outcome)}</p>\n')
        + "</div>\n"
    )


def _paragraph(text: str) -> str:
    return text and f"<p>{escape(text)}</p>\n"


def _section(section: Section) -> str:
    given = "".join(_block(each, "quantity") for each in section.given)
    given = given and f'<div class="given">{given}</div>\n'
    equations = "".join(_block(each, "equation") for each in section.equations)
    return (
        f'<section class="{section.step.phase}">\n<p class="step" role="heading" aria-level="3">'
        f"<b>{section.number}</b> {escape(section.step.title)}</p>\n{_paragraph(section.text)}"
        f"{given}{equations}{_paragraph(section.alike_text)}"
        "</section>\n"
    )


def _block(block: EquationBlock, kind: str) -> str:
    """Write a formula in letters and in numbers, and its result, or a given quantity."""
    rows = "".join(
        f"<mtr><mtd>{'' if place else MATHML.name(block.quantity.name)}</mtd>"
        f"<mtd>{sign and f'<mo>{sign}</mo>'}</mtd><mtd>{line}</mtd></mtr>"
        for place, (sign, line) in enumerate(block.lines(MATHML) or [("", "")])
    )
    table = _math(f"<mtable class='lines' displaystyle='true'>{rows}</mtable>")
    below = _summary(block) if block.is_large else _check(block)
    # Minus signs stand before numbers, but not in names.
    note = escape(re.sub(r"(?<=[ →])-(?=\d)", "−", str(block.quantity.note or "")))
    note = note and f'<div class="note">{note}</div>'
    line = f'<div>{table}</div><span class="shape">{block.shapes}</span>'
    return f'<div class="{kind}"><div class="line">{line}</div>{below}{note}</div>\n'


def _math(inner: str) -> str:
    return f"<math>{inner}</math>"


def _check(block: EquationBlock) -> str:
    """Write the finite differences of a gradient, and the errors, or the greatest of many."""
    if block.differences is None:
        return ""
    mark = "" if block.equation.agrees else ' <b class="wrong">differs</b>'
    first, *others = MATHML.matrices(block.differences)
    error = f"error {_math(str(MATHML.matrix(block.errors)))}{mark}"
    if others:
        error = f"error at most {_math(MATHML.number(block.max_error))}{mark}"
        error += "".join(f"<div>{_math(line)}</div>" for line in others)
    return f'<div class="check">finite differences {_math(first)} {error}</div>'


def _summary(block: EquationBlock) -> str:
    """Summarize many numbers."""
    lines = "<br/>".join(map(escape, block.summary(SUMMARY_WIDTH)))
    return f'<div class="summary">{lines.replace("-", "−")}</div>'
