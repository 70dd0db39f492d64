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
from barenet.model.losses._classification import LOG_ZERO


@compiled
def y_log_y(y):
    """y ln y, with its limit 0 at 0."""
    return y * math.log(y) if y > 0 else 0.0


def squared_error(a, y, c, margin):
    """c · (ŷ − y)²."""
    return c * (a - y) ** 2, 2 * c * (a - y)


def absolute_error(a, y, c, margin):
    """|ŷ − y|."""
    return abs(a - y), np.sign(a - y)


def huber(a, y, c, margin):
    """½ e² close to 0, and c (|e| − ½ c) beyond c."""
    error = a - y
    size = abs(error)
    value = 0.5 * size * size if size <= c else c * (size - 0.5 * c)
    return value, min(max(error, -c), c)


def quantile(a, y, c, margin):
    """c for each unit that ŷ is too low, 1 − c for each unit that it is too high."""
    error = a - y
    slope = 1 - c if error > 0 else -c if error < 0 else 0.0
    return max(-c * error, (1 - c) * error), slope


def poisson(a, y, c, margin):
    """ŷ − y − y ln ŷ + y ln y, for a rate of at least the margin."""
    rate = max(a, margin)
    return rate - y - y * math.log(rate) + y_log_y(y), 1 - y / rate


@compiled
def inside(p, margin):
    """p within the dtype's smallest number and 1 − margin, from which the dtype follows."""
    return min(max(p, 2.0**-1022 if margin < 1e-12 else 2.0**-126), 1 - margin)


def binary_cross_entropy(a, y, c, margin):
    """−y ln p − (1 − y) ln (1 − p)."""
    p = inside(a, margin)
    return -(y * math.log(p) + (1 - y) * math.log1p(-p)), (p - y) / (p * (1 - p))


def categorical_cross_entropy(a, y, c, margin):
    """−y ln p."""
    p = inside(a, margin)
    return -y * math.log(p), -y / p


def sigmoid_cross_entropy(z, y, c, margin):
    """Binary cross-entropy of σ(z)."""
    value = max(z, 0.0) + math.log1p(math.exp(-abs(z))) - y * z
    return value, 1 / (1 + math.exp(-z)) - y


def exponential_poisson(z, y, c, margin):
    """Poisson deviance of the rate eᶻ."""
    rate = math.exp(z)
    return rate - y - y * z + y_log_y(y), rate - y


def softplus_poisson(z, y, c, margin):
    """Poisson deviance of the rate ln(1 + eᶻ)."""
    t = math.exp(-abs(z))
    q = math.log1p(t) / t if t > 0 else 1.0
    rate = z + math.log1p(t) if z > 0 else t * q
    log_rate = math.log(rate) if z > 0 else z + math.log(q)
    share = 1 / ((1 + t) * (rate if z > 0 else q))  # σ(z) over the rate
    return rate - y - y * log_rate + y_log_y(y), 1 / (1 + math.exp(-z)) - y * share


def sigmoid_poisson(z, y, c, margin):
    """Poisson deviance of the rate σ(z)."""
    p, u = 1 / (1 + math.exp(-z)), 1 / (1 + math.exp(z))
    log_rate = min(z, 0.0) - math.log1p(math.exp(-abs(z)))
    return p - y - y * log_rate + y_log_y(y), u * (p - y)


@compiled
def focal(p, u, c):
    """−uᵞ ln p and its derivative with respect to p, with u = 1 − p and γ = c."""
    return -(u**c) * math.log(p), c * u ** (c - 1) * math.log(p) - u**c / p


def binary_focal(a, y, c, margin):
    """Of a yes, and of a no."""
    p = inside(a, margin)
    yes, no = focal(p, 1 - p, c), focal(1 - p, p, c)
    return y * yes[0] + (1 - y) * no[0], y * yes[1] - (1 - y) * no[1]


def categorical_focal(a, y, c, margin):
    """−y (1 − p)ᵞ ln p."""
    p = inside(a, margin)
    value, slope = focal(p, 1 - p, c)
    return y * value, y * slope


def sigmoid_focal(z, y, c, margin):
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


def softmax_poisson(log_p, y, c):
    """Poisson deviance of the rate p."""
    p = math.exp(log_p)
    return p - y - y * log_p + y_log_y(y), p - y


