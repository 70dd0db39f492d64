"""Numbers as text: significant digits, aligned matrices, and statistics of large arrays."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

#: Entries of an array that is printed whole in a small network; all gradients of such an array are
#: checked in any network.
SMALL_ARRAY_ENTRIES = 64

#: Entries of a larger array that are printed one by one, the largest ones.
LARGEST_ENTRIES = 5

#: Significant digits of an error of a gradient, of which only the size matters.
ERROR_DIGITS = 2

#: Significant digits of a mean, in a line that has little room.
MEAN_DIGITS = 4


def digits(value: Any, precision: int) -> str:
    """Write a number.

    Examples
    --------
    >>> digits(0.25, 6), digits(1 / 3, 6), digits(-0.0, 6), digits(1e-12, 3)
    ('0.25', '0.333333', '0', '1e-12')
    """
    return f"{float(value) + 0.0:.{precision}g}"


def largest_entries(value: NDArray[Any]) -> list[tuple[int, ...]]:
    """Indices of the entries that are furthest from 0."""
    order = np.argsort(-np.abs(value), axis=None, kind="stable")[:LARGEST_ENTRIES]
    return [tuple(map(int, np.unravel_index(flat, value.shape))) for flat in order]


class Numbers(NamedTuple):
    """A matrix or a single number, and the significant digits to print."""

    value: NDArray[Any]
    precision: int

    def cells(self) -> list[list[str]]:
        """Write the entries, with the decimal points of a column below each other.

        Examples
        --------
        >>> Numbers(np.array([[1.5], [-20.0]]), 6).cells()
        [['  1.5'], ['-20  ']]
        """
        matrix = np.atleast_2d(self.value)
        rows = [[digits(entry, self.precision) for entry in row] for row in matrix]
        columns = [_aligned(column) for column in zip(*rows, strict=True)]
        return [list(row) for row in zip(*columns, strict=True)]

    @property
    def width(self) -> int:
        """Characters of a line, with two between the columns."""
        return len("  ".join(self.cells()[0]))

    def split(self, room: int) -> Iterator[tuple[str, Self]]:
        """Split a wide matrix into blocks of columns, each with its label.

        Examples
        --------
        >>> [label for label, _ in Numbers(np.arange(10.0).reshape(1, 10), 6).split(16)]
        ['columns 0 to 5', 'columns 6 to 9']
        """
        words, starts = self.cells()[0], [0]
        for end in range(1, len(words)):
            if len("  ".join(words[starts[-1] : end + 1])) > room:
                starts.append(end)
        for start, end in pairwise([*starts, len(words)]):
            part = self._replace(value=np.atleast_2d(self.value)[:, start:end])
            yield (f"columns {start} to {end - 1}", part) if len(starts) > 1 else ("", self)

    def statistics(self, room: int, *, with_largest: bool = True) -> str:
        """Summarize an array in a line.

        Examples
        --------
        >>> Numbers(np.array([[1.0, 2.0, -9.0]]), 3).statistics(60)
        'mean -2, std 4.97; largest -9 at [0, 2], 2 at [0, 1]'
        >>> Numbers(np.zeros((2, 5)), 3).statistics(60)
        'all 0'
        """
        value, precision = self
        if (value == value.flat[0]).all():
            return f"all {digits(value.flat[0], precision)}"
        exact, rough = value.astype(np.float64), min(precision, MEAN_DIGITS)
        with np.errstate(over="ignore", invalid="ignore"):
            line = f"mean {digits(exact.mean(), rough)}, std {digits(exact.std(), rough)}"
        if not exact.all():
            line += f", zeros {(exact == 0).mean():.0%}"
        separator = "; largest "
        for index in largest_entries(value) if with_largest else ():
            longer = f"{line}{separator}{digits(value[index], precision)} at {list(index)}"
            if separator == ", " and len(longer) > room:
                break
            line, separator = longer, ", "
        return line


def _aligned(words: Sequence[str]) -> list[str]:
    """Pad the words of a column on both sides, so that their decimal points align."""
    ends = [len(word.partition("e")[0].partition(".")[0]) for word in words]
    padded = [" " * (max(ends) - end) + word for word, end in zip(words, ends, strict=True)]
    return [word.ljust(max(map(len, padded))) for word in padded]
