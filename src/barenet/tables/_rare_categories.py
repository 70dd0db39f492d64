"""Chooses, for each column, which categories are merged, by leave-one-out errors.

Each column's share of the target is estimated by ridge regression on its categories alone, after
the shares of all other columns have been subtracted. With one input for each category, its
leave-one-out errors are sums over categories, so thousands of categories are compared in
milliseconds. Subtracting the columns' shares in turn is backfitting (Hastie, Tibshirani and
Friedman, "The Elements of Statistical Learning", section 9.1.1).
"""

import math
from typing import Any, NamedTuple, Unpack

import numpy as np
from numpy.typing import NDArray

from barenet.tables._column_kinds import CategoryColumn
from barenet.tables._encoding import RARE, ColumnOptions, TableEncoding, values_of

#: The fractions of the rows. The first is chosen unless another reduces the error by the fraction
#: `GAIN`, and by this number of standard errors, so that it isn't chosen by chance.
THRESHOLDS = (RARE, 0.0, 0.005, 0.02, 0.05)
GAIN = 0.005
STANDARD_ERRORS = 2.0

#: The penalties of ridge regression that are compared. A large one suits categories that predict
#: little, as most of an effect that is measured in a few rows is then chance.
PENALTIES = (1.0, 4.0, 16.0, 64.0)

#: Maximum number of categories of all columns in which none are merged. A category has as many
#: weights as the first layer has units, in each network.
MOST_CATEGORIES = 4_000

#: Maximum number of rows that the comparison uses, and of classes, the most frequent ones.
MOST_ROWS = 50_000
MOST_CLASSES = 10

#: Maximum number of rows from which the shares of numbers and dates are estimated.
MOST_ROWS_OF_NUMBERS = 10_000


class Categories(NamedTuple):
    """The categories of a column, as codes.

    Attributes
    ----------
    name : str
        Name of the column.
    codes : ndarray of shape (n_rows,), int
        The code of each row.
    counts : ndarray of shape (n_codes,), int
        The number of rows of each code.
    missing : int
        The number of rows without a value, whose code is 0 if there are any.
    """

    name: str
    codes: NDArray[np.intp]
    counts: NDArray[np.intp]
    missing: int

    @classmethod
    def of(cls, name: str, labels: NDArray[Any]) -> "Categories":
        """Code the labels of a column; "" is a missing one, and the first in alphabetical order."""
        _, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
        return cls(name, codes, counts, int(np.count_nonzero(labels == "")))

    @property
    def n_rows(self) -> int:
        """The number of rows with a value."""
        return len(self.codes) - self.missing

    def merged(self, threshold: float) -> "Categories":
        """Merge the categories in less than a fraction of the rows with a value."""
        is_rare = self.counts < threshold * self.n_rows
        if self.missing:
            is_rare[0] = False
        if not is_rare.any():
            return self
        # Rare categories share the last code.
        n_kept = int(np.count_nonzero(~is_rare))
        new_codes = np.where(is_rare, n_kept, np.cumsum(~is_rare) - 1)
        codes = new_codes[self.codes]
        return Categories(self.name, codes, np.bincount(codes), self.missing)


class LeftOut(NamedTuple):
    """The leave-one-out errors of a regression.

    Attributes
    ----------
    squares : ndarray of shape (n_rows,)
        The squared error of each row, times its weight.
    predictions : ndarray of shape (n_rows, n_targets)
        The prediction of each row.
    """

    squares: NDArray[np.float64]
    predictions: NDArray[np.float64]

    @property
    def error(self) -> float:
        """The weighted mean of the squared errors."""
        return float(self.squares.mean())

    def is_clearly_below(self, other: "LeftOut") -> bool:
        """Return whether the error is lower than another by more than chance and `GAIN`."""
        differences = other.squares - self.squares
        gain = differences.mean()
        standard_error = differences.std() / math.sqrt(len(differences))
        return bool(gain > GAIN * other.error and gain > STANDARD_ERRORS * standard_error)


def choose_rare(
    X: Any, y: NDArray[Any], weight: NDArray[Any], **options: Unpack[ColumnOptions]
) -> dict[str, float]:
    """Choose a fraction for each column; y has classes, or rows of numbers.

    Categories in a smaller fraction of the rows with a value are to be merged. Columns for which
    the default is chosen are left out.

    >>> towns = np.array([f"town {row % 150}" for row in range(600)])
    >>> choose_rare({"town": towns}, np.arange(600.0)[:, np.newaxis] % 150, np.ones(600))
    {'town': 0.0}
    """
    encoding = TableEncoding.fit(X, rare=0, **options)
    frame = encoding.frame_of(X)
    stride = math.ceil(len(frame) / MOST_ROWS)
    frame = frame.take(slice(None, None, stride))
    weight = weight[::stride]
    weight = weight / (weight.mean() or 1.0)
    columns = []
    other_inputs = []
    for column, values in values_of(encoding, frame):
        if isinstance(column, CategoryColumn):
            columns.append(Categories.of(column.name, values))
        else:
            other_inputs.append(column.encode(values))
    if not columns:
        return {}
    targets = _centered(_as_numbers(y[::stride]), weight)
    if other_inputs:
        targets = _without_share(np.column_stack(other_inputs), targets, weight)
    chosen = _choose_in_turn(columns, targets, weight)
    return _within_budget(columns, chosen)


