"""Text block: lines of text of one width, to print a matrix within a line of text."""

from __future__ import annotations

from dataclasses import dataclass

#: Brackets that are higher than a line: top, middle, bottom.
_HIGH = {"(": "⎛⎜⎝", ")": "⎞⎟⎠", "[": "⎡⎢⎣", "]": "⎤⎥⎦", "|": "│││"}

#: A bar over a letter, which is a character of its own in text.
BAR = "\N{COMBINING MACRON}"


@dataclass(frozen=True)
class TextBlock:
    """Lines from top to bottom, of which the middle one is aligned with other blocks.

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
        """Put blocks and words side by side, with their middles in one line.

        A bracket is as high as the blocks.
        """
        blocks = [part for part in parts if isinstance(part, TextBlock)]
        above = max((block.middle for block in blocks), default=0)
        below = max((len(block.lines) - block.middle for block in blocks), default=1)
        columns = (_column(part, above, below) for part in parts)
        return cls(tuple(map("".join, zip(*columns, strict=True))), above)

    @property
    def width(self) -> int:
        """The width of the widest line."""
        return max(map(length, self.lines))

    def __str__(self) -> str:
        """Join the lines, without spaces at their ends."""
        return "\n".join(line.rstrip() for line in self.lines)


def length(text: str) -> int:
    """Columns of a text; a bar over a letter takes none."""
    return len(text) - text.count(BAR)


def _column(part: TextBlock | str, above: int, below: int) -> list[str]:
    """Pad a part to numbers of lines above its middle and from it; a bracket is drawn so high."""
    if isinstance(part, str):
        if part in _HIGH and above + below > 1:
            return [_HIGH[part][0], *[_HIGH[part][1]] * (above + below - 2), _HIGH[part][2]]
        part = TextBlock((part,))
    missing = above - part.middle, below - (len(part.lines) - part.middle)
    lines = [""] * missing[0] + [*part.lines] + [""] * missing[1]
    return [line + " " * (part.width - length(line)) for line in lines]
