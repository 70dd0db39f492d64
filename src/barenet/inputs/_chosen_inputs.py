"""Chooses the categories that have an input of their own, by the error on left-out rows.

For each column of categories, this is a choice of the fraction of the rows below which they are
merged as rare ones, the threshold of the column. The months, weekdays, hours and days of dates, and
whole numbers that may be codes, are categories, too, which are left out by default: the threshold
is infinite.

The threshold is the one with the smallest leave-one-out error. Each column's share of the target is
estimated by ridge regression on its categories alone, after the shares of all other columns have
been subtracted. With one input for each category, its leave-one-out errors are sums over
categories, so thousands of categories are compared in milliseconds. Subtracting the columns' shares
in turn is backfitting (Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning",
section 9.1.1).
"""

import math
from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.inputs._chosen_pairs import (
    BINS,
    ColumnPair,
    choose_pairs,
    codes_of_sides,
    has_slope,
    may_be_codes,
    values_of_parts,
)
from barenet.inputs._input_regression import (
    LeftOutErrors,
    RegressionSample,
    leave_one_out_with_best_penalty,
    share_of_numbers,
)
from barenet.tables.encoding._column import FilledColumn
from barenet.tables.encoding._column_fitting import bin_edges
from barenet.tables.encoding._column_kinds import DAY_PART, CategoryColumn, DateColumn, NumberColumn
from barenet.tables.encoding._encoding import RARE, TableEncoding, values_of
from barenet.tables.encoding._operations import positions
from barenet.tables.reading._column_words import ColumnRequests

#: The thresholds that are compared, the default first: of categories, of the values of a part of
#: the date, and of numbers and days that may be codes.
THRESHOLDS = (RARE, 0.0, 0.005, 0.02, 0.05)
THRESHOLDS_OF_PART = (math.inf, 0.0)
THRESHOLDS_OF_CODES = (math.inf, 0.0, 0.005, RARE, 0.02)

#: Maximum number of categories of all columns in which none are merged, those with threshold 0;
#: twice as many if the rarest of them have equally many rows. A category has as many weights as the
#: first layer has units, in each network.
MOST_CATEGORIES = 4_000

#: Maximum number of rows that the comparison uses.
MOST_ROWS_OF_CATEGORIES = 50_000


class ChosenInputs(NamedTuple):
    """The choices for the columns of a table, by their names.

    Attributes
    ----------
    rare : dict of str to float
        The fractions of the rows below which categories are rare, except `RARE`, the default.
    parts : dict of str to tuple of str
        The parts of dates, those of `DateColumn`.
    codes : dict of str to tuple of float
        The numbers with an input of their own, those of `PiecewiseColumn`.
    days : dict of str to tuple of int
        The days with an input of their own, those of `DateColumn`.
    pairs : tuple of ColumnPair
        The columns whose pairs of categories have inputs of their own.
    slopes : tuple of ColumnPair
        A column of categories, and a number that has a slope of its own in each of them.
    """

    rare: dict[str, float]
    parts: dict[str, tuple[str, ...]]
    codes: dict[str, tuple[float, ...]]
    days: dict[str, tuple[int, ...]]
    pairs: tuple[ColumnPair, ...] = ()
    slopes: tuple[ColumnPair, ...] = ()

    def without_codes(self, names: Collection[str]) -> "ChosenInputs":
        """Return the choices with no codes and no days in these columns."""
        codes = {name: numbers for name, numbers in self.codes.items() if name not in names}
        days = {}
        for name, numbers_of_days in self.days.items():
            if name not in names:
                days[name] = numbers_of_days
        return self._replace(codes=codes, days=days)

    def without_doubtful_inputs(self) -> "ChosenInputs":
        """Return the choices with no codes, days and pairs, and no rarer categories than usual."""
        rare = {name: fraction for name, fraction in self.rare.items() if fraction > RARE}
        return self._replace(rare=rare, codes={}, days={}, pairs=())


