"""Parameters: in and out of padded rows, and what is done to their gradient before a step.

The units of these kernels are rows: those of W and then the bias, or the gain and bias of a norm.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from barenet.engines.compiled.kernel import INLINE, OPTIONS, kernel
from barenet.engines.compiled.records import LAYER
from barenet.engines.simd.blocks import transpose_block
from barenet.engines.simd.lanes import absolute, sum_lanes, where, widen
from barenet.engines.simd.memory import array, lanes, vectors


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
        copy(kind, flat, op.flat + row * op.n_out, padded, row * op.stride, op.n_out)


@nb.njit(**OPTIONS)
def collect(kind, flat, op, padded, start, stop):
    """Copy padded rows back into a vector of the network's layout."""
    for row in range(start, stop if flat != 0 else start):
        copy(kind, padded, row * op.stride, flat, op.flat + row * op.n_out, op.n_out)


@nb.njit(**OPTIONS)
def copy(kind, source, first, target, first_target, n):
    """Copy numbers."""
    numbers, place = array(kind, source, first, n), array(kind, target, first_target, n)
    for j in range(n):
        place[j] = numbers[j]


@kernel(LAYER)
def transpose(kind, step, op, start, stop):
    """Bring rows of W up to date in the copy of Wᵀ."""
    last, row, row_T, L = min(stop, op.n_in), op.stride, op.transposed_stride, lanes(kind)
    if op.n_out == 1:
        W, W_T = array(kind, op.weights, 0, last * row), array(kind, op.transposed, 0, last)
        for i in range(start, last):
            W_T[i] = W[i * row]
        return
    for i in range(start, last, L):
        for j in range(0, op.n_out, L):
            transpose_block(kind, op.weights, i * row + j, row, op.n_in - i,
                            op.transposed, j * row_T + i, row_T)  # fmt: skip


@nb.njit(**INLINE)
def stretch(kind, op, start, stop):
    """Some rows of parameters, of their gradient, and how many numbers that are."""
    first, length = start * op.stride, (stop - start) * op.stride
    return vectors(kind, op.weights, first), vectors(kind, op.gradient, first), length


@nb.njit(**INLINE)
def measure(kind, step, op, start, stop):
    """Note Σ g² of a tile."""
    _, g, length = stretch(kind, op, start, stop)
    total = widen(g[0] * g[0])
    for i in range(lanes(kind), length, lanes(kind)):
        total = total + widen(g[i] * g[i])
    note(kind, step, op, start, stop, sum_lanes(total))


@nb.njit(**OPTIONS)
def note(kind, step, op, start, stop, square):
    """Note a sum of squares, unless it may be that the squares alone did not fit the dtype."""
    if square == 0 or square == np.inf:
        _, g, length = stretch(kind, op, start, stop)
        square = 0.0
        for i in range(0, length, lanes(kind)):
            square += sum_lanes(widen(g[i]) * widen(g[i]))
    tile = op.first_tile + (start >> op.tile_bits)
    array(np.float64, step.squares, tile, 1)[0] = square


@kernel(LAYER)
def penalize(kind, step, op, start, stop):
    """Add the penalties of the weights to the gradient, and their price to the tile's."""
    p, g, length = stretch(kind, op, start, min(stop, op.n_in))
    l1, l2, price = op.l1 + op.shared_l1 * step.share, op.l2 + op.shared_l2 * step.share, 0.0
    for i in range(0, length, lanes(kind)):
        sign = where(p[i] > 0, 1, where(p[i] < 0, -1, p[i]))
        g[i] = g[i] + (l1 * sign + l2 * p[i])
        price += sum_lanes(widen(l1 * absolute(p[i]) + 0.5 * l2 * p[i] * p[i]))
    tile = op.first_tile + (start >> op.tile_bits)
    array(np.float64, step.squares, step.n_tiles + tile, 1)[0] = price
    measure(kind, step, op, start, stop)


@kernel(LAYER)
def clip_values(kind, step, op, start, stop):
    """Cut each entry of the gradient off at ± the limit."""
    _, g, length = stretch(kind, op, start, stop)
    for i in range(0, length, lanes(kind)):
        g[i] = where(g[i] > step.clip, step.clip, where(g[i] < -step.clip, -step.clip, g[i]))


@kernel(LAYER)
def measure_norm(kind, step, op, start, stop):
    """The norm of the whole gradient."""
    total = 0.0
    for square in array(np.float64, step.squares, 0, step.n_tiles):
        total += square
    step.norm = math.sqrt(total)


@kernel(LAYER)
def clip_norm(kind, step, op, start, stop):
    """Shorten the gradient to the limit."""
    if step.norm > step.clip:
        _, g, length = stretch(kind, op, start, stop)
        for i in range(0, length, lanes(kind)):
            g[i] = g[i] * (step.clip / step.norm)
