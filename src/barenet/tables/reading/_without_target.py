"""Rows without a target, which are left out: their number, and the words that they have instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from barenet._messages import count_of, some


@dataclass(frozen=True)
class WithoutTarget:
    """The rows without a target that are left out.

    >>> of_two_blocks = WithoutTarget(2, ("NA",)) + WithoutTarget(1, ("?",))
    >>> of_two_blocks.beside(70)
    "70 rows (3 without a target left out: '?', 'NA')"
    """

    n_rows: int = 0
    #: The words for a missing target in these rows, sorted.
    words: tuple[str, ...] = ()

    def __add__(self, other: WithoutTarget) -> WithoutTarget:
        words = {*self.words, *other.words}
        return WithoutTarget(self.n_rows + other.n_rows, tuple(sorted(words)))

    @property
    def clause(self) -> str:
        """The words that follow a number of rows."""
        if not self.words:
            return "without a target left out"
        return f"without a target left out: {some([repr(word) for word in self.words])}"

    def beside(self, n_rows: int) -> str:
        """Describe a number of rows, and the rows that were left out."""
        count = count_of(n_rows, "row")
        return f"{count} ({self.n_rows:,} {self.clause})" if self.n_rows else count


def total(parts: Iterable[WithoutTarget]) -> WithoutTarget:
    """Add the rows that were left out of the blocks of a file."""
    return sum(parts, start=WithoutTarget())
