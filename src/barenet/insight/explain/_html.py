"""An explanation in HTML, with formulas in MathML, without scripts or network access.

All colours derive from the colour of the text, so it fits a light or a dark document or notebook.
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
    """Write an explanation as a complete document."""
    return write_page(page.title, write_fragment(page))


def write_fragment(page: Page) -> str:
    """Write an explanation as part of a document, with a style that affects nothing else."""
    parts = ['<div class="barenet-explain">\n', f"<style>{STYLE}</style>\n"]
    parts.append(f'<p class="title" role="heading" aria-level="2">{escape(page.title)}</p>\n')
    parts.append(draw(page.columns))
    parts.extend(_paragraph(text) for text in (*page.paragraphs, page.hint))
    parts.extend(_section(section) for section in page.sections)
    parts.append(f'<p class="verdict">{escape(page.verdict)}</p>\n')
    if page.outcome:
        parts.append(f'<p class="outcome">{escape(page.outcome)}</p>\n')
    parts.append("</div>\n")
    return "".join(parts)


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>\n" if text else ""


def _section(section: Section) -> str:
    title = f"<b>{section.number}</b> {escape(section.step.title)}"
    parts = [f'<section class="{section.step.phase}">\n']
    parts.append(f'<p class="step" role="heading" aria-level="3">{title}</p>\n')
    parts.append(_paragraph(section.text))
    quantities = "".join(_block(block, "quantity") for block in section.quantities)
    if quantities:
        parts.append(f'<div class="given">{quantities}</div>\n')
    parts.extend(_block(block, "equation") for block in section.equations)
    parts.append(_paragraph(section.alike_text))
    parts.append("</section>\n")
    return "".join(parts)


def _block(block: EquationBlock, css_class: str) -> str:
    """Write a formula in letters and in numbers, and its result, or a given quantity."""
    rows = ""
    name = MATHML.name(block.quantity.name)
    lines = block.lines(MATHML)
    if not lines:
        lines = [("", "")]  # the name alone
    for sign, line in lines:
        operator = f"<mo>{sign}</mo>" if sign else ""
        rows += f"<mtr><mtd>{name}</mtd><mtd>{operator}</mtd><mtd>{line}</mtd></mtr>"
        name = ""  # only the first line has a name
    table = _math(f"<mtable class='lines' displaystyle='true'>{rows}</mtable>")
    html = f'<div class="{css_class}"><div class="line">'
    html += f'<div>{table}</div><span class="shape">{block.shapes}</span></div>'
    if block.is_large:
        html += _summary(block)
    else:
        html += _check(block)
    if block.quantity.note:
        # Minus signs stand before numbers, but not in names.
        note = re.sub(r"(?<=[ →])-(?=\d)", "−", str(block.quantity.note))
        if note:
            html += f'<div class="note">{escape(note)}</div>'
    return f"{html}</div>\n"


def _math(inner: str) -> str:
    return f"<math>{inner}</math>"


def _check(block: EquationBlock) -> str:
    """Write the finite differences of a gradient, and the errors, or only the largest of many."""
    if block.differences is None:
        return ""
    mark = "" if block.equation.agrees else ' <b class="wrong">differs</b>'
    matrices = [_math(matrix) for matrix in MATHML.matrices(block.differences)]
    if len(matrices) > 1:
        max_error = _math(MATHML.number(block.max_error))
        error = f"error at most {max_error}{mark}"
        for matrix in matrices[1:]:
            error += f"<div>{matrix}</div>"
    else:
        errors = _math(str(MATHML.matrix(block.errors)))
        error = f"error {errors}{mark}"
    return f'<div class="check">finite differences {matrices[0]} {error}</div>'


def _summary(block: EquationBlock) -> str:
    """Summarize many numbers."""
    lines = "<br/>".join(escape(line) for line in block.summary(SUMMARY_WIDTH))
    return f'<div class="summary">{lines.replace("-", "−")}</div>'
