"""Shapley values of predictions: from all coalitions of columns, or from orders of columns.

With f(S) for the prediction of a hybrid row, whose columns S are the row's and whose other columns
are a background row's, the value of column j is::

    φ_j = mean over orders π and background rows b of  f(before j in π, and j) − f(before j in π)

Štrumbelj and Kononenko, "Explaining prediction models and individual predictions with feature
contributions" (2014); Lundberg and Lee, "A unified approach to interpreting model predictions"
(2017), where the values are called interventional.
"""

from __future__ import annotations

from math import ceil, comb
from typing import Any, NamedTuple

import numpy as np

from barenet.insight.contributions._hybrid_rows import HybridRows, Indices
from barenet.model._arrays import FloatArray
from barenet.model._randomness import derive_key, uniforms

#: Number of background rows of the first round.
FIRST_ROUND = 12
#: Number of background rows in the first round that are given a second pair of orders. The
#: differences between both pairs measure the variance due to the orders.
REPEATED = 6
#: Number of pairs of orders after which a row ends, whatever its error, once it has had all
#: background rows. The last round may go beyond it.
ENOUGH_PAIRS = 128

#: Number of other background rows that each background row is compared with, to estimate the values
#: of its own columns.
NEIGHBOURS = 6
#: Minimum number of rows for these comparisons to save time.
MANY_ROWS = 10

#: Maximum number of elements of `from_row` in memory at a time.
MAX_MEMBERSHIPS = 2**23

#: The keys of random numbers: orders of background rows, orders of columns, and those of the
#: comparisons between background rows.
BACKGROUND_KEY = 0
ORDERS_KEY = 1
NEIGHBOURS_KEY = 2


class Game(NamedTuple):
    """Predictions to explain: hybrid rows, and the outputs of the rows that are no hybrids."""

    hybrids: HybridRows
    #: Outputs of the rows, and then of the background rows, shape (n_rows, n_outputs), float64.
    outputs: FloatArray
    n_background: int
    n_groups: int

    @property
    def background_outputs(self) -> FloatArray:
        """Outputs of the background rows, shape (n_background, n_outputs)."""
        return self.outputs[-self.n_background :]


class Values(NamedTuple):
    """Shapley values and their standard errors, both of shape (n_rows, n_groups, n_outputs)."""

    values: FloatArray
    errors: FloatArray
    #: Number of orders for each row, shape (n_rows,); 0 if all coalitions were computed.
    n_orders: Indices


def exact_values(game: Game, rows: Indices) -> Values:
    """Compute the values of rows from all 2^d coalitions of d groups.

    φ_j = Σ over S without j of |S|! (d − |S| − 1)! / d! · (f(S and j) − f(S)), where the weight is
    1 / (d · C(d − 1, |S|)).
    """
    n_groups = game.n_groups
    n_background = game.n_background
    coalitions = np.arange(2**n_groups)
    members = (coalitions[:, np.newaxis] >> np.arange(n_groups)) & 1
    is_member = members.astype(bool)
    sizes = members.sum(axis=1)
    weights = np.array([1 / (n_groups * comb(n_groups - 1, size)) for size in range(n_groups)])
    background = np.arange(n_background)
    values = np.empty((len(rows), n_groups, game.outputs.shape[1]))
    for index, row in enumerate(rows):
        pairs = np.full(n_background, row)
        from_row = np.broadcast_to(is_member, (n_background, *is_member.shape))
        outputs = game.hybrids.outputs(pairs, background, from_row).astype(np.float64)
        outputs[:, 0] = game.background_outputs
        outputs[:, -1] = game.outputs[row]
        mean_outputs = outputs.mean(axis=0)
        for group in range(n_groups):
            without = coalitions[~is_member[:, group]]
            gains = mean_outputs[without + 2**group] - mean_outputs[without]
            values[index, group] = weights[sizes[without]] @ gains
    return Values(values, np.zeros_like(values), np.zeros(len(rows), np.intp))


