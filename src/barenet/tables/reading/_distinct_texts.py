"""The different texts of a column, counted by rows and by values."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from barenet.errors import DataError
from barenet.tables.frames._frame import Frame
from barenet.tables.reading import _parsing as parsing

#: How many different values of a kind count as many, and how many others beside them as few.
MANY = 10
FEW = 5

#: The remedy for a column that need not be read.
TO_LEAVE_OUT = "; to leave it out, use {drop}"


@dataclass(frozen=True, eq=False)
class DistinctTexts:
    """A text column: the code of each value, and the texts by code, without missing ones."""

    frame: Frame
    name: str
    codes: NDArray[np.int64]
    texts: dict[int, str]
    #: The codes that `find` has found, by its function.
    _found: dict[Callable[[str], Any], list[int]] = field(default_factory=dict)
    #: The remedy for a column that may hold names.
    if_names: ClassVar[str] = "if the column holds names, use {categories}" + TO_LEAVE_OUT

    @property
    def some_missing(self) -> bool:
        """Whether some values are missing."""
        return len(np.unique(self.codes)) > len(self.texts)

    def find(self, is_one: Callable[[str], Any]) -> list[int]:
        """Find the codes of the values of a kind, in the order of their first rows."""
        if is_one not in self._found:
            self._found[is_one] = self._find_unless(is_one)
        return [*self._found[is_one]]

    def find_nearly_all(self, is_one: Callable[[str], Any]) -> list[int]:
        """Find the values of a kind like `find`, or none if they can't be nearly all values.

        The search ends once too many values are of another kind for `are_nearly_all` and for
        `are_nearly_all_different`. Names of many rows are compared with many kinds, so that most of
        them aren't looked at.
        """
        few = 1 - parsing.NEARLY_ALL
        most_others = FEW + few * len(self.texts)
        most_rows = 1 + few * self.n_present
        return self._find_unless(is_one, most_others=most_others, most_rows=most_rows)

    def find_most(self, is_one: Callable[[str], Any]) -> list[int]:
        """Find the values of a kind like `find`, or none if they are not most different values."""
        half = len(self.texts) / 2
        return self._find_unless(is_one, most_others=half)

    def are_all(self, is_one: Callable[[str], Any]) -> bool:
        """Return whether all values are of a kind."""
        codes = self._find_unless(is_one, most_others=0)
        return len(codes) == len(self.texts)

    def _find_unless(
        self,
        is_one: Callable[[str], Any],
        *,
        most_others: float | None = None,
        most_rows: float = 0,
    ) -> list[int]:
        """Find the values of a kind; none if there are more others, and more rows with these.

        By default, the number of other values has no limit.
        """
        # An answer is a match or a value (even 0), or else None or False.
        answers = zip(self.texts, map(is_one, self.texts.values()), strict=True)
        if most_others is None:
            return [code for code, answer in answers if answer is not None and answer is not False]
        codes = []
        n_others = 0
        n_rows = 0
        counts = self.row_counts
        for code, answer in answers:
            if answer is not None and answer is not False:
                codes.append(code)
                continue
            n_others += 1
            n_rows += counts[code]
            if n_others > most_others and n_rows > most_rows:
                return []
        return codes

    @cached_property
    def row_counts(self) -> list[int]:
        """The number of rows with each text, by code."""
        counts: list[int] = np.bincount(self.codes).tolist()
        return counts

    @cached_property
    def n_present(self) -> int:
        """The number of rows with a value that is not missing."""
        return sum(self.row_counts[code] for code in self.texts)

    def others(self, codes: Collection[int]) -> list[int]:
        """Return the codes of all other values that are not missing."""
        left_out = set(codes)
        return [code for code in self.texts if code not in left_out]

    def texts_of(self, codes: Collection[int]) -> list[str]:
        """Return the texts of some codes."""
        return [self.texts[code] for code in codes]

    def n_rows(self, codes: Collection[int]) -> int:
        """Return the number of rows with one of some values."""
        return int(np.isin(self.codes, [*codes]).sum())

    def share(self, codes: Collection[int]) -> float:
        """Compute the fraction of the rows with a value that have one of these."""
        n_others = sum(self.row_counts[code] for code in self.others(codes))
        return 1 - n_others / self.n_present

    def are_nearly_all(self, codes: Collection[int]) -> bool:
        """Return whether values are in nearly all rows, or are many different ones beside few."""
        if not codes:
            return False
        if self.share(codes) >= parsing.NEARLY_ALL:
            return True
        n_different = len(set(codes))
        n_others = len(self.texts) - n_different
        few = max(FEW, (1 - parsing.NEARLY_ALL) * len(self.texts))
        return n_different >= MANY and n_others <= few

    def are_nearly_all_different(self, codes: Collection[int]) -> bool:
        """Return whether values are nearly all of the different values, however few."""
        return len(set(codes)) >= parsing.NEARLY_ALL * len(self.texts)

    def are_mostly_different(self) -> bool:
        """Return whether there are many different values, more than half as many as rows."""
        n_different = len(self.texts)
        return n_different >= MANY and n_different > self.n_present / 2

    def fault(
        self,
        codes: Collection[int],
        expected: str,
        remedy: str,
        *,
        detail: str = "",
        **options: object,
    ) -> DataError:
        """Describe the first wrong value in the file, where the order of the rows may differ."""
        row = parsing.first_row(self.frame, np.isin(self.codes, [*codes]))
        options |= {"categories": [self.name], "drop": [self.name], "numeric": [self.name]}
        return self.frame.fault(row, self.name, expected, remedy, detail=detail, **options)
