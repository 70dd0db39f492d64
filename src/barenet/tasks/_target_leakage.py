"""Target leakage: columns that alone predict the target of held-out rows.

Most often, such a column is only known after the target, or is the target in other words or units.
The rule is simple, so that it is cheap: each value of a column, or the nearest number, predicts its
majority class, and each label its mean. A number leaks a number if both, or their ranks, correlate
almost perfectly. NumPy is enough for it, as importing scikit-learn's trees takes longer than to
train a small network.
"""

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._messages import printable, some
from barenet.datasets._column_summary import column_values, is_missing
from barenet.datasets._dataset import Dataset
from barenet.errors import ArgumentError, caller_stacklevel
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
        elif column.kind == "date":  # a number that grows with time is no leak
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
    counts = np.zeros((len(keys), int(y.max()) + 1))
    np.add.at(counts, (codes, y), 1)
    places = _nearest(keys, others)
    is_compared = places >= 0  # new labels have no majority
    if is_compared.sum() < max(MIN_ROWS, len(others) / 2):
        return False
    compared = targets[is_compared]
    n_usual_errors = int((compared != usual).sum())
    n_errors = int((counts.argmax(axis=1)[places[is_compared]] != compared).sum())
    return n_usual_errors >= MIN_ERRORS and n_errors <= MAX_CLASS_ERRORS * n_usual_errors


def _nearest(keys: NDArray[Any], values: NDArray[Any]) -> NDArray[np.intp]:
    """Return the position of each label or nearest number in sorted keys, and −1 for a new label.

    A missing number has the last position, as NaN follows all numbers.

    >>> _nearest(np.array([1.0, 5.0, np.nan]), np.array([2.0, 9.0, np.nan])).tolist()
    [0, 1, 2]
    >>> _nearest(np.array(["a", "c"], object), np.array(["b", "c"], object)).tolist()
    [-1, 1]
    """
    if keys.dtype == object:
        places = np.minimum(np.searchsorted(keys, values), len(keys) - 1)
        return np.where(keys[places] == values, places, -1)
    middles = keys[:-1] / 2 + keys[1:] / 2  # the sum of two numbers might overflow
    return np.searchsorted(middles, values, side="right")


def _predicts_numbers(
    values: NDArray[Any],
    y: NDArray[np.float64],
    others: NDArray[Any],
    targets: NDArray[np.float64],
) -> bool:
    """Return whether numbers correlate with the targets, or the means of labels fit other rows."""
    y, targets = _comparable(y, targets)
    least = max(MIN_ROWS, len(others) / 2)
    if others.dtype != object:
        is_number = ~np.isnan(others)
        if is_number.sum() < least:
            return False
        x = others[is_number]
        targets = targets[is_number]
        by_value = _correlation(x, targets)
        by_rank = _correlation(_ranks(x), _ranks(targets))
        return max(by_value**2, by_rank**2) >= 1 - MAX_VARIANCE
    keys, codes = np.unique(values, return_inverse=True)
    means = np.bincount(codes, y) / np.bincount(codes)
    places = _nearest(keys, others)
    is_compared = places >= 0  # new labels have no mean
    compared = targets[is_compared]
    if len(compared) < least or (compared == compared[0]).all():
        return False
    errors = means[places[is_compared]] - compared
    return bool(np.mean(errors**2) <= MAX_VARIANCE * np.var(compared))


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


def _correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Compute the correlation; 0 if all values of either are equal."""
    if (x == x[0]).all() or (y == y[0]).all():
        return 0.0
    x = x / np.abs(x).max()
    return float(np.corrcoef(x, y)[0, 1])


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rank of each value; equal values share their mean rank.

    >>> _ranks(np.array([5.0, 1.0, 5.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    mean_ranks = np.cumsum(counts) - (counts - 1) / 2
    return np.asarray(mean_ranks[codes], np.float64)
