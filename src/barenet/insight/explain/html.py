"""An explanation for a browser: mathematics as MathML, which needs no network and no scripts.

All colours go by the text's own, so it fits a page or a notebook that is light or dark.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape
from operator import attrgetter
from typing import Any

from numpy.typing import NDArray

from barenet.insight.explain import figures
from barenet.insight.explain.document import Equation, Quantity
from barenet.insight.explain.explanation import Explanation
from barenet.insight.explain.limits import (
    APART_DIGITS,
    SMALL_ARRAY_ENTRIES,
    SUMMARY_LETTERS,
    UNFOLDED_ENTRIES,
)
from barenet.insight.explain.mathml import MathPrinter, math_number, sign_of
from barenet.insight.explain.note import Note
from barenet.insight.explain.part import Part
from barenet.insight.explain.style import PAGE_STYLE, STYLE
from barenet.insight.explain.substitution import ROOM, in_letters, in_numbers
from barenet.insight.explain.words import about, hint, shapes, summary, verdict

__all__ = ["write_page", "write_part", "write_section"]

#: As wide as a digit, and not swallowed at the ends of a number.
FIGURE_SPACE = "\N{FIGURE SPACE}"


def write_page(page: Explanation) -> str:
    """Write an explanation as a document of its own."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(page.title)}</title>\n<style>{PAGE_STYLE}</style>\n</head>\n"
        f"<body>\n{write_section(page)}</body>\n</html>\n"
    )


def write_section(page: Explanation) -> str:
    """Write an explanation as a part of a document, with a style that touches nothing else."""
    return write_part(page, f"<style>{STYLE}</style>\n")


def write_part(page: Explanation, style: str = "") -> str:
    """Write an explanation as a part of a document that has its style already."""
    parts = "".join(_part(number, part, page) for number, part in enumerate(page.parts, 1))
    summed = hint(page)
    return (
        f'<div class="barenet-explain">\n{style}'
        f'<p class="title" role="heading" aria-level="2">{escape(page.title)}</p>\n'
        f"<p>{escape('; '.join(page.facts))}</p>\n<p>{escape(about(page))}</p>\n"
        f"{summed and f'<p>{escape(summed)} Here, each line of a summary can be opened.</p>'}\n"
        f'{parts}<p class="verdict">{escape(verdict(page))}</p>\n</div>\n'
    )


def _part(number: int, part: Part, page: Explanation) -> str:
    step = part.step
    given = "".join(_given(quantity, page) for quantity in step.given)
    equations = "".join(_equation(equation, page) for equation in part.equations)
    others = "".join(_equation(equation, page) for equation in part.alike)
    return (
        f'<section class="{step.phase}">\n<p class="step" role="heading" aria-level="3">'
        f"<b>{number}</b> {escape(step.title)}</p>\n"
        + (f"<p>{escape(part.text)}</p>\n" if part.text else "")
        + (f'<div class="given">{given}</div>\n' if given else "")
        + equations
        + (f"<details><summary>{escape(part.note)}</summary>{others}</details>\n" if others else "")
        + "</section>\n"
    )


def _given(quantity: Quantity, page: Explanation) -> str:
    """Write what is there to start with."""
    name, shape = quantity.name.mathml, figures.shape(quantity.shape)
    note = f'<div class="note">{_noted(quantity.note)}</div>' if quantity.note else ""
    if quantity.value.size > page.limit:
        math = f"<math>{name}</math>"
        return f"<div>{_line(math, shape)}{_folded(quantity, page)}{note}</div>"
    first, *others = _blocks(quantity.value, page.precision)
    lines = [f"{name}{sign_of('=')}{first}", *others]
    math = "".join(f"<div><math>{line}</math></div>" for line in lines)
    return f"<div>{_line(math, shape)}{note}</div>" if note else _line(math, shape)


def _noted(note: Note) -> str:
    """Write what entries are called, and the minus signs of numbers, but not those of names."""
    return escape(re.sub(r"(?<=[ →])-(?=\d)", "−", str(note)))


