"""Optimizers: the rules of `barenet.optimization`, on rows of parameters."""

from __future__ import annotations

import math

from barenet.engines.compiled.kernel import Kernel, kernel
from barenet.engines.compiled.parameters import stretch
from barenet.engines.compiled.records import LAYER
from barenet.engines.compiled.simd import real
from barenet.optimization.optimizers import Optimizer


@kernel(LAYER)
def sgd(kind, step, op, start, stop):
    """θ ← θ − η g."""
    p, g = stretch(kind, op.weights, op, start, stop), stretch(kind, op.gradient, op, start, stop)
    rate = real(kind, step.rate)
    for i in range(len(p)):
        p[i] -= rate * g[i]


@kernel(LAYER)
def momentum(kind, step, op, start, stop):
    """m ← β m − η g, θ ← θ + m."""
    p, g = stretch(kind, op.weights, op, start, stop), stretch(kind, op.gradient, op, start, stop)
    m = stretch(kind, op.moment_1, op, start, stop)
    rate, beta = real(kind, step.rate), real(kind, step.beta_1)
    for i in range(len(p)):
        m[i] = beta * m[i] - rate * g[i]
        p[i] += m[i]


@kernel(LAYER)
def nesterov(kind, step, op, start, stop):
    """m ← β m − η g, θ ← θ + β m − η g."""
    p, g = stretch(kind, op.weights, op, start, stop), stretch(kind, op.gradient, op, start, stop)
    m = stretch(kind, op.moment_1, op, start, stop)
    rate, beta = real(kind, step.rate), real(kind, step.beta_1)
    for i in range(len(p)):
        m[i] = beta * m[i] - rate * g[i]
        p[i] += beta * m[i] - rate * g[i]


@kernel(LAYER)
def adagrad(kind, step, op, start, stop):
    """s ← s + g², θ ← θ − η g / (√s + ε)."""
    p, g = stretch(kind, op.weights, op, start, stop), stretch(kind, op.gradient, op, start, stop)
    s = stretch(kind, op.moment_1, op, start, stop)
    rate, epsilon = real(kind, step.rate), real(kind, step.epsilon)
    for i in range(len(p)):
        s[i] += g[i] * g[i]
        p[i] -= rate * g[i] / (math.sqrt(s[i]) + epsilon)


@kernel(LAYER)
def rmsprop(kind, step, op, start, stop):
    """s ← ρ s + (1 − ρ) g², θ ← θ − η g / (√s + ε)."""
    p, g = stretch(kind, op.weights, op, start, stop), stretch(kind, op.gradient, op, start, stop)
    s = stretch(kind, op.moment_1, op, start, stop)
    rate, decay, epsilon = (real(kind, step.rate), real(kind, step.beta_1),
                            real(kind, step.epsilon))  # fmt: skip
    rest = real(kind, 1) - decay
    for i in range(len(p)):
        s[i] = decay * s[i] + rest * (g[i] * g[i])
        p[i] -= rate * g[i] / (math.sqrt(s[i]) + epsilon)


@kernel(LAYER)
def adam(kind, step, op, start, stop):
    """θ ← (1 − η λ) θ − η m̂ / (√v̂ + ε), the bias of both averages undone; λ is AdamW's."""
    p, g = stretch(kind, op.weights, op, start, stop), stretch(kind, op.gradient, op, start, stop)
    m, v = stretch(kind, op.moment_1, op, start, stop), stretch(kind, op.moment_2, op, start, stop)
    rate, epsilon = real(kind, step.rate), real(kind, step.epsilon)
    beta_1, rest_1 = real(kind, step.beta_1), real(kind, 1 - step.beta_1)
    beta_2, rest_2 = real(kind, step.beta_2), real(kind, 1 - step.beta_2)
    m_scale = real(kind, 1 / (1 - step.beta_1**step.n_steps))
    v_scale = real(kind, 1 / (1 - step.beta_2**step.n_steps))
    decay = real(kind, 1 - step.rate * step.weight_decay)
    for i in range(len(p)):
        m[i] = beta_1 * m[i] + rest_1 * g[i]
        v[i] = beta_2 * v[i] + rest_2 * (g[i] * g[i])
        p[i] = decay * p[i] - rate * (m[i] * m_scale) / (math.sqrt(v[i] * v_scale) + epsilon)


#: The kernel of each rule.
RULES: dict[str, Kernel] = {
    "sgd": sgd,
    "momentum": momentum,
    "nesterov": nesterov,
    "adagrad": adagrad,
    "rmsprop": rmsprop,
    "adam": adam,
    "adamw": adam,
}


def numbers_of(optimizer: Optimizer) -> dict[str, float]:
    """The optimizer's numbers, by their names in `records.STEP`."""
    names = {"beta": "beta_1", "decay": "beta_1", "beta1": "beta_1", "beta2": "beta_2",
             "epsilon": "epsilon", "weight_decay": "weight_decay"}  # fmt: skip
    return {to: getattr(optimizer, of) for of, to in names.items() if hasattr(optimizer, of)}
