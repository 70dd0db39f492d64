"""Compares inputs by the error on left-out rows, with ridge regressions in place of networks.

A regression on some inputs is solved at once, so many choices of inputs are compared in the time
that a network takes for a few steps. The inputs that are compared predict what numbers and dates
leave unexplained.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

#: Another choice than the default must reduce the error by this fraction of it, and by this number
#: of standard errors, so that it isn't chosen by chance.
GAIN = 0.005
STANDARD_ERRORS = 2.0

#: The penalties of ridge regression on categories that are compared. A large one suits categories
#: that predict little, as most of an effect that is measured in a few rows is then chance.
PENALTIES = (1.0, 4.0, 16.0, 64.0)

#: Maximum number of rows from which the shares of numbers and dates are estimated.
MOST_ROWS_OF_NUMBERS = 10_000

#: Maximum number of classes that are predicted, the most frequent ones.
MOST_CLASSES = 10

#: The seed of the rows that are compared.
SEED = 20_231_128


class RegressionSample(NamedTuple):
    """Some rows of a training set, for regressions.

    Attributes
    ----------
    rows : ndarray of shape (n_sampled,), int
        The rows, in ascending order.
    targets : ndarray of shape (n_sampled, n_targets)
        The targets minus their weighted means; of classes, whether the row has each of them.
    weight : ndarray of shape (n_sampled,)
        The weights, of mean 1.
    groups : ndarray of shape (n_sampled,), int, or None
        The group of each row, from 0; a row is left out together with its group.
    """

    rows: NDArray[np.intp]
    targets: NDArray[np.float64]
    weight: NDArray[np.float64]
    groups: NDArray[np.intp] | None = None

    @classmethod
    def of(
        cls,
        y: NDArray[Any],
        weight: NDArray[Any],
        most: int,
        groups: NDArray[Any] | None = None,
    ) -> "RegressionSample":
        """Choose at most this number of rows; y has classes, or rows of numbers."""
        rows = random_rows(len(y), most)
        weight = weight[rows]
        weight = weight / (weight.mean() or 1.0)
        targets = centered(targets_of(y[rows]), weight)
        if groups is None:
            return cls(rows, targets, weight)
        _, group_codes = np.unique(groups[rows], return_inverse=True)
        return cls(rows, targets, weight, group_codes)

    def centered(self, inputs: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        """Join inputs of these rows side by side, and subtract their weighted means."""
        if not inputs:
            return np.empty((len(self.rows), 0))
        return centered(np.column_stack(inputs), self.weight)


class LeftOutErrors(NamedTuple):
    """The predictions and errors of a regression, each for a row that its fit left out.

    Attributes
    ----------
    squared_errors : ndarray of shape (n_rows,)
        The squared error of each row, averaged over the targets, times the row's weight.
    predictions : ndarray of shape (n_rows, n_targets)
        The prediction of each row.
    """

    squared_errors: NDArray[np.float64]
    predictions: NDArray[np.float64]

    @property
    def error(self) -> float:
        """The weighted mean of the squared errors."""
        return float(self.squared_errors.mean())

    def is_clearly_better(self, than: "LeftOutErrors", least_gain: float = GAIN) -> bool:
        """Return whether the error is lower by more than this fraction of it, and than chance."""
        differences = than.squared_errors - self.squared_errors
        gain = differences.mean()
        standard_error = differences.std() / math.sqrt(len(differences))
        is_large = gain > least_gain * than.error
        is_no_chance = gain > STANDARD_ERRORS * standard_error
        return bool(is_large and is_no_chance)


def random_rows(n_rows: int, most: int) -> NDArray[np.intp]:
    """Choose at most this number of rows, in ascending order, as the same function of `n_rows`."""
    if n_rows <= most:
        return np.arange(n_rows)
    order = np.random.RandomState(SEED).permutation(n_rows)
    return np.sort(order[:most])


def targets_of(y: NDArray[Any]) -> NDArray[np.float64]:
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


def centered(X: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Subtract the weighted mean of each column; the mean of the weights is 1."""
    return X - weight @ X / len(X)


