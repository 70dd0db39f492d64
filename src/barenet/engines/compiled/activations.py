"""Activations: the formulas of `barenet.model.activations`, for lanes or a whole row.

A kernel's kind names the formula, so each becomes code of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numba as nb
from numba.extending import overload

from barenet.engines.compiled.kernel import INLINE, OPTIONS, kernel
from barenet.engines.compiled.mathematics import erfc, exp, expm1, log1p, tanh
from barenet.engines.compiled.records import LAYER
from barenet.engines.simd.lanes import absolute, where
from barenet.engines.simd.memory import array, lanes, vectors


class Formula(NamedTuple):
    """An activation and its derivative; c is its option."""

    value: Callable[..., Any]  # a = f(z)
    slope: Callable[..., Any]  # f′(z), by z and a


@nb.njit(**INLINE)
def logistic(z):
    """σ(z) = 1 / (1 + e⁻ᶻ)."""
    return 1 / (1 + exp(-z))


@nb.njit(**INLINE)
def normal_distribution(z):
    """Φ(z) = ½ erfc(−z / √2)."""
    return 0.5 * erfc(z * -0.7071067811865476)


@nb.njit(**INLINE)
def normal_density(z):
    """φ(z) = exp(−z²/2) / √(2π)."""
    return 0.3989422804014327 * exp(-0.5 * z * z)


FORMULAS = {
    "relu": Formula(
        lambda z, c: where(z <= 0, 0, z),
        lambda z, a, c: where(a > 0, 1, 0 * a),
    ),
    "leaky_relu": Formula(
        lambda z, c: where(z > 0, z, c * z),
        lambda z, a, c: where(z > 0, 1, c + 0 * z),
    ),
    "elu": Formula(
        lambda z, c: where(z > 0, z, c * expm1(z)),
        lambda z, a, c: where(z > 0, 1, a + c),
    ),
    "gelu": Formula(
        lambda z, c: z * normal_distribution(z),
        lambda z, a, c: normal_distribution(z) + z * normal_density(z),
    ),
    "silu": Formula(
        lambda z, c: z * logistic(z),
        lambda z, a, c: logistic(z) * (1 + z - a),
    ),
    "tanh": Formula(
        lambda z, c: tanh(z),
        lambda z, a, c: 1 - a * a,
    ),
    "sigmoid": Formula(
        lambda z, c: logistic(z),
        lambda z, a, c: a * (1 - a),
    ),
    "softplus": Formula(
        lambda z, c: where(z > 0, z, 0) + log1p(exp(-absolute(z))),
        lambda z, a, c: logistic(z),
    ),
    "exponential": Formula(
        lambda z, c: exp(z),
        lambda z, a, c: a,
    ),
}


def value(kind: Any, z: Any, c: Any) -> Any:
    """Compute the activation that the kind names."""
    return FORMULAS[kind.formula].value(z, c)


def slope(kind: Any, z: Any, a: Any, c: Any) -> Any:
    """Compute its derivative."""
    return FORMULAS[kind.formula].slope(z, a, c)


@overload(value, jit_options=INLINE)
def _value(kind, z, c):
    if not kind.formula:
        return lambda kind, z, c: z
    formula = nb.njit(**INLINE)(FORMULAS[kind.formula].value)
    return lambda kind, z, c: formula(z, c)


@overload(slope, jit_options=INLINE)
def _slope(kind, z, a, c):
    if not kind.formula:
        return lambda kind, z, a, c: 1 + 0 * z
    formula = nb.njit(**INLINE)(FORMULAS[kind.formula].slope)
    return lambda kind, z, a, c: formula(z, a, c)


def bend(kind: Any, op: Any, start: int, stop: int) -> None:
    """A = f(Z) for some rows; without a formula there is nothing to do."""


def unbend(kind: Any, op: Any, start: int, stop: int) -> None:
    """dZ = dA · f′(Z), in place of dA."""


@overload(bend, jit_options=INLINE)
def _bend(kind, op, start, stop):
    def by_formula(kind, op, start, stop):
        first, c = start * op.stride, op.option
        z, a = vectors(kind, op.z, first), vectors(kind, op.a, first)
        for i in range(0, (stop - start) * op.stride, lanes(kind)):
            a[i] = value(kind, z[i], c)

    return by_formula if kind.formula else lambda kind, op, start, stop: None


@overload(unbend, jit_options=INLINE)
def _unbend(kind, op, start, stop):
    def by_formula(kind, op, start, stop):
        first, c = start * op.stride, op.option
        z, a, d = vectors(kind, op.z, first), vectors(kind, op.a, first), vectors(kind, op.d, first)
        for i in range(0, (stop - start) * op.stride, lanes(kind)):
            d[i] = d[i] * slope(kind, z[i], a[i], c)

    return by_formula if kind.formula else lambda kind, op, start, stop: None


@kernel(LAYER, FORMULAS)
def activate(kind, step, op, start, stop):
    """A = f(Z), where nothing else is done with it."""
    bend(kind, op, start, stop)


@kernel(LAYER, FORMULAS)
def activate_back(kind, step, op, start, stop):
    """dZ = dA · f′(Z), where nothing else is done with it."""
    unbend(kind, op, start, stop)


@kernel(LAYER)
def softmax(kind, step, op, start, stop):
    """Apply softmax to each row."""
    for row in range(start, stop):
        first = row * op.stride
        softmax_row(kind, op.z, op.a, first, op.n_out)


@nb.njit(**OPTIONS)
def softmax_row(kind, source, target, first, n):
    """Softmax of n numbers; what pads them to whole vectors becomes 0."""
    z, a = array(kind, source, first, n), array(kind, target, first, n)
    Z, A = vectors(kind, source, first), vectors(kind, target, first)
    top, total = z[0], z[0] - z[0]
    for j in range(1, n):
        top = max(top, z[j])
    for j in range(0, n, lanes(kind)):
        A[j] = exp(Z[j] - top)
    for j in range(n):
        total += a[j]
    for j in range(0, n, lanes(kind)):
        A[j] = A[j] / total
    rest = array(kind, target, first + n, -n % lanes(kind))
    rest[:] = 0
    return top, total


@kernel(LAYER)
def softmax_back(kind, step, op, start, stop):
    """dL/dZⱼ = aⱼ (dL/daⱼ − Σᵢ dL/daᵢ · aᵢ), in place of dL/dA."""
    for row in range(start, stop):
        a, d = (
            array(kind, op.a, row * op.stride, op.n_out),
            array(kind, op.d, row * op.stride, op.n_out),
        )
        total = a[0] - a[0]
        for j in range(op.n_out):
            total += d[j] * a[j]
        for j in range(op.n_out):
            d[j] = a[j] * (d[j] - total)
