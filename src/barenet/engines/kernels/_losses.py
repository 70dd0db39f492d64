"""Losses: the formulas of `barenet.model.losses`, for one output or a row of them."""

import math

import numpy as np

from barenet.engines.kernels._activations import softmax_row
from barenet.engines.kernels._kernel import chosen, kernel, named
from barenet.engines.kernels._records import row_numbers
from barenet.engines.simd._calls import compiled
from barenet.engines.simd._lanes import narrow, repeat, rounded_product, where, widen
from barenet.engines.simd._mathematics import exp, log
from barenet.engines.simd._register_blocks import transpose_block
from barenet.engines.simd._views import array, lanes, on_stack, vectors, widened


@compiled
def y_log_y(y):
    """y ln y, with its limit 0 at 0."""
    return y * math.log(y) if y > 0 else 0.0


def squared_error(a, y, c):
    """c · (ŷ − y)²."""
    return c * (a - y) ** 2, 2 * c * (a - y)


def absolute_error(a, y, c):
    """|ŷ − y|."""
    return abs(a - y), np.sign(a - y)


def huber(a, y, c):
    """½ e² close to 0, and c (|e| − ½ c) beyond c."""
    error = a - y
    size = abs(error)
    value = 0.5 * size * size if size <= c else c * (size - 0.5 * c)
    return value, min(max(error, -c), c)


def quantile(a, y, c):
    """c for each unit that ŷ is too low, 1 − c for each unit that it is too high."""
    error = a - y
    slope = 1 - c if error > 0 else -c if error < 0 else 0.0
    return max(-c * error, (1 - c) * error), slope


def sigmoid_cross_entropy(z, y, c):
    """Binary cross-entropy of σ(z)."""
    value = max(z, 0.0) + math.log1p(math.exp(-abs(z))) - y * z
    return value, 1 / (1 + math.exp(-z)) - y


def exponential_poisson(z, y, c):
    """Poisson deviance of the rate eᶻ."""
    rate = math.exp(z)
    return rate - y - y * z + y_log_y(y), rate - y


def softplus_poisson(z, y, c):
    """Poisson deviance of the rate ln(1 + eᶻ)."""
    t = math.exp(-abs(z))
    q = math.log1p(t) / t if t > 0 else 1.0
    rate = z + math.log1p(t) if z > 0 else t * q
    log_rate = math.log(rate) if z > 0 else z + math.log(q)
    share = 1 / ((1 + t) * (rate if z > 0 else q))  # σ(z) over the rate
    return rate - y - y * log_rate + y_log_y(y), 1 / (1 + math.exp(-z)) - y * share


def sigmoid_focal(z, y, c):
    """Binary focal loss of σ(z)."""
    p, u = 1 / (1 + math.exp(-z)), 1 / (1 + math.exp(z))
    rest = math.log1p(math.exp(-abs(z)))
    less, more = rest + max(-z, 0.0), rest + max(z, 0.0)  # −ln p, −ln u
    value = y * u**c * less + (1 - y) * p**c * more
    return value, (1 - y) * p**c * (c * u * more + p) - y * u**c * (c * p * less + u)


def softmax_cross_entropy(log_p, y, c):
    """−y ln p."""
    return -y * log_p, -y


def softmax_focal(log_p, y, c):
    """−y (1 − p)ᵞ ln p."""
    p, u = math.exp(log_p), -math.expm1(log_p)
    bend = c * u ** (c - 1) * p * log_p if u > 0 else 0.0
    return -y * u**c * log_p, y * (bend - u**c)


#: Each takes float64 numbers, and returns the loss of an output and its derivative.
FORMULAS = named(
    squared_error, absolute_error, huber, quantile, sigmoid_cross_entropy, sigmoid_focal,
    exponential_poisson, softplus_poisson,
)  # fmt: skip

#: The same by ln p, for p = softmax(z).
ON_SOFTMAX = named(softmax_cross_entropy, softmax_focal)

#: Classes up to which a row is in each lane; there is memory on the stack for so many vectors.
MAX_CLASSES = 128

panel = on_stack(MAX_CLASSES)