def share_of_numbers(
    X: NDArray[np.float64], targets: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Predict centered targets by ridge regression on numbers and dates, X, which are centered."""
    sample = random_rows(len(X), MOST_ROWS_OF_NUMBERS)
    root = np.sqrt(weight[sample])[:, np.newaxis]
    some_inputs = root * X[sample]
    some_targets = root * targets[sample]
    penalty = np.eye(X.shape[1])
    squares = some_inputs.T @ some_inputs
    products = some_inputs.T @ some_targets
    coefficients = np.linalg.solve(squares + penalty, products)
    return X @ coefficients


def leave_one_out_with_best_penalty(
    codes: NDArray[np.intp],
    targets: NDArray[np.float64],
    weight: NDArray[np.float64],
    groups: NDArray[np.intp] | None = None,
    factors: NDArray[np.float64] | None = None,
) -> LeftOutErrors:
    """Leave out each row, or its group, in turn, with the penalty that makes the error smallest."""
    others = OtherRows.of(codes, targets, weight, groups, factors)
    results = [others.errors(targets, weight, penalty) for penalty in PENALTIES]
    return min(results, key=lambda result: result.error)


class RowSums(NamedTuple):
    """The squares and products of a regression; for each row, or summed over rows.

    Attributes
    ----------
    squares : ndarray of shape (n_rows,)
        The weight times the square of the row's input.
    products : ndarray of shape (n_rows, n_targets)
        The weight times the product of the input and the target.
    """

    squares: NDArray[np.float64]
    products: NDArray[np.float64]

    def by_code(self, codes: NDArray[np.intp]) -> Self:
        """For each row, sum up those of its category or group, whose code is from 0."""
        products = np.empty_like(self.products)
        for output, product in enumerate(self.products.T):
            products[:, output] = np.bincount(codes, product)[codes]
        squares = np.bincount(codes, self.squares).astype(np.float64, copy=False)
        return type(self)(squares[codes], products)


class OtherRows(NamedTuple):
    """For each row, sums over the other rows of its category, or those of other groups.

    Attributes
    ----------
    squares : ndarray of shape (n_rows,)
        The sum of their squares, which is the sum of their weights without factors.
    products : ndarray of shape (n_rows, n_targets)
        The sums of their products.
    mean : ndarray of shape (n_rows, n_targets)
        The weighted mean of the targets in other groups, whatever their category. It is 0 without
        groups: the targets are centered, and a single row hardly changes their mean.
    factors : ndarray of shape (n_rows,), optional
        The number that multiplies the input of the row's category, for a slope in each category.
    """

    squares: NDArray[np.float64]
    products: NDArray[np.float64]
    mean: NDArray[np.float64]
    factors: NDArray[np.float64] | None = None

    @classmethod
    def of(
        cls,
        codes: NDArray[np.intp],
        targets: NDArray[np.float64],
        weight: NDArray[np.float64],
        groups: NDArray[np.intp] | None = None,
        factors: NDArray[np.float64] | None = None,
    ) -> Self:
        """Sum up the rows of each category, given the codes of categories and groups from 0.

        With groups, a row's sums are without the rows of its own group. With factors, the
        regression is a line through 0 in each category.

        >>> codes = np.array([0, 0, 0])
        >>> targets = np.array([[1.0], [2.0], [5.0]])
        >>> OtherRows.of(codes, targets, np.ones(3)).products.ravel()
        array([7., 6., 3.])
        >>> OtherRows.of(codes, targets, np.ones(3), np.array([0, 0, 1])).products.ravel()
        array([5., 5., 3.])
        """
        weight = weight.astype(np.float64, copy=False)
        inputs = np.ones(len(targets)) if factors is None else factors
        weighted = weight * inputs
        rows = RowSums(weighted * inputs, weighted[:, np.newaxis] * targets)
        of_category = rows.by_code(codes)
        own = rows
        mean = np.zeros_like(targets)
        if groups is not None:
            n_groups = int(groups.max()) + 1
            _, cells = np.unique(codes * n_groups + groups, return_inverse=True)
            own = rows.by_code(cells)
            if factors is None:
                of_group = rows.by_code(groups)
                weight_of_others = weight.sum() - of_group.squares
                targets_of_others = (weight @ targets) - of_group.products
                mean = targets_of_others / np.maximum(weight_of_others, 1.0)[:, np.newaxis]
        squares = of_category.squares - own.squares
        products = of_category.products - own.products
        return cls(squares, products, mean, factors)

    def errors(
        self, targets: NDArray[np.float64], weight: NDArray[np.float64], penalty: float
    ) -> LeftOutErrors:
        """Leave out each row, or its group, in turn of a ridge regression on a column's categories.

        Without these rows, the coefficient of category c is the sum of the products of the other
        rows of c, divided by the sum of their squares and the penalty. With groups, the targets are
        centered anew by the mean of the other groups, which is added to the prediction.
        """
        sums = self.products - self.squares[:, np.newaxis] * self.mean
        divisors = self.squares + penalty
        predictions = sums / divisors[:, np.newaxis]
        if self.factors is not None:
            predictions *= self.factors[:, np.newaxis]
        predictions += self.mean
        squares = np.square(targets - predictions).mean(axis=1)
        return LeftOutErrors(weight * squares, predictions)
