"""Matrix products of any size, cut into the blocks of `simd`."""

from __future__ import annotations

import numba as nb

from barenet.engines.compiled.kernel import OPTIONS
from barenet.engines.simd.blocks import block_product
from barenet.engines.simd.memory import lanes

#: Rows of the largest block.
MOST_ROWS = 16

block_8x2, block_4x2, block_1x2 = (block_product(rows, 2) for rows in (8, 4, 1))
block_16x1, block_4x1, block_1x1 = (block_product(rows, 1) for rows in (MOST_ROWS, 4, 1))


@nb.njit(**OPTIONS)
def multiply(kind, op, start, stop, depth):
    """Rows of C = S + A B; where one is asked for that A does not have, it is a row of ones."""
    last = stop if stop <= op.one_row else op.height
    if op.width >= 2 * lanes(kind):
        wide(kind, op, start, last, stop, depth)
    if op.width // lanes(kind) % 2:
        narrow(kind, op, start, last, stop, depth)


@nb.njit(**OPTIONS)
def wide(kind, op, start, last, stop, depth):
    """The columns of C that fill pairs of vectors, in blocks of 8, 4 and 1 rows."""
    a, a_row, a_step = op.a, op.a_row, op.a_step
    for j in range(0, op.width - lanes(kind), 2 * lanes(kind)):
        i = start
        while i + 8 <= last:
            block_8x2(kind, op, a, a_row, a_step, i, j, depth)
            i += 8
        while i + 4 <= last:
            block_4x2(kind, op, a, a_row, a_step, i, j, depth)
            i += 4
        while i < last:
            block_1x2(kind, op, a, a_row, a_step, i, j, depth)
            i += 1
        if stop > op.one_row:
            block_1x2(kind, op, op.one, 0, 0, op.one_row, j, depth)


@nb.njit(**OPTIONS)
def narrow(kind, op, i, last, stop, depth):
    """The last vector of columns, in blocks of 16, 4 and 1 rows."""
    a, a_row, a_step, j = op.a, op.a_row, op.a_step, op.width - lanes(kind)
    while i + MOST_ROWS <= last:
        block_16x1(kind, op, a, a_row, a_step, i, j, depth)
        i += MOST_ROWS
    while i + 4 <= last:
        block_4x1(kind, op, a, a_row, a_step, i, j, depth)
        i += 4
    while i < last:
        block_1x1(kind, op, a, a_row, a_step, i, j, depth)
        i += 1
    if stop > op.one_row:
        block_1x1(kind, op, op.one, 0, 0, op.one_row, j, depth)