def _as_numbers(y: NDArray[Any]) -> NDArray[np.float64]:
    """Return rows of numbers as they are, and classes as truth values, one column for each."""
    if y.ndim == 2:
        return y
    classes, counts = np.unique(y, return_counts=True)
    if len(classes) == 2:  # the second column is 1 minus the first
        classes = classes[:1]
        counts = counts[:1]
    frequent = np.argsort(-counts, kind="stable")[:MOST_CLASSES]
    is_of_class = y[:, np.newaxis] == classes[frequent]
    return is_of_class.astype(np.float64)


def _centered(X: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Subtract the weighted mean of each column; the mean of the weights is 1."""
    return X - weight @ X / len(X)


def _without_share(
    X: NDArray[np.float64], targets: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Subtract what ridge regression on numbers and dates predicts of the centered targets."""
    X = _centered(X, weight)
    stride = math.ceil(len(X) / MOST_ROWS_OF_NUMBERS)
    root = np.sqrt(weight[::stride])[:, np.newaxis]
    some_inputs = root * X[::stride]
    some_targets = root * targets[::stride]
    penalized = some_inputs.T @ some_inputs + np.eye(X.shape[1])
    coefficients = np.linalg.solve(penalized, some_inputs.T @ some_targets)
    return targets - X @ coefficients


def _choose_in_turn(
    columns: list[Categories], targets: NDArray[np.float64], weight: NDArray[np.float64]
) -> dict[str, float]:
    """Choose for each column, after the shares of all other columns have been subtracted."""
    shares = []
    left = targets.copy()
    for column in columns:
        share = _best_left_out(column, left, weight).predictions
        shares.append(share)
        left -= share
    chosen = {}
    for place, column in enumerate(columns):
        left += shares[place]
        threshold, best = _choose(column, left, weight)
        chosen[column.name] = threshold
        left -= best.predictions
    return chosen


def _choose(
    column: Categories, targets: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[float, LeftOut]:
    """Choose the fraction with the lowest error, or the default if that is hardly higher."""
    results: dict[float, LeftOut] = {}
    n_categories_compared = set()
    for threshold in THRESHOLDS:
        merged = column.merged(threshold)
        if len(merged.counts) not in n_categories_compared:  # otherwise, the same are merged
            n_categories_compared.add(len(merged.counts))
            results[threshold] = _best_left_out(merged, targets, weight)
    best = min(results, key=lambda threshold: results[threshold].error)
    if not results[best].is_clearly_below(results[RARE]):
        best = RARE
    return best, results[best]


def _best_left_out(
    column: Categories, targets: NDArray[np.float64], weight: NDArray[np.float64]
) -> LeftOut:
    """Return the leave-one-out errors with the penalty that makes them smallest."""
    results = [left_out(column, targets, weight, penalty) for penalty in PENALTIES]
    return min(results, key=lambda result: result.error)


def left_out(
    column: Categories, targets: NDArray[np.float64], weight: NDArray[np.float64], penalty: float
) -> LeftOut:
    """Compute the leave-one-out errors of ridge regression on the categories of a column.

    Without the row i of category c, the coefficient of c is the sum of the other weighted targets
    of c, divided by the sum of their weights and the penalty.
    """
    n_categories = len(column.counts)
    weights_of = np.bincount(column.codes, weight, n_categories)
    other_weights = weights_of[column.codes] - weight
    predictions = np.empty_like(targets)
    for output, target in enumerate(targets.T):
        weighted = weight * target
        sums_of = np.bincount(column.codes, weighted, n_categories)
        other_sums = sums_of[column.codes] - weighted
        predictions[:, output] = other_sums / (other_weights + penalty)
    squares = np.square(targets - predictions).mean(axis=1)
    return LeftOut(weight * squares, predictions)


def _within_budget(columns: list[Categories], chosen: dict[str, float]) -> dict[str, float]:
    """Leave out the defaults, and merge the rarest categories if there are too many."""
    complete = [column for column in columns if chosen[column.name] == 0]
    fewest_rows = _fewest_rows(complete)
    rare = {name: number for name, number in chosen.items() if number != RARE}
    if fewest_rows > 1:
        for column in complete:
            # Half a row less, as the product with the number of rows is rounded.
            rare[column.name] = (fewest_rows - 0.5) / column.n_rows
    return rare


def _fewest_rows(columns: list[Categories]) -> int:
    """Find the number of rows from which on a category is one of the `MOST_CATEGORIES` largest."""
    if not columns:
        return 0
    counts = np.sort(np.concatenate([column.counts for column in columns]))
    if len(counts) <= MOST_CATEGORIES:
        return 0
    fewest_rows = int(counts[-MOST_CATEGORIES])
    n_kept = np.count_nonzero(counts >= fewest_rows)
    if n_kept > 2 * MOST_CATEGORIES:  # many categories have as few rows
        fewest_rows += 1
    return fewest_rows