#: Each takes float64 numbers, and returns the loss of an output and its derivative.
FORMULAS = named(
    squared_error, absolute_error, huber, quantile, poisson, binary_cross_entropy, binary_focal,
    categorical_cross_entropy, categorical_focal, sigmoid_cross_entropy, sigmoid_focal,
    exponential_poisson, softplus_poisson, sigmoid_poisson,
)  # fmt: skip

#: The same by ln p, for p = softmax(z).
ON_SOFTMAX = named(softmax_cross_entropy, softmax_focal, softmax_poisson)

#: Classes up to which a row is in each lane; there is memory on the stack for so many vectors.
MAX_CLASSES = 64

panel = on_stack(MAX_CLASSES)


def cross_entropy_in_lanes(spec, step, layer, start, stop):
    """Softmax cross-entropy with a row in each lane, as far as whole vectors go; the next row.

    The operations on a row and their order are those of `softmax_loss`, and so are the bits.
    """
    L, n, stride, in_z, in_y = lanes(spec), layer.n_out, layer.stride, panel(spec), panel(spec)
    Z, Y, P = vectors(spec, in_z, 0), vectors(spec, in_y, 0), vectors(spec, panel(spec), 0)
    while n <= MAX_CLASSES and start + L <= stop:
        for lane in range(L):
            _, y, _, weight = row_of(spec, step, layer, start + lane)
            array(np.float64, step.losses, start + lane, 1)[0] = weight
            for j in range(n):
                array(spec, in_y, j * L + lane, 1)[0] = y[j]
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
            part, derivative = formula(output, target, layer.option, layer.epsilon)
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


@kernel(["softmax_binary_focal"])
def softmax_binary_loss(spec, step, layer, start, stop):
    """The loss of each row, and dL/d(logits) = hⱼ − pⱼ Σ h/u over the others."""
    losses, c = array(np.float64, step.losses, 0, step.n_rows), layer.option
    for row in range(start, stop):
        z, y, d, weight = row_of(spec, step, layer, row)
        top, log_rest = rest_of_row(z, layer.n_out)
        log_p, log_u, h_top, value, sum_g = 0.0, 0.0, 0.0, 0.0, 0.0
        for j in range(layer.n_out):
            log_p, log_u = log_shares(z, j, top, log_rest)
            part, h = binary_focal_of_logarithms(log_p, log_u, y[j], c)
            value, h_top = value + part, h if j == top else h_top
            sum_g += 0.0 if j == top else h / math.exp(log_u)
        _, log_u_top = log_shares(z, top, top, log_rest)
        for j in range(layer.n_out):
            log_p, log_u = log_shares(z, j, top, log_rest)
            _, h = binary_focal_of_logarithms(log_p, log_u, y[j], c)
            others = sum_g if j == top else sum_g - h / math.exp(log_u)
            from_top = 0.0 if j == top else h_top * math.exp(log_p - log_u_top)
            d[j] = weight * (h - math.exp(log_p) * others - from_top)
        losses[row] = weight * z.dtype.type(value)


@compiled
def rest_of_row(z, n):
    """The index of the greatest logit, and ln Σ exp(z − greatest) of the others."""
    top, second, total = 0, -np.inf, 0.0
    for j in range(1, n):
        top = j if z[j] > z[top] else top
    for j in range(n):
        second = second if j == top else max(second, np.float64(z[j]))
    for j in range(n):
        total += 0.0 if j == top else math.exp(z[j] - second)
    return top, second - z[top] + math.log(total) if n > 1 else LOG_ZERO


@compiled
def log_shares(z, j, top, log_rest):
    """ln p and ln (1 − p) of a row's entry."""
    rest, difference = math.exp(log_rest), np.float64(z[j]) - np.float64(z[top])
    log_total = math.log1p(rest)
    log_u = log_rest if j == top else math.log1p(rest - math.exp(difference))
    return difference - log_total, log_u - log_total


@compiled
def binary_focal_of_logarithms(log_p, log_u, y, c):
    """The loss from ln p and ln u, and p u times its derivative with respect to p."""
    p, u = math.exp(log_p), math.exp(log_u)
    less, more = math.exp(c * log_u), math.exp(c * log_p)  # uᵞ, pᵞ
    slope = y * less * (c * p * log_p - u) + (1 - y) * more * (p - c * u * log_u)
    return -y * less * log_p - (1 - y) * more * log_u, slope


#: The kernel of each loss.
LOSSES = {
    name: each for each in (loss, softmax_loss, softmax_binary_loss) for name in each.variants
}


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
