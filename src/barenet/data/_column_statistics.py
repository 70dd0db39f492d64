"""Exact statistics of a column that is read block by block."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data._column import Column, FilledColumn
from barenet.data._column_fitting import check_scale, fit_category
from barenet.data._column_kinds import DateColumn, NumberColumn, seconds


class ColumnStatistics:
    """Counts of missing values and labels; mean, variance and range of the numbers of each block.

    Examples
    --------
    >>> statistics = ColumnStatistics()
    >>> for block in ([1.0, np.nan], [2.0, 6.0]):
    ...     statistics.add(np.array(block))
    >>> statistics.n_missing, statistics.center_and_scale("standardize", fill=3.0)
    (1, (3.0, 1.8708286933869707))
    """

    def __init__(self) -> None:
        self.n_missing, self.is_binary = 0, True
        self.labels = Counter[str]()
        #: Count, mean, variance, minimum and maximum of each block.
        self.blocks = list[tuple[float, ...]]()

    @np.errstate(over="ignore", invalid="ignore")
    def add(self, values: NDArray[Any]) -> None:
        """Add the values of a block, as a column parses them."""
        if values.dtype == object:
            self.labels.update(values.tolist())
            return
        known = values[~np.isnan(values)]
        self.n_missing += len(values) - len(known)
        known = seconds(known) if known.dtype.kind == "M" else known
        if len(known):
            measured = known.mean(), known.var(), known.min(), known.max()
            self.blocks.append((len(known), *measured))
            self.is_binary &= bool(np.isin(known, [0, 1]).all())

    def category(self, name: str, rare: float, *, is_guess: bool) -> Column:
        """Fit a column of categories to the labels of all rows."""
        counts = dict(sorted(self.labels.items()))
        n_missing = counts.pop("", 0)
        found, n_rows = np.array([*counts], object), np.array([*counts.values()], int)
        return fit_category(name, found, n_rows, rare, missing=n_missing > 0, is_guess=is_guess)

    def refine(self, column: Column, numbers: str) -> Column:
        """Replace the statistics of the sample in a column by those of all rows."""
        if not isinstance(column, FilledColumn):
            return column
        changes: dict[str, Any] = {"indicator": self.n_missing > 0}
        if isinstance(column, NumberColumn | DateColumn) and numbers != "robust":
            kind = "none" if self.is_binary else numbers
            center, scale = self.center_and_scale(kind, float(column.fill))
            extremes = [extreme for block in self.blocks for extreme in block[3:]]
            check_scale(column.name, numbers, (center, scale), extremes)
            changes |= {"center": center, "scale": scale}
        return replace(column, **changes)

    @np.errstate(over="ignore", invalid="ignore")
    def center_and_scale(self, numbers: str, fill: float = 0.0) -> tuple[float, float]:
        """As `SCALES` computes them from all values, the missing ones filled."""
        if numbers == "none":
            return 0.0, 1.0
        filled = [(self.n_missing, fill, 0.0, fill, fill)] if self.n_missing else []
        counts, means, variances, lowest, highest = np.array([*self.blocks, *filled]).T
        if numbers == "minmax":
            low, high = float(lowest.min()), float(highest.max())
            return low, high - low or 1.0
        mean = float(np.average(means, weights=counts))
        # Law of total variance: that within the blocks, and that between their means.
        variance = np.average(variances + np.square(means - mean), weights=counts)
        return mean, float(np.sqrt(variance)) or 1.0
