"""Target leakage: columns that alone predict the target of held-out rows.

Most often, such a column is only known after the target, or is the target in other words or units.
The rule is simple, so that it is cheap: it predicts the majority class, or the mean, for each value
of a column. For a number, it uses the nearest value, or the line between its neighbours.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.datasets._column_summary import column_values
from barenet.datasets._dataset import Dataset
from barenet.errors import ArgumentError, printable, some
from barenet.tables._encoding import TableEncoding
from barenet.tables._scaling import Scaling

#: Maximum number of rows, and of values in all columns together, that are compared.
MAX_ROWS = 10_000
MAX_VALUES = 1_000_000

#: Minimum number of held-out rows, and of errors of the most frequent class on them. With fewer, an
#: uninformative column may be right by chance.
MIN_ROWS = 20
MIN_ERRORS = 10

#: Maximum errors of a column, as a fraction of the errors of the most frequent class.
MAX_CLASS_ERRORS = 0.02

#: Maximum fraction of the variance of a number that a column leaves unexplained, 1 − R².
MAX_VARIANCE = 1e-4


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
        if rows.classes is not None:
            is_leaking = _predicts_classes(values, fitted.y, others, left_out.y)
        elif column.kind == "date":  # skip: a smooth series is interpolated between its neighbours
            is_leaking = False
        else:
            is_leaking = _predicts_numbers(values, fitted.y, others, left_out.y)
        if is_leaking:
            leaking.append(column.name)
    if n_columns < 2:
        return []
    return leaking


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
    n_usual_errors = int((targets != usual).sum())
    if len(targets) < MIN_ROWS or n_usual_errors < MIN_ERRORS:
        return False
    keys, codes = np.unique(values, return_inverse=True)
    n_classes = int(y.max()) + 1
    pairs, counts = np.unique(codes * n_classes + y, return_counts=True)
    ascending = pairs[np.argsort(counts, kind="stable")]
    majority = np.zeros(len(keys), np.int64)
    for pair in ascending:  # the most frequent class of a value comes last
        majority[pair // n_classes] = pair % n_classes
    places = _nearest(keys, others)
    predictions = np.where(places < 0, usual, majority[places])
    n_errors = int((predictions != targets).sum())
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
    """Return whether the mean of each value, or the line between neighbours, fits other rows."""
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
    variance = np.var(targets[is_compared])
    if not variance > 0:
        return False
    return bool(np.mean(errors**2) <= MAX_VARIANCE * variance)
