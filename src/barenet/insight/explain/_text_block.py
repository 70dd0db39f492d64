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
        both = (_word(part, above, below) if isinstance(part, str) else part for part in parts)
        padded = [block._padded(above, below) for block in both]
        return cls(tuple(map("".join, zip(*padded, strict=True))), above)

    @property
    def width(self) -> int:
        """The width of the widest line."""
        return max(map(length, self.lines))

    def __str__(self) -> str:
        """Join the lines, without spaces at their ends."""
        return "\n".join(line.rstrip() for line in self.lines)

    def _padded(self, above: int, below: int) -> list[str]:
        """Add empty lines above and below the middle."""
        missing = above - self.middle, below - (len(self.lines) - self.middle)
        lines = [""] * missing[0] + [*self.lines] + [""] * missing[1]
        return [line + " " * (self.width - length(line)) for line in lines]


def length(text: str) -> int:
    """Columns of a text; a bar over a letter takes none."""
    return len(text) - text.count(BAR)


def _word(text: str, above: int, below: int) -> TextBlock:
    """Make a block of a word, or of a bracket with a number of lines above and from its middle."""
    if text not in _HIGH or above + below == 1:
        return TextBlock((text,))
    top, side, bottom = list(_HIGH[text])
    return TextBlock((top, *[side] * (above + below - 2), bottom), above)
