"""State: the network's own flat vectors, in and out of the padded rows of the memory."""

from __future__ import annotations

import numba as nb
from numpy import intp as whole  # a literal would make Numba compile a variant of its own

from barenet.engines.compiled.functions import OPTIONS, copy
from barenet.engines.compiled.layers import operation
from barenet.engines.compiled.program import (
    BIAS,
    FLAT,
    GRADIENT,
    IN_STRIDE,
    N_IN,
    N_OPERATIONS,
    N_OUT,
    STRIDE,
    TRANSPOSED,
    WEIGHTS,
    Work,
)
from barenet.engines.compiled.simd import stretch


@nb.njit(**OPTIONS)
def borrow(work):
    """The same arrays without the counting of who refers to them, which costs more than a layer."""
    return Work(
        stretch(work.program, whole(0), len(work.program)),
        stretch(work.numbers, whole(0), len(work.numbers)),
        stretch(work.memory, whole(0), len(work.memory)),
        stretch(work.sums, whole(0), len(work.sums)),
        stretch(work.phases, whole(0), len(work.phases)),
    )


@nb.njit(**OPTIONS)
def borrow_data(data):
    """The same for X, y and the sample weights."""
    X, y, weights = data
    return (
        stretch(X, whole(0), len(X)),
        stretch(y, whole(0), len(y)),
        stretch(weights, whole(0), len(weights)),
    )


@nb.njit(**OPTIONS)
def load(work, flat, column):
    """Copy a vector of the network's layout into the padded rows of an operation's column."""
    for index in range(work.program[N_OPERATIONS] if len(flat) else 0):
        op, _ = operation(work, index)
        n = op[N_OUT]
        for row in range((op[BIAS] - op[WEIGHTS]) // op[STRIDE] + 1 if op[GRADIENT] > 0 else 0):
            place = op[column] + row * op[STRIDE]
            copy(stretch(flat, op[FLAT] + row * n, n), stretch(work.memory, place, n))


@nb.njit(**OPTIONS)
def store(work, column, flat):
    """Copy the padded rows of an operation's column back into a vector of the network's layout."""
    for index in range(work.program[N_OPERATIONS] if len(flat) else 0):
        op, _ = operation(work, index)
        n = op[N_OUT]
        for row in range((op[BIAS] - op[WEIGHTS]) // op[STRIDE] + 1 if op[GRADIENT] > 0 else 0):
            place = op[column] + row * op[STRIDE]
            copy(stretch(work.memory, place, n), stretch(flat, op[FLAT] + row * n, n))


@nb.njit(**OPTIONS)
def transpose_weights(work):
    """Make all copies of Wᵀ anew."""
    for index in range(work.program[N_OPERATIONS]):
        op, _ = operation(work, index)
        if op[TRANSPOSED] >= 0:
            transpose_rows(op, work.memory, whole(0), op[N_IN])


@nb.njit(**OPTIONS)
def transpose_rows(op, memory, first, last):
    """Bring rows of W up to date in the copy of Wᵀ."""
    for j in range(op[N_OUT]):
        for i in range(first, last):
            memory[op[TRANSPOSED] + j * op[IN_STRIDE] + i] = memory[
                op[WEIGHTS] + i * op[STRIDE] + j
            ]
