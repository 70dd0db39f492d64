"""Losses: the formulas of `barenet.model.losses`, for one output or a row of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba as nb
import numpy as np
from numba.extending import overload

from barenet.engines.compiled.activations import softmax_row
from barenet.engines.compiled.kernel import OPTIONS, kernel
from barenet.engines.compiled.records import LAYER
from barenet.engines.simd.memory import array, plain


@nb.njit(**OPTIONS)
def y_log_y(y):
    """y ln y, with its limit 0 at 0."""
    return y * math.log(y) if y > 0 else 0.0


@nb.njit(**OPTIONS)
def squared(a, y, c, margin):
    """c · (ŷ − y)²."""
    return c * (a - y) ** 2, 2 * c * (a - y)


@nb.njit(**OPTIONS)
def absolute(a, y, c, margin):
    """|ŷ − y|."""
    return abs(a - y), np.sign(a - y)


@nb.njit(**OPTIONS)
def huber(a, y, c, margin):
    """½ e² close to 0, and c (|e| − ½ c) beyond c."""
    error = a - y
    size = abs(error)
    value = 0.5 * size * size if size <= c else c * (size - 0.5 * c)
    return value, min(max(error, -c), c)


@nb.njit(**OPTIONS)
def quantile(a, y, c, margin):
    """c per unit that ŷ is too low, 1 − c per unit that it is too high."""
    error = a - y
    slope = 1 - c if error > 0 else -c if error < 0 else 0.0
    return max(-c * error, (1 - c) * error), slope


@nb.njit(**OPTIONS)
def poisson(a, y, c, margin):
    """ŷ − y − y ln ŷ + y ln y, for a rate of at least c."""
    rate = max(a, c)
    return rate - y - y * math.log(rate) + y_log_y(y), 1 - y / rate


@nb.njit(**OPTIONS)
def binary(a, y, c, margin):
    """−y ln p − (1 − y) ln (1 − p), for a p between c and 1 − margin."""
    p = min(max(a, c), 1 - margin)
    return -(y * math.log(p) + (1 - y) * math.log1p(-p)), (p - y) / (p * (1 - p))


@nb.njit(**OPTIONS)
def categorical(a, y, c, margin):
    """−y ln p, for a p between c and 1 − margin."""
    p = min(max(a, c), 1 - margin)
    return -y * math.log(p), -y / p


@nb.njit(**OPTIONS)
def on_sigmoid(z, y, c, margin):
    """Binary cross-entropy of σ(z)."""
    value = max(z, 0.0) + math.log1p(math.exp(-abs(z))) - y * z
    return value, 1 / (1 + math.exp(-z)) - y


@nb.njit(**OPTIONS)
def on_exponential(z, y, c, margin):
    """Poisson deviance of the rate eᶻ."""
    rate = math.exp(z)
    return rate - y - y * z + y_log_y(y), rate - y


@nb.njit(**OPTIONS)
def least(margin):
    """The least number of float64 or float32, by what is the least that they add to 1."""
    return 2.0**-1022 if margin < 1e-12 else 2.0**-126


@nb.njit(**OPTIONS)
def focal(p, c):
    """−(1 − p)ᵞ ln p and its derivative by p, with γ = c."""
    u, log_p = 1 - p, math.log(p)
    return -(u**c) * log_p, c * u ** (c - 1) * log_p - u**c / p


@nb.njit(**OPTIONS)
def binary_focal(a, y, c, margin):
    """Of a yes, and of a no, for a p between the least number and 1 − margin."""
    p = min(max(a, least(margin)), 1 - margin)
    yes, no = focal(p, c), focal(1 - p, c)
    return y * yes[0] + (1 - y) * no[0], y * yes[1] - (1 - y) * no[1]


@nb.njit(**OPTIONS)
def categorical_focal(a, y, c, margin):
    """−y (1 − p)ᵞ ln p, for a p between the least number and 1 − margin."""
    value, slope = focal(min(max(a, least(margin)), 1 - margin), c)
    return y * value, y * slope


@nb.njit(**OPTIONS)
def focal_on_sigmoid(z, y, c, margin):
    """Binary focal loss of σ(z)."""
    p, u = 1 / (1 + math.exp(-z)), 1 / (1 + math.exp(z))
    rest = math.log1p(math.exp(-abs(z)))
    less, more = rest + max(-z, 0.0), rest + max(z, 0.0)  # −ln p, −ln u
    value = y * u**c * less + (1 - y) * p**c * more
    return value, (1 - y) * p**c * (c * u * more + p) - y * u**c * (c * p * less + u)


@nb.njit(**OPTIONS)
def focal_on_softmax(log_p, y, c):
    """−y (1 − p)ᵞ ln p, and p times its derivative by p."""
    p, u = math.exp(log_p), -math.expm1(log_p)
    bend = c * u ** (c - 1) * p * log_p if u > 0 else 0.0
    return -y * u**c * log_p, y * (bend - u**c)


#: Each takes float64 numbers, and gives the loss of an output and its derivative by the output.
FORMULAS: dict[str, Callable[..., Any]] = {
    "squared_error": squared,
    "absolute_error": absolute,
    "huber": huber,
    "quantile": quantile,
    "poisson": poisson,
    "binary_cross_entropy": binary,
    "categorical_cross_entropy": categorical,
    "sigmoid_cross_entropy": on_sigmoid,
    "exponential_poisson": on_exponential,
    "binary_focal": binary_focal,
    "categorical_focal": categorical_focal,
    "sigmoid_focal": focal_on_sigmoid,
}


def entry(kind: Any, a: Any, y: Any, c: Any, margin: Any) -> Any:
    """Compute the loss of an output that the kind names, and its derivative."""
    return FORMULAS[kind.formula](a, y, c, margin)


@overload(entry)
def _entry(kind, a, y, c, margin):
    formula = FORMULAS[kind.formula]
    return lambda kind, a, y, c, margin: formula(a, y, c, margin)


@kernel(LAYER, FORMULAS)
def loss(kind, step, op, start, stop):
    """The loss of each row, and its derivative by the outputs."""
    losses = array(np.float64, step.losses, 0, step.n_rows)
    for row in range(start, stop):
        a, y, d, share = numbers(plain(kind), step, op, row)
        total = 0.0
        for j in range(op.n_out):
            part, derivative = entry(
                kind, np.float64(a[j]), np.float64(y[j]), op.option, op.epsilon
            )
            total += part
            d[j] = share * derivative
        losses[row] = share * total


@kernel(LAYER, ["softmax_cross_entropy"])
def softmax_cross_entropy(kind, step, op, start, stop):
    """−Σ yⱼ (zⱼ − ln Σ exp zₖ) for each row, with the derivative p − y."""
    losses = array(np.float64, step.losses, 0, step.n_rows)
    for row in range(start, stop):
        z, y, p, share = numbers(plain(kind), step, op, row)
        top, total = softmax_row(plain(kind), op.a, op.d, row * op.stride, op.n_out)
        log_sum, value = top + math.log(total), 0.0
        for j in range(op.n_out):
            value += y[j] * (log_sum - z[j])
            p[j] = share * (p[j] - y[j])
        losses[row] = share * value


@kernel(LAYER, ["softmax_focal"])
def softmax_focal(kind, step, op, start, stop):
    """−Σ yⱼ (1 − pⱼ)ᵞ ln pⱼ for each row, with the derivative gⱼ − pⱼ Σ g."""
    losses = array(np.float64, step.losses, 0, step.n_rows)
    for row in range(start, stop):
        z, y, p, share = numbers(plain(kind), step, op, row)
        top, total = softmax_row(plain(kind), op.a, op.d, row * op.stride, op.n_out)
        log_sum, value, sum_g = np.float64(top) + math.log(total), 0.0, 0.0
        for j in range(op.n_out):
            part, g = focal_on_softmax(z[j] - log_sum, np.float64(y[j]), op.option)
            value, sum_g = value + part, sum_g + g
        for j in range(op.n_out):
            _, g = focal_on_softmax(z[j] - log_sum, np.float64(y[j]), op.option)
            p[j] = share * (g - p[j] * sum_g)
        losses[row] = share * value


@nb.njit(**OPTIONS)
def numbers(kind, step, op, row):
    """Outputs, targets and derivatives of a row, and its share in the loss of the batch."""
    first, n = row * op.stride, op.n_out
    number = array(np.int64, step.batch, row, 1)[0]
    share = step.share
    if step.sample_weight != 0:
        share *= array(kind, step.sample_weight, number, 1)[0]
    y = array(kind, step.y, number * n, n)
    return array(kind, op.a, first, n), y, array(kind, op.d, first, n), share


@kernel(LAYER)
def share_weights(kind, step, op, start, stop):
    """Let each row count by its weight over the sum of the batch's weights."""
    total, numbers = 0.0, array(np.int64, step.batch, 0, step.n_rows)
    for row in range(step.n_rows):
        total += array(kind, step.sample_weight, numbers[row], 1)[0]
    step.share = 1 / total if total > 0 else 0.0
