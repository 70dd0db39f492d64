"""Statistics of a column of a stream, which are added up block by block."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.tables.encoding import _column_fitting as fitting
from barenet.tables.encoding._column import Column, FilledColumn
from barenet.tables.encoding._column_kinds import DateColumn, NumberColumn
from barenet.tables.encoding._operations import seconds
from barenet.tables.encoding._scaling import SMALL_SPREAD, small_deviation


class BlockStatistics(NamedTuple):
    """Statistics of the numbers of a block."""

    n_numbers: int
    mean: float
    variance: float
    #: The standard deviation, also where the variance underflows to 0.
    deviation: float
    low: float
    high: float


class ColumnStatistics:
    """Counts of missing values and labels; mean, variance and range of the numbers of each block.

    Examples
    --------
    >>> statistics = ColumnStatistics("size")
    >>> for block in ([1.0, np.nan], [2.0, 6.0]):
    ...     statistics.add(np.array(block))
    >>> statistics.n_missing, statistics.center_and_scale("standardize", fill=3.0)
    (1, (3.0, 1.8708286933869707))
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.n_missing = 0
        #: Whether all numbers are 0 or 1.
        self.is_binary = True
        self.labels: Counter[str] = Counter()
        self.blocks: list[BlockStatistics] = []

    @np.errstate(over="ignore", invalid="ignore")
    def add(self, values: NDArray[Any]) -> None:
        """Add the parsed values of a block."""
        if values.dtype == object:
            self.labels.update(values.tolist())
            return
        present = values[~np.isnan(values)]
        self.n_missing += len(values) - len(present)
        if present.dtype.kind == "M":
            present = seconds(present)
        if len(present):
            mean = present.mean()
            variance = present.var()
            low = present.min()
            high = present.max()
            deviation = np.sqrt(variance)
            if deviation < SMALL_SPREAD and low < high:
                deviation = small_deviation(present - mean)
            block = BlockStatistics(
                n_numbers=len(present),
                mean=mean,
                variance=variance,
                deviation=deviation,
                low=low,
                high=high,
            )
            self.blocks.append(block)
            if not np.isin(present, [0, 1]).all():
                self.is_binary = False

    @property
    def extremes(self) -> list[float]:
        """The least and the greatest number, and NaN if a value is missing."""
        numbers = []
        if self.blocks:
            lows = [block.low for block in self.blocks]
            highs = [block.high for block in self.blocks]
            numbers += [float(min(lows)), float(max(highs))]
        return [*numbers, math.nan] if self.n_missing else numbers

    def category(self, rare: float, *, is_guess: bool, may_have_words: bool) -> Column:
        """Fit a column of categories, or of words, to the labels of all rows."""
        counts = dict(sorted(self.labels.items()))
        n_missing = counts.pop("", 0)
        labels = np.array([*counts], object)
        n_rows = np.array([*counts.values()], int)
        return fitting.fit_category(
            self.name,
            labels,
            n_rows,
            rare,
            has_missing=n_missing > 0,
            is_guess=is_guess,
            may_have_words=may_have_words,
        )

    def refine(self, column: Column, numbers: str) -> Column:
        """Replace the statistics of the sample in a column with those of all rows."""
        if not isinstance(column, FilledColumn):
            return column
        changes: dict[str, Any] = {"indicator": self.n_missing > 0}
        if isinstance(column, NumberColumn | DateColumn) and numbers != "robust":
            scaling = "none" if self.is_binary else numbers
            center, scale = self.center_and_scale(scaling, float(column.fill))
            changes["center"] = center
            changes["scale"] = scale
        return replace(column, **changes)

    @np.errstate(over="ignore", invalid="ignore")
    def center_and_scale(self, numbers: str, fill: float = 0.0) -> tuple[float, float]:
        """Compute what `SCALINGS` would from all values, with missing ones filled."""
        if numbers == "none":
            return 0.0, 1.0
        blocks = [*self.blocks]
        if self.n_missing:  # the filled values are a block of equal numbers
            filled = BlockStatistics(
                n_numbers=self.n_missing,
                mean=fill,
                variance=0.0,
                deviation=0.0,
                low=fill,
                high=fill,
            )
            blocks.append(filled)
        lows = np.array([block.low for block in blocks], np.float64)
        highs = np.array([block.high for block in blocks], np.float64)
        low = float(lows.min())
        high = float(highs.max())
        if numbers == "minmax":
            center = low
            scale = high - low
        else:
            center, scale = _mean_and_deviation(blocks, are_equal=low == high)
        if scale == 0:  # all numbers are equal
            scale = 1.0
        fitting.check_scale(self.name, numbers, measured=(center, scale), values=(low, high))
        return center, scale


def _mean_and_deviation(
    blocks: Sequence[BlockStatistics], *, are_equal: bool
) -> tuple[float, float]:
    """Compute the mean and the standard deviation of the numbers of all blocks."""
    counts = np.array([block.n_numbers for block in blocks], np.float64)
    means = np.array([block.mean for block in blocks], np.float64)
    variances = np.array([block.variance for block in blocks], np.float64)
    mean = float(np.average(means, weights=counts))
    differences = means - mean
    # Law of total variance: the variance within blocks plus the variance of their means.
    variance = np.average(variances + np.square(differences), weights=counts)
    deviation = float(np.sqrt(variance))
    if deviation < SMALL_SPREAD and not are_equal:
        deviations = np.array([block.deviation for block in blocks], np.float64)
        from_mean = np.hypot(deviations, differences)
        deviation = float(small_deviation(from_mean, counts))
    return mean, deviation