def cross_entropy_in_lanes(spec, step, layer, start, stop):
    """Softmax cross-entropy with a row in each lane, as far as whole vectors go; the next row.

    The operations on a row and their order are those of `softmax_loss`, and so are the bits.
    """
    L, n, stride, in_z, in_y = lanes(spec), layer.n_out, layer.stride, panel(spec), panel(spec)
    Z, Y, P = vectors(spec, in_z, 0), vectors(spec, in_y, 0), vectors(spec, panel(spec), 0)
    while n <= MAX_CLASSES and start + L <= stop:
        for column in range(L):
            _, y, _, weight = row_of(spec, step, layer, start + column)
            array(np.float64, step.losses, start + column, 1)[0] = weight
            for j in range(n):
                array(spec, in_y, j * L + column, 1)[0] = y[j]
        for j in range(0, n, L):
            transpose_block(spec, layer.a, start * stride + j, stride, L, in_z, j * L, L)
        top, total, losses = Z[0], Z[0] - Z[0], vectors(widened(spec), step.losses, start)
        for j in range(L, n * L, L):
            top = where(top > Z[j], top, Z[j])
        for j in range(0, n * L, L):
            P[j] = exp(Z[j] - top)
            total = total + P[j]
        log_sum, value = widen(top) + widen(log(total)), widen(repeat(spec, 0))
        sum_y = value
        for j in range(0, n * L, L):
            value = value - rounded_product(widen(Y[j]), widen(Z[j]) - log_sum)
            sum_y = sum_y + widen(Y[j])
        for j in range(0, n * L, L):
            slope = rounded_product(widen(P[j] / total), sum_y) - widen(Y[j])
            Z[j] = narrow(losses[0] * slope, top)
        for j in range(0, n, L):
            transpose_block(spec, in_z, j * L, L, n - j, layer.d, start * stride + j, stride)
        losses[0] = losses[0] * widen(narrow(value, top))
        start += L
    return start


formula_of, formula_on_softmax = chosen(FORMULAS), chosen(ON_SOFTMAX)
in_lanes = chosen(
    dict.fromkeys(ON_SOFTMAX, lambda spec, step, layer, start, stop: start)
    | {"softmax_cross_entropy": cross_entropy_in_lanes}
)


@kernel(FORMULAS)
def loss(spec, step, layer, start, stop):
    """The loss of each row, and dL/d(output)."""
    losses, formula = array(np.float64, step.losses, 0, step.n_rows), formula_of(spec)
    for row in range(start, stop):
        a, y, d, weight = row_of(spec, step, layer, row)
        total = 0.0
        for j in range(layer.n_out):
            output, target = np.float64(a[j]), np.float64(y[j])
            part, derivative = formula(output, target, array(np.float64, layer.scales, j, 1)[0])
            total += part
            d[j] = weight * derivative
        losses[row] = weight * a.dtype.type(total)  # what is beyond the dtype is infinite


@kernel(ON_SOFTMAX)
def softmax_loss(spec, step, layer, start, stop):
    """The loss of each row, and dL/d(logits) = gⱼ − pⱼ Σ g with g = dL/d(ln p)."""
    losses, formula = array(np.float64, step.losses, 0, step.n_rows), formula_on_softmax(spec)
    for row in range(in_lanes(spec)(spec, step, layer, start, stop), stop):
        z, y, p, weight = row_of(spec, step, layer, row)
        top, total = softmax_row(spec, layer, layer.a, layer.d, row)
        log_sum, value, sum_g = np.float64(top) + math.log(total), 0.0, 0.0
        for j in range(layer.n_out):
            part, g = formula(z[j] - log_sum, y[j], layer.option)
            value, sum_g = value + part, sum_g + g
        for j in range(layer.n_out):
            _, g = formula(z[j] - log_sum, y[j], layer.option)
            p[j] = weight * (g - p[j] * sum_g)
        losses[row] = weight * z.dtype.type(value)


@kernel(["gaussian_nll"])
def gaussian_loss(spec, step, layer, start, stop):
    """The loss of each row of means and log variances, and dL/d(output)."""
    losses, n = array(np.float64, step.losses, 0, step.n_rows), layer.n_out // 2
    for row in range(start, stop):
        a, y, d, weight = row_of(spec, step, layer, row)
        total = 0.0
        for j in range(n):
            error, s = np.float64(a[j]) - np.float64(y[j]), np.float64(a[n + j])
            slope = error * math.exp(-s)
            total += 0.5 * (s + error * slope + 1.8378770664093453)
            d[j], d[n + j] = weight * slope, weight * (0.5 - 0.5 * error * slope)
        losses[row] = weight * a.dtype.type(total)


#: The kernel of each loss.
LOSSES = {name: each for each in (loss, gaussian_loss, softmax_loss) for name in each.variants}


@compiled
def row_of(spec, step, layer, row):
    """Outputs, targets and derivatives of a row, and its weight in the loss of the batch."""
    number, weight = array(np.int64, step.batch, row, 1)[0], step.row_weight
    if step.sample_weight != 0:
        weight *= array(spec, step.sample_weight, number, 1)[0]
    y = array(spec, step.y, number * layer.n_out, layer.n_out)
    a = row_numbers(spec, layer, layer.a, row)
    return a, y, row_numbers(spec, layer, layer.d, row), weight


@kernel()
def weigh_rows(spec, step, layer, start, stop):
    """Divide the weight of each row by the sum of the batch's weights."""
    total, numbers = 0.0, array(np.int64, step.batch, 0, step.n_rows)
    for row in range(step.n_rows):
        total += array(spec, step.sample_weight, numbers[row], 1)[0]
    step.row_weight = 1 / total if total > 0 else 0.0
