"""Chooses the fraction of rows below which categories are merged, by leave-one-out errors."""

import math
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from barenet.tables._column_fitting import MOST_OUTPUTS
from barenet.tables._column_kinds import CategoryColumn
from barenet.tables._encoding import ColumnOptions, TableEncoding, values_of

#: The fractions. The first is chosen unless another reduces the error by the fraction `GAIN`.
THRESHOLDS = (0.01, 0.0, 0.005, 0.02, 0.05)
GAIN = 0.01

#: Maximum number of rows that the comparison uses.
MOST_ROWS = 4_000


def choose_rare(
    X: Any, y: NDArray[Any], weight: NDArray[Any], **options: Unpack[ColumnOptions]
) -> float | None:
    """Choose by the leave-one-out error of ridge regression; y has classes, or rows of numbers.

    Return None if all fractions have the same effect, or columns have more than `MOST_OUTPUTS`
    outputs.

    >>> towns = np.array([f"town {row % 150}" for row in range(600)])
    >>> choose_rare({"town": towns}, np.arange(600.0)[:, np.newaxis] % 150, np.ones(600))
    0.0
    """
    encoding = TableEncoding.fit(X, rare=0, **options)
    frame = encoding.frame_of(X)
    step = math.ceil(len(frame) / MOST_ROWS)
    frame = frame.take(slice(None, None, step))
    y = y[::step]
    weight = weight[::step]
    if y.ndim != 2:
        y = y[:, np.newaxis] == np.unique(y)
    other_columns = []
    codes_and_counts = []
    for column, values in values_of(encoding, frame):
        if isinstance(column, CategoryColumn):
            _, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
            codes_and_counts.append((codes, counts))
        else:
            other_columns.append((column, values))
    # The codes of the categories of each column that are not rare, by threshold.
    frequent: dict[float, list[NDArray[np.intp]]] = {}
    for rare in THRESHOLDS:
        frequent[rare] = []
        least = rare * len(frame)
        for _, counts in codes_and_counts:
            frequent_codes = np.flatnonzero(counts >= least)
            frequent[rare].append(frequent_codes)
    n_others = sum(len(column.outputs) for column, _ in other_columns)
    # Of thresholds that keep the same number of categories, only the first is compared.
    thresholds = {}
    for rare in reversed(THRESHOLDS):
        n_outputs = sum(len(codes) for codes in frequent[rare])
        thresholds[n_outputs] = rare
    losses = {}
    for n_outputs, rare in thresholds.items():
        if n_outputs <= MOST_OUTPUTS - n_others:
            losses[rare] = np.inf
    if len(losses) < 2:
        return None
    other_inputs = [column.encode(values) for column, values in other_columns]
    for rare in losses:
        inputs = [*other_inputs]
        for (codes, _), frequent_codes in zip(codes_and_counts, frequent[rare], strict=True):
            inputs.append(codes[:, np.newaxis] == frequent_codes)
        losses[rare] = _left_out_error(np.column_stack(inputs), y, weight)
    best = min(losses, key=losses.__getitem__)
    default = THRESHOLDS[0]
    if losses[best] > (1 - GAIN) * losses.get(default, np.inf):
        return default
    return best


def _left_out_error(X: NDArray[np.float64], y: NDArray[Any], weight: NDArray[Any]) -> float:
    """Compute ridge regression's mean squared leave-one-out error: residual / (1 − leverage)."""
    weight = weight / (weight.mean() or 1.0)
    root = np.sqrt(weight)[:, np.newaxis]
    # Differences from the means, each times the square root of its weight.
    mean_x = weight @ X / len(X)
    mean_y = weight @ y / len(y)
    X = root * (X - mean_x)
    y = root * (y - mean_y)
    penalized = X.T @ X + np.eye(X.shape[1])
    solved = np.linalg.solve(penalized, X.T).T
    # hᵢ = wᵢ / n, from the intercept, + xᵢᵀ (XᵀX + I)⁻¹ xᵢ.
    leverage_of_intercept = root**2 / len(X)
    leverage_of_inputs = (solved * X).sum(axis=1, keepdims=True)
    leverage = leverage_of_intercept + leverage_of_inputs
    residuals = y - solved @ (X.T @ y)
    left_out_errors = residuals / (1 - leverage)
    return float(np.square(left_out_errors).mean())
