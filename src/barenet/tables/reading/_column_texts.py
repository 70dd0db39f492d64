"""The different texts of a column, and how many rows have each: all that its kind depends on."""

import zlib
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import nsmallest
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from barenet.tables.frames._coded_texts import CodedTexts, unique_texts
from barenet.tables.reading._missing_texts import is_absent

#: Number of texts that a reader is tried on before all others.
N_PROBED = 64
#: Minimum fraction of these, or of their rows, that it has to read.
MIN_PROBED = 0.25

#: If at least this fraction of the values is of one kind, the others are treated as mistakes.
NEARLY_ALL = 0.9

#: A number with points between its thousands, which 1.250 may be.
GROUPED = r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+"

#: Minimum fraction of the rows that have a text which is counted beyond the maximum number.
MIN_FREQUENT = 0.001


class Read(NamedTuple):
    """What a reader reads of a column, counted in rows and in different texts."""

    unread: tuple[str, ...]
    n_rows: int
    n_texts: int

    @property
    def is_all(self) -> bool:
        """Whether every value is read."""
        return not self.unread


@dataclass(eq=False)
class ColumnTexts:
    """A counter of the texts of a column, which is filled block by block.

    Of more different texts than a maximum, those in many rows are counted, and a random choice of
    the others, which stand for them all. It doesn't depend on the order of the texts.

    Examples
    --------
    >>> texts = ColumnTexts()
    >>> for block in (["3", "NA"], ["3", "4 kg"]):
    ...     texts.add(np.array(block, np.dtypes.StringDType()), missing=["NA"])
    >>> dict(texts.counts), texts.n_missing
    ({'3': 2, '4 kg': 1}, 1)
    """

    counts: Counter[str] = field(default_factory=Counter)
    #: Texts that mark a missing value beside numbers and dates, such as ".", by their rows.
    absent: Counter[str] = field(default_factory=Counter)
    #: Rows with a missing value, and with a number that was declared as one.
    n_missing: int = 0
    n_numbers: int = 0
    #: Whether such a number isn't whole.
    has_fractions: bool = False
    #: The maximum number of different texts, if there is one, and the rows of texts left out.
    most: int | None = None
    n_left_out: int = 0

    def add(self, values: NDArray[Any] | CodedTexts, missing: Collection[str]) -> None:
        """Count the values of a block."""
        if values.dtype.kind == "f":
            present = values[~np.isnan(values)]
            self.n_missing += len(values) - len(present)
            self.n_numbers += len(present)
            self.has_fractions |= bool((present != np.floor(present)).any())
            return
        codes, texts = unique_texts(values)
        n_rows: Sequence[int] = np.bincount(codes, minlength=len(texts)).tolist()
        missing = {*missing}
        counts = Counter[str]()
        for text, n in zip(texts, n_rows, strict=True):
            if text in missing:
                self.n_missing += n
            elif is_absent(text):
                self.absent[text] += n
            else:
                counts[text] += n
        self.counts.update(counts)
        if self.most is not None and len(self.counts) > 2 * self.most:
            self._leave_out(self.most)

    def _leave_out(self, most: int) -> None:
        """Keep frequent texts, and the others with the smallest checksums."""
        n_rows = self.counts.total()
        least = MIN_FREQUENT * (n_rows + self.n_left_out)
        others = [text for text, n in self.counts.items() if n < least]
        kept = set(nsmallest(most, others, key=_checksum))
        for text in others:
            if text not in kept:
                del self.counts[text]
        self.n_left_out += n_rows - self.counts.total()

    def complete(self) -> None:
        """After the last block, count rows that are left out as those of texts that are not."""
        if self.most is None or not self.n_left_out:
            return
        self._leave_out(self.most)
        least = MIN_FREQUENT * (self.counts.total() + self.n_left_out)
        others = {text: n for text, n in self.counts.items() if n < least}
        factor = 1 + self.n_left_out / max(1, sum(others.values()))
        for text, n in others.items():
            self.counts[text] = round(n * factor)

    @classmethod
    def of(cls, values: NDArray[Any] | CodedTexts, missing: Collection[str]) -> Self:
        """Count the values of a column in memory."""
        texts = cls()
        texts.add(values, missing)
        return texts

    @cached_property
    def texts(self) -> list[str]:
        """The different texts, in the order of their first rows."""
        return [*self.counts]

    @cached_property
    def n_rows(self) -> int:
        """The number of rows with a value."""
        return self.counts.total() + self.n_numbers

    @cached_property
    def probe(self) -> list[str]:
        """The most frequent texts, and others at equal distances."""
        n_texts = len(self.texts)
        if n_texts <= N_PROBED:
            return self.texts
        frequent = [text for text, _ in self.counts.most_common(N_PROBED // 4)]
        places = np.linspace(0, n_texts - 1, N_PROBED).astype(int)
        return frequent + [self.texts[place] for place in places.tolist()]

    def read(self, reader: Callable[[str], Any]) -> Read | None:
        """Count what a reader reads; None if that is far from most of the values."""
        probe = self.probe
        n_rows = 0
        n_probed = 0
        n_rows_probed = 0
        for text in probe:
            n_rows += self.counts[text]
            if reader(text) is not None:
                n_probed += 1
                n_rows_probed += self.counts[text]
        if n_probed < MIN_PROBED * len(probe) and n_rows_probed < MIN_PROBED * n_rows:
            return None
        unread = []
        n_unread = 0
        for text in self.texts:
            if reader(text) is None:
                unread.append(text)
                n_unread += self.counts[text]
        return Read(tuple(unread), self.n_rows - n_unread, len(self.texts) - len(unread))

    def are_all(self, is_one: Callable[[str], Any]) -> bool:
        """Return whether all texts are of a kind."""
        return all(is_one(text) is not None for text in self.texts)


def _checksum(text: str) -> int:
    """Return a number that orders texts at random, and is the same in all processes."""
    return zlib.crc32(text.encode())