class Sampler:
    """Estimates Shapley values from antithetic pairs of orders: each order and its reverse.

    A pair is exact for interactions of two groups, as each of the two comes after the other in one
    of its orders (Mitchell et al., "Sampling permutations for Shapley value estimation", 2022).

    Each pair has another background row b. What varies most with b is how much its own columns
    contribute to f(b), so the estimates a(b) of these contributions are added: their mean over all
    background rows is 0, and their sum over the groups is f(b) minus the mean of f. So the sum of
    the values is the prediction minus this mean for any background rows. Few rows take all
    background rows instead, which is faster than to estimate a.
    """

    def __init__(self, game: Game, seed: int, *, n_rows: int) -> None:
        self.game = game
        self.seed = seed
        self.spread = game.background_outputs.std(axis=0)
        self.adjustments: FloatArray | None = None
        if n_rows >= MANY_ROWS and game.n_background > FIRST_ROUND:
            self.adjustments = self._background_contributions()

    def values(self, rows: Indices, tolerance: float) -> Values:
        """Estimate the values of rows, with more background rows until the errors are small.

        A row is finished when the root mean square of the standard errors of its groups is at most
        the tolerance times the standard deviation of the background's outputs, for each output, or
        when it has had all background rows and `ENOUGH_PAIRS` pairs of orders.
        """
        n_rows = len(rows)
        n_groups = self.game.n_groups
        n_outputs = self.game.outputs.shape[1]
        n_background = self.game.n_background
        backgrounds = self._background_orders(rows)
        shape = (n_rows, n_groups, n_outputs)
        sums = np.zeros(shape)
        squares = np.zeros(shape)
        order_variances = np.zeros(shape)
        errors = np.zeros(shape)
        n_orders = np.zeros(n_rows, np.intp)
        unfinished = np.arange(n_rows)
        most = max(n_background, ENOUGH_PAIRS)
        start = 0
        end = next_end(0, n_background)
        if self.adjustments is None:
            end = max(end, n_background)
        while len(unfinished):
            # After the last background row, the first one comes again, with other orders.
            places = np.arange(start, end) % n_background
            samples = self._samples(rows[unfinished], backgrounds[unfinished][:, places], start)
            if start == 0:
                first = slice(REPEATED)
                again = self._samples(rows, backgrounds[:, places[first]], most)
                differences = samples[:, first] - again
                order_variances[:] = np.square(differences).mean(axis=1) / 2
                samples[:, first] -= differences / 2  # the mean of both
                n_orders += 2 * REPEATED
            sums[unfinished] += samples.sum(axis=1)
            squares[unfinished] += np.square(samples).sum(axis=1)
            n_orders[unfinished] += 2 * (end - start)
            errors[unfinished] = self._standard_errors(
                sums[unfinished], squares[unfinished], order_variances[unfinished], end
            )
            mean_square = np.square(errors[unfinished]).mean(axis=1)
            is_finished = (np.sqrt(mean_square) <= tolerance * self.spread).all(axis=1)
            if end >= most:
                is_finished[:] = True
            sums[unfinished[is_finished]] /= end
            unfinished = unfinished[~is_finished]
            start = end
            end = next_end(end, n_background)
        return Values(sums, errors, n_orders)

    def _standard_errors(
        self, sums: FloatArray, squares: FloatArray, order_variances: FloatArray, n_samples: int
    ) -> FloatArray:
        """Compute the standard errors of means of samples with different background rows.

        The variance of the samples is that between background rows, of which n of N are drawn
        without replacement, and that of the orders, v. So the variance of their mean is::

            (variance of the samples − v) / n · (1 − n / N) + v / n
        """
        n_background = self.game.n_background
        variances = np.zeros_like(sums)
        if n_samples > 1:
            means = sums / n_samples
            variances = (squares / n_samples - np.square(means)) * n_samples / (n_samples - 1)
        between = np.maximum(variances - order_variances, 0) / n_samples
        not_drawn = max(0, 1 - n_samples / n_background)
        return np.sqrt(between * not_drawn + order_variances / n_samples)

    def _samples(self, rows: Indices, background: Indices, first: int) -> FloatArray:
        """Estimate values with one background row each, shape (n_rows, n_samples, …).

        `background` has shape (n_rows, n_samples); `first` is the number of the first sample, on
        which the orders depend.
        """
        n_rows, n_samples = background.shape
        orders = np.empty((n_rows, n_samples, self.game.n_groups), np.intp)
        for index, row in enumerate(rows.tolist()):
            key = derive_key(self.seed, ORDERS_KEY, row, first)
            orders[index] = random_orders(key, n_samples, self.game.n_groups)
        samples = self._paired_differences(
            np.repeat(rows, n_samples),
            background.ravel(),
            orders.reshape(n_rows * n_samples, -1),
        )
        if self.adjustments is not None:
            samples += self.adjustments[background.ravel()]
        return samples.reshape(n_rows, n_samples, *samples.shape[1:])

    def _paired_differences(
        self, rows: Indices, background: Indices, orders: Indices
    ) -> FloatArray:
        """Average the differences of each order and its reverse, shape (n_pairs, n_groups, …)."""
        n_groups = self.game.n_groups
        if n_groups == 1:
            differences = self.game.outputs[rows] - self.game.background_outputs[background]
            return differences[:, np.newaxis]
        n_at_a_time = max(1, MAX_MEMBERSHIPS // (2 * n_groups**2))
        parts = []
        for start in range(0, len(orders), n_at_a_time):
            pairs = slice(start, start + n_at_a_time)
            parts.append(self._differences_of_some(rows[pairs], background[pairs], orders[pairs]))
        return np.concatenate(parts)

    def _differences_of_some(
        self, rows: Indices, background: Indices, orders: Indices
    ) -> FloatArray:
        """Average the differences of a number of pairs that fits the memory."""
        n_groups = self.game.n_groups
        ranks = orders.argsort(axis=1)
        # The first groups of an order, and the first ones of its reverse, without the empty set and
        # the whole, whose outputs are known.
        counts = np.arange(1, n_groups)[:, np.newaxis]
        is_among_first = ranks[:, np.newaxis] < counts
        is_among_last = ranks[:, np.newaxis] >= n_groups - counts
        from_row = np.concatenate([is_among_first, is_among_last], axis=1)
        predicted = self.game.hybrids.outputs(rows, background, from_row).astype(np.float64)
        empty = self.game.background_outputs[background][:, np.newaxis]
        whole = self.game.outputs[rows][:, np.newaxis]
        total: Any = 0
        for part, places in (
            (predicted[:, : n_groups - 1], ranks),
            (predicted[:, n_groups - 1 :], n_groups - 1 - ranks),
        ):
            path = np.concatenate([empty, part, whole], axis=1)
            steps = np.diff(path, axis=1)
            total = total + np.take_along_axis(steps, places[..., np.newaxis], axis=1)
        return total / 2

    def _background_contributions(self) -> FloatArray:
        """Estimate how much the columns of each background row contribute to its own output.

        The difference between the outputs of two background rows has Shapley values, too. They are
        about a(b) − a(c), exactly so if no columns interact. Each row is compared with its
        neighbours in a circle, and a is the least-squares solution with mean 0.
        """
        n_background = self.game.n_background
        circle = random_orders(derive_key(self.seed, NEIGHBOURS_KEY), 1, n_background)[0]
        first = np.repeat(circle, NEIGHBOURS)
        distances = np.arange(1, NEIGHBOURS + 1)
        places = np.arange(n_background)[:, np.newaxis] + distances
        second = circle[places % n_background].ravel()
        n_pairs = len(first)
        key = derive_key(self.seed, NEIGHBOURS_KEY, 1)
        orders = random_orders(key, n_pairs, self.game.n_groups)
        n_rows = len(self.game.outputs) - n_background
        differences = self._paired_differences(n_rows + first, second, orders)
        signs = np.zeros((n_pairs, n_background))
        signs[np.arange(n_pairs), first] = 1
        signs[np.arange(n_pairs), second] = -1
        # The smallest solution is the one with mean 0.
        solution = np.linalg.pinv(signs) @ differences.reshape(n_pairs, -1)
        return solution.reshape(n_background, *differences.shape[1:])

    def _background_orders(self, rows: Indices) -> Indices:
        """Order the background rows at random for each row, shape (n_rows, n_background)."""
        n_background = self.game.n_background
        orders = np.empty((len(rows), n_background), np.intp)
        for index, row in enumerate(rows.tolist()):
            key = derive_key(self.seed, BACKGROUND_KEY, row)
            orders[index] = random_orders(key, 1, n_background)
        return orders


def next_end(end: int, n_background: int) -> int:
    """Return the number of pairs after a round that starts after `end` pairs.

    It grows by a half. Beyond the number of background rows, it is a multiple of this number, so
    that all of them occur equally often.

    >>> next_end(0, 100), next_end(12, 100), next_end(88, 100), next_end(100, 100), next_end(0, 5)
    (12, 18, 100, 200, 15)
    """
    longer = max(FIRST_ROUND, end * 3 // 2)
    if end < n_background:
        longer = min(longer, max(n_background, FIRST_ROUND))
    if longer < n_background:
        return longer
    return n_background * ceil(longer / n_background)


def random_orders(key: int, n_orders: int, n_things: int) -> Indices:
    """Order things at random, shape (n_orders, n_things).

    >>> random_orders(1, 2, 4).tolist()
    [[3, 0, 1, 2], [0, 3, 1, 2]]
    """
    return uniforms(key, (n_orders, n_things)).argsort(axis=1, kind="stable")
