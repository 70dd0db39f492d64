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
Tibshirani and Friedman, "The Elements of Statistical Learning", section 7.10.2).
"""

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

#: Maximum number of rows that the trees are fitted to, and minimum number of rows of each leaf.
MOST_ROWS_OF_TREES = 2_500
ROWS_OF_LEAF = 5

#: Minimum number of columns. On eight tables of fewer columns, with up to 2,000 training rows, the
#: trees took from a quarter to two thirds of the processor time of a fit, and the mean score
#: changed by 0.0001 without them.
FEWEST_COLUMNS = 30

#: Number of rows above which all factors are 1: noise matters less, the more rows there are.
ENOUGH_ROWS = 30_000

#: Number of folds for the mean targets of categories.
FOLDS = 4

#: Number of trees for each network. On formulas of 36 to 75 columns, of which four matter, networks
#: predict as well as with 80 trees.
TREES = 40

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


def relevance_factors(
    encoding: TableEncoding,
    X: Any,
    y: NDArray[Any],
    weight: NDArray[Any],
    left_out: Sequence[NDArray[np.intp]],
    *,
    n_threads: int = 1,
) -> NDArray[np.float32]:
    """Return factors of the inputs for each network, given the rows that it leaves out.

    The factors are below 1 if several columns are not relevant. They are 1 for tables of fewer than
    `FEWEST_COLUMNS` columns or more than `ENOUGH_ROWS` rows. y has classes, or rows of numbers. The
    factors don't depend on the number of threads.

    >>> rng = np.random.default_rng(0)
    >>> table = {f"x{column}": rng.normal(size=300) for column in range(30)}
    >>> encoding = TableEncoding.fit(table)
    >>> y = table["x0"][:, np.newaxis]
    >>> factors = relevance_factors(encoding, table, y, np.ones(300), [np.arange(75)])
    >>> factors[0, :3].round(2)  # the column that matters, and two of those that don't
    array([1.  , 0.23, 0.23], dtype=float32)
    """
    factors = np.ones((len(left_out), encoding.n_inputs), np.float32)
    if len(encoding.used) < FEWEST_COLUMNS or len(y) > ENOUGH_ROWS:
        return factors
    rows = random_rows(len(y), MOST_ROWS_OF_TREES)
    targets = targets_of(y)[rows]
    columns = []
    frame = encoding.frame_of(X).take(rows)
    for column, values in values_of(encoding, frame):
        if not isinstance(column, WordsColumn):  # its words are chosen already
            columns.append(ColumnValues.of(column, values))
    starts = encoding.starts
    for network, left_out_rows in enumerate(left_out):
        weight_in_training = weight.copy()
        weight_in_training[left_out_rows] = 0
        relevance_by_name = relevances(
            columns, targets, weight_in_training[rows], seed=network, n_threads=n_threads
        )
        irrelevant = {name for name, value in relevance_by_name.items() if value < RELEVANT}
        factor = 1 / math.sqrt(max(1, len(irrelevant)))
        for name in irrelevant:
            start = starts[name]
            end = start + len(encoding.used_by_name[name].inputs)
            factors[network, start:end] = factor
    return factors


def relevances(
    columns: Sequence[ColumnValues],
    targets: NDArray[np.float64],
    weight: NDArray[Any],
    seed: int,
    n_threads: int = 1,
) -> dict[str, float]:
    """Return the relevance of each column by its name; rows without weight have no part in it."""
    rng = np.random.RandomState(seed)
    rows = rng.permutation(np.flatnonzero(weight))  # in random order, for the folds
    if not columns or not len(rows):
        return {}
    shuffled = rng.permutation(rows)
    targets = targets[rows]
    features = [column.features(rows, targets) for column in columns]
    shadows = [column.features(shuffled, targets) for column in columns]
    X = np.concatenate([*features, *shadows], axis=1)
    explained = _importances(X, targets, weight[rows], seed, n_threads)
    of_features, of_shadows = np.split(explained, 2)
    n_features = [part.shape[1] for part in features]
    importances = _sums(of_features, n_features)
    # A single shadow is a matter of chance itself, so the mean of all shadows counts as much.
    chance_of_shadow = _sums(of_shadows, n_features)
    mean_chance = of_shadows.mean() * np.array(n_features)
    chance = (chance_of_shadow + mean_chance) / 2
    relevance_by_name = {}
    for column, importance, chance_of_column in zip(columns, importances, chance, strict=True):
        relevance = float(importance / chance_of_column) if chance_of_column > 0 else math.inf
        relevance_by_name[column.name] = relevance
    return relevance_by_name


def _importances(
    X: NDArray[np.float64],
    targets: NDArray[np.float64],
    weight: NDArray[Any],
    seed: int,
    n_threads: int,
) -> NDArray[np.float64]:
    """Fit trees to rows of features, and return the importance of each feature."""
    from sklearn.ensemble import ExtraTreesRegressor

    n_features_of_split = min(MOST_FEATURES, math.ceil(X.shape[1] / 3))
    trees = ExtraTreesRegressor(
        TREES,
        min_samples_leaf=ROWS_OF_LEAF,
        max_features=n_features_of_split,
        random_state=seed,
        n_jobs=n_threads,
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
    n_codes = codes.max() + 1
    folds = np.arange(len(codes)) % FOLDS
    means = np.empty_like(targets)
    for fold in range(FOLDS):
        is_left_out = folds == fold
        others = codes[~is_left_out]
        counts = np.bincount(others, minlength=n_codes)
        for output, target in enumerate(targets.T):
            sums = np.bincount(others, target[~is_left_out], n_codes)
            by_code = (sums + target.mean()) / (counts + 1)
            means[is_left_out, output] = by_code[codes[is_left_out]]
    return means
