"""An explanation as text, for a terminal of 40 columns or more."""

import textwrap
from collections.abc import Iterator

from barenet.insight.explain._notations import UNICODE
from barenet.insight.explain._number_format import Numbers, digits
from barenet.insight.explain._page import EquationBlock, Page, Section
from barenet.insight.explain._text_block import TextBlock, length, pad

INDENT = "    "

#: A space at which lines are not broken.
NO_BREAK = "\N{NO-BREAK SPACE}"


def write_text(page: Page, width: int = 80) -> str:
    """Write an explanation for a terminal."""
    return "\n".join(_TextWriter(max(width, 40)).lines(page))


class _TextWriter:
    """Writes the parts of a page in lines of a given width."""

    def __init__(self, width: int) -> None:
        self.width = width

    def lines(self, page: Page) -> Iterator[str]:
        """Write the whole page."""
        yield from textwrap.wrap(page.title, self.width, subsequent_indent=INDENT)
        for text in (page.sketch, *page.paragraphs, page.hint):
            yield from textwrap.wrap(text, self.width)
        for section in page.sections:
            yield from self._section(section)
        yield from ["", *textwrap.wrap(page.verdict, self.width)]
        yield from textwrap.wrap(page.outcome, self.width)

    def _section(self, section: Section) -> Iterator[str]:
        title = f"{section.number}. {section.step.title}"
        lines = textwrap.wrap(title, self.width, subsequent_indent=INDENT)
        width = max(length(line) for line in lines)
        yield ""
        yield from lines
        yield "─" * width
        yield from textwrap.wrap(section.text, self.width)
        if section.text and section.quantities and not section.is_compact:
            yield ""
        yield from self._quantities(section.quantities)
        for place, block in enumerate(section.equations):
            if _needs_empty_line(section, place):
                yield ""
            yield from self._equation(block)
        yield from textwrap.wrap(section.alike_text, self.width)

    def _quantities(self, blocks: list[EquationBlock]) -> Iterator[str]:
        """Write single numbers side by side, then the other quantities with their notes."""
        settings = []
        arrays = []
        for block in blocks:
            if block.quantity.is_setting:
                number = digits(block.numbers.value, block.numbers.precision)
                settings.append(f"{block.quantity.name.text} = {number}")
            else:
                arrays.append(block)
        for line in textwrap.wrap("   ".join(settings), self.width - len(INDENT)):
            yield INDENT + line
        for block in arrays:
            yield from self._quantity(block)
            yield from self._note(block)

    def _quantity(self, block: EquationBlock) -> list[str]:
        name = INDENT + block.quantity.name.text
        shape = block.shapes
        if block.is_large:
            [statistics] = block.summary(self.width - 24)  # without finite differences, one line
            return self._beside(TextBlock.of(f"{name}: {statistics}"), shape)
        shown = TextBlock.of(f"{name} = ", UNICODE.matrix(block.numbers))
        if shown.width + len(shape) + 2 <= self.width:
            return self._beside(shown, shape)
        first_line = TextBlock.of(f"{name} =")
        return [*self._beside(first_line, shape), *self._columns(block.numbers)]

    def _note(self, block: EquationBlock) -> list[str]:
        """Write the names of the entries; words of a group stay on one line."""
        if not block.quantity.note:
            return []
        groups = [NO_BREAK.join(part.split()) for part in block.quantity.note.parts]
        indent = INDENT * 2
        room = self.width - len(indent)
        lines = textwrap.wrap(", ".join(groups), room, break_on_hyphens=False)
        return [indent + line.replace(NO_BREAK, " ") for line in lines]

    def _equation(self, block: EquationBlock) -> list[str]:
        """Write a formula in letters and in numbers, its result and its check."""
        text = INDENT + block.quantity.name.text
        for sign, formula in block.letters(UNICODE):
            text += f" {sign} {formula}"
        lines = self._beside(TextBlock.of(text), block.shapes)
        if not block.is_large:
            lines += self._numbers(block)
            lines += self._check(block)
            return lines
        indent = INDENT * 2
        room = self.width - len(indent)
        for sentence in block.summary(room):
            for line in textwrap.wrap(sentence, room):
                lines.append(indent + line)
        return lines

    def _numbers(self, block: EquationBlock) -> list[str]:
        """Write a formula in numbers and its result, side by side if there is room."""
        name_width = length(INDENT + block.quantity.name.text)
        sign = pad("", name_width) + " = "
        matrix = UNICODE.matrix(block.numbers)
        results = self._fitting(sign, matrix) or self._columns(block.numbers)
        for substituted in block.substituted(UNICODE):
            formula = self._fitting(sign, substituted)
            if formula:
                side_by_side = self._fitting(sign, substituted, " = ", matrix)
                return side_by_side or [*formula, *results]
        return results

    def _check(self, block: EquationBlock) -> list[str]:
        """Write the finite differences of a gradient, and the errors."""
        if block.differences is None:
            return []
        words = f"{INDENT}finite differences "
        differences = UNICODE.matrix(block.differences)
        lines = self._fitting(words, differences, "  error ", UNICODE.matrix(block.errors))
        if lines:
            return lines
        lines = self._fitting(words, differences)
        if lines:
            return [*lines, f"{INDENT}error at most {block.max_error}"]
        line = f"{INDENT}finite differences, error at most {block.max_error}:"
        return [line, *self._columns(block.differences)]

    def _fitting(self, *parts: TextBlock | str) -> list[str]:
        """Write parts side by side; return no lines if there is no room."""
        block = TextBlock.of(*parts)
        return [] if block.width > self.width else str(block).split("\n")

    def _beside(self, block: TextBlock, shape: str) -> list[str]:
        """Write a shape at the end of a line, or below it."""
        lines = str(block).split("\n")
        line = lines[block.middle]
        gap = self.width - length(line) - length(shape)
        if gap >= 2:
            padded = pad(line, self.width - length(shape))
            lines[block.middle] = (padded + shape).rstrip()
            return lines
        wrapped = textwrap.wrap(line, self.width, subsequent_indent=INDENT * 2)
        return [*wrapped, f"{shape:>{self.width}}".rstrip()]

    def _columns(self, numbers: Numbers) -> list[str]:
        """Write a wide matrix in blocks of columns."""
        lines = []
        indent = INDENT * 2
        for label, part in numbers.split(self.width - len(indent) - 2):
            if label:
                lines.append(indent + label)
            block = TextBlock.of(indent, UNICODE.matrix(part))
            lines += str(block).split("\n")
        return lines


def _needs_empty_line(section: Section, place: int) -> bool:
    """Return whether an equation needs an empty line before it."""
    block = section.equations[place]
    if place == 0:
        has_start = section.text or section.quantities
        is_close = section.is_compact and block.is_large
        return bool(has_start and not is_close)
    before = section.equations[place - 1]
    if before.quantity.name.of:
        return False
    are_both_large = before.is_large and block.is_large
    return not are_both_large
