"""Optimizers: the update rules of `barenet.optimization`, on tiles of parameters.

A rule takes parameters, gradients and both moments as vectors, and the indices of all of them.
"""

import math

import numpy as np

from barenet.engines.kernels._gradients import keep_squares
from barenet.engines.kernels._kernel import chosen, kernel, named
from barenet.engines.kernels._records import gradient_row, parameter_vectors, row_vectors, tile
from barenet.engines.simd._calls import compiled, inlined
from barenet.engines.simd._lanes import repeat, sqrt, sum_lanes, where
from barenet.engines.simd._views import array, lanes


def sgd(step, p, g, m, v, indices):
    """θ ← θ − η g."""
    rate = step.rate
    for i in indices:
        p[i] = p[i] - rate * g[i]


def momentum(step, p, g, m, v, indices):
    """m ← β m − η g, θ ← θ + m."""
    rate = step.rate
    beta = step.beta_1
    for i in indices:
        m[i] = beta * m[i] - rate * g[i]
        p[i] = p[i] + m[i]


def nesterov(step, p, g, m, v, indices):
    """m ← β m − η g, θ ← θ + β m − η g."""
    rate = step.rate
    beta = step.beta_1
    for i in indices:
        m[i] = beta * m[i] - rate * g[i]
        change = beta * m[i] - rate * g[i]
        p[i] = p[i] + change


def adagrad(step, p, g, s, v, indices):
    """s ← s + g², θ ← θ − η g / (√s + ε)."""
    rate = step.rate
    epsilon = step.epsilon
    for i in indices:
        s[i] = s[i] + g[i] * g[i]
        divisor = sqrt(s[i]) + epsilon
        p[i] = p[i] - rate * g[i] / divisor


def rmsprop(step, p, g, s, v, indices):
    """s ← ρ s + (1 − ρ) g², θ ← θ − η g / (√s + ε)."""
    rate = step.rate
    decay = step.beta_1
    epsilon = step.epsilon
    for i in indices:
        square = g[i] * g[i]
        s[i] = decay * s[i] + (1 - decay) * square
        divisor = sqrt(s[i]) + epsilon
        p[i] = p[i] - rate * g[i] / divisor


@compiled
def correct_bias(step):
    """The factors of Adam's averages in this step, once for all tiles."""
    step.m_scale = 1 / (1 - step.beta_1**step.n_steps)
    step.v_scale = 1 / (1 - step.beta_2**step.n_steps)


def adam(step, p, g, m, v, indices):
    """θ ← (1 − η λ) θ − η m̂ / (√v̂ + ε), with the bias of both averages corrected; λ is AdamW's."""
    rate = step.rate
    epsilon = step.epsilon
    beta_1 = step.beta_1
    beta_2 = step.beta_2
    m_scale = step.m_scale
    v_scale = step.v_scale
    decay = 1 - rate * step.weight_decay
    epsilon += step.epsilon_hat * math.sqrt(v_scale)
    for i in indices:
        m[i] = beta_1 * m[i] + (1 - beta_1) * g[i]
        square = g[i] * g[i]
        v[i] = beta_2 * v[i] + (1 - beta_2) * square
        m_hat = m[i] * m_scale
        divisor = sqrt(v[i] * v_scale) + epsilon
        p[i] = decay * p[i] - rate * m_hat / divisor


def lion(step, p, g, m, v, indices):
    """θ ← (1 − η λ) θ − η sign(β₁ m + (1 − β₁) g), m ← β₂ m + (1 − β₂) g."""
    rate = step.rate
    beta_1 = step.beta_1
    beta_2 = step.beta_2
    decay = 1 - rate * step.weight_decay
    for i in indices:
        u = beta_1 * m[i] + (1 - beta_1) * g[i]
        change = where(u > 0, rate, where(u < 0, -rate, u))
        p[i] = decay * p[i] - change
        m[i] = beta_2 * m[i] + (1 - beta_2) * g[i]


#: Size of the parts of a gradient that are updated together, so that they stay in the L1 cache.
TOGETHER = 1024

#: The update rule of each optimizer.
RULES = {**named(sgd, momentum, nesterov, adagrad, rmsprop, adam, lion), "adamw": adam}

rule = chosen(RULES)


