"""Optimizers: the rules of `barenet.optimization`, on rows of parameters."""

from __future__ import annotations

import math
from dataclasses import fields

from barenet.engines.compiled.kernel import Kernel, kernel
from barenet.engines.compiled.records import LAYER
from barenet.engines.compiled.views import moments, tile
from barenet.engines.simd.lanes import sqrt
from barenet.engines.simd.memory import lanes
from barenet.optimization.optimizers import Optimizer


@kernel(LAYER)
def sgd(kind, step, layer, start, stop):
    """θ ← θ − η g."""
    p, g, length = tile(kind, layer, start, stop)
    rate = step.rate
    for i in range(0, length, lanes(kind)):
        p[i] = p[i] - rate * g[i]


@kernel(LAYER)
def momentum(kind, step, layer, start, stop):
    """m ← β m − η g, θ ← θ + m."""
    p, g, length = tile(kind, layer, start, stop)
    m, _ = moments(kind, layer, start)
    rate, beta = step.rate, step.beta_1
    for i in range(0, length, lanes(kind)):
        m[i] = beta * m[i] - rate * g[i]
        p[i] = p[i] + m[i]


@kernel(LAYER)
def nesterov(kind, step, layer, start, stop):
    """m ← β m − η g, θ ← θ + β m − η g."""
    p, g, length = tile(kind, layer, start, stop)
    m, _ = moments(kind, layer, start)
    rate, beta = step.rate, step.beta_1
    for i in range(0, length, lanes(kind)):
        m[i] = beta * m[i] - rate * g[i]
        p[i] = p[i] + (beta * m[i] - rate * g[i])


@kernel(LAYER)
def adagrad(kind, step, layer, start, stop):
    """s ← s + g², θ ← θ − η g / (√s + ε)."""
    p, g, length = tile(kind, layer, start, stop)
    s, _ = moments(kind, layer, start)
    rate, epsilon = step.rate, step.epsilon
    for i in range(0, length, lanes(kind)):
        s[i] = s[i] + g[i] * g[i]
        p[i] = p[i] - rate * g[i] / (sqrt(s[i]) + epsilon)


@kernel(LAYER)
def rmsprop(kind, step, layer, start, stop):
    """s ← ρ s + (1 − ρ) g², θ ← θ − η g / (√s + ε)."""
    p, g, length = tile(kind, layer, start, stop)
    s, _ = moments(kind, layer, start)
    rate, decay, epsilon = step.rate, step.beta_1, step.epsilon
    for i in range(0, length, lanes(kind)):
        s[i] = decay * s[i] + (1 - decay) * (g[i] * g[i])
        p[i] = p[i] - rate * g[i] / (sqrt(s[i]) + epsilon)


@kernel(LAYER)
def adam(kind, step, layer, start, stop):
    """θ ← (1 − η λ) θ − η m̂ / (√v̂ + ε), the bias of both averages undone; λ is AdamW's."""
    p, g, length = tile(kind, layer, start, stop)
    m, v = moments(kind, layer, start)
    rate, epsilon, beta_1, beta_2 = step.rate, step.epsilon, step.beta_1, step.beta_2
    m_scale, v_scale = 1 / (1 - beta_1**step.n_steps), 1 / (1 - beta_2**step.n_steps)
    decay = 1 - rate * step.weight_decay
    epsilon += step.epsilon_hat * math.sqrt(v_scale)
    for i in range(0, length, lanes(kind)):
        m[i] = beta_1 * m[i] + (1 - beta_1) * g[i]
        v[i] = beta_2 * v[i] + (1 - beta_2) * (g[i] * g[i])
        p[i] = decay * p[i] - rate * (m[i] * m_scale) / (sqrt(v[i] * v_scale) + epsilon)


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
    names = {"beta": "beta_1", "decay": "beta_1", "beta1": "beta_1", "beta2": "beta_2"}
    given = [each.name for each in fields(optimizer) if each.init]
    numbers = {names.get(name, name): getattr(optimizer, name) for name in given}
    numbers.pop("learning_rate")  # each step has its own
    return numbers
