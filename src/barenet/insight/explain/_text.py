"""An explanation as text, for a terminal of 40 columns or more."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

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
from barenet.insight.explain._number_format import Numbers, digits
from barenet.insight.explain._text_block import TextBlock, length
from barenet.insight.explain._unicode_printer import UnicodePrinter, unicode_formula

__all__ = ["write_text"]

INDENT = "    "

#: Looks like a space, and is never the end of a line.
NO_BREAK = "\N{NO-BREAK SPACE}"


def write_text(blocks: Sequence[Block], width: int = 80) -> str:
    """Write an explanation for a terminal."""
    return "\n".join(_TextWriter(max(width, 40)).lines(blocks))


class _TextWriter:
    """Writes blocks as lines of a width."""

    def __init__(self, width: int) -> None:
        self.width = width

    def lines(self, blocks: Sequence[Block]) -> Iterator[str]:
        """Write all blocks."""
        number = 0
        for block in blocks:
            match block:
                case Title(text):
                    yield from textwrap.wrap(text, self.width, subsequent_indent=INDENT)
                case Paragraph(text, kind):
                    yield from [""] if kind == "verdict" else []
                    yield from textwrap.wrap(text, self.width)
                case Section():
                    number += 1
                    yield ""
                    yield from self._section(number, block)

    def _section(self, number: int, section: Section) -> Iterator[str]:
        title = f"{number}. {section.title}"
        lines = textwrap.wrap(title, self.width, subsequent_indent=INDENT)
        yield from [*lines, "─" * max(map(length, lines))]
        for before, block in zip([None, *section.blocks], section.blocks, strict=False):
            if _needs_empty_line(before, block, section.is_compact):
                yield ""
            match block:
                case Paragraph(text) | Folded(text):
                    yield from textwrap.wrap(text, self.width)
                case Given(quantities):
                    yield from self._given(quantities)
                case EquationBlock():
                    yield from self._equation(block)

    def _given(self, quantities: Sequence[QuantityBlock]) -> Iterator[str]:
        """Write single numbers side by side, then the other quantities."""
        settings = [each for each in quantities if each.quantity.is_setting]
        words = [f"{each.quantity.name.text} = {digits(*each.numbers)}" for each in settings]
        for line in textwrap.wrap("   ".join(words), self.width - len(INDENT)):
            yield INDENT + line
        for each in quantities:
            if not each.quantity.is_setting:
                yield from self._quantity(each)
                yield from self._note(each)

    def _quantity(self, block: QuantityBlock) -> list[str]:
        name = block.quantity.name.text
        if block.is_large:
            (statistics,) = block.summary(self.width - 24)
            return self._beside(TextBlock.of(f"{INDENT}{name}: {statistics}"), block.shapes)
        shown = TextBlock.of(f"{INDENT}{name} = ").beside(_matrix(block.numbers))
        if shown.width + len(block.shapes) + 2 <= self.width:
            return self._beside(shown, block.shapes)
        line = TextBlock.of(f"{INDENT}{name} =")
        return [*self._beside(line, block.shapes), *self._columns(block.numbers)]

    def _note(self, block: QuantityBlock) -> list[str]:
        """Write the names of the entries; words of a group stay on one line."""
        parts = block.quantity.note.parts if block.quantity.note else ()
        whole = ", ".join(" ".join(part.split()).replace(" ", NO_BREAK) for part in parts)
        lines = textwrap.wrap(whole, self.width - len(INDENT) * 2, break_on_hyphens=False)
        return [INDENT * 2 + line.replace(NO_BREAK, " ") for line in lines]

    def _equation(self, block: EquationBlock) -> list[str]:
        """Write a formula in letters and in numbers, its result and its check."""
        text, equation = INDENT + block.quantity.name.text, block.equation
        if equation.formula is not None:
            letters = {name: each.name.text for name, each in equation.operands.items()}
            formula = unicode_formula(equation.formula, letters, equation.scalars)
            text += f" {'←' if equation.assigns else '='} {formula}"
        lines = self._beside(TextBlock.of(text), block.shapes)
        if block.is_large:
            return lines + self._summary(block)
        return [*lines, *self._numbers(block), *self._check(block)]

    def _numbers(self, block: EquationBlock) -> list[str]:
        """Write a formula in numbers and its result, side by side if there is room."""
        sign = TextBlock.of(" " * length(INDENT + block.quantity.name.text) + " = ")
        result = sign.beside(_matrix(block.numbers))
        results = _lines(result) if self._has_room(result) else self._columns(block.numbers)
        formula, numbers = block.equation.formula, block.substitution
        if formula is None or numbers is None:
            return results
        matrices = {letter: _matrix(each) for letter, each in numbers.items()}
        scalars, negative = block.equation.scalars, block.equation.negative
        printer = UnicodePrinter(matrices.__getitem__, scalars, numeric=True, negative=negative)
        substituted = sign.beside(printer.show(formula))
        if not self._has_room(substituted):
            return results
        both = substituted.beside(TextBlock.of(" = "), _matrix(block.numbers))
        return _lines(both) if self._has_room(both) else [*_lines(substituted), *results]

    def _check(self, block: EquationBlock) -> list[str]:
        """Write the finite differences of a gradient, and the errors."""
        if block.differences is None:
            return []
        shown = TextBlock.of(f"{INDENT}finite differences ").beside(_matrix(block.differences))
        both = shown.beside(TextBlock.of("  error "), _matrix(block.errors))
        if self._has_room(both):
            return _lines(both)
        if self._has_room(shown):
            return [*_lines(shown), f"{INDENT}error at most {block.max_error}"]
        line = f"{INDENT}finite differences, error at most {block.max_error}:"
        return [line, *self._columns(block.differences)]

    def _summary(self, block: EquationBlock) -> list[str]:
        """Write statistics and the largest entries of many numbers."""
        indent = INDENT * 2
        room = self.width - len(indent)
        lines = block.summary(room)
        return [indent + part for line in lines for part in textwrap.wrap(line, room)]

    def _has_room(self, box: TextBlock) -> bool:
        return box.width <= self.width

    def _beside(self, box: TextBlock, shape: str) -> list[str]:
        """Write a shape at the end of a line, or below it."""
        lines = _lines(box)
        line = lines[box.middle]
        gap = self.width - length(line) - length(shape)
        if gap >= 2:
            lines[box.middle] = (line + " " * gap + shape).rstrip()
            return lines
        wrapped = textwrap.wrap(line, self.width, subsequent_indent=INDENT * 2)
        return [*wrapped, f"{shape:>{self.width}}".rstrip()]

    def _columns(self, numbers: Numbers) -> list[str]:
        """Write a wide matrix in blocks of columns."""
        lines, indent = [], INDENT * 2
        for label, part in numbers.split(self.width - len(indent) - 2):
            lines += [indent + label] if label else []
            lines += _lines(TextBlock.of(indent).beside(_matrix(part)))
        return lines


def _needs_empty_line(
    before: Paragraph | Given | EquationBlock | Folded | None,
    block: Paragraph | Given | EquationBlock | Folded,
    is_compact: bool,
) -> bool:
    """Whether an empty line stands between two blocks of a section."""
    match before, block:
        case Paragraph(), Given():
            return not is_compact
        case EquationBlock(), EquationBlock():
            return not (before.quantity.name.of or (before.is_large and block.is_large))
        case Paragraph() | Given(), EquationBlock():
            return not (is_compact and block.is_large)
    return False


def _matrix(numbers: Numbers) -> TextBlock:
    """Write numbers in brackets."""
    cells = numbers.cells()
    if numbers.value.ndim == 0:
        return TextBlock.of(cells[0][0])
    return TextBlock.table(cells).between("[", "]")


def _lines(box: TextBlock) -> list[str]:
    return str(box).split("\n")
