"""Parameters: in and out of padded rows, and what is done to their gradient before a step.

The units of these kernels are rows: those of W and then the bias, or the gain and bias of a norm.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from barenet.engines.compiled.kernel import OPTIONS, kernel
from barenet.engines.compiled.records import LAYER
from barenet.engines.compiled.simd import itemsize, lanes, matrix, real, sum_of_squares, transpose_block, vector


@kernel(LAYER)
def load(kind, step, op, start, stop):
    """Copy the network's parameters and the optimizer's moments into padded rows."""
    spread(kind, step.parameters, op, op.weights, start, stop)
    spread(kind, step.moment_1, op, op.moment_1, start, stop)
    spread(kind, step.moment_2, op, op.moment_2, start, stop)


@kernel(LAYER)
def store(kind, step, op, start, stop):
    """Copy them back."""
    collect(kind, step.parameters, op, op.weights, start, stop)
    collect(kind, step.moment_1, op, op.moment_1, start, stop)
    collect(kind, step.moment_2, op, op.moment_2, start, stop)


@kernel(LAYER)
def store_gradient(kind, step, op, start, stop):
    """Copy the gradient out of its padded rows."""
    collect(kind, step.gradient, op, op.gradient, start, stop)


@nb.njit(**OPTIONS)
def spread(kind, flat, op, padded, start, stop):
    """Copy rows of a vector of the network's layout, if there is one, into padded rows."""
    for row in range(start, stop if flat != 0 else start):
        source = vector(kind, flat, op.flat + row * op.n_out, op.n_out)
        target = vector(kind, padded, row * op.stride, op.n_out)
        for j in range(op.n_out):
            target[j] = source[j]


@nb.njit(**OPTIONS)
def collect(kind, flat, op, padded, start, stop):
    """Copy padded rows back into a vector of the network's layout."""
    for row in range(start, stop if flat != 0 else start):
        source = vector(kind, padded, row * op.stride, op.n_out)
        target = vector(kind, flat, op.flat + row * op.n_out, op.n_out)
        for j in range(op.n_out):
            target[j] = source[j]


@kernel(LAYER)
def transpose(kind, step, op, start, stop):
    """Bring rows of W up to date in the copy of Wᵀ."""
    size, L = itemsize(kind), lanes(kind)
    last = min(stop, op.n_in)
    if op.n_out == 1:
        W, W_T = matrix(kind, op.weights, last, op.stride), vector(kind, op.transposed, 0, last)
        for i in range(start, last):
            W_T[i] = W[i, 0]
        return
    for i in range(start, last, L):
        for j in range(0, op.n_out, L):
            transpose_block(kind, op.weights + (i * op.stride + j) * size, op.stride, op.n_in - i,
                            op.transposed + (j * op.transposed_stride + i) * size, op.transposed_stride)


@nb.njit(**OPTIONS)
def stretch(kind, address, op, start, stop):
    """See some padded rows as one vector."""
    return vector(kind, address, start * op.stride, (stop - start) * op.stride)


@kernel(LAYER)
def penalize(kind, step, op, start, stop):
    """Add the penalties of the weights to the gradient, and their price to the tile's."""
    last = min(stop, op.n_in)
    p, g = stretch(kind, op.weights, op, start, last), stretch(kind, op.gradient, op, start, last)
    one, half, l1, l2 = real(kind, 1), real(kind, 0.5), real(kind, op.l1), real(kind, op.l2)
    price = 0.0
    for i in range(len(p)):
        sign = one if p[i] > 0 else -one if p[i] < 0 else p[i]
        g[i] += l1 * sign + l2 * p[i]
    for i in range(len(p)):
        price += l1 * abs(p[i]) + half * l2 * p[i] * p[i]
    vector(np.float64, step.squares, step.n_tiles + op.first_tile + (start >> op.tile_bits), 1)[0] = price


@kernel(LAYER)
def square(kind, step, op, start, stop):
    """Σ g² of a tile."""
    length = (stop - start) * op.stride
    total = sum_of_squares(kind, op.gradient, start * op.stride, length)
    vector(np.float64, step.squares, op.first_tile + (start >> op.tile_bits), 1)[0] = total


@kernel(LAYER)
def clip_values(kind, step, op, start, stop):
    """Cut each entry of the gradient off at ± the limit."""
    g, limit = stretch(kind, op.gradient, op, start, stop), real(kind, step.clip)
    for i in range(len(g)):
        g[i] = limit if g[i] > limit else -limit if g[i] < -limit else g[i]


@kernel(LAYER)
def measure_norm(kind, step, op, start, stop):
    """The norm of the whole gradient."""
    squares, total = vector(np.float64, step.squares, 0, step.n_tiles), 0.0
    for tile in range(step.n_tiles):
        total += squares[tile]
    step.norm = math.sqrt(total)


@kernel(LAYER)
def clip_norm(kind, step, op, start, stop):
    """Shorten the gradient to the limit."""
    if step.norm > step.clip:
        g, factor = stretch(kind, op.gradient, op, start, stop), real(kind, step.clip / step.norm)
        for i in range(len(g)):
            g[i] *= factor
