"""Losses by their codes: the formulas of `barenet.model.losses`, one sample at a time."""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from barenet.engines.compiled.functions import OPTIONS, softmax_row

SQUARED, ABSOLUTE, HUBER, QUANTILE, POISSON, BINARY, CATEGORICAL = range(7)
ON_EXPONENTIAL, ON_SIGMOID, ON_SOFTMAX = 7, 8, 9
CODES = {
    "squared_error": SQUARED,
    "absolute_error": ABSOLUTE,
    "huber": HUBER,
    "quantile": QUANTILE,
    "poisson": POISSON,
    "binary_cross_entropy": BINARY,
    "categorical_cross_entropy": CATEGORICAL,
    "exponential_poisson": ON_EXPONENTIAL,
    "sigmoid_cross_entropy": ON_SIGMOID,
    "softmax_cross_entropy": ON_SOFTMAX,
}


@nb.njit(**OPTIONS)
def loss_row(code, option, margin, output, y, share, d):
    """The loss of a sample; its derivative by the output, times the sample's share, goes to d.

    `output` and `d` are padded rows, y is not: d is left at 0 beyond it.
    """
    n = len(y)
    if code == ON_SOFTMAX:
        return softmax_cross_entropy(output, y, share, d)
    if code == SQUARED:
        return squared_error(output, y, share, d, option)
    total = 0.0
    for j in range(n):
        value, slope = entry(code, option, margin, output[j], y[j])
        total += value
        d[j] = share * slope
    return total


@nb.njit(**OPTIONS)
def squared_error(output, y, share, d, factor):
    """factor · Σ (ŷ − y)², with the derivative 2 · factor · (ŷ − y)."""
    total = 0.0
    scale = output.dtype.type(2 * factor) * share
    for j in range(len(y)):
        error = output[j] - y[j]
        total += factor * error * error
        d[j] = scale * error
    return total


@nb.njit(**OPTIONS)
def softmax_cross_entropy(z, y, share, d):
    """−Σ yⱼ (zⱼ − ln Σ exp zₖ), with the derivative p − y."""
    n = len(y)
    softmax_row(z, d, n)
    first = 0
    for j in range(1, n):
        first = j if z[j] > z[first] else first
    # The greatest p is 1 / Σ exp(zₖ − max z), so its logarithm is all that the sum is needed for.
    log_sum = z[first] - math.log(d[first])
    total = 0.0
    for j in range(n):
        total += y[j] * (log_sum - z[j])
        d[j] = share * (d[j] - y[j])
    return total


@nb.njit(**OPTIONS)
def entry(code, option, margin, a, y):
    """One output's loss and its derivative, in float64."""
    a, y = np.float64(a), np.float64(y)
    error = a - y
    if code == ABSOLUTE:
        return abs(error), np.sign(error)
    if code == HUBER:
        size = abs(error)
        value = 0.5 * size * size if size <= option else option * (size - 0.5 * option)
        return value, min(max(error, -option), option)
    if code == QUANTILE:
        slope = 1 - option if error > 0 else -option if error < 0 else 0.0
        return max(-option * error, (1 - option) * error), slope
    if code == ON_SIGMOID:
        value = max(a, 0.0) + math.log1p(math.exp(-abs(a))) - y * a
        return value, 1 / (1 + math.exp(-a)) - y
    if code == ON_EXPONENTIAL:
        return math.exp(a) - y - y * a + y_log_y(y), math.exp(a) - y
    return probability_entry(code, option, margin, a, y)


@nb.njit(**OPTIONS)
def probability_entry(code, least, margin, a, y):
    """The losses of probabilities and rates, which are kept away from the logarithm's poles."""
    if code == POISSON:
        rate = max(a, least)
        return rate - y - y * math.log(rate) + y_log_y(y), 1 - y / rate
    p = min(max(a, least), 1 - margin)
    if code == BINARY:
        return -(y * math.log(p) + (1 - y) * math.log1p(-p)), (p - y) / (p * (1 - p))
    return -y * math.log(p), -y / p


@nb.njit(**OPTIONS)
def y_log_y(y):
    """y ln y, with its limit 0 at 0."""
    return y * math.log(y) if y > 0 else 0.0
