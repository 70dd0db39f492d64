"""The texts of a column, each different one once, beside the place of each row's text among them.

A column of names has few of them, so that rows are selected, compared and counted by numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class CodedTexts:
    """Texts of rows, which NumPy sees as an array of StringDType.

    Attributes
    ----------
    codes : ndarray of shape (n_rows,), int64
        The place in `texts` of the text of each row.
    texts : sequence of str
        The different texts. Some may be those of no row.

    Examples
    --------
    >>> towns = CodedTexts.of(["Rome", "Oslo", "Rome"])
    >>> towns.texts, towns.codes.tolist(), towns[1], towns[1:].tolist()
    (['Rome', 'Oslo'], [0, 1, 0], 'Oslo', ['Oslo', 'Rome'])
    """

    codes: NDArray[np.int64]
    texts: Sequence[str]
    dtype: ClassVar[np.dtype[Any]] = np.dtypes.StringDType()

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """Find the different texts, in the order of their first rows."""
        places = {text: code for code, text in enumerate(dict.fromkeys(texts))}
        codes = np.fromiter(map(places.__getitem__, texts), np.int64, len(texts))
        return cls(codes, [*places])

    @classmethod
    def joined(cls, columns: Sequence[NDArray[Any] | Self]) -> Self:
        """Join the rows of columns of texts, without the texts of no row."""
        places: dict[str, int] = {}
        codes = []
        for column in columns:
            coded = column.of_rows() if isinstance(column, cls) else cls.of(column.tolist())
            codes_of_texts = [places.setdefault(text, len(places)) for text in coded.texts]
            codes.append(np.array(codes_of_texts, np.int64)[coded.codes])
        return cls(np.concatenate(codes), [*places])

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: Any) -> Any:
        codes = self.codes[rows]
        return self.texts[codes] if codes.ndim == 0 else type(self)(codes, self.texts)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if not self.texts:
            return np.array([], dtype or self.dtype)
        return np.array(self.texts, dtype or self.dtype)[self.codes]

    @property
    def nbytes(self) -> int:
        """Bytes of memory for the codes."""
        return self.codes.nbytes

    def tolist(self) -> list[str]:
        """Return the text of each row."""
        return [self.texts[code] for code in self.codes.tolist()]

    def of_rows(self) -> Self:
        """Leave out the texts of no row, and order the others by their first rows."""
        n_rows = len(self.codes)
        first_rows = np.full(len(self.texts), n_rows)
        first_rows[self.codes[::-1]] = np.arange(n_rows)[::-1]  # the last assignment counts
        by_row = np.argsort(first_rows, kind="stable")
        order = by_row[: np.count_nonzero(first_rows < n_rows)]
        codes = np.empty(len(self.texts), np.int64)
        codes[order] = np.arange(len(order))
        return type(self)(codes[self.codes], [self.texts[place] for place in order.tolist()])


def unique_texts(column: NDArray[Any] | CodedTexts) -> tuple[NDArray[np.int64], list[str]]:
    """Index the different texts of a column in order, and strip them."""
    coded = CodedTexts.joined([column])
    return coded.codes, [text.strip() for text in coded.texts]