class Categories(NamedTuple):
    """The categories of a column, as codes.

    Attributes
    ----------
    name : str
        Name of the column.
    thresholds : tuple of float
        The thresholds that are compared, the default first.
    labels : ndarray of shape (n_codes,)
        What each code stands for.
    codes : ndarray of shape (n_rows,), int
        The code of each row.
    counts : ndarray of shape (n_codes,), int
        The number of rows of each code.
    n_missing : int
        The number of rows without a value, whose code is 0 if there are any.
    part : str
        The part of the date, or the day, that the categories are the values of; empty for other
        columns.
    """

    name: str
    thresholds: tuple[float, ...]
    labels: NDArray[Any]
    codes: NDArray[np.intp]
    counts: NDArray[np.intp]
    n_missing: int
    part: str = ""

    @classmethod
    def of(cls, name: str, labels: NDArray[Any]) -> "Categories":
        """Code the labels of a column in alphabetical order; "", for a missing one, comes first."""
        different, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
        n_missing = int(np.count_nonzero(labels == ""))
        return cls(name, THRESHOLDS, different, codes, counts, n_missing)

    @classmethod
    def of_part(cls, name: str, part: str, values: NDArray[np.intp]) -> "Categories":
        """Code the values of a part of the date, of which none is missing."""
        different, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
        return cls(name, THRESHOLDS_OF_PART, different, codes, counts, 0, part)

    @classmethod
    def of_numbers(cls, name: str, numbers: NDArray[Any], part: str = "") -> "Categories":
        """Code numbers, or the days of dates, of which none is missing."""
        different, codes, counts = np.unique(numbers, return_inverse=True, return_counts=True)
        return cls(name, THRESHOLDS_OF_CODES, different, codes, counts, 0, part)

    @property
    def n_rows(self) -> int:
        """The number of rows with a value."""
        return len(self.codes) - self.n_missing

    def merged(self, threshold: float) -> "Categories":
        """Merge the categories in less than this fraction of the rows with a value."""
        is_rare = self.are_rare(threshold)
        if not is_rare.any():
            return self
        # Rare categories share the last code. The others keep their order, so 0 stays that of
        # missing values.
        is_kept = ~is_rare
        code_of_rare = int(np.count_nonzero(is_kept))
        new_codes = np.where(is_kept, np.cumsum(is_kept) - 1, code_of_rare)
        codes = new_codes[self.codes]
        return self._replace(codes=codes, counts=np.bincount(codes))

    def are_rare(self, threshold: float) -> NDArray[np.bool_]:
        """Return which codes occur in less than this fraction of the rows with a value."""
        are_rare = self.counts < threshold * self.n_rows
        if self.n_missing:
            are_rare[0] = False  # missing values are no category
        return are_rare


def choose_inputs(
    X: Any,
    y: NDArray[Any],
    weight: NDArray[Any],
    groups: NDArray[Any] | None = None,
    *,
    requests: ColumnRequests | None = None,
    missing: Collection[str] = (),
) -> ChosenInputs:
    """Choose the categories that have an input of their own.

    y has classes, or rows of numbers. Columns for which the default is chosen are left out. With
    groups, such as patients with several rows, a row is predicted without the rows of its group.

    >>> towns = np.array([f"town {row % 150}" for row in range(600)])
    >>> chosen = choose_inputs({"town": towns}, np.arange(600.0)[:, np.newaxis] % 150, np.ones(600))
    >>> chosen.rare
    {'town': 0.0}
    """
    encoding = TableEncoding.fit(X, rare=0, columns=requests, missing=missing)
    sample = RegressionSample.of(y, weight, MOST_ROWS_OF_CATEGORIES, groups)
    frame = encoding.frame_of(X).take(sample.rows)
    columns = []
    sides = []
    other_inputs = []
    for column, values in values_of(encoding, frame):
        sides += codes_of_sides(column, values)
        if isinstance(column, FilledColumn):
            other_inputs.append(column.encode(values))
        if isinstance(column, CategoryColumn):
            columns.append(Categories.of(column.name, values))
        elif isinstance(column, DateColumn):
            for part, part_values in values_of_parts(column, values).items():
                if part == DAY_PART:
                    columns.append(Categories.of_numbers(column.name, part_values, part))
                    other_inputs.append(_positions_in_bins(part_values))
                else:
                    columns.append(Categories.of_part(column.name, part, part_values))
        elif isinstance(column, NumberColumn) and may_be_codes(values):
            filled = column.filled(values)
            columns.append(Categories.of_numbers(column.name, filled))
            other_inputs.append(_positions_in_bins(filled))
    numbers = sample.centered(other_inputs)
    thresholds, residuals = _choose_in_turn(columns, numbers, sample)
    chosen = _chosen_inputs(columns, thresholds)
    pairs = choose_pairs(sides, residuals, sample.weight, sample.groups)
    return chosen._replace(
        pairs=tuple(pair for pair in pairs if not has_slope(pair)),
        slopes=tuple(pair for pair in pairs if has_slope(pair)),
    )


