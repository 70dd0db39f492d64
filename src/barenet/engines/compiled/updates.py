"""Optimizers by their codes: the rules of `barenet.optimization`, on stretches of memory."""

from __future__ import annotations

import math

import numba as nb

from barenet.engines.compiled.functions import OPTIONS
from barenet.optimization.optimizers import Optimizer

SGD, MOMENTUM, NESTEROV, ADAGRAD, RMSPROP, ADAM, ADAMW = range(7)
CODES = {
    "sgd": SGD,
    "momentum": MOMENTUM,
    "nesterov": NESTEROV,
    "adagrad": ADAGRAD,
    "rmsprop": RMSPROP,
    "adam": ADAM,
    "adamw": ADAMW,
}


def rule(optimizer: Optimizer) -> list[float]:
    """The optimizer's numbers, in the order in which `update` reads them."""
    names = ("beta", "decay", "beta1", "beta2", "epsilon", "weight_decay")
    return [float(getattr(optimizer, name)) for name in names if hasattr(optimizer, name)]


@nb.njit(**OPTIONS)
def penalize(p, g, l1, l2):
    """Add the penalties' gradient to g; return their value."""
    one, l1, l2 = p.dtype.type(1), p.dtype.type(l1), p.dtype.type(l2)
    value = 0.0
    for i in range(len(p)):
        sign = one if p[i] > 0 else -one if p[i] < 0 else p[i]
        g[i] += l1 * sign + l2 * p[i]
    for i in range(len(p)):
        value += l1 * abs(p[i]) + p.dtype.type(0.5) * l2 * p[i] * p[i]
    return value


@nb.njit(**OPTIONS)
def sum_of_squares(g):
    """Σ g², in four sums side by side, so that it is vector code and yet always the same order."""
    a = b = c = d = 0.0
    n = len(g) // 4 * 4
    for i in range(0, n, 4):
        a += g[i] * g[i]
        b += g[i + 1] * g[i + 1]
        c += g[i + 2] * g[i + 2]
        d += g[i + 3] * g[i + 3]
    return (a + b) + (c + d)


@nb.njit(**OPTIONS)
def scale(g, factor):
    """Multiply by a number, in place."""
    factor = g.dtype.type(factor)
    for i in range(len(g)):
        g[i] *= factor


@nb.njit(**OPTIONS)
def clip_values(g, limit):
    """Cut each entry off at ±limit."""
    limit = g.dtype.type(limit)
    for i in range(len(g)):
        g[i] = limit if g[i] > limit else -limit if g[i] < -limit else g[i]


@nb.njit(**OPTIONS)
def update(code, rule, rate, steps, p, g, m, v):
    """Change the parameters p by one step; `rule` holds the optimizer's numbers."""
    one, rate = p.dtype.type(1), p.dtype.type(rate)
    if code == SGD:
        for i in range(len(p)):
            p[i] -= rate * g[i]
    elif code == MOMENTUM:
        beta = p.dtype.type(rule[0])
        for i in range(len(p)):
            m[i] = beta * m[i] - rate * g[i]
            p[i] += m[i]
    elif code == NESTEROV:
        beta = p.dtype.type(rule[0])
        for i in range(len(p)):
            m[i] = beta * m[i] - rate * g[i]
            p[i] += beta * m[i] - rate * g[i]
    elif code == ADAGRAD:
        epsilon = p.dtype.type(rule[0])
        for i in range(len(p)):
            m[i] += g[i] * g[i]
            p[i] -= rate * g[i] / (math.sqrt(m[i]) + epsilon)
    elif code == RMSPROP:
        decay, epsilon = p.dtype.type(rule[0]), p.dtype.type(rule[1])
        for i in range(len(p)):
            m[i] = decay * m[i] + (one - decay) * (g[i] * g[i])
            p[i] -= rate * g[i] / (math.sqrt(m[i]) + epsilon)
    else:
        decay = p.dtype.type(1 - rate * rule[3]) if code == ADAMW else one
        adam(rule, rate, steps, decay, p, g, m, v)


@nb.njit(**OPTIONS)
def adam(rule, rate, steps, decay, p, g, m, v):
    """θ ← decay · θ − η m̂ / (√v̂ + ε), with the bias of both averages undone."""
    beta1, beta2, epsilon = p.dtype.type(rule[0]), p.dtype.type(rule[1]), p.dtype.type(rule[2])
    m_scale = p.dtype.type(1 / (1 - rule[0] ** steps))
    v_scale = p.dtype.type(1 / (1 - rule[1] ** steps))
    rest1, rest2 = p.dtype.type(1 - rule[0]), p.dtype.type(1 - rule[1])
    for i in range(len(p)):
        m[i] = beta1 * m[i] + rest1 * g[i]
        v[i] = beta2 * v[i] + rest2 * (g[i] * g[i])
        p[i] = decay * p[i] - rate * (m[i] * m_scale) / (math.sqrt(v[i] * v_scale) + epsilon)
