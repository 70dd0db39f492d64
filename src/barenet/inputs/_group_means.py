"""Means of the target over the other rows of a group, as further inputs of an ensemble's networks.

Two rows of a match have the same day and the same place, and one of them has won, so the other one
has lost. An input that is 1 for a pair of categories can't express that: its weight adds the same
to both rows. The mean target of the *other* rows of the group can. A group consists of the rows
with the same category of a column, or day of a date, or with the same pair of two columns.

A row never has a part in its own mean, as its target would leak otherwise. The mean without the own
row leaks, too, to a network that knows the sum of each group: the own target is the difference of
the two. A network learns such sums from inputs that determine the group. The input of a group by
itself is therefore 0 during training, and pairs of its categories with others have no inputs.
Networks that are trained with and without the means decide by rows that they leave out (see
`barenet.population._input_trials`), and the means of these rows are those of new rows.

The mean of a group is a fixed number for a new row, which is no part of the group. So it is part of
the weights of the group's own input in the end, and predictions need no means.

Means of targets, each without the target of the row itself, are due to Micci-Barreca, "A
preprocessing scheme for high-cardinality categorical attributes" (2001), and Prokhorenkova et al.,
"CatBoost: unbiased boosting with categorical features" (2018).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet._sparse_rows import SparseRows
from barenet.inputs._chosen_pairs import (
    MOST_INPUTS_OF_PAIRS,
    ColumnPair,
    PairSide,
    SideCodes,
    candidate_pairs,
)
from barenet.inputs._input_regression import LeftOutErrors, OtherRows, RegressionSample, centered
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.encoding._input_pairs import InputPairs

#: Maximum number of rows. On larger tables, the copies of the rows with the means of each network
#: take much memory, and some of the rows, with parts of the groups, could not decide.
MOST_ROWS_OF_MEANS = 20_000

#: Maximum number of columns and pairs of columns whose groups have means.
MOST_MEANS = 3

#: The number of rows with the mean of all targets that are added to each group, so that the mean of
#: a single row differs less than that of several rows.
PENALTY = 2.0

#: The numbers are divided by the root of their mean square, but multiplied by at most this factor.
LARGEST_FACTOR = 10.0

#: The penalty of the regression on the means, in rows.
PENALTY_OF_REGRESSION = 1.0

#: A column of categories, or a pair of columns, whose categories are those of groups.
GroupColumns = tuple[PairSide] | ColumnPair


def columns_for_card(means: Iterable[GroupColumns]) -> tuple[dict[str, str], ...]:
    """Return the columns of groups for a model card: the part of a date, or "", by the name.

    >>> columns_for_card([(PairSide("date", "day"), PairSide("place"))])
    ({'date': 'day', 'place': ''},)
    """
    parts_by_column = [{side.column: side.part for side in columns} for columns in means]
    return tuple(parts_by_column)


def describe_group(columns: Iterable[PairSide]) -> str:
    """Describe what the rows of a group have in common.

    >>> describe_group((PairSide("date", "day"), PairSide("place")))
    "day of 'date' and 'place'"
    """
    return " and ".join(str(side) for side in columns)


class GroupCodes(NamedTuple):
    """The groups of some rows.

    Attributes
    ----------
    columns : GroupColumns
        The columns whose categories the rows of a group share.
    codes : ndarray of shape (n_rows,), int
        The code of each row's group, from 0.
    n_groups : int
        The number of groups.
    """

    columns: GroupColumns
    codes: NDArray[np.intp]
    n_groups: int


def choose_means(
    sides: Sequence[SideCodes], residuals: NDArray[np.float64], sample: RegressionSample
) -> tuple[GroupColumns, ...]:
    """Choose columns, and pairs of them, of whose groups the other rows predict residuals.

    The residuals are those of all rows of the sample, without the shares of the single columns.

    >>> match = np.arange(400) // 2
    >>> place = SideCodes.of(PairSide("place"), match % 20, is_category=True)
    >>> day = SideCodes.of(PairSide("day"), match // 20)
    >>> has_won = np.arange(400) % 2
    >>> sample = RegressionSample.of(has_won, np.ones(400), 400)
    >>> [(first, second), *others] = choose_means([place, day], sample.targets, sample)
    >>> print(first, second)
    'place' 'day'
    """
    if len(residuals) > MOST_ROWS_OF_MEANS:
        return ()
    candidates = _candidates(sides)
    chosen: list[GroupColumns] = []
    while candidates and len(chosen) < MOST_MEANS:
        results = _better_than_nothing(candidates, residuals, sample)
        if not results:
            break
        best = min(results, key=lambda columns: results[columns].error)
        chosen.append(best)
        residuals = residuals - results[best].predictions
        remaining = [
            candidate
            for candidate in candidates
            if candidate.columns in results and candidate.columns != best
        ]
        candidates = remaining
    return tuple(chosen)


def _better_than_nothing(
    candidates: Sequence[GroupCodes], residuals: NDArray[np.float64], sample: RegressionSample
) -> dict[GroupColumns, LeftOutErrors]:
    """Return the errors of the groups whose means clearly predict residuals, by their columns."""
    squared_errors = sample.weight * np.square(residuals).mean(axis=1)
    nothing = LeftOutErrors(squared_errors, np.zeros_like(residuals))
    results = {}
    for candidate in candidates:
        numbers = _numbers_of_other_rows(
            candidate.codes, sample.targets, sample.weight, sample.groups
        )
        result = left_out_errors(numbers, residuals, sample.weight)
        if result.is_clearly_better(than=nothing):
            results[candidate.columns] = result
    return results


def _candidates(sides: Sequence[SideCodes]) -> list[GroupCodes]:
    """List the columns of categories or days, and the pairs, with several rows in some groups."""
    candidates = []
    for side in sides:
        n_groups = int(np.count_nonzero(np.bincount(side.codes)))
        has_repeated_groups = 1 < n_groups < len(side.codes)
        if side.is_category and has_repeated_groups and n_groups <= MOST_INPUTS_OF_PAIRS:
            candidates.append(GroupCodes((side.side,), side.codes, n_groups))
    candidates.extend(
        GroupCodes(pair.pair, pair.codes, pair.n_pairs) for pair in candidate_pairs(sides)
    )
    return candidates


def left_out_errors(
    features: NDArray[np.float64], targets: NDArray[np.float64], weight: NDArray[np.float64]
) -> LeftOutErrors:
    """Leave out each row in turn of a ridge regression on features and a constant.

    The error of a row that is left out is e / (1 − h), where e is its error if it is not left out,
    and h its leverage: the weight of its own target in its prediction.
    """
    X = centered(features, weight)
    mean = weight @ targets / weight.sum()
    weighted = weight[:, np.newaxis] * X
    squares = weighted.T @ X + PENALTY_OF_REGRESSION * np.eye(X.shape[1])
    coefficients = np.linalg.solve(squares, weighted.T @ (targets - mean))
    solved = np.linalg.solve(squares, X.T).T
    leverage = weight / weight.sum() + (weighted * solved).sum(axis=1)
    errors = targets - mean - X @ coefficients
    errors /= np.maximum(1 - leverage, 1e-6)[:, np.newaxis]
    squared_errors = weight * np.square(errors).mean(axis=1)
    return LeftOutErrors(squared_errors, targets - errors)


def inputs_of_groups(
    encoding: TableEncoding,
    pairs: Mapping[ColumnPair, InputPairs],
    means: Sequence[GroupColumns],
) -> dict[GroupColumns, range]:
    """Find the inputs of the groups, of which at most one is 1 in a row, among all inputs.

    Parameters
    ----------
    encoding : TableEncoding
        The encoding, with the inputs of `pairs`.
    pairs : mapping of ColumnPair to InputPairs
        The inputs of all pairs of columns, in the order of the encoding.
    means : sequence of GroupColumns
        The columns of the groups.

    Returns
    -------
    dict of GroupColumns to range
        The inputs by the columns; those without inputs are left out.
    """
    ranges: dict[GroupColumns, range] = {}
    start = encoding.n_inputs - encoding.n_pairs
    for pair, inputs in pairs.items():
        end = start + len(inputs.pairs)
        ranges[pair] = range(start, end)
        start = end
    for columns in means:
        [side, *others] = columns
        column = encoding.used_by_name.get(side.column)
        if not others and column is not None and side.part in column.exclusive_inputs:
            places = column.exclusive_inputs[side.part]
            first = encoding.starts[side.column]
            ranges[columns] = range(first + places.start, first + places.stop)
    return {columns: ranges[columns] for columns in means if columns in ranges}


class GroupMeans:
    """The means of the target over the other rows of each row's groups.

    For each column of groups, and for each target, there is a number: the sum of the deviations of
    the other rows' targets from the mean of all targets, divided by the weight of these rows plus
    `PENALTY`. The last number is the weight of these rows, divided by the same. All are divided by
    the root of their mean squares. They are 0 in a row that none of the inputs of groups is 1 in.

    Parameters
    ----------
    rows : SparseRows
        The encoded rows.
    inputs : sequence of range
        The inputs of the groups of each column, of which at most one is not 0 in a row.
    sample : RegressionSample
        The targets, weights and groups of all of these rows.

    Examples
    --------
    >>> import scipy.sparse
    >>> teams = scipy.sparse.csr_array([[1, 0], [1, 0], [1, 0], [0, 1]])
    >>> rows = SparseRows.of(teams, np.dtype("float32"))
    >>> sample = RegressionSample.of(np.array([[1.0], [2], [6], [3]]), np.ones(4), 4)
    >>> means = GroupMeans(rows, [range(2)], sample)
    >>> of_first = means.of_other_rows(np.arange(4))[0] / means.factors
    >>> of_first.round(2)  # the deviations −1 and 3, in 2 rows
    array([0.5, 0.5])
    """

    def __init__(self, rows: SparseRows, inputs: Sequence[range], sample: RegressionSample) -> None:
        self.inputs = tuple(inputs)
        self.n_inputs = rows.shape[1]
        self.sample = sample
        #: The code of each row's group by the columns of groups; -1 for none.
        self.codes = [codes_of_rows(rows, places) for places in inputs]
        self.n_numbers = len(inputs) * (sample.targets.shape[1] + 1)
        self.factors = np.ones(self.n_numbers)
        numbers = self.of_other_rows(np.arange(len(rows)))
        root_mean_squares = np.sqrt(np.square(numbers).mean(axis=0))
        self.factors = 1 / np.maximum(root_mean_squares, 1 / LARGEST_FACTOR)

    def of_other_rows(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Compute the numbers of rows, of which no other rows have a part in them.

        Returns an array of the shape (n_selected, n_numbers).
        """
        sample = self.sample
        parts = []
        for codes in self.codes:
            codes_here = codes[rows]
            has_group = codes_here >= 0
            selected = rows[has_group]
            groups = sample.groups[selected] if sample.groups is not None else None
            numbers = np.zeros((len(rows), sample.targets.shape[1] + 1))
            if len(selected):
                numbers[has_group] = _numbers_of_other_rows(
                    codes_here[has_group], sample.targets[selected], sample.weight[selected], groups
                )
            parts.append(numbers)
        return np.concatenate(parts, axis=1) * self.factors

    def of_network(
        self, left_out: NDArray[np.intp], *, of_all_rows: bool = True
    ) -> NDArray[np.float64]:
        """Compute the numbers of all rows for a network that leaves out some of them.

        The rows that it is trained on have means over one another, so the targets of the rows that
        are left out have no part in the network. These have means over all other rows, as a new row
        has in the end, or only over the rows that the network is trained on. The shape is
        (n_rows, n_numbers).
        """
        every = np.arange(len(self.sample.targets))
        kept = np.setdiff1d(every, left_out)
        numbers = self.of_other_rows(every) if of_all_rows else self._of_new_rows(every, kept)
        numbers[kept] = self.of_other_rows(kept)
        return numbers

    def of_inputs(self) -> NDArray[np.float64]:
        """Compute the numbers of a new row in which an input is 1, shape (n_inputs, n_numbers)."""
        every = np.arange(len(self.sample.targets))
        numbers = np.zeros((self.n_inputs, self.n_numbers))
        start = 0
        for index, places in enumerate(self.inputs):
            of_groups = self._of_groups(index, every)
            end = start + of_groups.shape[1]
            numbers[places.start : places.stop, start:end] = of_groups
            start = end
        return numbers * self.factors

    def _of_new_rows(self, rows: NDArray[np.intp], known: NDArray[np.intp]) -> NDArray[np.float64]:
        """Compute the numbers of rows as of new ones, given the rows whose targets are known."""
        parts = []
        for index, codes in enumerate(self.codes):
            numbers = self._of_groups(index, known)[codes[rows]]
            numbers[codes[rows] < 0] = 0
            parts.append(numbers)
        return np.concatenate(parts, axis=1) * self.factors

    def _of_groups(self, index: int, known: NDArray[np.intp]) -> NDArray[np.float64]:
        """Compute the numbers of each group, given the rows whose targets are known."""
        sample = self.sample
        n_groups = len(self.inputs[index])
        codes = self.codes[index][known]
        has_group = codes >= 0
        codes = codes[has_group]
        selected = known[has_group]
        weight = sample.weight[selected]
        sums = np.zeros((n_groups, sample.targets.shape[1]))
        for output, target in enumerate(sample.targets.T):
            sums[:, output] = np.bincount(codes, weight * target[selected], n_groups)
        weights = np.bincount(codes, weight, n_groups).astype(np.float64, copy=False)
        return _numbers(sums, weights)


def codes_of_rows(rows: SparseRows, inputs: range) -> NDArray[np.intp]:
    """Return the place of the input that is not 0 in each row, among some inputs; -1 if all are."""
    row_of_entry, input_of_entry, values = rows.places()
    is_entry = (input_of_entry >= inputs.start) & (input_of_entry < inputs.stop) & (values != 0)
    codes = np.full(len(rows), -1)
    codes[row_of_entry[is_entry]] = input_of_entry[is_entry] - inputs.start
    return codes


def _numbers_of_other_rows(
    codes: NDArray[np.intp],
    targets: NDArray[np.float64],
    weight: NDArray[np.float64],
    groups: NDArray[np.intp] | None,
) -> NDArray[np.float64]:
    """Compute the numbers of each row, without the row itself and the rows of its own group.

    The groups are those of the user, which are left out together, such as a patient's rows.
    """
    others = OtherRows.of(codes, targets, weight, groups)
    sums = others.targets - others.weight[:, np.newaxis] * others.mean
    return _numbers(sums, others.weight)


def _numbers(sums: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Join the shrunk means of the targets and the shrunk weight, each in a column."""
    divisors = (weights + PENALTY)[:, np.newaxis]
    return np.column_stack([sums / divisors, weights[:, np.newaxis] / divisors])
