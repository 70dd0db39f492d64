"""Numbers as text: significant digits, aligned matrices, and statistics of large arrays."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

#: Maximum number of entries of an array that is printed in full in a small network; in any network,
#: all gradients of such an array are checked.
SMALL_ARRAY_ENTRIES = 64

#: Number of the largest entries of a larger array, which are printed one by one.
LARGEST_ENTRIES = 5

#: Significant digits of the error of a gradient, whose size alone matters.
ERROR_DIGITS = 2

#: Significant digits of a mean, in a short line.
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
    order = np.argsort(-np.abs(value), axis=None, kind="stable")
    indices = []
    for place in order[:LARGEST_ENTRIES]:
        index = np.unravel_index(place, value.shape)
        indices.append(tuple(int(position) for position in index))
    return indices


class Numbers(NamedTuple):
    """A matrix or a single number, and the significant digits to print."""

    value: NDArray[Any]
    precision: int

    def cells(self) -> list[list[str]]:
        """Write the entries, with the decimal points of each column aligned.

        Examples
        --------
        >>> Numbers(np.array([[1.5], [-20.0]]), 6).cells()
        [['  1.5'], ['-20  ']]
        """
        matrix = np.atleast_2d(self.value)
        columns = []
        for column in matrix.T:
            words = [digits(entry, self.precision) for entry in column]
            columns.append(_aligned(words))
        return [list(row) for row in zip(*columns, strict=True)]

    @property
    def width(self) -> int:
        """Characters of a line, with two between the columns."""
        first_line = "  ".join(self.cells()[0])
        return len(first_line)

    def split(self, room: int) -> Iterator[tuple[str, Self]]:
        """Split a wide matrix into blocks of columns, each with its label.

        Examples
        --------
        >>> [label for label, _ in Numbers(np.arange(10.0).reshape(1, 10), 6).split(16)]
        ['columns 0 to 5', 'columns 6 to 9']
        """
        words = self.cells()[0]
        starts = [0]
        for end in range(1, len(words)):
            block = words[starts[-1] : end + 1]
            line = "  ".join(block)
            if len(line) > room:
                starts.append(end)
        if len(starts) == 1:
            yield "", self
            return
        matrix = np.atleast_2d(self.value)
        for start, end in pairwise([*starts, len(words)]):
            part = self._replace(value=matrix[:, start:end])
            yield f"columns {start} to {end - 1}", part

    def statistics(self, room: int, *, with_largest: bool = True) -> str:
        """Summarize an array in a line.

        Examples
        --------
        >>> Numbers(np.array([[1.0, 2.0, -9.0]]), 3).statistics(60)
        'mean -2, std 4.97; largest -9 at [0, 2], 2 at [0, 1]'
        >>> Numbers(np.zeros((2, 5)), 3).statistics(60)
        'all 0'
        """
        value = self.value
        precision = self.precision
        if (value == value.flat[0]).all():
            return f"all {digits(value.flat[0], precision)}"
        exact = value.astype(np.float64)
        rough = min(precision, MEAN_DIGITS)
        with np.errstate(over="ignore", invalid="ignore"):
            mean = digits(exact.mean(), rough)
            std = digits(exact.std(), rough)
        line = f"mean {mean}, std {std}"
        if not exact.all():
            line += f", zeros {(exact == 0).mean():.0%}"
        if not with_largest:
            return line
        separator = "; largest "
        for index in largest_entries(value):
            entry = digits(value[index], precision)
            longer = f"{line}{separator}{entry} at {list(index)}"
            if separator == ", " and len(longer) > room:
                break
            line = longer
            separator = ", "
        return line


def _aligned(words: Sequence[str]) -> list[str]:
    """Pad the words of a column on both sides, to align their decimal points."""
    ends = []
    for word in words:
        mantissa, _, _ = word.partition("e")
        before_point, _, _ = mantissa.partition(".")
        ends.append(len(before_point))
    longest = max(ends)
    padded = []
    for word, end in zip(words, ends, strict=True):
        n_missing = longest - end
        padded.append(word.rjust(len(word) + n_missing))
    width = max(len(word) for word in padded)
    return [word.ljust(width) for word in padded]
