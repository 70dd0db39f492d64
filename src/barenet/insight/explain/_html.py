"""An explanation in HTML, with formulas in MathML, which needs no network and no scripts.

All colours derive from the text's own, so it fits a document or a notebook that is light or dark.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files
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
from barenet.insight.explain._mathml import MathPrinter, math_number, operator
from barenet.insight.explain._note import Note
from barenet.insight.explain._number_format import (
    SMALL_ARRAY_ENTRIES,
    Numbers,
    digits,
    largest_entries,
)
from barenet.insight.explain._typesetting import Notation

__all__ = ["stylesheet", "write_fragment", "write_html"]

#: Style of a whole document, besides that of the explanation.
PAGE_STYLE = """
body { max-width: 60rem; margin: 2rem auto; padding: 0 1.25rem;
       font: 1rem/1.5 system-ui, sans-serif; }
@media print { :root { color-scheme: light; }
               body { max-width: none; margin: 0; font-size: 9.5pt; } }
"""

#: As wide as a digit, and not collapsed at the ends of a number.
FIGURE_SPACE = "\N{FIGURE SPACE}"

#: Entries of an array that are shown when its summary is opened.
UNFOLDED_ENTRIES = 4096

#: Characters of a summary.
SUMMARY_ROOM = 90


@cache
def stylesheet() -> str:
    """The style of an explanation."""
    return files("barenet.insight.explain").joinpath("explanation.css").read_text("utf-8")


def write_html(title: str, blocks: Sequence[Block]) -> str:
    """Write an explanation as a document of its own."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>{PAGE_STYLE}</style>\n</head>\n"
        f"<body>\n{write_fragment(blocks)}</body>\n</html>\n"
    )


def write_fragment(blocks: Sequence[Block], *, style: bool = True) -> str:
    """Write an explanation as a part of a document, with a style that affects nothing else."""
    number, parts = 0, []
    for block in blocks:
        number += isinstance(block, Section)
        parts.append(_block(block, number))
    styles = f"<style>{stylesheet()}</style>\n" if style else ""
    return f'<div class="barenet-explain">\n{styles}{"".join(parts)}</div>\n'


def _block(block: Block, number: int) -> str:
    match block:
        case Title(text):
            return f'<p class="title" role="heading" aria-level="2">{escape(text)}</p>\n'
        case Paragraph(text, "hint"):
            return f"<p>{escape(text)} Here, each line of a summary can be opened.</p>\n"
        case Paragraph(text, kind):
            attribute = kind and f' class="{kind}"'
            return f"<p{attribute}>{escape(text)}</p>\n"
        case Section(title=title, phase=phase, blocks=parts):
            return (
                f'<section class="{phase}">\n<p class="step" role="heading" aria-level="3">'
                f"<b>{number}</b> {escape(title)}</p>\n{''.join(map(_part, parts))}</section>\n"
            )


def _part(block: Paragraph | Given | EquationBlock | Folded) -> str:
    match block:
        case Paragraph(text):
            return f"<p>{escape(text)}</p>\n"
        case Given(quantities):
            return f'<div class="given">{"".join(map(_quantity, quantities))}</div>\n'
        case Folded(text, equations):
            folded = "".join(map(_equation, equations))
            return f"<details><summary>{escape(text)}</summary>{folded}</details>\n"
        case EquationBlock():
            return _equation(block)


def _quantity(block: QuantityBlock) -> str:
    """Write a given quantity."""
    name, note = block.quantity.name.mathml, block.quantity.note
    words = f'<div class="note">{_note(note)}</div>' if note else ""
    if block.is_large:
        return f"<div>{_line(_math(name), block.shapes)}{_folded(block)}{words}</div>"
    first, *others = NOTATION.matrices(block.numbers)
    lines = [f"{name}{operator('=')}{first}", *others]
    line = _line("".join(f"<div>{_math(each)}</div>" for each in lines), block.shapes)
    return f"<div>{line}{words}</div>" if note else line


def _note(note: Note) -> str:
    """Write a note, with minus signs before numbers but not in names."""
    return escape(re.sub(r"(?<=[ →])-(?=\d)", "−", str(note)))


