"""Activations by their codes: the formulas of `barenet.model.activations`, on stretches of memory.

Constants have the dtype of the data: with a Python float, Numba would compute in float64.
"""

from __future__ import annotations

import math

import numba as nb

from barenet.engines.compiled.mathematics import exp, tanh

OPTIONS = {
    "nogil": True,
    "error_model": "numpy",
    "no_cpython_wrapper": True,  # only kernels call it
    "no_cfunc_wrapper": True,
}
PARALLEL = {**OPTIONS, "parallel": True}

IDENTITY, RELU, LEAKY_RELU, ELU, GELU, SILU, TANH, SIGMOID, SOFTPLUS, EXPONENTIAL, SOFTMAX = range(
    11
)
CODES = {
    "identity": IDENTITY,
    "relu": RELU,
    "leaky_relu": LEAKY_RELU,
    "elu": ELU,
    "gelu": GELU,
    "silu": SILU,
    "tanh": TANH,
    "sigmoid": SIGMOID,
    "softplus": SOFTPLUS,
    "exponential": EXPONENTIAL,
    "softmax": SOFTMAX,
}

#: Activations whose derivative needs Z; that of the others is as short in A, so A takes Z's place.
NEED_Z = {"leaky_relu", "elu", "gelu", "silu", "softplus"}


@nb.njit(**OPTIONS)
def activate(code, option, z, a):
    """A = f(Z), entry by entry; softmax, which needs whole rows, is `softmax_row`."""
    zero, one, option = z.dtype.type(0), z.dtype.type(1), z.dtype.type(option)
    if code == RELU:
        for i in range(len(z)):
            a[i] = zero if z[i] <= zero else z[i]
    elif code == TANH:
        for i in range(len(z)):
            a[i] = tanh(z[i])
    elif code == SIGMOID:
        for i in range(len(z)):
            a[i] = one / (one + exp(-z[i]))
    elif code == LEAKY_RELU:
        for i in range(len(z)):
            a[i] = z[i] if z[i] > zero else option * z[i]
    elif code == ELU:
        for i in range(len(z)):
            a[i] = z[i] if z[i] > zero else option * math.expm1(z[i])
    elif code == SILU:
        for i in range(len(z)):
            a[i] = z[i] / (one + exp(-z[i]))
    elif code == GELU:
        for i in range(len(z)):
            a[i] = z[i] * normal_distribution(z[i])
    elif code == SOFTPLUS:
        for i in range(len(z)):
            a[i] = max(z[i], zero) + math.log1p(exp(-abs(z[i])))
    elif code == EXPONENTIAL:
        for i in range(len(z)):
            a[i] = exp(z[i])


@nb.njit(**OPTIONS)
def differentiate(code, option, z, a, d, out):
    """dL/dZ = dL/dA · f′(Z), entry by entry; z is a where the derivative needs only A."""
    zero, one, option = z.dtype.type(0), z.dtype.type(1), z.dtype.type(option)
    if code == RELU:
        for i in range(len(z)):
            out[i] = d[i] if a[i] > zero else zero
    elif code == TANH:
        for i in range(len(z)):
            out[i] = d[i] * (one - a[i] * a[i])
    elif code == SIGMOID:
        for i in range(len(z)):
            out[i] = d[i] * (a[i] * (one - a[i]))
    elif code == LEAKY_RELU:
        for i in range(len(z)):
            out[i] = d[i] if z[i] > zero else d[i] * option
    elif code == ELU:
        for i in range(len(z)):
            out[i] = d[i] if z[i] > zero else d[i] * (a[i] + option)
    elif code == SILU:
        for i in range(len(z)):
            s = one / (one + exp(-z[i]))
            out[i] = d[i] * (s + a[i] * (one - s))
    elif code == GELU:
        for i in range(len(z)):
            out[i] = d[i] * (normal_distribution(z[i]) + z[i] * normal_density(z[i]))
    elif code == SOFTPLUS:
        for i in range(len(z)):
            out[i] = d[i] / (one + exp(-z[i]))
    elif code == EXPONENTIAL:
        for i in range(len(z)):
            out[i] = d[i] * a[i]
    else:
        for i in range(len(z)):
            out[i] = d[i]


@nb.njit(inline="always")
def normal_distribution(x):
    """Φ(x) = ½ erfc(−x / √2)."""
    return 0.5 * math.erfc(-x * 0.7071067811865476)


@nb.njit(inline="always")
def normal_density(x):
    """φ(x) = exp(−x²/2) / √(2π)."""
    return 0.3989422804014327 * math.exp(-0.5 * x * x)


@nb.njit(**OPTIONS)
def softmax_row(z, a, n):
    """Softmax of the first n entries; what pads the row becomes 0."""
    top, total = z[0], z.dtype.type(0)
    for i in range(1, n):
        top = max(top, z[i])
    for i in range(len(z)):
        a[i] = exp(z[i] - top)
    for i in range(n):
        total += a[i]
    for i in range(n):
        a[i] /= total
    for i in range(n, len(z)):
        a[i] = 0


@nb.njit(**OPTIONS)
def differentiate_softmax_row(a, d, n):
    """dL/dZⱼ = aⱼ (dL/daⱼ − Σᵢ dL/daᵢ · aᵢ), in place of dL/dA."""
    total = a.dtype.type(0)
    for i in range(n):
        total += d[i] * a[i]
    for i in range(n):
        d[i] = a[i] * (d[i] - total)


@nb.njit(**OPTIONS)
def copy(source, target):
    """Fill the target from the beginning of the source."""
    for j in range(len(target)):
        target[j] = source[j]


@nb.njit(**OPTIONS)
def clear(target):
    """Fill with zeros."""
    for j in range(len(target)):
        target[j] = 0
