"""An explanation as text, for a terminal of 80 columns or more."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from barenet.insight.explain import figures
from barenet.insight.explain.box import Box, length
from barenet.insight.explain.document import Equation, Quantity
from barenet.insight.explain.explanation import Explanation
from barenet.insight.explain.limits import APART_DIGITS
from barenet.insight.explain.part import Part
from barenet.insight.explain.plain import PlainPrinter
from barenet.insight.explain.words import about, hint, shapes, summary, verdict

__all__ = ["Writer", "write_text"]

INDENT = "    "

#: Looks like a blank, and ends no line.
NO_BREAK = "\N{NO-BREAK SPACE}"


def write_text(page: Explanation, width: int = 80) -> str:
    """Write an explanation for a terminal."""
    return "\n".join(Writer(page, max(width, 40)).lines())


class Writer:
    """Writes an explanation."""

    def __init__(self, page: Explanation, width: int) -> None:
        self.page, self.width, self.precision = page, width, page.precision

    def lines(self) -> list[str]:
        """Write all."""
        page = self.page
        lines = textwrap.wrap(page.title, self.width, subsequent_indent=INDENT)
        lines += textwrap.wrap("; ".join(page.facts), self.width)
        lines += textwrap.wrap(about(page), self.width)
        lines += textwrap.wrap(hint(page), self.width)
        for number, part in enumerate(page.parts, 1):
            lines += ["", *self._part(number, part)]
        return [*lines, "", *textwrap.wrap(verdict(page), self.width)]

    def _part(self, number: int, part: Part) -> list[str]:
        step, close = part.step, self.page.is_summary or not part.text
        title = textwrap.wrap(f"{number}. {step.title}", self.width, subsequent_indent=INDENT)
        lines = [*title, "─" * max(map(length, title))]
        lines += textwrap.wrap(part.text, self.width)
        if step.given and not close:
            lines.append("")
        lines += self._settings([each for each in step.given if each.is_setting])
        for quantity in step.given:
            lines += [] if quantity.is_setting else self._quantity(quantity)
            lines += self._note(quantity)
        near = not (part.text or step.given)
        for equation in part.equations:
            large = equation.result.value.size > self.page.limit
            lines += [*([] if near or (large and close) else [""]), *self._equation(equation)]
            close, near = large, equation.result.name.of is not None
        return lines + textwrap.wrap(part.note, self.width)

    def _settings(self, settings: Sequence[Quantity]) -> list[str]:
        """Write single numbers side by side."""
        words = [
            f"{each.name.text} = {figures.digits(each.value, self.precision)}" for each in settings
        ]
        lines = textwrap.wrap("   ".join(words), self.width - len(INDENT))
        return [INDENT + line for line in lines]

    def _quantity(self, quantity: Quantity) -> list[str]:
        """Write what is given."""
        name = quantity.name.text
        if quantity.value.size > self.page.limit:
            (said,) = summary(quantity, self.precision, self.width - 24)
            return self._beside(f"{INDENT}{name}: {said}", quantity)
        shown = Box.of(f"{name} = ").beside(self._matrix(quantity.value))
        if len(INDENT) + shown.width + len(figures.shape(quantity.shape)) + 2 <= self.width:
            return self._beside(f"{INDENT}{name} = ", quantity, self._matrix(quantity.value))
        return [*self._beside(f"{INDENT}{name} =", quantity), *self._blocks(quantity.value)]

    def _note(self, quantity: Quantity) -> list[str]:
        """Write what its entries are called; words that belong together stay in a line."""
        parts = quantity.note.parts if quantity.note else ()
        whole = ", ".join(" ".join(part.split()).replace(" ", NO_BREAK) for part in parts)
        room = self.width - len(INDENT) * 2
        lines = textwrap.wrap(whole, room, break_on_hyphens=False)
        return [INDENT * 2 + line.replace(NO_BREAK, " ") for line in lines]

    def _equation(self, equation: Equation) -> list[str]:
        """Write a formula, the same with its numbers, and what comes of it."""
        result, name = equation.result, equation.result.name.text
        arrow = "←" if equation.assigns else "="
        formula = _formula(equation)
        text = f"{INDENT}{name} {arrow} {formula}" if formula else f"{INDENT}{name}"
        lines = self._beside(text, result, note=shapes(equation))
        if result.value.size > self.page.limit:
            return lines + self._summary(result, equation)
        return [*lines, *self._numbers(name, equation), *self._check(equation)]

    def _numbers(self, name: str, equation: Equation) -> list[str]:
        """Write a formula with its numbers, and what comes of it, beside it if there is room."""
        value, worked = equation.result.value, self._worked(equation)
        if worked is None:
            return self._result(name, value)
        both = worked.beside(Box.of(" = "), self._matrix(value))
        if self._has_room(name, both):
            return self._under(name, both)
        return [*self._under(name, worked), *self._result(name, value)]

    def _has_room(self, name: str, box: Box) -> bool:
        """Whether a box has room after a sign, below a name."""
        return len(INDENT) + length(name) + 3 + box.width <= self.width

    def _beside(
        self, text: str, quantity: Quantity, box: Box | None = None, note: str = ""
    ) -> list[str]:
        """Write a line with a shape at its end, or below it."""
        shape = note or figures.shape(quantity.shape)
        shown = Box.of(text) if box is None else Box.of(text).beside(box)
        lines = str(shown).split("\n")
        line = lines[shown.middle]
        gap = self.width - length(line) - length(shape)
        if gap >= 2:
            lines[shown.middle] = (line + " " * gap + shape).rstrip()
            return lines
        wrapped = textwrap.wrap(
            line, self.width, subsequent_indent=INDENT * 2, drop_whitespace=True
        )
        return [*wrapped, f"{shape:>{self.width}}".rstrip()]

    def _worked(self, equation: Equation) -> Box | None:
        """Write a formula with its numbers in place, where they have room."""
        numbers = equation.in_numbers(self.page.limit)
        if numbers is None or equation.formula is None:
            return None
        boxes = {name: self._matrix(value) for name, value in numbers.items()}
        printer = PlainPrinter(
            boxes.__getitem__, equation.scalars, numeric=True, negative=equation.negative
        )
        box = printer.show(equation.formula)
        return box if self._has_room(equation.result.name.text, box) else None

    def _under(self, name: str, box: Box) -> list[str]:
        """Write numbers below a formula, after a sign in the column of its own."""
        blank = INDENT + " " * length(name)
        return str(Box.of(f"{blank} = ").beside(box)).split("\n")

    def _result(self, name: str, value: NDArray[np.floating]) -> list[str]:
        """Write what comes out, in blocks if it is wide."""
        box = self._matrix(value)
        if self._has_room(name, box):
            return self._under(name, box)
        return self._blocks(value)

    def _check(self, equation: Equation) -> list[str]:
        """Write what differences say of a gradient, and how far they are from it."""
        if equation.differences is None or equation.apart is None:
            return []
        lead = Box.of(f"{INDENT}by differences ")
        shown = lead.beside(self._matrix(equation.differences))
        apart = self._matrix(equation.apart, APART_DIGITS)
        both = shown.beside(Box.of("  apart "), apart)
        if both.width <= self.width:
            return str(both).split("\n")
        greatest = figures.digits(equation.furthest, APART_DIGITS)
        if shown.width > self.width:
            line = f"{INDENT}by differences, at most {greatest} apart:"
            return [line, *self._blocks(equation.differences)]
        return [*str(shown).split("\n"), f"{INDENT}apart by at most {greatest}"]

    def _summary(self, quantity: Quantity, equation: Equation) -> list[str]:
        """Write statistics and the largest entries of many numbers."""
        indent = INDENT * 2
        room = self.width - len(indent)
        lines = summary(quantity, self.precision, room, equation)
        return [indent + part for line in lines for part in textwrap.wrap(line, room)]

    def _matrix(self, value: NDArray[np.floating], precision: int | None = None) -> Box:
        """Set numbers in a box."""
        words = figures.matrix(value, precision or self.precision)
        if value.ndim == 0:
            return Box.of(words[0][0])
        return Box.table(words).between("[", "]")

    def _blocks(self, value: NDArray[np.floating]) -> list[str]:
        """Write a wide matrix in blocks of columns."""
        found = figures.blocks(value, self.precision, self.width - len(INDENT) * 2 - 2)
        lines = []
        for columns in found:
            if len(found) > 1:
                lines.append(f"{INDENT * 2}columns {columns.start} to {columns.stop - 1}")
            box = Box.of(INDENT * 2).beside(self._matrix(value[:, columns]))
            lines += str(box).split("\n")
        return lines


def _formula(equation: Equation) -> str:
    """Show a formula in letters, in one line; nothing where there is none."""
    if equation.formula is None:
        return ""
    letters = {name: Box.of(each.name.text) for name, each in equation.operands.items()}
    return str(PlainPrinter(letters.__getitem__, equation.scalars).show(equation.formula))