def _equation(block: EquationBlock) -> str:
    """Write a formula in letters and in numbers, and its result."""
    rows = "".join(
        f"<mtr><mtd>{'' if place else block.quantity.name.mathml}</mtd>"
        f"<mtd>{sign and operator(sign)}</mtd><mtd>{line}</mtd></mtr>"
        for place, (sign, line) in enumerate(NOTATION.lines(block) or [("", "")])
    )
    table = _math(f"<mtable class='lines' displaystyle='true'>{rows}</mtable>")
    below = _folded(block) if block.is_large else _check(block)
    return f'<div class="equation">{_line(table, block.shapes)}{below}</div>\n'


def _math(inner: str) -> str:
    return f"<math>{inner}</math>"


def _line(content: str, shape: str) -> str:
    """Put a shape beside a formula."""
    return f'<div class="line"><div>{content}</div><span class="shape">{shape}</span></div>'


def _check(block: EquationBlock) -> str:
    """Write the finite differences of a gradient."""
    if block.differences is None:
        return ""
    mark = "" if block.equation.agrees else ' <b class="wrong">differs</b>'
    first, *others = NOTATION.matrices(block.differences)
    if others:
        lines = "".join(f"<div>{_math(each)}</div>" for each in (first, *others))
        words = f"finite differences, error at most {_math(math_number(block.max_error))}{mark}"
        return f'<details class="check"><summary>{words}</summary>{lines}</details>'
    errors = _math(_matrix(block.errors))
    return f'<div class="check">finite differences {_math(first)} error {errors}{mark}</div>'


def _folded(block: QuantityBlock) -> str:
    """Summarize many numbers in a line that can be opened to show them."""
    lines = "<br/>".join(map(escape, block.summary(SUMMARY_ROOM)))
    size, inner = block.quantity.value.size, ""
    if isinstance(block, EquationBlock) and size <= SMALL_ARRAY_ENTRIES:
        substituted = NOTATION.substituted(block)
        inner += "".join(f"<div>{_math(operator('=') + each)}</div>" for each in substituted)
    if size <= UNFOLDED_ENTRIES:
        rows = "\n".join("  ".join(row) for row in block.numbers.cells())
        inner += f"<pre>{_minus(rows)}</pre>"
    if size > SMALL_ARRAY_ENTRIES:
        inner += _largest(block)
    elif isinstance(block, EquationBlock):
        inner += _check(block)
    return f'<details class="summary"><summary>{_minus(lines)}</summary>{inner}</details>'


def _minus(text: str) -> str:
    """Replace hyphens by minus signs."""
    return text.replace("-", "−")


def _largest(block: QuantityBlock) -> str:
    """Write a table of the largest entries, and of the finite differences of a gradient."""
    columns = [("", block.numbers)]
    if isinstance(block, EquationBlock) and block.differences is not None:
        columns += [("finite differences", block.differences), ("error", block.errors)]
    head = "".join(f"<th>{title}</th>" for title in ("largest", *dict(columns)))
    body = ""
    for index in largest_entries(block.quantity.value):
        numbers = [digits(value[index], precision) for _, (value, precision) in columns]
        cells = "".join(f"<td>{_minus(cell)}</td>" for cell in (str(list(index)), *numbers))
        body += f"<tr>{cells}</tr>"
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _matrix(numbers: Numbers) -> str:
    """Write numbers; the style draws the brackets, which not every font makes high enough."""
    if numbers.value.ndim == 0:
        return math_number(digits(*numbers))
    rows = "".join(
        "<mtr>" + "".join(f"<mtd>{math_number(word)}</mtd>" for word in words) + "</mtr>"
        for words in numbers.cells(FIGURE_SPACE)
    )
    return f"<mtable class='matrix'>{rows}</mtable>"


def _labelled(matrix: str, label: str) -> str:
    return f"{matrix}<mspace width='1em'/><mtext class='columns'>{label}</mtext>"


NOTATION = Notation(MathPrinter, attrgetter("mathml"), _matrix, _labelled)
