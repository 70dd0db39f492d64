"""Shapley values of predictions: from all coalitions of columns, or from orders of columns.

With f(S) for the prediction of a hybrid row, whose columns S are the row's and whose other columns
are a background row's, the value of column j is::

    φ_j = mean over orders π and background rows b of  f(before j in π, and j) − f(before j in π)

Štrumbelj and Kononenko, "Explaining prediction models and individual predictions with feature
contributions" (2014); Lundberg and Lee, "A unified approach to interpreting model predictions"
(2017), where the values are called interventional.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil, comb, lcm
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from barenet.insight.contributions._hybrid_rows import HybridRows, Indices
from barenet.model._arrays import FloatArray
from barenet.model._randomness import derive_key, uniforms

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Number of background rows of the first round.
FIRST_ROUND = 24
#: Number of samples of the first round that are repeated with other orders, for one network and for
#: several. The differences measure the variance due to the orders, and due to networks. Of half as
#: many, this variance would often be far too small or too large.
REPEATED = 16
REPEATED_OF_NETWORKS = 24
#: Number of pairs of orders after which a row ends, whatever its error, once it has had all
#: background rows. The last round may go beyond it.
ENOUGH_PAIRS = 128

#: Maximum number of other background rows that each background row is compared with, to estimate
#: the values of its own columns. What these estimates miss is in all samples. On a generated table
#: of two classes and 20 columns, the variance of samples is 7 % larger with 12 and 3 % smaller with
#: 24.
NEIGHBOURS = 16

#: Number of these comparisons whose residuals measure the variance of each background row.
MEASURED = 4

#: Maximum number of elements of `from_row` in memory at a time.
MAX_MEMBERSHIPS = 2**23

#: The keys of random numbers: orders of background rows, orders of columns, those of the
#: comparisons between background rows, and orders of networks.
BACKGROUND_KEY = 0
ORDERS_KEY = 1
NEIGHBOURS_KEY = 2
NETWORKS_KEY = 3


@dataclass(frozen=True)
class Game:
    """Predictions to explain: hybrid rows, and the outputs of the rows that are no hybrids."""

    hybrids: HybridRows
    #: Outputs of the rows and of the background rows, shape (n_rows, n_outputs), float64.
    outputs: FloatArray
    background_outputs: FloatArray
    n_groups: int
    #: Number of rows that the background rows are a random sample of; their own number for none.
    n_given: int
    #: Number of networks whose mean is the prediction, and that may predict hybrids alone.
    n_networks: int

    @property
    def n_background(self) -> int:
        """Number of background rows."""
        return len(self.background_outputs)

    def outputs_of_networks(self) -> tuple[FloatArray, FloatArray]:
        """Outputs of each network for the rows and for the background rows.

        Both have the shape (n_networks, n_rows, n_outputs).
        """
        if self.n_networks == 1:
            return self.outputs[np.newaxis], self.background_outputs[np.newaxis]
        return self.hybrids.row_outputs, self.hybrids.background_outputs


class OwnContributions(NamedTuple):
    """How much the columns of each background row contribute to its own output."""

    #: Estimates, shape (n_background, n_groups, n_outputs).
    values: FloatArray
    #: Their residual variances, of the same shape: how much comparisons with a background row
    #: differ from the difference of the estimates.
    variances: FloatArray

    def variance_beyond(self, background: Indices) -> FloatArray:
        """Compute how much larger the variance of all background rows is than that of some.

        It is 0 if that of some is larger, shape (n_groups, n_outputs).
        """
        variance = self.variances.mean(axis=0) - self.variances[background].mean(axis=0)
        return np.maximum(variance, 0)


class Values(NamedTuple):
    """Shapley values and their standard errors, both of shape (n_rows, n_groups, n_outputs).

    The errors include the sample of background rows.
    """

    values: FloatArray
    errors: FloatArray
    #: Number of orders for each row, shape (n_rows,); 0 if all coalitions were computed.
    n_orders: Indices


def exact_values(game: Game) -> Values:
    """Compute the values of rows from all 2^d coalitions of d groups.

    φ_j = Σ over S without j of |S|! (d − |S| − 1)! / d! · (f(S and j) − f(S)), where the weight is
    1 / (d · C(d − 1, |S|)). It is a mean over n background rows. If they are drawn from N rows, its
    standard error is the standard deviation over them times √((1 − n / N) / n).
    """
    n_groups = game.n_groups
    n_background = game.n_background
    coalitions = np.arange(2**n_groups)
    members = (coalitions[:, np.newaxis] >> np.arange(n_groups)) & 1
    is_member = members.astype(bool)
    sizes = members.sum(axis=1)
    weights = np.array([1 / (n_groups * comb(n_groups - 1, size)) for size in range(n_groups)])
    background = np.arange(n_background)[np.newaxis]
    n_rows, n_outputs = game.outputs.shape
    values = np.empty((n_rows, n_groups, n_outputs))
    errors = np.zeros_like(values)
    error_of_deviation = np.sqrt((1 - n_background / game.n_given) / n_background)
    for row in range(n_rows):
        rows = np.full_like(background, row)
        [outputs] = game.hybrids.outputs(rows, background, is_member[np.newaxis])
        outputs[0] = game.background_outputs
        outputs[-1] = game.outputs[row]
        for group in range(n_groups):
            without = coalitions[~is_member[:, group]]
            gains = outputs[without + 2**group] - outputs[without]
            of_background_rows = np.tensordot(weights[sizes[without]], gains, axes=1)
            values[row, group] = of_background_rows.mean(axis=0)
            if 1 < n_background < game.n_given:
                deviation = of_background_rows.std(axis=0, ddof=1)
                errors[row, group] = error_of_deviation * deviation
    return Values(values, errors, np.zeros(n_rows, np.intp))


class Sampler:
    """Estimates Shapley values from antithetic pairs of orders: each order and its reverse.

    A pair is exact for interactions of two groups, as each of the two comes after the other in one
    of its orders (Mitchell et al., "Sampling permutations for Shapley value estimation", 2022).

    Each pair has another background row b. What varies most with b is how much its own columns
    contribute to f(b), so the estimates a(b) of these contributions are added: their mean over all
    background rows is 0, and their sum over the groups is about f(b) minus the mean of f.

    A value that few background rows have, such as a flag that is true in 1 % of them, is often in
    no sample, so the variance of the samples would be too small. The residuals of a(b) measure the
    variance of every background row. The mean of all, minus that of the rows in the samples, is
    added to the variance of the samples if it is positive.

    If the prediction is the mean of several networks, a single one of them predicts the hybrids of
    a pair. They differ much less than the background rows, so this takes about as many pairs.

    The sum of the values must be the prediction minus the mean of f. The means of samples miss this
    sum by a little, if networks or not all background rows are drawn. The rest is divided by the
    variances of the means: that is the least-squares correction of independent means.

    All rows have the same orders, and the same background rows and networks in the same turn, so
    the values of a row don't depend on the other rows.
    """

    def __init__(
        self,
        seed: int,
        tolerance: float,
        adjustments: OwnContributions | None,
        sampling_variances: FloatArray | None = None,
    ) -> None:
        self.seed = seed
        self.tolerance = tolerance
        #: The contributions a(b) of the columns of each background row to its own output; None if
        #: the rows are too few, and every row is compared with all of them.
        self.adjustments = adjustments
        #: Variances of the values due to the sample of background rows, shape (n_groups,
        #: n_outputs), which more orders don't reduce; None without a sample.
        self.sampling_variances = sampling_variances

    def allowed_mean_squares(self, spread: FloatArray) -> FloatArray:
        """Return the mean square of a row's standard errors at which it ends, for each output.

        The square of the tolerance times the spread is allowed for the orders and the sample of
        background rows together. If the sample has more than half of it, the orders still get half:
        no number of orders could make up for the sample.
        """
        allowed: FloatArray = np.square(self.tolerance * spread)
        if self.sampling_variances is None:
            return allowed
        return np.maximum(allowed - self.sampling_variances.mean(axis=0), allowed / 2)

    def values(self, game: Game) -> Values:
        """Estimate the values of rows, with more background rows until the errors are small.

        A row is finished when the mean square of the standard errors of its groups is at most
        `allowed_mean_squares`, for each output, or when it has had all background rows and
        `ENOUGH_PAIRS` pairs of orders.
        """
        n_rows, n_outputs = game.outputs.shape
        n_background = game.n_background
        allowed = self.allowed_mean_squares(game.background_outputs.std(axis=0))
        backgrounds = random_orders(derive_key(self.seed, BACKGROUND_KEY), 1, n_background)[0]
        networks = random_orders(derive_key(self.seed, NETWORKS_KEY), 1, game.n_networks)[0]
        shape = (n_rows, game.n_groups, n_outputs)
        sums = np.zeros((game.n_networks, *shape))
        squares = np.zeros(shape)
        order_variances = np.zeros(shape)
        means = np.zeros(shape)
        errors = np.zeros(shape)
        n_orders = np.zeros(n_rows, np.intp)
        unfinished = np.arange(n_rows)
        most = max(n_background, ENOUGH_PAIRS)
        n_repeated = REPEATED_OF_NETWORKS if game.n_networks > 1 else REPEATED
        start = 0
        end = next_end(0, n_background, game.n_networks)
        if self.adjustments is None:
            end = max(end, n_background)
        while len(unfinished):
            # After the last background row, the first one comes again, with other orders. The turn
            # of the networks shifts by one where the same pairs of both would come again.
            numbers = np.arange(start, end)
            background = backgrounds[numbers % n_background]
            shifts = numbers // lcm(n_background, game.n_networks)
            network = networks[(numbers + shifts) % game.n_networks]
            samples = self._samples(game, unfinished, start, background, network)
            if start == 0:
                repeated = np.arange(n_repeated)
                same_background = backgrounds[repeated % n_background]
                of_partner = network[partner(repeated)]
                again = self._samples(game, unfinished, most, same_background, of_partner)
                differences = samples[:n_repeated] - again
                if game.n_networks == 1:
                    order_variances[:] = np.square(differences).mean(axis=0) / 2
                else:
                    order_variances[:] = variance_within_networks(differences)
                order_variances += self._variance_beyond(same_background)
            for number in range(game.n_networks):
                sums[number, unfinished] += samples[network == number].sum(axis=0)
            squares[unfinished] += np.square(samples).sum(axis=0)
            n_orders[unfinished] += 2 * (end - start)
            errors[unfinished] = standard_errors(
                sums[:, unfinished],
                squares[unfinished],
                order_variances[unfinished],
                self._variance_beyond(backgrounds[:end]),
                n_samples=end,
                n_background=n_background,
                n_given=game.n_given,
            )
            mean_square = np.square(errors[unfinished]).mean(axis=1)
            is_finished = (mean_square <= allowed).all(axis=1)
            if end >= most:
                is_finished[:] = True
            means[unfinished[is_finished]] = sums[:, unfinished[is_finished]].sum(axis=0) / end
            unfinished = unfinished[~is_finished]
            start = end
            end = next_end(end, n_background, game.n_networks)
        totals = game.outputs - game.background_outputs.mean(axis=0)
        variances = np.square(errors)
        values = with_total(means, variances, totals)
        if self.sampling_variances is not None:
            variances += self.sampling_variances
        return Values(values, np.sqrt(variances), n_orders)

    def _variance_beyond(self, background: Indices) -> FloatArray | float:
        """Compute what the variance of these background rows lacks to that of all."""
        return 0.0 if self.adjustments is None else self.adjustments.variance_beyond(background)

    def _samples(
        self, game: Game, rows: Indices, first: int, background: Indices, networks: Indices
    ) -> FloatArray:
        """Estimate values with one background row each, shape (n_samples, n_rows, …).

        `background` and `networks` have the shape (n_samples,). The number of the first sample
        determines the orders.
        """
        key = derive_key(self.seed, ORDERS_KEY, first)
        orders = random_orders(key, len(background), game.n_groups)
        rows_of_orders = np.broadcast_to(rows, (len(background), len(rows)))
        samples = paired_differences(
            game, rows_of_orders, background[:, np.newaxis], orders, networks
        )
        if self.adjustments is not None:
            samples += self.adjustments.values[background, np.newaxis]
        return samples


def partner(samples: Indices) -> Indices:
    """Return the partner of each sample: 0 and 1 are partners, 2 and 3, and so on.

    >>> partner(np.arange(4)).tolist()
    [1, 0, 3, 2]
    """
    return samples ^ 1


def variance_within_networks(differences: FloatArray) -> FloatArray:
    """Estimate the variance of samples beyond that of their networks and background rows.

    A sample with network m and background row b is about μ + α_m + β_b + ε, where ε is due to the
    orders, and to what the network makes of the row. The differences, of shape (n_samples, n_rows,
    …), are those between the samples (m, b) and (m′, b), and then, for their partners, between
    (m′, b′) and (m, b′). All but four ε cancel out in the sum of both, so its variance is 4 Var(ε).
    """
    sums = differences[0::2] + differences[1::2]
    variance: FloatArray = np.square(sums).mean(axis=0) / 4
    return variance


def standard_errors(
    sums: FloatArray,
    squares: FloatArray,
    order_variances: FloatArray,
    variances_beyond: FloatArray | float,
    n_samples: int,
    n_background: int,
    n_given: int,
) -> FloatArray:
    """Compute the standard errors of means of samples with different background rows.

    The variance of the n samples is that between background rows, and that of the orders, v. Their
    m ≤ n different background rows are drawn without replacement from the N rows that were given.
    So the variance of the mean is::

        (variance of the samples − v) / m · (1 − m / N) + v / n

    `variances_beyond` is added to the variance of the samples, for background rows that are in none
    of them.

    All networks occur equally often until all N are drawn, so differences between them are in no
    mean: the variance is that of the samples with the same network. `sums` has the sums of each
    network, in its first dimension; the other arrays are about all samples.
    """
    n_networks = len(sums)
    n_of_network = n_samples / n_networks
    variances = np.zeros_like(squares)
    if n_of_network >= 2:
        squared_means = np.square(sums / n_of_network).sum(axis=0)
        variances = (squares - n_of_network * squared_means) / (n_samples - n_networks)
    elif n_samples > 1:
        squared_mean = np.square(sums.sum(axis=0) / n_samples)
        variances = (squares - n_samples * squared_mean) / (n_samples - 1)
    variances = np.maximum(variances, 0) + variances_beyond  # rounding may lead below 0
    of_orders = np.minimum(order_variances, variances)
    n_drawn = min(n_samples, n_background)
    between = (variances - of_orders) / n_drawn * (1 - n_drawn / n_given)
    return np.sqrt(between + of_orders / n_samples)


def with_total(values: FloatArray, variances: FloatArray, totals: FloatArray) -> FloatArray:
    """Divide what the values of groups lack to their total, in proportion to their variances.

    >>> values = np.array([[[1.0], [2.0], [3.0]]])
    >>> with_total(values, np.array([[[0.0], [1.0], [4.0]]]), np.array([[7.0]])).tolist()
    [[[1.0], [2.2], [3.8]]]
    """
    missing = totals - values.sum(axis=1)
    all_variances = variances.sum(axis=1)
    has_variance = all_variances > 0
    divisors = np.where(has_variance, all_variances, 1)
    return values + variances * (missing / divisors)[:, np.newaxis]


def of_both_probabilities(values: FloatArray, totals: FloatArray) -> FloatArray:
    """Return the values of both probabilities of two classes, from those of the second.

    The first probability is 1 minus the second, up to rounding. The rounding error of its totals,
    in the first column of `totals`, is divided in proportion to the sizes of the values.

    >>> values = np.array([[[0.25], [-0.75]]])
    >>> of_both_probabilities(values, np.array([[0.5, -0.5]])).tolist()
    [[[-0.25, 0.25], [0.75, -0.75]]]
    """
    first = with_total(-values, np.abs(values), totals[:, :1])
    return np.concatenate([first, values], axis=2)


def paired_differences(
    game: Game, rows: Indices, background: Indices, orders: Indices, networks: Indices
) -> FloatArray:
    """Average the differences of each order and its reverse.

    Parameters
    ----------
    game : Game
        The predictions.
    rows, background : ndarray of shape (n_orders, n_pairs)
        Pairs of a row and a background row, to which an order applies. If all pairs of an order
        have the same background row, `background` may have the shape (n_orders, 1).
    orders : ndarray of shape (n_orders, n_groups)
        The orders of the groups.
    networks : ndarray of shape (n_orders,)
        The network that predicts the hybrids of an order.

    Returns
    -------
    ndarray of shape (n_orders, n_pairs, n_groups, n_outputs)
        The change of the output with each group.
    """
    row_outputs, background_outputs = game.outputs_of_networks()
    whole = row_outputs[networks[:, np.newaxis], rows]
    empty = background_outputs[networks[:, np.newaxis], background]
    n_groups = game.n_groups
    if n_groups == 1:
        differences: FloatArray = (whole - empty)[:, :, np.newaxis]
        return differences
    n_pairs = rows.shape[1]
    n_at_a_time = max(1, MAX_MEMBERSHIPS // (2 * n_groups * max(n_groups, n_pairs)))
    parts = []
    for start in range(0, len(orders), n_at_a_time):
        sets = slice(start, start + n_at_a_time)
        ranks = orders[sets].argsort(axis=1)
        # The first groups of an order, and the first ones of its reverse, without the empty set and
        # the whole, whose outputs are known.
        counts = np.arange(1, n_groups)[:, np.newaxis]
        is_among_first = ranks[:, np.newaxis] < counts
        is_among_last = ranks[:, np.newaxis] >= n_groups - counts
        from_row = np.concatenate([is_among_first, is_among_last], axis=1)
        predicted = _predict(game, rows[sets], background[sets], from_row, networks[sets])
        forward = predicted[:, : n_groups - 1]
        backward = predicted[:, n_groups - 1 :]
        total = _differences(forward, empty[sets], whole[sets], ranks)
        total += _differences(backward, empty[sets], whole[sets], n_groups - 1 - ranks)
        parts.append(total.swapaxes(1, 2) / 2)
    return np.concatenate(parts)


def _predict(
    game: Game, rows: Indices, background: Indices, from_row: NDArray[np.bool_], networks: Indices
) -> FloatArray:
    """Predict the hybrids of each order by its network."""
    if game.n_networks == 1:
        return game.hybrids.outputs(rows, background, from_row)
    n_orders, n_hybrids, _ = from_row.shape
    shape = (n_orders, n_hybrids, rows.shape[1], game.outputs.shape[1])
    predicted = np.empty(shape)
    for network in np.unique(networks).tolist():
        orders = np.flatnonzero(networks == network)
        predicted[orders] = game.hybrids.outputs(
            rows[orders], background[orders], from_row[orders], network
        )
    return predicted


def _differences(
    predicted: FloatArray, empty: FloatArray, whole: FloatArray, ranks: Indices
) -> FloatArray:
    """Compute the change of the output with each group, which has a rank in an order.

    `predicted` has the shape (n_orders, n_groups − 1, n_pairs, n_outputs), and the result has the
    shape (n_orders, n_groups, n_pairs, n_outputs).
    """
    first = np.broadcast_to(empty[:, np.newaxis], (len(empty), 1, *predicted.shape[2:]))
    path = np.concatenate([first, predicted, whole[:, np.newaxis]], axis=1)
    steps = np.diff(path, axis=1)
    differences: FloatArray = steps[np.arange(len(ranks))[:, np.newaxis], ranks]
    return differences


def background_contributions(game: Game, seed: int, n_threads: int) -> OwnContributions:
    """Estimate how much the columns of each background row contribute to its own output.

    In the game, the background rows are explained. The difference between the outputs of two of
    them has Shapley values, too. They are about a(b) − a(c), exactly so if no columns interact.
    Each row is compared with its neighbours in a circle, by one order of the groups and one network
    for each distance in the circle, and a is the least-squares solution with mean 0. Its normal
    equations have the same coefficients for each row: 2 k for itself, and −1 for each of the k rows
    before and after it. They are a circular convolution, which a Fourier transform solves. The
    variance of a row is the mean square of the residuals a(b) − a(c) of some of its comparisons.
    """
    n_background = game.n_background
    n_neighbours = min(NEIGHBOURS, n_background - 1)
    circle = random_orders(derive_key(seed, NEIGHBOURS_KEY), 1, n_background)
    distances = np.arange(1, n_neighbours + 1)
    key = derive_key(seed, NEIGHBOURS_KEY, 1)
    orders = random_orders(key, n_neighbours, game.n_groups)

    def differences_at(distance: int) -> FloatArray:
        number = distance - 1
        neighbours = np.roll(circle, -distance, axis=1)
        network = np.array([number % game.n_networks])
        [differences] = paired_differences(game, circle, neighbours, orders[[number]], network)
        return differences

    sums = np.zeros((n_background, game.n_groups, game.outputs.shape[1]))
    measured: dict[int, FloatArray] = {}
    all_differences = in_threads(differences_at, distances.tolist(), n_threads)
    for distance, differences in zip(distances.tolist(), all_differences, strict=True):
        sums += differences
        sums -= np.roll(differences, distance, axis=0)
        if distance <= MEASURED:
            measured[distance] = differences
    coefficients = np.zeros(n_background)
    coefficients[0] = 2 * n_neighbours
    coefficients[distances] -= 1
    coefficients[-distances] -= 1
    spectrum = np.fft.rfft(coefficients)
    spectrum[0] = np.inf  # the solution with mean 0
    transformed = np.fft.rfft(sums, axis=0) / spectrum[:, np.newaxis, np.newaxis]
    solution = np.fft.irfft(transformed, n_background, axis=0)
    squares = np.zeros_like(sums)
    for distance, differences in measured.items():
        expected = solution - np.roll(solution, -distance, axis=0)
        of_pairs = np.square(differences - expected)
        squares += of_pairs
        squares += np.roll(of_pairs, distance, axis=0)
    place_in_circle = circle[0].argsort()
    variances = squares[place_in_circle] / (2 * len(measured))
    return OwnContributions(solution[place_in_circle], variances)


def in_threads(
    function: Callable[[Item], Result], items: Iterable[Item], n_threads: int
) -> Iterator[Result]:
    """Call a function for each item, in some threads at once, or in this one; yield the results.

    Calls begin at most 2 · `n_threads` items ahead, so that few results are in memory at a time.
    """
    if n_threads == 1:
        for item in items:
            yield function(item)
        return
    with ThreadPoolExecutor(n_threads, "barenet") as pool:
        begun: deque[Future[Result]] = deque()
        for item in items:
            begun.append(pool.submit(function, item))
            if len(begun) == 2 * n_threads:
                yield begun.popleft().result()
        for future in begun:
            yield future.result()


def next_end(end: int, n_background: int, n_networks: int = 1) -> int:
    """Return the number of pairs after a round that starts after `end` pairs.

    It grows by an eighth, to a multiple of the number of networks, so that all of them occur
    equally often. Beyond the number of background rows, it is a multiple of this number, for the
    same reason.

    >>> next_end(0, 100), next_end(24, 100), next_end(92, 100), next_end(100, 100), next_end(0, 5)
    (24, 27, 100, 200, 25)
    >>> next_end(0, 100, n_networks=16), next_end(64, 100, n_networks=16)
    (32, 80)
    >>> next_end(80, 100, n_networks=16), next_end(0, 12, n_networks=16)
    (96, 24)
    """
    longer = max(FIRST_ROUND, end * 9 // 8)
    longer = n_networks * ceil(longer / n_networks)
    if end < n_background < longer:
        longer = max(n_background, FIRST_ROUND, n_networks)
    if longer < n_background:
        return longer
    return n_background * ceil(longer / n_background)


def random_orders(key: int, n_orders: int, n_things: int) -> Indices:
    """Order things at random, shape (n_orders, n_things).

    >>> random_orders(1, 2, 4).tolist()
    [[3, 0, 1, 2], [0, 3, 1, 2]]
    """
    return uniforms(key, (n_orders, n_things)).argsort(axis=1, kind="stable")
