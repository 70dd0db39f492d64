"""Finds columns of wide tables that don't predict the target, whose inputs are made smaller.

A network overfits to noise in the inputs that don't matter, the more of them there are and the
fewer the rows. The smaller an input, the less its weights change the outputs in a step, so that
they are learned last. The inputs of n such columns are divided by the square root of n: then their
sum varies as much as the inputs of one column.

Extremely randomized trees measure how much a column explains: its importance is the part of the
variance that splits at it remove. The importance that chance gives to a column is that of a shadow,
the same column with its rows in random order (Kursa and Rudnicki, 2010, "Feature selection with the
Boruta package"). The relevance is the ratio of the two.

Each network has factors of its own, from the rows that it is trained on. Otherwise, the rows that
it leaves out would have a part in the choice, and their errors would be too small (Hastie,
Tibshirani and Friedman, "The Elements of Statistical Learning", section 7.10.2). Trees are fitted
to half of the folds, so that networks share them: of four folds, those of three halves are trained
on by a network.
"""

import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.inputs._input_regression import random_rows, targets_of
from barenet.tables.encoding._column import FilledColumn
from barenet.tables.encoding._column_kinds import (
    PART_OF_CYCLE,
    CategoryColumn,
    DateColumn,
    PiecewiseColumn,
)
from barenet.tables.encoding._encoding import TableEncoding, values_of
from barenet.tables.encoding._operations import part_of
from barenet.tables.encoding._words_column import WordsColumn

#: Maximum number of rows of all folds that the trees are fitted to, and minimum number of rows of
#: each leaf.
MOST_ROWS_OF_TREES = 1_500
ROWS_OF_LEAF = 5

#: Minimum number of columns. On eight tables of fewer columns, with up to 2,000 training rows, the
#: trees took from a quarter to two thirds of the processor time of a fit, and the mean score
#: changed by 0.0001 without them.
FEWEST_COLUMNS = 30

#: Number of rows above which all factors are 1: noise matters less, the more rows there are.
ENOUGH_ROWS = 30_000

#: Number of folds for the mean targets of categories.
FOLDS = 4

#: Number of trees for each half of the folds. On formulas of 60 columns, four of which matter, the
#: three halves of a network find as many of them as 40 trees on all of its rows.
TREES = 10

#: Maximum number of features that are compared at a split, which bounds the time of wide tables.
MOST_FEATURES = 100

#: The relevance from which the inputs of a column are not made smaller. Chance gives a relevance
#: near 1, and of 2 to a few of a hundred columns.
RELEVANT = 1.5


