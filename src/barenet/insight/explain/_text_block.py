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
    >>> matrix = TextBlock(("1 2", "3 4")).between("[", "]")
    >>> print(TextBlock.of("W = ", matrix))
    W = ⎡1 2⎤
        ⎣3 4⎦
    """

    lines: tuple[str, ...]
    middle: int = 0

    @classmethod
    def of(cls, *parts: TextBlock | str) -> TextBlock:
        """Put blocks and words side by side, with their middles in one line."""
        blocks = [cls((part,)) if isinstance(part, str) else part for part in parts]
        above = max(block.middle for block in blocks)
        below = max(len(block.lines) - block.middle for block in blocks)
        padded = [block._padded(above, below) for block in blocks]
        return cls(tuple(map("".join, zip(*padded, strict=True))), above)

    @property
    def width(self) -> int:
        """The width of the widest line."""
        return max(map(length, self.lines))

    def between(self, left: str, right: str) -> TextBlock:
        """Put it in brackets of its height."""
        return TextBlock.of(self._bracket(left), self, self._bracket(right))

    def __str__(self) -> str:
        """Join the lines, without spaces at their ends."""
        return "\n".join(line.rstrip() for line in self.lines)

    def _bracket(self, sign: str) -> TextBlock | str:
        if (height := len(self.lines)) == 1:
            return sign
        sides = [_HIGH[sign][1]] * (height - 2)
        return TextBlock((_HIGH[sign][0], *sides, _HIGH[sign][2]), self.middle)

    def _padded(self, above: int, below: int) -> list[str]:
        """Add empty lines above and below the middle."""
        missing = above - self.middle, below - (len(self.lines) - self.middle)
        lines = [""] * missing[0] + [*self.lines] + [""] * missing[1]
        return [line + " " * (self.width - length(line)) for line in lines]


def length(text: str) -> int:
    """Columns of a text; a bar over a letter takes none."""
    return len(text) - text.count(BAR)
