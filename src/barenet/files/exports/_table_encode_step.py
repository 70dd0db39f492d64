"""Step from the columns of a table to the inputs of a network.

Not every language has tables, so a row consists of numbers, one for each column. A category is its
index in the column's record, or the next index for any other; a date is its seconds since 1970. NaN
is a missing value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from barenet.data._column import Column
from barenet.data._column_types import CategoryColumn, DateColumn, NumberColumn, seconds
from barenet.data._encoding import TableEncoding
from barenet.data._parsing import to_number
from barenet.files.exports._steps import Step, single_error

__all__ = ["TableEncodeStep"]


@dataclass(frozen=True, eq=False)
class TableEncodeStep(Step):
    """Encodes one number for each column as the inputs of the network."""

    name: ClassVar[str] = "encode"
    encoding: TableEncoding
    dtype: np.dtype[Any]

    @property
    def columns(self) -> tuple[Column, ...]:
        """The records of the columns that are used."""
        return self.encoding.used

    @property
    def number_markers(self) -> list[float]:
        """The markers of a missing value that are numbers, such as -999."""
        numbers = map(to_number, self.encoding.missing)
        return sorted({number for number in numbers if number is not None})

    @property
    def single_errors(self) -> NDArray[np.float64]:
        """The largest rounding error of each column in float32, in units of its spread."""
        numbers = (each if isinstance(each, NumberColumn) else None for each in self.columns)
        return np.array([single_error(n.center, n.scale) if n else 0 for n in numbers])

    def values(self, X: Any) -> NDArray[np.float64]:
        """Read a table as numbers."""
        frame, missing = self.encoding.frame_of(X), self.encoding.missing
        read = ((each, each.parse(frame, each.name, missing)) for each in self.columns)
        return np.column_stack([_number(column, values) for column, values in read])

    def forward(self, X: NDArray[Any]) -> NDArray[Any]:
        pairs = zip(self.columns, X.T, strict=True)
        encoded = [column.encode(_values(column, values)) for column, values in pairs]
        return np.hstack(encoded).astype(self.dtype)


def _number(column: Column, values: NDArray[Any]) -> NDArray[np.float64]:
    """Write the values of a column as numbers."""
    if isinstance(column, CategoryColumn):
        indices = {category: float(index) for index, category in enumerate(column.categories)}
        indices[""] = np.nan
        other = float(len(column.categories))
        return np.array([indices.get(label, other) for label in values.tolist()])
    if isinstance(column, DateColumn):
        return np.where(np.isnat(values), np.nan, seconds(values))
    return values


def _values(column: Column, values: NDArray[Any]) -> NDArray[Any]:
    """Read the numbers back as labels (None is in no record), dates or numbers."""
    if isinstance(column, CategoryColumn):
        labels = np.array([*column.categories, None, ""], object)
        other = len(column.categories)
        indices = np.where((values >= 0) & (values < other), values, other)
        return labels[np.where(np.isnan(values), other + 1, indices).astype(np.int64)]
    if isinstance(column, DateColumn):
        missing = np.isnan(values)
        moments = np.rint(np.where(missing, 0, values) * 1e6).astype(np.int64).astype("M8[us]")
        return np.where(missing, np.datetime64("NaT", "us"), moments)
    return values
