"""Target leakage: columns that alone predict the target of held-out rows.

Most often, such a column is only known after the target, or is the target in other words or units.
The rule is simple, so that it is cheap: it predicts the majority class, or the mean, for each value
of a column. For a number, it uses the nearest value, or the line between its neighbours. A column
that ranks the rows as the target does, such as its logarithm, is found for few rows, too.
"""

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.datasets._column_summary import column_values, is_missing
from barenet.datasets._dataset import Dataset
from barenet.errors import ArgumentError, caller_stacklevel, printable, some
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.encoding._scaling import Scaling

#: Maximum number of rows, and of values in all columns together, that are compared.
MAX_ROWS = 10_000
MAX_VALUES = 1_000_000

#: Minimum number of held-out rows, and of errors of the most frequent class on them. With fewer, an
#: uninformative column may be right by chance.
MIN_ROWS = 20
MIN_ERRORS = 10

#: Maximum errors of a column, as a fraction of the errors of the most frequent class.
MAX_CLASS_ERRORS = 0.02

#: Maximum fraction of the variance of a number that a column leaves unexplained, 1 − R². Noise of
#: 1 % of the standard deviation leaves 1e-4, and up to twice as much between two noisy neighbours.
MAX_VARIANCE = 3e-4


def warn_of_leaks(rows: Dataset, encoding: TableEncoding | Scaling, function: str) -> None:
    """Warn of leaking columns, with the call that drops them."""
    leaking = leaking_columns(rows, encoding)
    if leaking:
        leak = describe_leak(leaking, rows.target_name)
        text = f"{leak}: {function}(..., drop={leaking[:5]!r})"
        warnings.warn(text, stacklevel=caller_stacklevel())


