"""An explanation as text, for a terminal of 40 columns or more."""

import textwrap
from collections.abc import Iterator

from barenet.insight.explain._notations import UNICODE
from barenet.insight.explain._number_format import Numbers, digits
from barenet.insight.explain._page import EquationBlock, Page, Section
from barenet.insight.explain._text_block import TextBlock, length

INDENT = "    "

#: Looks like a space, and is never the end of a line.
NO_BREAK = "\N{NO-BREAK SPACE}"


def write_text(page: Page, width: int = 80) -> str:
    """Write an explanation for a terminal."""
    return "\n".join(_TextWriter(max(width, 40)).lines(page))


class _TextWriter:
    """Writes the parts of a page as lines of a width."""

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
        yield from ["", *lines, "─" * max(map(length, lines))]
        yield from textwrap.wrap(section.text, self.width)
        if section.text and section.given and not section.is_compact:
            yield ""
        yield from self._given(section.given)
        for place, block in enumerate(section.equations):
            if _needs_empty_line(section, place):
                yield ""
            yield from self._equation(block)
        yield from textwrap.wrap(section.alike_text, self.width)

    def _given(self, blocks: list[EquationBlock]) -> Iterator[str]:
        """Write single numbers side by side, then the other quantities with their notes."""
        settings = [each for each in blocks if each.quantity.is_setting]
        words = [f"{each.quantity.name.text} = {digits(*each.numbers)}" for each in settings]
        for line in textwrap.wrap("   ".join(words), self.width - len(INDENT)):
            yield INDENT + line
        for each in blocks:
            if not each.quantity.is_setting:
                yield from self._quantity(each)
                yield from self._note(each)

    def _quantity(self, block: EquationBlock) -> list[str]:
        name, shape = INDENT + block.quantity.name.text, block.shapes
        if block.is_large:
            (statistics,) = block.summary(self.width - 24)
            return self._beside(TextBlock.of(f"{name}: {statistics}"), shape)
        shown = TextBlock.of(f"{name} = ", UNICODE.matrix(block.numbers))
        if shown.width + len(shape) + 2 <= self.width:
            return self._beside(shown, shape)
        return [*self._beside(TextBlock.of(f"{name} ="), shape), *self._columns(block.numbers)]

    def _note(self, block: EquationBlock) -> list[str]:
        """Write the names of the entries; words of a group stay on one line."""
        parts = block.quantity.note.parts if block.quantity.note else ()
        whole = ", ".join(NO_BREAK.join(part.split()) for part in parts)
        lines = textwrap.wrap(whole, self.width - len(INDENT) * 2, break_on_hyphens=False)
        return [INDENT * 2 + line.replace(NO_BREAK, " ") for line in lines]

    def _equation(self, block: EquationBlock) -> list[str]:
        """Write a formula in letters and in numbers, its result and its check."""
        letters = [f" {sign} {formula}" for sign, formula in block.letters(UNICODE)]
        text = "".join([INDENT, block.quantity.name.text, *letters])
        lines = self._beside(TextBlock.of(text), block.shapes)
        if not block.is_large:
            return [*lines, *self._numbers(block), *self._check(block)]
        room = self.width - len(INDENT * 2)
        summary = (part for line in block.summary(room) for part in textwrap.wrap(line, room))
        return lines + [INDENT * 2 + part for part in summary]

    def _numbers(self, block: EquationBlock) -> list[str]:
        """Write a formula in numbers and its result, side by side if there is room."""
        sign = " " * length(INDENT + block.quantity.name.text) + " = "
        matrix = UNICODE.matrix(block.numbers)
        results = self._fitting(sign, matrix) or self._columns(block.numbers)
        for substituted in block.substituted(UNICODE):
            if formula := self._fitting(sign, substituted):
                return self._fitting(sign, substituted, " = ", matrix) or [*formula, *results]
        return results

    def _check(self, block: EquationBlock) -> list[str]:
        """Write the finite differences of a gradient, and the errors."""
        if block.differences is None:
            return []
        shown = f"{INDENT}finite differences ", UNICODE.matrix(block.differences)
        if both := self._fitting(*shown, "  error ", UNICODE.matrix(block.errors)):
            return both
        if lines := self._fitting(*shown):
            return [*lines, f"{INDENT}error at most {block.max_error}"]
        line = f"{INDENT}finite differences, error at most {block.max_error}:"
        return [line, *self._columns(block.differences)]

    def _fitting(self, *parts: TextBlock | str) -> list[str]:
        """Write parts side by side; no lines if there is no room."""
        block = TextBlock.of(*parts)
        return str(block).split("\n") if block.width <= self.width else []

    def _beside(self, block: TextBlock, shape: str) -> list[str]:
        """Write a shape at the end of a line, or below it."""
        lines = str(block).split("\n")
        line = lines[block.middle]
        gap = self.width - length(line) - length(shape)
        if gap >= 2:
            lines[block.middle] = (line + " " * gap + shape).rstrip()
            return lines
        wrapped = textwrap.wrap(line, self.width, subsequent_indent=INDENT * 2)
        return [*wrapped, f"{shape:>{self.width}}".rstrip()]

    def _columns(self, numbers: Numbers) -> list[str]:
        """Write a wide matrix in blocks of columns."""
        lines, indent = [], INDENT * 2
        for label, part in numbers.split(self.width - len(indent) - 2):
            lines += [indent + label] if label else []
            lines += str(TextBlock.of(indent, UNICODE.matrix(part))).split("\n")
        return lines


def _needs_empty_line(section: Section, place: int) -> bool:
    """Whether an empty line stands before an equation."""
    block = section.equations[place]
    if place == 0:
        return bool(section.text or section.given) and not (section.is_compact and block.is_large)
    before = section.equations[place - 1]
    return not (before.quantity.name.of or (before.is_large and block.is_large))
