"""Finds columns that don't predict the target, whose inputs are made smaller.

A network follows chance in the inputs that don't matter, the more of them there are and the fewer
the rows. The smaller an input, the less its weights change the outputs in a step, so that they are
learned last. The inputs of n such columns are divided by the square root of n: then their sum
varies as much as the inputs of one column.

Random trees measure how much a column explains: its importance is the part of the variance that
splits at it remove. The importance that chance gives to a column is that of a shadow, the same
column with its rows in random order (Kursa and Rudnicki, 2010, "Feature selection with the Boruta
package"). The relevance is the ratio of the two.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.tables._chosen_inputs import PART_OF_CYCLE, targets_of
from barenet.tables._column import Column, FilledColumn
from barenet.tables._column_kinds import (
    CategoryColumn,
    DateColumn,
    PiecewiseColumn,
    part_of,
    seconds,
)
from barenet.tables._encoding import TableEncoding, values_of
from barenet.tables._words_column import WordsColumn

#: Maximum number of rows that the trees are fitted to, and minimum number of rows of each leaf.
MOST_ROWS = 4_000
ROWS_OF_LEAF = 5

#: Number of folds for the mean targets of categories.
FOLDS = 4

#: Number of forests, each beside shadows in another order, and of trees in each.
FORESTS = 4
TREES = 30

#: Maximum number of features that are compared at a split, which bounds the time of wide tables.
MOST_FEATURES = 100

#: The relevance from which the inputs of a column are not made smaller. Chance gives a relevance
#: near 1, and of 2 to a few of a hundred columns.
RELEVANT = 1.5


class _Sample(NamedTuple):
    """Rows of a column: its encoding, its parsed values, and the targets of the rows."""

    column: Column
    values: NDArray[Any]
    targets: NDArray[np.float64]

    def features(self, order: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the numbers that trees split at, shape (n_rows, n_features).

        Dates have their parts, too. A category has the mean of each target.
        """
        values = self.values[order]
        column = self.column
        if isinstance(column, CategoryColumn):
            return _means_by_value(values, self.targets)
        assert isinstance(column, FilledColumn)
        filled = np.where(np.isnan(values), column.fill_value, values)
        if isinstance(column, DateColumn):
            features = [seconds(filled)]
            for cycle in column.cycles:
                features.append(part_of(filled, PART_OF_CYCLE[cycle]).astype(np.float64))
            return np.column_stack(features)
        if isinstance(column, PiecewiseColumn) and column.codes:
            return np.column_stack([filled, _means_by_value(filled, self.targets)])
        return filled[:, np.newaxis].astype(np.float64)


def column_factors(
    encoding: TableEncoding, X: Any, y: NDArray[Any], weight: NDArray[Any]
) -> NDArray[np.float32]:
    """Return a factor for each input, which is below 1 if several columns are not relevant.

    y has classes, or rows of numbers.

    >>> rng = np.random.default_rng(0)
    >>> table = {"x": rng.normal(size=300), "u": rng.normal(size=300), "v": rng.normal(size=300)}
    >>> encoding = TableEncoding.fit(table)
    >>> column_factors(encoding, table, table["x"][:, np.newaxis], np.ones(300)).round(2)
    array([1.  , 0.71, 0.71], dtype=float32)
    """
    relevance_by_name = relevances(encoding, X, y, weight)
    n_irrelevant = 0
    for relevance in relevance_by_name.values():
        if relevance < RELEVANT:
            n_irrelevant += 1
    factors = []
    for column in encoding.used:
        factor = 1.0
        if relevance_by_name.get(column.name, RELEVANT) < RELEVANT:
            factor = 1 / math.sqrt(n_irrelevant)
        factors.append(np.full(len(column.inputs), factor, np.float32))
    return np.concatenate(factors)


def relevances(
    encoding: TableEncoding, X: Any, y: NDArray[Any], weight: NDArray[Any]
) -> dict[str, float]:
    """Return the relevance of each column, except columns of texts, whose words are chosen."""
    from sklearn.ensemble import ExtraTreesRegressor

    rng = np.random.RandomState(0)
    with_weight = np.flatnonzero(weight)
    rows = rng.permutation(with_weight)[:MOST_ROWS]  # in random order, for the folds
    targets = targets_of(y)[rows]
    if targets.shape[1] == 1:
        targets_of_trees = targets[:, 0]  # scikit-learn warns of a single column
    else:
        targets_of_trees = targets
    samples = []
    for column, values in values_of(encoding, encoding.frame_of(X).take(rows)):
        if not isinstance(column, WordsColumn):
            samples.append(_Sample(column, values, targets))
    if not samples:
        return {}
    importances = np.zeros(len(samples))
    importances_of_shadows = np.zeros(len(samples))
    in_order = np.arange(len(rows))
    for forest in range(FORESTS):
        features = [sample.features(in_order) for sample in samples]
        features += [sample.features(rng.permutation(in_order)) for sample in samples]
        n_features = sum(part.shape[1] for part in features)
        trees = ExtraTreesRegressor(
            TREES,
            min_samples_leaf=ROWS_OF_LEAF,
            max_features=min(MOST_FEATURES, math.ceil(n_features / 3)),
            random_state=forest,
        )
        trees.fit(np.concatenate(features, axis=1), targets_of_trees, weight[rows])
        ends = np.cumsum([part.shape[1] for part in features])
        by_column = np.split(trees.feature_importances_, ends[:-1])
        sums = [part.sum() for part in by_column]
        importances += sums[: len(samples)]
        importances_of_shadows += sums[len(samples) :]
    found = {}
    for sample, importance, chance in zip(
        samples, importances, importances_of_shadows, strict=True
    ):
        relevance = math.inf
        if chance > 0:
            relevance = importance / chance
        found[sample.column.name] = float(relevance)
    return found


def _means_by_value(values: NDArray[Any], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of each target over rows of other folds with the same value.

    The mean is that of these rows and of one more row, which has the mean of all targets. So values
    in few rows, of which chance determines the mean, differ little.
    """
    _, codes = np.unique(values, return_inverse=True)
    n_codes = codes.max() + 1
    folds = np.arange(len(values)) % FOLDS
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