def _equation(equation: Equation, page: Explanation) -> str:
    """Write a formula, the same with its numbers, and what comes of it."""
    result = equation.result
    large = result.value.size > page.limit
    lines = []
    if equation.formula is not None:
        letters = in_letters(equation, MathPrinter, attrgetter("mathml"))
        lines.append(("←" if equation.assigns else "=", letters))
    if not large:
        first, *others = _blocks(result.value, page.precision)
        numbers = in_numbers(equation, page, MathPrinter, _matrix)
        lines += [("=", each) for each in (*numbers, first)]
        lines += [("", each) for each in others]
    rows = "".join(
        f"<mtr><mtd>{'' if place else result.name.mathml}</mtd>"
        f"<mtd>{sign and sign_of(sign)}</mtd><mtd>{line}</mtd></mtr>"
        for place, (sign, line) in enumerate(lines or [("", "")])
    )
    math = f"<math><mtable class='lines' displaystyle='true'>{rows}</mtable></math>"
    below = _folded(result, page, equation) if large else _check(equation, page)
    return f'<div class="equation">{_line(math, shapes(equation))}{below}</div>\n'


def _line(math: str, shape: str) -> str:
    """Put a shape beside what has it."""
    return f'<div class="line"><div>{math}</div><span class="shape">{shape}</span></div>'


def _check(equation: Equation, page: Explanation) -> str:
    """Write what differences say of a gradient."""
    if equation.differences is None or equation.apart is None:
        return ""
    mark = "" if equation.agrees else ' <b class="wrong">differs</b>'
    blocks = _blocks(equation.differences, page.precision)
    greatest = math_number(figures.digits(equation.furthest, APART_DIGITS))
    if len(blocks) > 1:
        lines = "".join(f"<div><math>{block}</math></div>" for block in blocks)
        words = f"by differences, at most <math>{greatest}</math> apart{mark}"
        return f'<details class="check"><summary>{words}</summary>{lines}</details>'
    numeric = blocks[0]
    apart = _matrix(equation.apart, APART_DIGITS)
    return (
        f'<div class="check">by differences <math>{numeric}</math> '
        f"apart <math>{apart}</math>{mark}</div>"
    )


def _folded(quantity: Quantity, page: Explanation, equation: Equation | None = None) -> str:
    """Sum up many numbers in a line; it can be opened, and then shows them."""
    size = quantity.value.size
    said = "<br/>".join(map(escape, summary(quantity, page.precision, SUMMARY_LETTERS, equation)))
    worked = checked = ""
    if equation is not None and size <= SMALL_ARRAY_ENTRIES:
        wide = replace(page, limit=SMALL_ARRAY_ENTRIES)
        lines = in_numbers(equation, wide, MathPrinter, _matrix)
        worked = "".join(f"<div><math>{sign_of('=')}{each}</math></div>" for each in lines)
        checked = _check(equation, page)
    rows = figures.matrix(quantity.value, page.precision) if size <= UNFOLDED_ENTRIES else []
    table = checked if size <= SMALL_ARRAY_ENTRIES else _largest(quantity, page, equation)
    numbers = _minus("\n".join("  ".join(row) for row in rows))
    return (
        f'<details class="summary"><summary>{_minus(said)}</summary>{worked}'
        f"{numbers and f'<pre>{numbers}</pre>'}{table}</details>"
    )


def _minus(text: str) -> str:
    """Write minus signs."""
    return text.replace("-", "−")


def _largest(quantity: Quantity, page: Explanation, equation: Equation | None) -> str:
    """Write the largest entries of many numbers, with what differences say of each."""
    head = "<th>largest</th><th></th>"
    rows = []
    for entry in figures.largest(quantity.value, equation):
        cells = [str(list(entry.place)), figures.digits(entry.value, page.precision)]
        if entry.difference is not None and entry.apart is not None:
            head = "<th>largest</th><th></th><th>by differences</th><th>apart</th>"
            cells.append(figures.digits(entry.difference, page.precision))
            cells.append(figures.digits(entry.apart, APART_DIGITS))
        rows.append("".join(f"<td>{_minus(cell)}</td>" for cell in cells))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _blocks(value: NDArray[Any], precision: int) -> list[str]:
    """Write numbers in brackets, in as many blocks of columns as they need."""
    found = figures.blocks(value, precision, ROOM)
    if len(found) == 1:
        return [_matrix(value, precision)]
    return [
        f"{_matrix(value[:, columns], precision)}<mspace width='1em'/>"
        f"<mtext class='columns'>columns {columns.start} to {columns.stop - 1}</mtext>"
        for columns in found
    ]


def _matrix(value: NDArray[Any], precision: int) -> str:
    """Write numbers; the style draws the brackets, which not every font makes high enough."""
    if value.ndim == 0:
        return math_number(figures.digits(value, precision))
    rows = "".join(
        "<mtr>" + "".join(f"<mtd>{math_number(word)}</mtd>" for word in words) + "</mtr>"
        for words in figures.matrix(value, precision, FIGURE_SPACE)
    )
    return f"<mtable class='matrix'>{rows}</mtable>"
