"""Losses: the formulas of `barenet.model.losses`, for one output or a row of them."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from barenet._constraints import option_values
from barenet._expressions import Expression, Printer
from barenet.engines.kernels._activations import MAX_CLASSES, panel, softmax_row
from barenet.engines.kernels._kernel import chosen, kernel, named
from barenet.engines.kernels._records import row_numbers
from barenet.engines.simd._calls import compiled
from barenet.engines.simd._lanes import narrow, repeat, rounded_product, where, widen
from barenet.engines.simd._mathematics import exp, log
from barenet.engines.simd._register_blocks import transpose_block
from barenet.engines.simd._views import array, lanes, vectors, widened
from barenet.model.losses import AbsoluteError, Huber, Loss, Quantile, SquaredError
from barenet.model.losses._classification import SigmoidCrossEntropy, SigmoidFocal
from barenet.model.losses._regression import (
    LN_2_PI,
    ExponentialGamma,
    ExponentialPoisson,
    ExponentialTweedie,
    SoftplusPoisson,
)
from barenet.model.losses._scikit_learn import AveragedSquaredError


@compiled
def times_ln(y, x):
    """y ln x, with its limit 0 for y = 0."""
    return y * math.log(x) if y > 0 else 0.0


@compiled
def logistic(z):
    """σ(z) = 1 / (1 + e⁻ᶻ)."""
    return 1 / (1 + math.exp(-z))


@compiled
def softplus(z):
    """ln(1 + eᶻ), without overflow."""
    return max(z, 0.0) + math.log1p(math.exp(-abs(z)))


#: Losses of single outputs or logits, whose kernels are printed from their formulas.
PRINTED = (
    SquaredError,
    AveragedSquaredError,
    AbsoluteError,
    Huber,
    Quantile,
    SigmoidCrossEntropy,
    SigmoidFocal,
    ExponentialPoisson,
    SoftplusPoisson,
    ExponentialGamma,
    ExponentialTweedie,
)

#: The functions of these formulas in terms of numbers; others are replaced by their definitions.
#: `max` and `min` return a NaN that is their second operand in a formula, as in C.
NUMBERS_CODE = {
    "abs": "abs({})",
    "exp": "math.exp({})",
    "expm1": "math.expm1({})",
    "ln": "math.log({})",
    "log1p": "math.log1p({})",
    "max": "max({1}, {0})",
    "min": "min({1}, {0})",
    "sigmoid": "logistic({})",
    "sign": "np.sign({})",
    "softplus": "softplus({})",
    "sqrt": "math.sqrt({})",
    "tanh": "math.tanh({})",
    "times_ln": "times_ln({}, {})",
    "where": "({1} if {0} else {2})",
}


def printed_formula(kind: type[Loss]) -> Callable[..., Any]:
    """Print value and derivative of a loss, from an output or logit a, a target y and option c."""
    parts = {"A": "a", "Z": "a", "Y": "y"}
    # With several levels, each output is a quantile whose level is q.
    options = [name for name in option_values(kind()) if name != "levels"]
    assert len(options) <= 1, f"{kind.name}: a kernel receives one option, not {options}"
    for option in options:
        parts[option] = "c"
    printer = Printer(NUMBERS_CODE, parts)
    texts = kind.formula, kind.derivative_formula
    if kind.logits_formula:
        texts = kind.logits_formula, kind.logits_derivative_formula
    value, slope = [
        Expression.parse(text).expanded(NUMBERS_CODE).printed(printer) for text in texts
    ]
    functions = {"logistic": logistic, "softplus": softplus, "times_ln": times_ln}
    names = {"__name__": __name__, "np": np, "math": math, **functions}
    return eval(f"lambda a, y, c: ({value}, {slope})", names)


def sigmoid_clipped_cross_entropy(z, y, c):
    """Binary cross-entropy of σ(z), clipped to c … 1 − c; the slope is that of σ(z) itself."""
    p = 1 / (1 + math.exp(-z))
    clipped = c if p < c else p
    if p > 1 - c:
        clipped = 1 - c
    value = -(y * math.log(clipped) + (1 - y) * math.log(1 - clipped))
    return value, p - y


def softmax_cross_entropy(log_p, y, c):
    """−y ln p."""
    return -y * log_p, -y


def softmax_capped_cross_entropy(log_p, y, c):
    """−y ln p, at most c."""
    value = -y * log_p
    if value > c:
        value = c
    return value, -y


def softmax_focal(log_p, y, c):
    """−y (1 − p)ᵞ ln p."""
    p = math.exp(log_p)
    u = -math.expm1(log_p)
    bend = c * u ** (c - 1) * p * log_p if u > 0 else 0.0
    value = -y * u**c * log_p
    return value, y * (bend - u**c)


#: Each function takes float64 numbers, and returns the loss of an output and its derivative.
FORMULAS = named(sigmoid_clipped_cross_entropy)
for _kind in PRINTED:
    FORMULAS[_kind.name] = printed_formula(_kind)

#: The same functions of ln p, for p = softmax(z).
ON_SOFTMAX = named(softmax_cross_entropy, softmax_capped_cross_entropy, softmax_focal)


def without_cap(value, cap):
    """Return the losses of rows, one in each lane."""
    return value


def at_most_cap(value, cap):
    """Return the losses of rows, one in each lane, at most the cap of each."""
    return where(value > cap, cap, value)


#: What is done to the losses of rows in lanes.
CAPS_IN_LANES = {
    "softmax_cross_entropy": without_cap,
    "softmax_capped_cross_entropy": at_most_cap,
}
cap_in_lanes = chosen(CAPS_IN_LANES)


def cross_entropy_in_lanes(spec, step, layer, start, stop):
    """Softmax cross-entropy with a row in each lane, in whole vectors; return the next row.

    The operations on a row and their order are those of `softmax_loss`, and so are the bits.
    """
    L = lanes(spec)
    n = layer.n_out
    stride = layer.stride
    in_z = panel(spec)
    in_y = panel(spec)
    Z = vectors(spec, in_z, 0)
    Y = vectors(spec, in_y, 0)
    P = vectors(spec, panel(spec), 0)
    limit = cap_in_lanes(spec)
    cap = widen(repeat(spec, layer.option))
    while n <= MAX_CLASSES and start + L <= stop:
        for column in range(L):
            _, y, _, weight = row_of(spec, step, layer, start + column)
            weight_of_row = array(np.float64, step.losses, start + column, 1)
            weight_of_row[0] = weight
            for j in range(n):
                target = array(spec, in_y, j * L + column, 1)
                target[0] = y[j]
        first = start * stride
        for j in range(0, n, L):
            transpose_block(
                spec,
                layer.a, first + j, stride, L,  # from the layer, in which a row is one of the batch
                in_z, j * L, L,  # to the panel, in which a row is a class
            )  # fmt: skip
        top = Z[0]
        total = Z[0] - Z[0]  # 0, or NaN for an infinite logit, as in `softmax_row`
        losses = vectors(widened(spec), step.losses, start)
        weights = losses[0]  # the loss of each row replaces its weight below
        for j in range(L, n * L, L):
            top = where(top > Z[j], top, Z[j])
        for j in range(0, n * L, L):
            P[j] = exp(Z[j] - top)
            total = total + P[j]
        log_sum = widen(top) + widen(log(total))
        value = widen(repeat(spec, 0))
        sum_y = value
        for j in range(0, n * L, L):
            log_p = widen(Z[j]) - log_sum
            value = value - rounded_product(widen(Y[j]), log_p)
            sum_y = sum_y + widen(Y[j])
        for j in range(0, n * L, L):
            p = widen(P[j] / total)
            slope = rounded_product(p, sum_y) - widen(Y[j])
            Z[j] = narrow(weights * slope, top)
        for j in range(0, n, L):
            n_classes_left = n - j
            transpose_block(
                spec,
                in_z, j * L, L, n_classes_left,  # from the panel
                layer.d, first + j, stride,  # to dL/d(output)
            )  # fmt: skip
        value = limit(value, cap)
        losses[0] = weights * widen(narrow(value, top))
        start += L
    return start


formula_of = chosen(FORMULAS)
formula_on_softmax = chosen(ON_SOFTMAX)


def no_rows_in_lanes(spec, step, layer, start, stop):
    """Leave all rows to the kernel."""
    return start


IN_LANES = dict.fromkeys(ON_SOFTMAX, no_rows_in_lanes)
for _name in CAPS_IN_LANES:
    IN_LANES[_name] = cross_entropy_in_lanes
in_lanes = chosen(IN_LANES)


@kernel(FORMULAS)
def loss(spec, step, layer, start, stop):
    """The loss of each row, and dL/d(output)."""
    losses = array(np.float64, step.losses, 0, step.n_rows)
    formula = formula_of(spec)
    for row in range(start, stop):
        a, y, d, weight = row_of(spec, step, layer, row)
        total = 0.0
        for j in range(layer.n_out):
            output = np.float64(a[j])
            target = np.float64(y[j])
            option = array(np.float64, layer.options, j, 1)[0]
            part, derivative = formula(output, target, option)
            total += part
            d[j] = weight * derivative
        losses[row] = weight * a.dtype.type(total)  # a number beyond the dtype becomes infinite


@kernel(ON_SOFTMAX)
def softmax_loss(spec, step, layer, start, stop):
    """The loss of each row, and dL/d(logits) = gⱼ − pⱼ Σ g with g = dL/d(ln p)."""
    losses = array(np.float64, step.losses, 0, step.n_rows)
    formula = formula_on_softmax(spec)
    first = in_lanes(spec)(spec, step, layer, start, stop)
    for row in range(first, stop):
        z, y, d, weight = row_of(spec, step, layer, row)
        # The probabilities are in the place of the derivatives, which replace them one by one.
        top, total = softmax_row(spec, layer, layer.a, layer.d, row)
        log_sum = np.float64(top) + math.log(total)
        value = 0.0
        sum_g = 0.0
        for j in range(layer.n_out):
            log_p = z[j] - log_sum
            part, g = formula(log_p, y[j], layer.option)
            value = value + part
            sum_g = sum_g + g
        for j in range(layer.n_out):
            log_p = z[j] - log_sum
            _, g = formula(log_p, y[j], layer.option)
            p = d[j]
            slope = g - p * sum_g
            d[j] = weight * slope
        losses[row] = weight * z.dtype.type(value)


@kernel(["gaussian_nll"])
def gaussian_loss(spec, step, layer, start, stop):
    """The loss of each row of means and log variances, and dL/d(output)."""
    losses = array(np.float64, step.losses, 0, step.n_rows)
    n = layer.n_out // 2
    for row in range(start, stop):
        a, y, d, weight = row_of(spec, step, layer, row)
        total = 0.0
        for j in range(n):
            mean = np.float64(a[j])
            error = mean - np.float64(y[j])
            s = np.float64(a[n + j])
            slope = error * math.exp(-s)
            total += 0.5 * (s + error * slope + LN_2_PI)
            d[j] = weight * slope
            slope_of_s = 0.5 - 0.5 * error * slope
            d[n + j] = weight * slope_of_s
        losses[row] = weight * a.dtype.type(total)


#: The kernel of each loss.
LOSSES = {}
for _kernel in (loss, gaussian_loss, softmax_loss):
    for _name in _kernel.variants:
        LOSSES[_name] = _kernel


@compiled
def row_of(spec, step, layer, row):
    """Outputs, targets and derivatives of a row, and its weight in the loss of the batch."""
    number = array(np.int64, step.batch, row, 1)[0]
    weight = step.row_weight
    if step.sample_weight != 0:
        weight *= array(spec, step.sample_weight, number, 1)[0]
    y = array(spec, step.y, number * layer.n_out, layer.n_out)
    a = row_numbers(spec, layer, layer.a, row)
    d = row_numbers(spec, layer, layer.d, row)
    return a, y, d, weight


@kernel()
def weigh_rows(spec, step, layer, start, stop):
    """Divide the weight of each row by the sum of the batch's weights."""
    total = 0.0
    numbers = array(np.int64, step.batch, 0, step.n_rows)
    for row in range(step.n_rows):
        total += array(spec, step.sample_weight, numbers[row], 1)[0]
    step.row_weight = 0.0
    if total > 0:
        step.row_weight = 1 / total
