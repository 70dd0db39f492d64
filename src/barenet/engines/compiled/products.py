"""Matrix products of any size, cut into the blocks of `simd`.

C = S + A B is done in columns of two vectors, and what is left of them in one of one vector. Where
a gradient is computed, a row of ones stands below the rows of A: the input of the biases.
"""

from __future__ import annotations

from barenet.engines.compiled.kernel import kernel
from barenet.engines.compiled.records import PRODUCT
from barenet.engines.compiled.simd import block_product, lanes

#: Rows of the largest block.
MOST_ROWS = 16

block_8x2, block_4x2, block_1x2 = (block_product(rows, 2) for rows in (8, 4, 1))
block_16x1, block_4x1, block_1x1 = (block_product(rows, 1) for rows in (MOST_ROWS, 4, 1))


@kernel(PRODUCT)
def wide_product(kind, step, op, start, stop):
    """Rows of C, as far as its columns fill pairs of vectors, in blocks of 8, 4 and 1 rows."""
    a, a_row, a_step = op.a, op.a_row, op.a_step
    depth = op.depth if op.depth > 0 else step.n_rows
    last = stop if stop <= op.one_row else op.height
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


@kernel(PRODUCT)
def narrow_product(kind, step, op, start, stop):
    """Rows of C in its last vector of columns, in blocks of 16, 4 and 1 rows."""
    a, a_row, a_step = op.a, op.a_row, op.a_step
    depth = op.depth if op.depth > 0 else step.n_rows
    last = stop if stop <= op.one_row else op.height
    i, j = start, op.width - lanes(kind)
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