def leaking_columns(rows: Dataset, encoding: TableEncoding | Scaling) -> list[str]:
    """Return the columns of training rows that alone predict the target, if there are others.

    One half of the rows, or of an even sample of them, predicts the other half. If rows are split
    by time or by groups, the halves are, too.
    """
    if rows.image_shape is not None or rows.n_features < 2:
        return []
    most = min(MAX_ROWS, MAX_VALUES // rows.n_features)
    stride = math.ceil(rows.n_samples / most)
    halves = _halve(rows.take(np.arange(0, rows.n_samples, stride)))
    if halves is None:
        return []
    fitted, left_out = halves
    fitted_columns = column_values(encoding, rows.feature_names, fitted.X)
    other_columns = column_values(encoding, rows.feature_names, left_out.X)
    leaking = []
    n_columns = 0
    for (column, values), (_, others) in zip(fitted_columns, other_columns, strict=True):
        n_columns += 1
        predicts: Callable[..., bool]
        if rows.classes is not None:
            predicts = _predicts_classes
        elif column.kind == "date":  # skip: a smooth series is interpolated between its neighbours
            continue
        else:
            predicts = _predicts_numbers
        is_leaking = predicts(values, fitted.y, others, left_out.y)
        if not is_leaking:  # a copy with missing values predicts the rows that have it
            is_present = ~is_missing(values)
            are_present = ~is_missing(others)
            if is_present.any() and 2 * are_present.sum() >= len(others):
                is_leaking = predicts(
                    values[is_present],
                    fitted.y[is_present],
                    others[are_present],
                    left_out.y[are_present],
                )
        if is_leaking:
            leaking.append(column.name)
    return [] if n_columns < 2 else leaking


def describe_leak(names: Sequence[str], target: str) -> str:
    """Describe one leaking column or more.

    >>> describe_leak(["alive"], "survived")
    "alive alone predicts 'survived' on rows left out: unless it is known before, drop it"
    """
    predicts = f"alone predicts {target!r} on rows left out"
    if len(names) == 1:
        return f"{printable(names[0])} {predicts}: unless it is known before, drop it"
    return f"each of {some(names, 5)} {predicts}: unless they are known before, drop them"


def _halve(rows: Dataset) -> tuple[Dataset, Dataset] | None:
    """Divide rows into halves; return None if there are too few."""
    if rows.n_samples < 2 * MIN_ROWS:
        return None
    if rows.split_keys is None:
        order = np.random.default_rng(0).permutation(rows.n_samples)
        middle = rows.n_samples // 2
        return rows.take(order[:middle]), rows.take(order[middle:])
    try:
        first, second = rows.split(0.5)
    except ArgumentError:  # all rows have the same key
        return None
    assert second is not None
    return first, second


def _predicts_classes(
    values: NDArray[Any], y: NDArray[np.int64], others: NDArray[Any], targets: NDArray[np.int64]
) -> bool:
    """Return whether the majority class of each value is right for other rows."""
    usual = np.bincount(y).argmax()
    keys, codes = np.unique(values, return_inverse=True)
    n_classes = int(y.max()) + 1
    pairs, counts = np.unique(codes * n_classes + y, return_counts=True)
    ascending = pairs[np.argsort(counts, kind="stable")]
    majority = np.zeros(len(keys), np.int64)
    for pair in ascending:  # the most frequent class of a value comes last
        majority[pair // n_classes] = pair % n_classes
    places = _nearest(keys, others)
    is_compared = places >= 0  # new labels have no majority
    least = max(MIN_ROWS, len(others) / 2)
    if is_compared.sum() < least:
        return False
    compared = targets[is_compared]
    n_usual_errors = int((compared != usual).sum())
    if n_usual_errors < MIN_ERRORS:
        return False
    n_errors = int((majority[places[is_compared]] != compared).sum())
    return n_errors <= MAX_CLASS_ERRORS * n_usual_errors


def _nearest(keys: NDArray[Any], values: NDArray[Any]) -> NDArray[np.intp]:
    """Return the position of each label or nearest number in sorted keys, and −1 if there is none.

    >>> _nearest(np.array([1.0, 5.0, np.nan]), np.array([2.0, 9.0, np.nan])).tolist()
    [0, 1, 2]
    >>> _nearest(np.array(["a", "c"], object), np.array(["b", "c"], object)).tolist()
    [-1, 1]
    """
    if keys.dtype == object:
        places = np.minimum(np.searchsorted(keys, values), len(keys) - 1)
        return np.where(keys[places] == values, places, -1)
    is_missing = np.isnan(values)
    has_missing = bool(np.isnan(keys[-1]))  # NaN occurs at most once, at the end
    n_numbers = len(keys)
    place_of_missing = -1
    if has_missing:
        n_numbers -= 1
        place_of_missing = n_numbers
    if n_numbers == 0:
        return np.where(is_missing, place_of_missing, -1)
    after = np.clip(np.searchsorted(keys[:n_numbers], values), 0, n_numbers - 1)
    before = np.maximum(after - 1, 0)
    distance_before = np.abs(values - keys[before])
    distance_after = np.abs(keys[after] - values)
    is_before = distance_before < distance_after
    places = np.where(is_before, before, after)
    return np.where(is_missing, place_of_missing, places)


def _predicts_numbers(
    values: NDArray[Any],
    y: NDArray[np.float64],
    others: NDArray[Any],
    targets: NDArray[np.float64],
) -> bool:
    """Return whether the mean of each value, or the line between neighbours, fits other rows.

    For numbers, it is enough that they rank the other rows as the targets do.
    """
    y, targets = _comparable(y, targets)
    keys, codes = np.unique(values, return_inverse=True)
    means = np.bincount(codes, y) / np.bincount(codes)
    places = _nearest(keys, others)
    predictions = np.where(places < 0, y.mean(), means[places])
    if keys.dtype == object:
        is_compared = places >= 0  # new labels have no mean
    else:
        is_compared = np.ones(len(others), bool)
        is_number = ~np.isnan(keys)
        if is_number.any():
            numbers = keys[is_number]
            lines = np.interp(others, numbers, means[is_number])
            predictions = np.where(np.isnan(others), predictions, lines)
            is_outside = (others < numbers[0]) | (others > numbers[-1])
            is_compared = ~is_outside
    least = max(MIN_ROWS, len(others) / 2)
    if is_compared.sum() < least:
        return False
    errors = predictions[is_compared] - targets[is_compared]
    compared = targets[is_compared]
    if (compared == compared[0]).all():
        return False
    variance = np.var(compared)
    if np.mean(errors**2) <= MAX_VARIANCE * variance:
        return True
    if keys.dtype == object:
        return False
    is_ranked = is_compared & ~np.isnan(others)
    if is_ranked.sum() < least:
        return False
    correlation = _rank_correlation(others[is_ranked], targets[is_ranked])
    return correlation**2 >= 1 - MAX_VARIANCE


def _comparable(
    y: NDArray[np.float64], targets: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale and move numbers of two sets to about −1 … 1, so that no square over- or underflows.

    >>> _comparable(np.array([7.0, 8.0]), np.array([7.5, 4.0]))
    (array([0.   , 0.125]), array([ 0.0625, -0.375 ]))
    """
    largest = max(np.abs(y).max(), np.abs(targets).max())
    if largest == 0:
        return y, targets
    offset = y[0] / largest
    return y / largest - offset, targets / largest - offset


def _rank_correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Compute Spearman's ρ, the correlation of the ranks; 0 if all values of either are equal.

    >>> _rank_correlation(np.array([1.0, 3.0, 9.0]), np.array([5.0, 4.0, -7.0])).__round__(12)
    -1.0
    """
    ranks = []
    for values in (x, y):
        different, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
        if len(different) < 2:
            return 0.0
        last = np.cumsum(counts)
        mean_ranks = last - (counts - 1) / 2  # rows with equal values share a rank
        ranks.append(mean_ranks[codes])
    matrix = np.atleast_2d(np.corrcoef(ranks))
    return float(matrix[0, 1])