class ColumnValues(NamedTuple):
    """The values of a column that trees split at.

    Attributes
    ----------
    name : str
        Name of the column.
    ranks : ndarray of shape (n_rows, n_features)
        The ranks of numbers, dates and parts of dates. Trees depend on the order alone, and ranks
        have neither the rounding nor the limits of the float32 numbers of scikit-learn's trees.
    codes : ndarray of shape (n_rows,), int, or None
        The code of each category, or of each number of a column with codes.
    """

    name: str
    ranks: NDArray[np.float64]
    codes: NDArray[np.intp] | None

    @classmethod
    def of(cls, column: Any, values: NDArray[Any]) -> "ColumnValues":
        """Rank or code the parsed values of a column."""
        if isinstance(column, CategoryColumn):
            return cls(column.name, np.empty((len(values), 0)), _codes(values))
        assert isinstance(column, FilledColumn)
        filled = column.filled(values)
        features = [_codes(filled)]
        codes = None
        if isinstance(column, DateColumn):
            features.extend(part_of(filled, PART_OF_CYCLE[cycle]) for cycle in column.cycles)
        elif isinstance(column, PiecewiseColumn) and column.codes:
            codes = features[0]
        return cls(column.name, np.column_stack(features).astype(np.float64), codes)

    def features(self, rows: NDArray[np.intp], targets: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the features of rows with these targets, shape (n_rows, n_features)."""
        ranks = self.ranks[rows]
        if self.codes is None:
            return ranks
        return np.column_stack([ranks, mean_targets(self.codes[rows], targets)])


def _codes(values: NDArray[Any]) -> NDArray[np.intp]:
    """Number the different values in their order."""
    _, codes = np.unique(values, return_inverse=True)
    return codes


class ColumnImportances(NamedTuple):
    """What trees explain by each column, and by its shadow.

    Attributes
    ----------
    explained : ndarray of shape (n_columns,)
        The importance of each column.
    by_chance : ndarray of shape (n_columns,)
        The importance that chance gives to each column.
    """

    explained: NDArray[np.float64]
    by_chance: NDArray[np.float64]


def relevance_factors(
    encoding: TableEncoding,
    X: Any,
    y: NDArray[Any],
    weight: NDArray[Any],
    left_out: Sequence[NDArray[np.intp]],
    *,
    n_folds: int,
) -> NDArray[np.float32]:
    """Return factors of the inputs for each network, given the rows that it leaves out.

    The rows that `n_folds` networks in turn leave out are the folds of all rows.

    The factors are below 1 if several columns are not relevant. They are 1 for tables of fewer than
    `FEWEST_COLUMNS` columns or more than `ENOUGH_ROWS` rows. y has classes, or rows of numbers.

    >>> rng = np.random.default_rng(0)
    >>> table = {f"x{column}": rng.normal(size=300) for column in range(30)}
    >>> encoding = TableEncoding.fit(table)
    >>> y = table["x0"][:, np.newaxis]
    >>> folds = np.split(np.arange(300), 4)
    >>> factors = relevance_factors(encoding, table, y, np.ones(300), folds, n_folds=4)
    >>> factors[0, :3].round(2)  # the column that matters, and two of those that don't
    array([1.  , 0.22, 0.22], dtype=float32)
    """
    factors = np.ones((len(left_out), encoding.n_inputs), np.float32)
    # The words of a column are chosen already.
    compared = [column for column in encoding.used if not isinstance(column, WordsColumn)]
    if len(compared) < FEWEST_COLUMNS or len(y) > ENOUGH_ROWS:
        return factors
    rows = random_rows(len(y), MOST_ROWS_OF_TREES)
    targets = targets_of(y)[rows]
    frame = encoding.frame_of(X).take(rows)
    columns = [
        ColumnValues.of(column, values)
        for column, values in values_of(encoding, frame)
        if column in compared
    ]
    starts = encoding.starts
    for first in range(0, len(left_out), n_folds):
        folds = np.zeros(len(y), np.intp)
        for fold in range(n_folds):
            folds[left_out[first + fold]] = fold
        relevances_by_fold = relevances(columns, targets, weight[rows], folds[rows], seed=first)
        for fold, relevance_of_columns in enumerate(relevances_by_fold):
            are_irrelevant = relevance_of_columns < RELEVANT
            n_irrelevant = int(np.count_nonzero(are_irrelevant))
            factor = 1 / math.sqrt(max(1, n_irrelevant))
            for column, is_irrelevant in zip(columns, are_irrelevant, strict=True):
                if is_irrelevant:
                    start = starts[column.name]
                    end = start + len(encoding.used_by_name[column.name].inputs)
                    factors[first + fold, start:end] = factor
    return factors


def relevances(
    columns: Sequence[ColumnValues],
    targets: NDArray[np.float64],
    weight: NDArray[Any],
    folds: NDArray[np.intp],
    seed: int = 0,
) -> NDArray[np.float64]:
    """Return the relevance of each column without the rows of each fold, (n_folds, n_columns).

    Rows without weight have no part in it.
    """
    n_folds = folds.max() + 1
    explained = np.zeros((n_folds, len(columns)))
    by_chance = np.zeros((n_folds, len(columns)))
    for half in itertools.combinations(range(n_folds), n_folds // 2):
        rows = np.flatnonzero(np.isin(folds, half) & (weight > 0))
        if len(rows) == 0:
            continue
        importances = column_importances(columns, targets, weight, rows, seed)
        others = [fold for fold in range(n_folds) if fold not in half]
        explained[others] += importances.explained
        by_chance[others] += importances.by_chance
    infinite = np.full_like(explained, math.inf)
    return np.divide(explained, by_chance, out=infinite, where=by_chance > 0)


def column_importances(
    columns: Sequence[ColumnValues],
    targets: NDArray[np.float64],
    weight: NDArray[Any],
    rows: NDArray[np.intp],
    seed: int,
) -> ColumnImportances:
    """Fit trees to some rows of the columns and of their shadows."""
    rng = np.random.RandomState(seed)
    rows = rng.permutation(rows)  # in random order, for the means of categories
    shuffled = rng.permutation(rows)
    targets = targets[rows]
    features = [column.features(rows, targets) for column in columns]
    shadows = [column.features(shuffled, targets) for column in columns]
    X = np.concatenate([*features, *shadows], axis=1)
    of_features, of_shadows = np.split(_importances(X, targets, weight[rows], seed), 2)
    n_features = [part.shape[1] for part in features]
    # A single shadow is a matter of chance itself, so the mean of all shadows counts as much.
    mean_of_shadows = of_shadows.mean() * np.array(n_features)
    by_chance = (_sums(of_shadows, n_features) + mean_of_shadows) / 2
    return ColumnImportances(_sums(of_features, n_features), by_chance)


def _importances(
    X: NDArray[np.float64],
    targets: NDArray[np.float64],
    weight: NDArray[Any],
    seed: int,
) -> NDArray[np.float64]:
    """Fit trees to rows of features, and return the importance of each feature."""
    from sklearn.ensemble import ExtraTreesRegressor

    n_features_of_split = min(MOST_FEATURES, math.ceil(X.shape[1] / 3))
    trees = ExtraTreesRegressor(
        TREES,
        min_samples_leaf=ROWS_OF_LEAF,
        max_features=n_features_of_split,
        random_state=seed,
    )
    if targets.shape[1] == 1:
        targets = targets[:, 0]  # scikit-learn warns of a single column
    trees.fit(X, targets, weight)
    with np.errstate(invalid="ignore"):
        importances = trees.feature_importances_  # 0 / 0 if no split explains anything
    return np.nan_to_num(importances)


def _sums(importances: NDArray[np.float64], n_features: Sequence[int]) -> NDArray[np.float64]:
    """Sum the importances of the features of each column."""
    ends = np.cumsum(n_features)
    parts = np.split(importances, ends[:-1])
    return np.array([part.sum() for part in parts])


def mean_targets(codes: NDArray[np.intp], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of each target over rows of other folds with the same code.

    The mean is that of these rows and of one more row, which has the mean of all targets. So codes
    in few rows, of which chance determines the mean, differ little.
    """
    shape = (codes.max() + 1, FOLDS)
    folds = np.arange(len(codes)) % FOLDS
    cells = np.ravel_multi_index((codes, folds), shape)
    n_cells = math.prod(shape)
    counts = np.bincount(cells, minlength=n_cells).reshape(shape)
    counts_of_others = counts.sum(axis=1, keepdims=True) - counts
    means = np.empty_like(targets)
    for output, target in enumerate(targets.T):
        sums = np.bincount(cells, target, n_cells).reshape(shape)
        sums_of_others = sums.sum(axis=1, keepdims=True) - sums
        means_of_others = (sums_of_others + target.mean()) / (counts_of_others + 1)
        means[:, output] = means_of_others.ravel()[cells]
    return means
