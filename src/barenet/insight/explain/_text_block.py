"""Text block: lines of equal width, to print a matrix within a line of text."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import NamedTuple


class _Bracket(NamedTuple):
    """The characters of a bracket that spans several lines."""

    top: str
    middle: str
    bottom: str


#: Brackets that span several lines.
_HIGH = {
    "(": _Bracket("⎛", "⎜", "⎝"),
    ")": _Bracket("⎞", "⎟", "⎠"),
    "[": _Bracket("⎡", "⎢", "⎣"),
    "]": _Bracket("⎤", "⎥", "⎦"),
    "|": _Bracket("│", "│", "│"),
}

#: A bar over a letter, which is a separate character in text.
BAR = "\N{COMBINING MACRON}"


@dataclass(frozen=True)
class TextBlock:
    """Lines from top to bottom; the middle line is aligned with other blocks.

    Examples
    --------
    >>> matrix = TextBlock.of("[", TextBlock(("1 2", "3 4")), "]")
    >>> print(TextBlock.of("W = ", matrix))
    W = ⎡1 2⎤
        ⎣3 4⎦
    """

    lines: tuple[str, ...]
    middle: int = 0

    @classmethod
    def of(cls, *parts: TextBlock | str) -> TextBlock:
        """Put blocks and words side by side, with their middles aligned.

        A bracket is as high as the blocks.
        """
        above = 0  # lines above the middle
        below = 1  # lines from the middle on
        for part in parts:
            if isinstance(part, TextBlock):
                above = max(above, part.middle)
                below = max(below, len(part.lines) - part.middle)
        columns = [_column(part, above, below) for part in parts]
        lines = tuple("".join(pieces) for pieces in zip(*columns, strict=True))
        return cls(lines, above)

    @property
    def width(self) -> int:
        """The width of the widest line."""
        return max(length(line) for line in self.lines)

    def __str__(self) -> str:
        """Join the lines, without spaces at their ends."""
        return "\n".join(line.rstrip() for line in self.lines)


def length(text: str) -> int:
    """Count the columns of a text; a bar over a letter takes none."""
    return len(text) - text.count(BAR)


def pad(text: str, width: int) -> str:
    """Add spaces at the end of a text, up to a number of columns."""
    return text.ljust(width + text.count(BAR))


def _column(part: TextBlock | str, above: int, below: int) -> list[str]:
    """Pad a part to numbers of lines above its middle and from it on; draw a bracket as high."""
    if isinstance(part, str):
        if part in _HIGH and above + below > 1:
            bracket = _HIGH[part]
            n_middle = above + below - 2
            return [bracket.top, *itertools.repeat(bracket.middle, n_middle), bracket.bottom]
        part = TextBlock((part,))
    n_above = above - part.middle
    n_below = below - (len(part.lines) - part.middle)
    lines = list(itertools.repeat("", n_above))
    lines += part.lines
    lines += itertools.repeat("", n_below)
    return [pad(line, part.width) for line in lines]
