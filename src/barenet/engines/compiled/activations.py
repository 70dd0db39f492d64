"""Activations: the formulas of `barenet.model.activations` for one number, and what applies them.

A kernel's kind names the formula, so each becomes vector code of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numba as nb
from numba.extending import overload

from barenet.engines.compiled.kernel import OPTIONS, kernel
from barenet.engines.compiled.mathematics import exp, tanh
from barenet.engines.compiled.records import LAYER
from barenet.engines.compiled.simd import real, vector


class Formula(NamedTuple):
    """An activation and its derivative; c is its option, and 0 and 1 have the dtype of z."""

    value: Callable[..., Any]  # f(z)
    slope: Callable[..., Any]  # f′(z), by z and a = f(z)


@nb.njit(**OPTIONS)
def logistic(z, one):
    """σ(z) = 1 / (1 + e⁻ᶻ)."""
    return one / (one + exp(-z))


@nb.njit(**OPTIONS)
def normal_distribution(z):
    """Φ(z) = ½ erfc(−z / √2)."""
    return 0.5 * math.erfc(-z * 0.7071067811865476)


@nb.njit(**OPTIONS)
def normal_density(z):
    """φ(z) = exp(−z²/2) / √(2π)."""
    return 0.3989422804014327 * math.exp(-0.5 * z * z)


FORMULAS = {
    "relu": Formula(
        lambda z, c, zero, one: zero if z <= zero else z,
        lambda z, a, c, zero, one: one if a > zero else zero,
    ),
    "leaky_relu": Formula(
        lambda z, c, zero, one: z if z > zero else c * z,
        lambda z, a, c, zero, one: one if z > zero else c,
    ),
    "elu": Formula(
        lambda z, c, zero, one: z if z > zero else c * math.expm1(z),
        lambda z, a, c, zero, one: one if z > zero else a + c,
    ),
    "gelu": Formula(
        lambda z, c, zero, one: z * normal_distribution(z),
        lambda z, a, c, zero, one: normal_distribution(z) + z * normal_density(z),
    ),
    "silu": Formula(
        lambda z, c, zero, one: z * logistic(z, one),
        lambda z, a, c, zero, one: logistic(z, one) * (one + z - a),
    ),
    "tanh": Formula(
        lambda z, c, zero, one: tanh(z),
        lambda z, a, c, zero, one: one - a * a,
    ),
    "sigmoid": Formula(
        lambda z, c, zero, one: logistic(z, one),
        lambda z, a, c, zero, one: a * (one - a),
    ),
    "softplus": Formula(
        lambda z, c, zero, one: max(z, zero) + math.log1p(exp(-abs(z))),
        lambda z, a, c, zero, one: logistic(z, one),
    ),
    "exponential": Formula(
        lambda z, c, zero, one: exp(z),
        lambda z, a, c, zero, one: a,
    ),
}


def value(kind: Any, z: Any, c: Any, zero: Any, one: Any) -> Any:
    """Compute the activation that the kind names."""
    return FORMULAS[kind.formula].value(z, c, zero, one)


def slope(kind: Any, z: Any, a: Any, c: Any, zero: Any, one: Any) -> Any:
    """Compute its derivative."""
    return FORMULAS[kind.formula].slope(z, a, c, zero, one)


@overload(value)
def _value(kind, z, c, zero, one):
    formula = nb.njit(**OPTIONS)(FORMULAS[kind.formula].value)
    return lambda kind, z, c, zero, one: formula(z, c, zero, one)


@overload(slope)
def _slope(kind, z, a, c, zero, one):
    formula = nb.njit(**OPTIONS)(FORMULAS[kind.formula].slope)
    return lambda kind, z, a, c, zero, one: formula(z, a, c, zero, one)


@kernel(LAYER)
def activate(kind, step, op, start, stop):
    """A = f(Z), entry by entry."""
    first, length = start * op.stride, (stop - start) * op.stride
    z, a = vector(kind, op.z, first, length), vector(kind, op.a, first, length)
    c, zero, one = real(kind, op.option), real(kind, 0), real(kind, 1)
    for i in range(length):
        a[i] = value(kind, z[i], c, zero, one)


@kernel(LAYER)
def differentiate(kind, step, op, start, stop):
    """dL/dZ = dL/dA · f′(Z), entry by entry, in place of dL/dA."""
    first, length = start * op.stride, (stop - start) * op.stride
    z, a = vector(kind, op.z, first, length), vector(kind, op.a, first, length)
    d = vector(kind, op.d, first, length)
    c, zero, one = real(kind, op.option), real(kind, 0), real(kind, 1)
    for i in range(length):
        d[i] *= slope(kind, z[i], a[i], c, zero, one)


@kernel(LAYER)
def softmax(kind, step, op, start, stop):
    """Apply softmax to each row."""
    for row in range(start, stop):
        z, a = (vector(kind, op.z, row * op.stride, op.stride),
                vector(kind, op.a, row * op.stride, op.stride))  # fmt: skip
        softmax_row(z, a, op.n_out)


@nb.njit(**OPTIONS)
def softmax_row(z, a, n):
    """Softmax of the first n entries; what pads the row becomes 0."""
    top, total = z[0], z.dtype.type(0)
    for j in range(1, n):
        top = max(top, z[j])
    for j in range(len(z)):
        a[j] = exp(z[j] - top)
    for j in range(n):
        total += a[j]
    for j in range(n):
        a[j] /= total
    for j in range(n, len(z)):
        a[j] = 0


@kernel(LAYER)
def softmax_back(kind, step, op, start, stop):
    """dL/dZⱼ = aⱼ (dL/daⱼ − Σᵢ dL/daᵢ · aᵢ), in place of dL/dA."""
    for row in range(start, stop):
        a = vector(kind, op.a, row * op.stride, op.n_out)
        d = vector(kind, op.d, row * op.stride, op.n_out)
        total = real(kind, 0)
        for j in range(op.n_out):
            total += d[j] * a[j]
        for j in range(op.n_out):
            d[j] = a[j] * (d[j] - total)
