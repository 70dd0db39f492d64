"""The second region of a step: threads split the parameters into tiles.

Each thread computes its tiles of the gradient over the whole batch, and at once applies the
optimizer to them, while they are in the cache.
"""

from __future__ import annotations

import math

import numba as nb
from numpy import intp as whole  # a literal would make Numba compile a variant of its own

from barenet.engines.compiled.functions import OPTIONS, PARALLEL, clear
from barenet.engines.compiled.layers import norm_gradient, operation
from barenet.engines.compiled.products import product
from barenet.engines.compiled.program import (
    BIAS,
    CLIP_NORM,
    CLIP_VALUE,
    DENSE,
    FIRST,
    FIRST_TILE,
    GRADIENT,
    IN_STRIDE,
    KIND,
    L1,
    L2,
    N_IN,
    N_OPERATIONS,
    N_TILES,
    OPTIMIZER,
    PRICES,
    RULE,
    SECOND,
    SQUARES,
    STRIDE,
    TILE_ROWS,
    TRANSPOSED,
    WEIGHTS,
    ZEROS,
    D,
    X,
)
from barenet.engines.compiled.simd import stretch
from barenet.engines.compiled.state import transpose_rows
from barenet.engines.compiled.updates import clip_values, penalize, scale, sum_of_squares, update

# What is done with the tiles.
DIFFERENTIATE, APPLY, BOTH = 0, 1, 2


@nb.njit(**OPTIONS)
def learn(width, work, n_rows, rate, n_steps, threads):
    """Turn the derivatives into a step; return the norm of the gradient."""
    limit = work.numbers[CLIP_NORM]
    share_tiles(
        width, work, n_rows, rate, n_steps, whole(DIFFERENTIATE if limit > 0 else BOTH), threads
    )
    total = 0.0
    for tile in range(work.program[N_TILES]):
        total += work.sums[work.program[SQUARES] + tile]
    norm = math.sqrt(total)
    if limit > 0:
        clip_norm(work, limit, norm)
        share_tiles(width, work, n_rows, rate, n_steps, whole(APPLY), threads)
    return norm


@nb.njit(**OPTIONS)
def clip_norm(work, limit, norm):
    """Shorten the whole gradient to the limit."""
    if norm > limit:
        for index in range(work.program[N_OPERATIONS]):
            op, _ = operation(work, index)
            if op[GRADIENT] > 0:
                size = op[BIAS] + op[STRIDE] - op[WEIGHTS]
                scale(stretch(work.memory, op[GRADIENT], size), limit / norm)


@nb.njit(**PARALLEL)
def share_tiles(width, work, n_rows, rate, n_steps, stage, threads):
    """Let each thread do its share of the tiles of all parameters."""
    if threads == 1:
        do_tiles(width, work, n_rows, rate, n_steps, stage, threads - 1, threads)
    else:
        for t in nb.prange(threads):
            do_tiles(width, work, n_rows, rate, n_steps, stage, whole(t), threads)


@nb.njit(**OPTIONS)
def do_tiles(width, work, n_rows, rate, n_steps, stage, t, threads):
    """Every operation's t-th share of tiles: their gradient, and the optimizer's step."""
    for index in range(work.program[N_OPERATIONS]):
        op, options = operation(work, index)
        if op[KIND] == DENSE:
            n_tiles = -(-op[N_IN] // TILE_ROWS) + 1
            for tile in range(t * n_tiles // threads, (t + 1) * n_tiles // threads):
                first = min(tile * TILE_ROWS, op[N_IN]) if tile < n_tiles - 1 else op[N_IN]
                last = min(first + TILE_ROWS, op[N_IN]) if tile < n_tiles - 1 else first + 1
                if stage != APPLY:
                    dense_gradient(width, work, op, first, last, n_rows)
                do_tile(work, op, options, first, last, tile, rate, n_steps, stage)
        elif op[GRADIENT] > 0 and t == 0:
            if stage != APPLY:
                norm_gradient(op, work.memory, n_rows)
            do_tile(work, op, options, t, t + 2, t, rate, n_steps, stage)


@nb.njit(**OPTIONS)
def dense_gradient(width, work, op, first, last, n_rows):
    """Rows of dW = Xᵀ dZ; after the last row of W comes db, the column sums of dZ."""
    memory, stride = work.memory, op[STRIDE]
    place = op[GRADIENT] + first * stride
    if first < op[N_IN]:
        product(width, memory, op[X] + first, whole(1), op[IN_STRIDE],
                op[D], stride, work.program[ZEROS],
                place, stride, last - first, stride, n_rows)  # fmt: skip
        return
    d_bias = stretch(memory, place, stride)
    clear(d_bias)
    for row in range(n_rows):
        d = stretch(memory, op[D] + row * stride, stride)
        for j in range(stride):
            d_bias[j] += d[j]


@nb.njit(**OPTIONS)
def do_tile(work, op, options, first, last, tile, rate, n_steps, stage):
    """Finish the gradient of a tile with its penalties, and let the optimizer change the tile."""
    memory, stride = work.memory, op[STRIDE]
    skip, size, place = first * stride, (last - first) * stride, op[FIRST_TILE] + tile
    p = stretch(memory, op[WEIGHTS] + skip, size)
    g = stretch(memory, op[GRADIENT] + skip, size)
    weights = op[KIND] == DENSE and first < op[N_IN]
    if stage != APPLY:
        if weights and (options[L1] > 0 or options[L2] > 0):
            price = penalize(p, g, options[L1], options[L2])
            work.sums[work.program[PRICES] + place] = price
        work.sums[work.program[SQUARES] + place] = sum_of_squares(g)
        if work.numbers[CLIP_VALUE] > 0:
            clip_values(g, work.numbers[CLIP_VALUE])
    if stage != DIFFERENTIATE:
        update(work.program[OPTIMIZER], stretch(work.numbers, RULE, 4), rate, n_steps, p, g,
               stretch(memory, op[FIRST] + skip, size),
               stretch(memory, op[SECOND] + skip, size))  # fmt: skip
        if weights and op[TRANSPOSED] >= 0:
            transpose_rows(op, memory, first, last)
