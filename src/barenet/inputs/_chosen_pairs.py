"""Chooses pairs of columns that get an input for each pair of their categories.

A column of few categories and a number may be a pair, too. Its input for a category is the scaled
number in the rows of this category, where the number has a slope of its own: a tip may be a part of
the fare, and 0 if it is paid in cash. A network learns this late, and farthest from the mean last.

The residuals are the target minus the shares of all single columns. Two columns become a pair if
ridge regression on the inputs of the pair predicts the residuals of left-out rows. Pairs are added
one at a time, the best first, as in forward stagewise regression (Hastie, Tibshirani and Friedman,
"The Elements of Statistical Learning", section 3.3.3).
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from barenet.inputs._input_regression import (
    LeftOutErrors,
    leave_one_out_with_best_penalty,
    random_rows,
)
from barenet.tables.encoding._column import Column, Entries, FilledColumn
from barenet.tables.encoding._column_kinds import (
    DAY_PART,
    PART_OF_CYCLE,
    SLOPE,
    BooleanColumn,
    CategoryColumn,
    DateColumn,
    NumberColumn,
    PiecewiseColumn,
)
from barenet.tables.encoding._encoding import TableEncoding, values_of
from barenet.tables.encoding._input_pairs import InputPairs
from barenet.tables.encoding._operations import part_of

#: Maximum number of rows that the comparison uses.
MOST_ROWS_OF_PAIRS = 20_000

#: Maximum number of pairs of columns.
MOST_PAIRS = 6

#: Maximum number of inputs of all pairs together. Columns that would exceed it are not chosen:
#: networks predict worse than without pairs if many rows have no input of their pair.
MOST_INPUTS_OF_PAIRS = 4_000

#: Maximum product of the numbers of categories of two columns, which limits the memory of counting.
MOST_CELLS = 1_000_000

#: Maximum number of categories in which a number has slopes of its own.
MOST_SLOPES = 12

#: Maximum number of different values of a column of numbers in a pair.
MOST_NUMBERS = 100


#: The most bins of a column of numbers that may be codes.
BINS = 24

#: Minimum number of rows for each different number, on average, of a column that may have codes.
ROWS_OF_CODE = 2


class PairSide(NamedTuple):
    """A column of a pair of columns.

    Attributes
    ----------
    column : str
        Name of the column.
    part : str, default=""
        The part of a date, such as its month or its day; `SLOPE` for the scaled number of a column,
        and empty for categories.
    """

    column: str
    part: str = ""

    def __str__(self) -> str:
        return f"{self.part} of {self.column!r}" if self.part else repr(self.column)


#: Two columns, or parts of dates.
ColumnPair = tuple[PairSide, PairSide]


def has_slope(pair: ColumnPair) -> bool:
    """Return whether the second column is a number, with a slope in each category of the first."""
    _, second = pair
    return second.part == SLOPE


def columns_of(pairs: Iterable[ColumnPair]) -> set[str]:
    """Return the names of all columns of pairs."""
    names: set[str] = set()
    for first, second in pairs:
        names.update((first.column, second.column))
    return names


class SideCodes(NamedTuple):
    """The categories of a column in some rows.

    Attributes
    ----------
    side : PairSide
        The column.
    codes : ndarray of shape (n_rows,), int
        The codes of the categories, from 0.
    n_codes : int
        The number of codes.
    is_category : bool
        Whether the column has categories, or these are days, rather than numbers, booleans or the
        months, weekdays and hours of dates.
    is_boolean : bool, default=False
        Whether the column has truth values.
    factors : ndarray of shape (n_rows,), optional
        The scaled numbers of a column, whose only code is 0.
    """

    side: PairSide
    codes: NDArray[np.intp]
    n_codes: int
    is_category: bool
    is_boolean: bool = False
    factors: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, side: PairSide, values: NDArray[Any], *, is_category: bool = False) -> Self:
        """Number the different values from 0; a missing category, "", is one of them."""
        different, codes = np.unique(values, return_inverse=True)
        return cls(side, codes, len(different), is_category)

    @classmethod
    def of_numbers(cls, name: str, numbers: NDArray[np.float64]) -> Self:
        """The scaled numbers of a column."""
        codes = np.zeros(len(numbers), np.intp)
        return cls(PairSide(name, SLOPE), codes, 1, is_category=False, factors=numbers)

    @property
    def may_have_slopes(self) -> bool:
        """Whether a number may have a slope of its own in each of the categories."""
        return (self.is_category or self.is_boolean) and self.n_codes <= MOST_SLOPES

    def take(self, rows: NDArray[np.intp]) -> Self:
        """Select rows."""
        factors = None if self.factors is None else self.factors[rows]
        return self._replace(codes=self.codes[rows], factors=factors)


class PairCodes(NamedTuple):
    """The pairs of categories of two columns in some rows.

    Attributes
    ----------
    pair : ColumnPair
        The columns.
    codes : ndarray of shape (n_rows,), int
        The codes of the pairs, from 0.
    n_pairs : int
        The number of different pairs.
    factors : ndarray of shape (n_rows,), optional
        The scaled numbers of the second column, if it has slopes.
    """

    pair: ColumnPair
    codes: NDArray[np.intp]
    n_pairs: int
    factors: NDArray[np.float64] | None = None


def may_be_codes(numbers: NDArray[Any]) -> bool:
    """Return whether numbers are whole, too many for a bin each, and repeated; NaN is missing."""
    numbers = numbers[~np.isnan(numbers)]
    if (numbers != np.floor(numbers)).any():
        return False
    n_different = len(np.unique(numbers))
    return BINS < n_different <= len(numbers) / ROWS_OF_CODE


def values_of_parts(column: DateColumn, dates: NDArray[Any]) -> dict[str, NDArray[np.intp]]:
    """Compute the parts of dates that may be categories, with missing dates filled.

    These are the parts of the column's cycles, such as the month, and the days if they may be
    codes.
    """
    filled = column.filled(dates)
    values = {}
    for cycle in column.cycles:
        part = PART_OF_CYCLE[cycle]
        values[part] = part_of(filled, part)
    days = part_of(filled, DAY_PART)
    if may_be_codes(days):
        values[DAY_PART] = days
    return values


def codes_of_sides(column: Column, values: NDArray[Any]) -> list[SideCodes]:
    """Code a column that may be part of a pair, or the parts of its dates."""
    sides = []
    if isinstance(column, CategoryColumn):
        sides.append(SideCodes.of(PairSide(column.name), values, is_category=True))
    elif isinstance(column, DateColumn):
        for part, part_values in values_of_parts(column, values).items():
            side = PairSide(column.name, part)
            sides.append(SideCodes.of(side, part_values, is_category=part == DAY_PART))
    elif isinstance(column, FilledColumn):
        filled = column.filled(values)
        codes = SideCodes.of(PairSide(column.name), filled)
        sides.append(codes._replace(is_boolean=isinstance(column, BooleanColumn)))
        if isinstance(column, NumberColumn):
            sides.append(SideCodes.of_numbers(column.name, column.encode(values)[:, 0]))
    return [side for side in sides if side.is_category or side.n_codes <= MOST_NUMBERS]


def choose_pairs(
    sides: Sequence[SideCodes],
    residuals: NDArray[np.float64],
    weight: NDArray[np.float64],
    groups: NDArray[np.intp] | None = None,
) -> tuple[ColumnPair, ...]:
    """Choose pairs of columns that predict residuals; at least one has categories or booleans.

    A row is predicted without the rows of its group, if there are groups.

    >>> row = np.arange(400)
    >>> shape = SideCodes.of(PairSide("shape"), row % 10, is_category=True)
    >>> color = SideCodes.of(PairSide("color"), row // 10 % 10)
    >>> is_diagonal = shape.codes == color.codes
    >>> residuals = is_diagonal[:, np.newaxis] - 0.1
    >>> [(first, second)] = choose_pairs([shape, color], residuals, np.ones(400))
    >>> print(first, second)
    'shape' 'color'
    """
    rows = random_rows(len(residuals), MOST_ROWS_OF_PAIRS)
    residuals = residuals[rows]
    weight = weight[rows]
    if groups is not None:
        groups = groups[rows]
    candidates = _candidate_pairs([side.take(rows) for side in sides])
    n_pairs_by_columns = {candidate.pair: candidate.n_pairs for candidate in candidates}
    chosen: list[ColumnPair] = []
    room = MOST_INPUTS_OF_PAIRS
    while candidates and len(chosen) < MOST_PAIRS:
        results = _better_than_nothing(candidates, residuals, weight, groups)
        if not results:
            break
        best = min(results, key=lambda pair: results[pair].error)
        chosen.append(best)
        residuals = residuals - results[best].predictions
        room -= n_pairs_by_columns[best]
        remaining = []
        for candidate in candidates:
            is_useful = candidate.pair in results and candidate.pair != best
            if is_useful and candidate.n_pairs <= room:
                remaining.append(candidate)
        candidates = remaining
    return tuple(chosen)


def _candidate_pairs(sides: Sequence[SideCodes]) -> list[PairCodes]:
    """Code the pairs of columns of which some categories occur together in several rows.

    If there are as many pairs as categories of one column, this column determines the other one. A
    number follows the column in whose categories it has slopes.
    """
    sides = sorted(sides, key=lambda side: side.factors is not None)  # categories come first
    # The numbers of categories in these rows, which may be a sample.
    n_present = {side.side: np.count_nonzero(np.bincount(side.codes)) for side in sides}
    candidates = []
    for first, second in itertools.combinations(sides, 2):
        if first.side.column == second.side.column or first.factors is not None:
            continue
        pair = (first.side, second.side)
        if second.factors is not None:
            if first.may_have_slopes:
                candidates.append(PairCodes(pair, first.codes, first.n_codes, second.factors))
            continue
        if not first.is_category and not second.is_category:
            continue
        if first.n_codes * second.n_codes > MOST_CELLS:
            continue
        codes = first.codes * second.n_codes + second.codes
        n_pairs = int(np.count_nonzero(np.bincount(codes)))
        is_determined = n_pairs <= max(n_present[first.side], n_present[second.side])
        is_repeated = n_pairs < len(codes)
        if not is_determined and is_repeated and n_pairs <= MOST_INPUTS_OF_PAIRS:
            candidates.append(PairCodes(pair, codes, n_pairs))
    return candidates


def _better_than_nothing(
    candidates: Sequence[PairCodes],
    residuals: NDArray[np.float64],
    weight: NDArray[np.float64],
    groups: NDArray[np.intp] | None,
) -> dict[ColumnPair, LeftOutErrors]:
    """Return the errors of the pairs that clearly predict residuals, by their columns.

    A pair that doesn't reduce the error now will hardly do so after others have been chosen.
    """
    squared_errors = weight * np.square(residuals).mean(axis=1)
    nothing = LeftOutErrors(squared_errors, np.zeros_like(residuals))
    results = {}
    for candidate in candidates:
        result = leave_one_out_with_best_penalty(
            candidate.codes, residuals, weight, groups, candidate.factors
        )
        if result.is_clearly_better(than=nothing):
            results[candidate.pair] = result
    return results


def with_categories_of_pairs(
    encoding: TableEncoding, X: Any, pairs: Sequence[ColumnPair]
) -> TableEncoding:
    """Add inputs for the numbers, the parts of dates and the days of pairs."""
    if not pairs:
        return encoding
    parts_by_name: dict[str, set[str]] = {}
    for pair in pairs:
        for name, part in pair:
            parts_by_name.setdefault(name, set()).add(part)
    parts: dict[str, tuple[str, ...]] = {}
    codes: dict[str, tuple[float, ...]] = {}
    days: dict[str, tuple[int, ...]] = {}
    for column, values in values_of(encoding, X):
        if column.name not in parts_by_name:
            continue
        if isinstance(column, DateColumn):
            names_of_parts = parts_by_name[column.name]
            further = names_of_parts.difference(column.parts, [DAY_PART])
            parts[column.name] = (*column.parts, *sorted(further))
            if DAY_PART in names_of_parts:
                different_days = np.unique(part_of(column.filled(values), DAY_PART))
                days[column.name] = tuple(different_days.tolist())
        elif isinstance(column, PiecewiseColumn) and not column.codes:
            different = np.unique(column.filled(values))
            codes[column.name] = tuple(different.tolist())
    return encoding.with_inputs(parts, codes, days)


def inputs_of_pairs(
    encoding: TableEncoding, X: Any, column_pairs: Sequence[ColumnPair]
) -> tuple[InputPairs, ...]:
    """Make an input for each pair of categories of these columns that occurs in the rows.

    If there are more than `MOST_INPUTS_OF_PAIRS` pairs, the frequent ones have an input. Columns
    without inputs of pairs are left out.

    >>> towns = {"town": ["Rome", "Oslo", "Rome", "Rome"], "size": ["S", "L", "L", "S"]}
    >>> sides = (PairSide("town"), PairSide("size"))
    >>> encoding = TableEncoding.fit(towns, rare=0)
    >>> [inputs] = inputs_of_pairs(encoding, towns, [sides])
    >>> inputs.pairs  # Oslo, L; Rome, L; Rome, S
    ((0, 0), (1, 0), (1, 1))
    """
    possible_pairs = [pair for pair in column_pairs if has_categories(encoding, pair)]
    if not possible_pairs:
        return ()
    names = columns_of(possible_pairs)
    entries_by_name = {}
    for column, values in values_of(encoding, X):
        if column.name in names:
            entries_by_name[column.name] = column.entries(values)
    counts_of_pairs = []
    for first_side, second_side in possible_pairs:
        first_inputs = input_of_rows(encoding, entries_by_name, first_side)
        second_inputs = input_of_rows(encoding, entries_by_name, second_side)
        has_both = (first_inputs >= 0) & (second_inputs >= 0)
        first_of_rows = first_inputs[has_both].tolist()
        second_of_rows = second_inputs[has_both].tolist()
        counts_of_pairs.append(Counter(zip(first_of_rows, second_of_rows, strict=True)))
    fewest_rows = _fewest_rows_of_pair(counts_of_pairs)
    inputs = []
    for column_pair, counts in zip(possible_pairs, counts_of_pairs, strict=True):
        frequent = [pair for pair, count in sorted(counts.items()) if count >= fewest_rows]
        if frequent:
            first, second = column_pair
            inputs.append(InputPairs(first.column, second.column, tuple(frequent)))
    return tuple(inputs)


def has_categories(encoding: TableEncoding, sides: Iterable[PairSide]) -> bool:
    """Return whether all columns are used, with inputs for their categories."""
    for name, part in sides:
        column = encoding.used_by_name.get(name)
        if column is None or part not in column.exclusive_inputs:
            return False
    return True


def input_of_rows(
    encoding: TableEncoding, entries_by_name: Mapping[str, Entries], side: PairSide
) -> NDArray[np.intp]:
    """Find the input of each row's category in its column; -1 if it has none."""
    inputs = encoding.used_by_name[side.column].exclusive_inputs[side.part]
    return entries_by_name[side.column].place_among(np.array(inputs))


def _fewest_rows_of_pair(all_counts: Iterable[Counter[tuple[int, int]]]) -> int:
    """Find the fewest rows of a pair with an input, of which there are not too many."""
    numbers_of_rows: list[int] = []
    for counts in all_counts:
        numbers_of_rows.extend(counts.values())
    if len(numbers_of_rows) <= MOST_INPUTS_OF_PAIRS:
        return 1
    numbers_of_rows.sort()
    fewest_rows = numbers_of_rows[-MOST_INPUTS_OF_PAIRS]
    if numbers_of_rows[-MOST_INPUTS_OF_PAIRS - 1] == fewest_rows:  # not all of these pairs fit
        fewest_rows += 1
    return fewest_rows
