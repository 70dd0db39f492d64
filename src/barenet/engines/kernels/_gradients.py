"""Gradients of parameters: norms, penalties and clipping, tile by tile, before the update."""

import math

import numpy as np

from barenet.engines.kernels._kernel import kernel
from barenet.engines.kernels._records import tile
from barenet.engines.simd._calls import compiled
from barenet.engines.simd._lanes import absolute, repeat, sum_lanes, where, widen
from barenet.engines.simd._views import array, lanes


@compiled
def sum_of(address, first, length):
    """Sum numbers in their order."""
    total = 0.0
    for number in array(np.float64, address, first, length):
        total += number
    return total


@kernel()
def sum_squares(spec, step, layer, start, stop):
    """Σ g² of each tile, in four sums, because each addition has to wait for the previous one."""
    L = lanes(spec)
    size = 1 << layer.tile_bits
    for first in range(start, stop, size):
        last = min(first + size, stop)
        _, g, length = tile(spec, step, layer, first, last)
        a = b = c = d = repeat(spec, 0)
        whole = length - length % (4 * L)
        for i in range(0, whole, 4 * L):
            a = a + g[i] * g[i]
            b = b + g[i + L] * g[i + L]
            c = c + g[i + 2 * L] * g[i + 2 * L]
            d = d + g[i + 3 * L] * g[i + 3 * L]
        for i in range(whole, length, L):
            a = a + g[i] * g[i]
        squares = (a + b) + (c + d)
        keep_squares(spec, step, layer, first, last, squares)


@compiled
def keep_squares(spec, step, layer, start, stop, squares):
    """Store Σ g² of a tile; computed again in float64 if a square may have overflowed."""
    total = sum_lanes(widen(squares))
    if total == 0 or total == np.inf:
        _, g, length = tile(spec, step, layer, start, stop)
        total = 0.0
        for i in range(0, length, lanes(spec)):
            wide = widen(g[i])
            total += sum_lanes(wide * wide)
    number = layer.first_tile + (start >> layer.tile_bits)
    squares_of_tile = array(np.float64, step.squares, number, 1)
    squares_of_tile[0] = total


@kernel()
def penalize(spec, step, layer, start, stop):
    """Add the penalties of the weights to the gradient, and store their value for each tile."""
    size = 1 << layer.tile_bits
    number = step.n_tiles + layer.first_tile
    l1 = layer.l1 + layer.shared_l1 * step.row_weight
    l2 = layer.l2 + layer.shared_l2 * step.row_weight
    for first in range(start, stop, size):
        last = min(first + size, stop, layer.n_in)
        p, g, length = tile(spec, step, layer, first, last)
        penalty = widen(repeat(spec, 0))
        for i in range(0, length, lanes(spec)):
            weight = p[i]
            sign = where(weight > 0, 1, where(weight < 0, -1, weight))
            slope = l1 * sign + l2 * weight
            g[i] = g[i] + slope
            value = l1 * absolute(weight) + 0.5 * l2 * weight * weight
            penalty = penalty + widen(value)
        place = number + (first >> layer.tile_bits)
        penalty_of_tile = array(np.float64, step.squares, place, 1)
        penalty_of_tile[0] = sum_lanes(penalty)


@kernel()
def clip_values(spec, step, layer, start, stop):
    """Clip each entry of the gradient to ± the limit."""
    _, g, length = tile(spec, step, layer, start, stop)
    for i in range(0, length, lanes(spec)):
        entry = g[i]
        raised = where(entry < -step.clip, -step.clip, entry)
        g[i] = where(entry > step.clip, step.clip, raised)


@kernel()
def whole_norm(spec, step, layer, start, stop):
    """The norm of the whole gradient."""
    step.norm = math.sqrt(sum_of(step.squares, 0, step.n_tiles))


@kernel()
def clip_norm(spec, step, layer, start, stop):
    """Scale the gradient to the limit."""
    if step.norm > step.clip:
        _, g, length = tile(spec, step, layer, start, stop)
        for i in range(0, length, lanes(spec)):
            g[i] = g[i] * (step.clip / step.norm)
