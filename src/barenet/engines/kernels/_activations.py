"""Activations: the formulas of `barenet.model._activations`, for lanes or for a whole row.

A kernel's spec names the formula, so each is compiled separately.
"""

import math

from barenet.engines.kernels._kernel import chosen, kernel
from barenet.engines.kernels._records import row_numbers, row_vectors
from barenet.engines.simd._calls import compiled, inlined
from barenet.engines.simd._lanes import absolute, where
from barenet.engines.simd._mathematics import erfc, exp, expm1, log1p, tanh
from barenet.engines.simd._views import array, lanes


@inlined
def logistic(z):
    """σ(z) = 1 / (1 + e⁻ᶻ)."""
    return 1 / (1 + exp(-z))


@inlined
def normal_distribution(z):
    """Φ(z) = ½ erfc(−z / √2)."""
    return 0.5 * erfc(z * -0.7071067811865476)


@inlined
def normal_density(z):
    """φ(z) = exp(−z²/2) / √(2π)."""
    return 0.3989422804014327 * exp(-0.5 * z * z)


@inlined
def mish_gate(z):
    """tanh(ln(1 + eᶻ)) = (n² − 1) / (n² + 1) with n = 1 + eᶻ, from e⁻ᶻ for z above 0."""
    w = exp(-absolute(z))
    above = where(z > 0, 1 + 2 * w, w * (w + 2))  # n² − 1, or e⁻²ᶻ times that
    two = where(z > 0, 2 * w * w, 2)
    return above / (above + two)


#: The value a = f(z) of each, and its derivative f′(z) from z and a; c is the activation's option.
FORMULAS = {
    "identity": (lambda z, c: z, lambda z, a, c: 1),
    "relu": (lambda z, c: where(z <= 0, 0, z), lambda z, a, c: where(a > 0, 1, 0)),
    "leaky_relu": (lambda z, c: where(z > 0, z, c * z), lambda z, a, c: where(z > 0, 1, c)),
    "elu": (lambda z, c: where(z > 0, z, c * expm1(z)), lambda z, a, c: where(z > 0, 1, a + c)),
    "gelu": (
        lambda z, c: z * normal_distribution(z),
        lambda z, a, c: normal_distribution(z) + z * normal_density(z),
    ),
    "silu": (lambda z, c: z * logistic(z), lambda z, a, c: logistic(z) * (1 + z - a)),
    "selu": (
        lambda z, c: where(z > 0, 1.0507009873554805 * z, 1.7580993408473766 * expm1(z)),
        lambda z, a, c: where(z > 0, 1.0507009873554805, a + 1.7580993408473766),
    ),
    "mish": (
        lambda z, c: z * mish_gate(z),
        lambda z, a, c: mish_gate(z) + z * logistic(z) * (1 - mish_gate(z) * mish_gate(z)),
    ),
    "tanh": (lambda z, c: tanh(z), lambda z, a, c: 1 - a * a),
    "sigmoid": (lambda z, c: logistic(z), lambda z, a, c: a * (1 - a)),
    "softplus": (
        lambda z, c: where(z > 0, z, 0) + log1p(exp(-absolute(z))),
        lambda z, a, c: logistic(z),
    ),
    "exponential": (lambda z, c: exp(z), lambda z, a, c: a),
}

value = chosen({name: value_formula for name, (value_formula, _) in FORMULAS.items()})
slope = chosen({name: slope_formula for name, (_, slope_formula) in FORMULAS.items()})


@kernel(["softmax"])
def softmax(spec, step, layer, start, stop):
    """Apply softmax to each row."""
    for row in range(start, stop):
        softmax_row(spec, layer, layer.z, layer.a, row)


@kernel(["softmax"])
def softmax_back(spec, step, layer, start, stop):
    """dL/dZⱼ = aⱼ (dL/daⱼ − Σᵢ dL/daᵢ · aᵢ), in place of dL/dA."""
    for row in range(start, stop):
        a = row_numbers(spec, layer, layer.a, row)
        d = row_numbers(spec, layer, layer.d, row)
        total = a[0] - a[0]
        for j in range(layer.n_out):
            total += d[j] * a[j]
        for j in range(layer.n_out):
            difference = d[j] - total
            d[j] = a[j] * difference


@kernel(["ascending"])
def ascending(spec, step, layer, start, stop):
    """aⱼ = aⱼ₋₁ + ln(1 + exp zⱼ) for each row."""
    for row in range(start, stop):
        z = row_numbers(spec, layer, layer.z, row)
        a = row_numbers(spec, layer, layer.a, row)
        a[0] = z[0]
        for j in range(1, layer.n_out):
            softplus = max(z[j], 0.0) + math.log1p(math.exp(-abs(z[j])))
            a[j] = a[j - 1] + softplus


@kernel(["ascending"])
def ascending_back(spec, step, layer, start, stop):
    """dL/dZⱼ = σ(zⱼ) Σ dL/daᵢ for i ≥ j, in place of dL/dA."""
    for row in range(start, stop):
        z = row_numbers(spec, layer, layer.z, row)
        d = row_numbers(spec, layer, layer.d, row)
        for j in range(layer.n_out - 1, 0, -1):
            d[j - 1] += d[j]
            d[j] /= 1 + math.exp(-z[j])


#: Functions of a whole row: their kernels, forward and backward.
BY_ROW = {"softmax": (softmax, softmax_back), "ascending": (ascending, ascending_back)}


@compiled
def softmax_row(spec, layer, source, target, row):
    """Softmax of a row of one matrix, in another; the padding becomes 0."""
    z = row_numbers(spec, layer, source, row)
    a = row_numbers(spec, layer, target, row)
    Z = row_vectors(spec, layer, source, row)
    A = row_vectors(spec, layer, target, row)
    top = z[0]
    total = z[0] - z[0]
    n = layer.n_out
    for j in range(1, n):
        top = max(top, z[j])
    for j in range(0, n, lanes(spec)):
        A[j] = exp(Z[j] - top)
    for j in range(n):
        total += a[j]
    for j in range(0, n, lanes(spec)):
        A[j] = A[j] / total
    end = row * layer.stride + n
    padding = array(spec, target, end, -n % lanes(spec))
    padding[:] = 0
    return top, total