def _positions_in_bins(numbers: NDArray[Any]) -> NDArray[np.float64]:
    """Compute what the bins express of numbers, which doesn't need codes."""
    numbers = numbers.astype(np.float64)
    edges = bin_edges(numbers, BINS)
    return positions(numbers, edges.tolist())


def _chosen_inputs(columns: list[Categories], thresholds: list[float]) -> ChosenInputs:
    """Collect the choices by column."""
    thresholds = _within_budget(columns, thresholds)
    chosen = ChosenInputs({}, {}, {}, {})
    for column, threshold in zip(columns, thresholds, strict=True):
        if threshold == column.thresholds[0]:
            continue
        if column.part == DAY_PART:
            is_kept = ~column.are_rare(threshold)
            chosen.days[column.name] = tuple(column.labels[is_kept].tolist())
        elif column.part:
            earlier = chosen.parts.get(column.name, ())
            chosen.parts[column.name] = (*earlier, column.part)
        elif column.thresholds == THRESHOLDS_OF_CODES:
            is_kept = ~column.are_rare(threshold)
            chosen.codes[column.name] = tuple(column.labels[is_kept].tolist())
        else:
            chosen.rare[column.name] = threshold
    return chosen


def _choose_in_turn(
    columns: list[Categories], numbers: NDArray[np.float64], sample: RegressionSample
) -> tuple[list[float], NDArray[np.float64]]:
    """Choose the threshold of each column, after the shares of all others have been subtracted.

    Returns the thresholds, and what all columns leave unexplained.
    """
    weight = sample.weight
    first_share = share_of_numbers(numbers, sample.targets, weight)
    residuals = sample.targets - first_share
    shares = []
    for column in columns:
        result = leave_one_out_with_best_penalty(column.codes, residuals, weight, sample.groups)
        shares.append(result.predictions)
        residuals -= result.predictions
    # The first share of the numbers followed, by chance, some of what the categories explain.
    residuals += first_share
    residuals -= share_of_numbers(numbers, residuals, weight)
    thresholds = []
    for column, share in zip(columns, shares, strict=True):
        residuals += share  # the targets without the shares of the other columns
        threshold, result = _choose(column, residuals, sample)
        thresholds.append(threshold)
        residuals -= result.predictions
    return thresholds, residuals


def _choose(
    column: Categories, targets: NDArray[np.float64], sample: RegressionSample
) -> tuple[float, LeftOutErrors]:
    """Choose the threshold with the lowest error, or the default if it is hardly worse.

    The targets are those of the sample without the shares of other columns.
    """
    default, *_ = column.thresholds
    results: dict[float, LeftOutErrors] = {}
    numbers_of_categories = set()
    for threshold in column.thresholds:
        merged = column.merged(threshold)
        n_categories = len(merged.counts)
        # A higher threshold merges the same categories and more, so as many are the same ones.
        if n_categories not in numbers_of_categories:
            numbers_of_categories.add(n_categories)
            results[threshold] = leave_one_out_with_best_penalty(
                merged.codes, targets, sample.weight, sample.groups
            )
    best = min(results, key=lambda threshold: results[threshold].error)
    if not results[best].is_clearly_better(than=results[default]):
        best = default
    return best, results[best]


def _within_budget(columns: list[Categories], thresholds: list[float]) -> list[float]:
    """Raise thresholds of 0 if they keep too many categories."""
    complete = []
    for column, threshold in zip(columns, thresholds, strict=True):
        if _is_complete(column, threshold):
            complete.append(column)
    fewest_rows = _fewest_rows(complete)
    if fewest_rows <= 1:  # each category is kept
        return thresholds
    raised = thresholds.copy()
    for place, column in enumerate(columns):
        if _is_complete(column, thresholds[place]):
            # Half a row less, as the product with the number of rows is rounded.
            raised[place] = (fewest_rows - 0.5) / column.n_rows
    return raised


def _is_complete(column: Categories, threshold: float) -> bool:
    """Return whether each category has an input of its own; parts of dates have few of them."""
    has_many = not column.part or column.part == DAY_PART
    return threshold == 0 and has_many


def _fewest_rows(columns: list[Categories]) -> int:
    """Find the number of rows of the smallest category that is kept; 0 if there is room for all."""
    if not columns:
        return 0
    counts = np.sort(np.concatenate([column.counts for column in columns]))
    if len(counts) <= MOST_CATEGORIES:
        return 0
    fewest_rows = int(counts[-MOST_CATEGORIES])
    n_kept = np.count_nonzero(counts >= fewest_rows)
    if n_kept > 2 * MOST_CATEGORIES:  # too many others are as small, so these are merged, too
        fewest_rows += 1
    return fewest_rows
