"""Matrix products of any size, cut into the blocks of `simd`."""

from __future__ import annotations

import numba as nb

from barenet.engines.compiled.kernel import OPTIONS, kernel
from barenet.engines.compiled.records import PRODUCT
from barenet.engines.compiled.simd import block_product, lanes

block_8x2, block_4x2, block_1x2 = (block_product(rows, 2) for rows in (8, 4, 1))
block_16x1, block_4x1, block_1x1 = (block_product(rows, 1) for rows in (16, 4, 1))


@kernel(PRODUCT)
def product(kind, step, op, start, stop):
    """Rows of C = S + A B; the depth is the batch's rows where the operation has none."""
    depth = op.depth if op.depth > 0 else step.n_rows
    last, j = min(stop, op.height), 0
    while j + 2 * lanes(kind) <= op.width:
        two_vectors(kind, op, start, last, j, depth)
        if stop > last:
            block_1x2(kind, op, op.one, 0, 0, last, j, depth)
        j += 2 * lanes(kind)
    if j < op.width:
        one_vector(kind, op, start, last, j, depth)
        if stop > last:
            block_1x1(kind, op, op.one, 0, 0, last, j, depth)


@nb.njit(**OPTIONS)
def two_vectors(kind, op, i, stop, j, depth):
    """Two vectors of C's columns, in blocks of 8, 4 and 1 rows."""
    a, a_row, a_step = op.a, op.a_row, op.a_step
    while i + 8 <= stop:
        block_8x2(kind, op, a, a_row, a_step, i, j, depth)
        i += 8
    while i + 4 <= stop:
        block_4x2(kind, op, a, a_row, a_step, i, j, depth)
        i += 4
    while i < stop:
        block_1x2(kind, op, a, a_row, a_step, i, j, depth)
        i += 1


@nb.njit(**OPTIONS)
def one_vector(kind, op, i, stop, j, depth):
    """One vector of C's columns, in blocks of 16, 4 and 1 rows."""
    a, a_row, a_step = op.a, op.a_row, op.a_step
    while i + 16 <= stop:
        block_16x1(kind, op, a, a_row, a_step, i, j, depth)
        i += 16
    while i + 4 <= stop:
        block_4x1(kind, op, a, a_row, a_step, i, j, depth)
        i += 4
    while i < stop:
        block_1x1(kind, op, a, a_row, a_step, i, j, depth)
        i += 1
