"""TextBlock: a rectangle of letters, to set a matrix of numbers within a line of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["TextBlock"]

#: Brackets that are higher than a line: top, middle, bottom.
_HIGH = {"(": "⎛⎜⎝", ")": "⎞⎟⎠", "[": "⎡⎢⎣", "]": "⎤⎥⎦", "|": "│││"}


@dataclass(frozen=True)
class TextBlock:
    """Lines of the same length, one of which goes on in what stands beside.

    Attributes
    ----------
    lines : tuple of str
        From the top down.
    middle : int
        The line that others are aligned with.

    Examples
    --------
    >>> matrix = TextBlock(("1 2", "3 4")).between("[", "]")
    >>> print(TextBlock.of("W = ").beside(matrix))
    W = ⎡1 2⎤
        ⎣3 4⎦
    """

    lines: tuple[str, ...]
    middle: int = 0

    @classmethod
    def of(cls, text: str) -> TextBlock:
        """Make one of a line."""
        return cls((text,))

    @classmethod
    def table(cls, rows: Sequence[Sequence[str]], gap: str = "  ") -> TextBlock:
        """Set words in columns, which they fill from the right."""
        widths = [max(map(length, column)) for column in zip(*rows, strict=True)]
        lines = (
            gap.join(
                " " * (width - length(word)) + word for word, width in zip(row, widths, strict=True)
            )
            for row in rows
        )
        return cls(tuple(lines), (len(rows) - 1) // 2)

    @property
    def width(self) -> int:
        """Columns that it takes."""
        return max(map(length, self.lines))

    def beside(self, *others: TextBlock) -> TextBlock:
        """Set boxes side by side, their middles in one line."""
        boxes = (self, *others)
        above = max(box.middle for box in boxes)
        below = max(len(box.lines) - box.middle for box in boxes)
        padded = [box._padded(above, below) for box in boxes]
        return TextBlock(tuple("".join(parts) for parts in zip(*padded, strict=True)), above)

    def between(self, left: str, right: str) -> TextBlock:
        """Set it in brackets, as high as it is."""
        if len(self.lines) == 1:
            return TextBlock.of(f"{left}{self.lines[0]}{right}")
        return self._fence(left).beside(self, self._fence(right))

    def __str__(self) -> str:
        """Join the lines, without blanks at their ends."""
        return "\n".join(line.rstrip() for line in self.lines)

    def _fence(self, sign: str) -> TextBlock:
        """Make a bracket as high as the box."""
        if sign not in _HIGH:
            return TextBlock(tuple(" " * len(sign) for _ in self.lines), self.middle)._marked(sign)
        top, side, bottom = list(_HIGH[sign])
        return TextBlock((top, *[side] * (len(self.lines) - 2), bottom), self.middle)

    def _marked(self, sign: str) -> TextBlock:
        """Write a sign into the middle line."""
        lines = [sign if place == self.middle else line for place, line in enumerate(self.lines)]
        return TextBlock(tuple(lines), self.middle)

    def _padded(self, above: int, below: int) -> list[str]:
        """Add empty lines, to have as many above and below the middle."""
        width = self.width
        empty = " " * width
        lines = [line + " " * (width - length(line)) for line in self.lines]
        end = below - (len(lines) - self.middle)
        return [empty] * (above - self.middle) + lines + [empty] * end


def length(text: str) -> int:
    """Count the columns that a text takes; a bar over a letter takes none."""
    return len(text) - text.count("\N{COMBINING MACRON}")
