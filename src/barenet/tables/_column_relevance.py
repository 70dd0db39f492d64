"""Finds columns that hardly predict the target, whose inputs are made smaller.

A network follows chance in the inputs that don't matter, the more of them there are and the fewer
the rows. With a smaller input, its weights have less effect, so it learns them last.

Random trees measure how much a column explains: its importance is the part of the variance that
splits at it remove. The importance that chance gives to a column is that of a shadow, the same
column with its rows in random order (Kursa and Rudnicki, 2010, "Feature selection with the Boruta
package"). The relevance is the ratio of the two.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.tables._chosen_inputs import targets_of
from barenet.tables._column import Column
from barenet.tables._column_kinds import (
    CategoryColumn,
    DateColumn,
    PiecewiseColumn,
    part_of,
    seconds,
)
from barenet.tables._encoding import TableEncoding, values_of

#: Maximum number of rows that the trees are fitted to, and minimum number of rows of each leaf.
MOST_ROWS = 4_000
ROWS_OF_LEAF = 5

#: Number of folds for the mean targets of categories.
FOLDS = 4

#: Number of forests, each beside shadows in another order, and of trees in each.
FORESTS = 4
TREES = 30

#: The relevance from which the inputs of a column are not made smaller. Chance alone gives a few of
#: a hundred columns a relevance of 2.
RELEVANT = 3.0

#: The smallest factor of inputs.
LEAST_FACTOR = 0.1


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
        filled = np.where(np.isnan(values), column.fill_value, values)
        if isinstance(column, DateColumn):
            features = [seconds(filled)]
            for part in column.parts:
                features.append(part_of(filled, part))
            return np.column_stack(features).astype(np.float64)
        if isinstance(column, PiecewiseColumn) and column.codes:
            return np.column_stack([filled, _means_by_value(filled, self.targets)])
        return filled[:, np.newaxis].astype(np.float64)


def column_factors(
    encoding: TableEncoding, X: Any, y: NDArray[Any], weight: NDArray[Any]
) -> NDArray[np.float32]:
    """Return a factor for each input, which is below 1 in columns of little relevance.

    y has classes, or rows of numbers.
    """
    factors = []
    for column, relevance in zip(encoding.used, _relevances(encoding, X, y, weight), strict=True):
        factor = np.clip((relevance - 1) / (RELEVANT - 1), LEAST_FACTOR, 1)
        factors.append(np.full(len(column.inputs), factor, np.float32))
    return np.concatenate(factors)


def _relevances(
    encoding: TableEncoding, X: Any, y: NDArray[Any], weight: NDArray[Any]
) -> list[float]:
    """Return the relevance of each column that is used."""
    from sklearn.ensemble import ExtraTreesRegressor

    rng = np.random.RandomState(0)
    with_weight = np.flatnonzero(weight)
    rows = rng.permutation(with_weight)[:MOST_ROWS]  # in random order, for the folds
    targets = targets_of(y)[rows]
    samples = []
    for column, values in values_of(encoding, encoding.frame_of(X).take(rows)):
        samples.append(_Sample(column, values, targets))
    importances = np.zeros(len(samples))
    importances_of_shadows = np.zeros(len(samples))
    in_order = np.arange(len(rows))
    for forest in range(FORESTS):
        features = [sample.features(in_order) for sample in samples]
        features += [sample.features(rng.permutation(in_order)) for sample in samples]
        trees = ExtraTreesRegressor(
            TREES, min_samples_leaf=ROWS_OF_LEAF, max_features=1 / 3, random_state=forest
        )
        trees.fit(np.concatenate(features, axis=1), targets, weight[rows])
        ends = np.cumsum([part.shape[1] for part in features])
        by_column = np.split(trees.feature_importances_, ends[:-1])
        sums = [part.sum() for part in by_column]
        importances += sums[: len(samples)]
        importances_of_shadows += sums[len(samples) :]
    relevances = []
    for importance, chance in zip(importances, importances_of_shadows, strict=True):
        relevance = RELEVANT
        if chance > 0:
            relevance = importance / chance
        relevances.append(float(relevance))
    return relevances


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
