"""Exact statistics of a column that is read block by block."""

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data._column import Column, FilledColumn
from barenet.data._column_fitting import fit_category
from barenet.data._column_kinds import DateColumn, NumberColumn, seconds


@dataclass
class ColumnStatistics:
    """Counts of missing values and labels; mean, variance and range of numbers.

    Examples
    --------
    >>> statistics = ColumnStatistics()
    >>> for block in ([1.0, np.nan], [2.0, 6.0]):
    ...     statistics.add(np.array(block))
    >>> statistics.count, statistics.n_missing, statistics.mean, statistics.highest
    (3, 1, 3.0, 6.0)
    """

    count: int = 0
    n_missing: int = 0
    mean: float = 0.0
    #: The sum of the squared differences from the mean.
    squares: float = 0.0
    lowest: float = math.inf
    highest: float = -math.inf
    is_binary: bool = True
    labels: Counter[str] = field(default_factory=Counter)

    def add(self, values: NDArray[np.generic]) -> None:
        """Add the values of a block, as a column parses them."""
        if values.dtype == object:
            self.labels.update(values.tolist())
            return
        is_missing = np.isnan(values)
        known = values[~is_missing]
        known = seconds(known) if known.dtype.kind == "M" else known.astype(np.float64)
        self.n_missing += int(is_missing.sum())
        if not len(known):
            return
        # Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm" (1979)
        count, mean = self.count + len(known), float(known.mean())
        difference = mean - self.mean
        self.squares += float(np.square(known - mean).sum())
        self.squares += difference**2 * self.count * len(known) / count
        self.mean += difference * len(known) / count
        self.count = count
        self.lowest = min(self.lowest, float(known.min()))
        self.highest = max(self.highest, float(known.max()))
        self.is_binary &= bool(np.isin(known, [0, 1]).all())

    @property
    def deviation(self) -> float:
        """The standard deviation, over n; 1 for constant numbers."""
        return math.sqrt(self.squares / max(1, self.count)) or 1.0

    def category(self, name: str, rare: float) -> Column:
        """Fit a column of categories to the labels of all rows."""
        counts = dict(sorted(self.labels.items()))
        n_missing = counts.pop("", 0)
        found, n_rows = np.array([*counts], object), np.array([*counts.values()], int)
        return fit_category(name, found, n_rows, rare, missing=n_missing > 0)

    def refine(self, column: Column, numbers: str) -> Column:
        """Replace what a column has of a sample by what it has of all rows."""
        if not isinstance(column, FilledColumn):
            return column
        changes: dict[str, Any] = {"indicator": self.n_missing > 0}
        if isinstance(column, NumberColumn | DateColumn) and numbers != "robust":
            center, scale = self._center_and_scale(numbers, float(column.fill))
            changes |= {"center": center, "scale": scale}
        return replace(column, **changes)

    def _center_and_scale(self, numbers: str, fill: float) -> tuple[float, float]:
        """As `SCALES` computes them from all values, the missing ones filled."""
        if numbers == "none" or self.is_binary:
            return 0.0, 1.0
        if numbers == "minmax":
            return self.lowest, self.highest - self.lowest or 1.0
        n_rows = self.count + self.n_missing
        mean = (self.count * self.mean + self.n_missing * fill) / n_rows
        between = self.count * (self.mean - mean) ** 2 + self.n_missing * (fill - mean) ** 2
        return mean, math.sqrt((self.squares + between) / n_rows) or 1.0
