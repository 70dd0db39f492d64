"""The rows that can be probed: those that the page uses, and all others of a table's file."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.datasets._dataset import Dataset
from barenet.tables.frames._frame import Frame, Samples

#: What the page uses a row for. A long table has rows that it doesn't use, and so has a table with
#: rows without a target.
Part = Literal["training", "test", "unused"]


class DataRow(NamedTuple):
    """A row of the data."""

    #: Its encoded columns, shape (1, n_columns).
    encoded: NDArray[np.float64]
    #: Its columns as they were read; None for a row of a numeric matrix, which is not encoded.
    raw: Frame | None
    #: Its class, as an index, or its number, shape (1,); None for a row without a target.
    target: NDArray[Any] | None
    part: Part

    @property
    def columns(self) -> Samples:
        """Its columns in the form that a predictor takes."""
        return self.raw if self.raw is not None else self.encoded


@dataclass(frozen=True, eq=False, kw_only=True)
class FileRows:
    """All rows of a table's file, also those without a target."""

    #: The columns of each row of the file.
    X: Samples
    #: The targets of the rows that have one, and the numbers of these rows in the file, from 0.
    y: NDArray[Any]
    numbers: NDArray[np.int64]

    def target(self, number: int) -> NDArray[Any] | None:
        """Return the target of a row, shape (1,); None if it has none."""
        target = self.y[self.numbers == number]
        return target if len(target) else None

    def columns(self, number: int) -> Samples:
        """Return the columns of a row, as a table of one row."""
        return self.X[[number]]


class TableRows(NamedTuple):
    """The rows of a table."""

    #: Those that the page uses: of very many, a random sample.
    used: Dataset
    file: FileRows