@kernel(RULES)
def take_step(spec, step, layer, start, stop):
    """Update parameters by the rule that the spec names."""
    p, g, length = tile(spec, step, layer, start, stop)
    m = parameter_vectors(spec, layer, layer.moment_1, start)
    v = parameter_vectors(spec, layer, layer.moment_2, start)
    indices = range(0, length, lanes(spec))
    rule(spec)(step, p, g, m, v, indices)


@kernel()
def average(spec, step, layer, start, stop):
    """a ← a + s (θ − a) for the average a of the parameters; s = 1 − its decay, at first 1 / t."""
    p, _, length = tile(spec, step, layer, start, stop)
    a = parameter_vectors(spec, layer, layer.average, start)
    share = max(1 - step.average_decay, 1 / step.n_steps)
    for i in range(0, length, lanes(spec)):
        difference = p[i] - a[i]
        a[i] = a[i] + share * difference


@kernel()
def limit(spec, step, layer, start, stop):
    """θ ← min(max(θ, lower), upper) for the limits of the parameters."""
    p, _, length = tile(spec, step, layer, start, stop)
    lower = parameter_vectors(spec, layer, layer.lower, start)
    upper = parameter_vectors(spec, layer, layer.upper, start)
    for i in range(0, length, lanes(spec)):
        raised = where(p[i] < lower[i], lower[i], p[i])
        p[i] = where(raised > upper[i], upper[i], raised)


@kernel(RULES)
def take_step_of_one_row(spec, step, layer, start, stop):
    """dW = xᵀ dZ of a batch of one row, Σ g² of its tiles, and the update, by some rows of W."""
    L = lanes(spec)
    size = 1 << layer.tile_bits
    together = max(TOGETHER // layer.row, 1)  # rows
    for first in range(start, stop, size):
        last = min(first + size, stop)
        place = gradient_row(step, layer, first)
        g = parameter_vectors(spec, layer, layer.gradient, place)
        zero = repeat(spec, 0)
        sums = (zero, zero, zero, zero)  # four, as each addition has to wait for the previous one
        for row in range(first, last, together):
            end = min(row + together, last)
            for i in range(row, end):
                place_of_row = place + i - row
                sums = differentiate_row(spec, step, layer, i, place_of_row, sums)
            p = parameter_vectors(spec, layer, layer.weights, row)
            m = parameter_vectors(spec, layer, layer.moment_1, row)
            v = parameter_vectors(spec, layer, layer.moment_2, row)
            indices = range(0, (end - row) * layer.row, L)
            rule(spec)(step, p, g, m, v, indices)
        a, b, c, d = sums
        squares = (a + b) + (c + d)
        total = sum_lanes(squares)
        # In these cases, `keep_squares` reads the gradient of the whole tile again. But the rows of
        # each update were written over those of the one before; now each has its own place.
        if total == 0 or total == np.inf:
            for row in range(first, last):
                place_of_row = place + row - first
                differentiate_row(spec, step, layer, row, place_of_row, sums)
        keep_squares(spec, step, layer, first, last, squares)


@inlined
def differentiate_row(spec, step, layer, row, place, sums):
    """A row of the gradient for a batch of one row, x dZ, or dZ for the bias; add its squares."""
    L = lanes(spec)
    a, b, c, d = sums
    # The bits are those of `dense_gradient`. Its products start from 0, so x dZ = −0 becomes 0. Its
    # sum for the bias starts from dZ, in which −0 stays −0, as it does after adding −0.
    x = 1.0
    zero = -0.0
    if row < layer.n_in:
        part = min(row // layer.part_size, layer.n_parts - 1)
        start_of_part = part * step.capacity * layer.x_stride
        column = row - part * layer.part_size
        x = array(spec, layer.x, start_of_part + column, 1)[0]
        zero = 0.0
    D = row_vectors(spec, layer, layer.d, 0)
    g = parameter_vectors(spec, layer, layer.gradient, place)
    for j in range(0, layer.row, 4 * L):
        e = x * D[j] + zero
        f = x * D[j + L] + zero
        g[j] = e
        g[j + L] = f
        a = a + e * e
        b = b + f * f
        e = x * D[j + 2 * L] + zero
        f = x * D[j + 3 * L] + zero
        g[j + 2 * L] = e
        g[j + 3 * L] = f
        c = c + e * e
        d = d + f * f
    return a, b, c, d
