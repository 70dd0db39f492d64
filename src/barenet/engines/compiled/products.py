"""Matrix products of any size, cut into blocks that are held in registers."""

from __future__ import annotations

from barenet.engines.compiled.kernel import kernel
from barenet.engines.compiled.records import PRODUCT
from barenet.engines.simd.blocks import block_product
from barenet.engines.simd.memory import lanes

#: Rows of the largest block.
MOST_ROWS = 16

block_8x2, block_4x2, block_1x2 = (block_product(rows, 2) for rows in (8, 4, 1))
block_16x1, block_4x1, block_1x1 = (block_product(rows, 1) for rows in (MOST_ROWS, 4, 1))


@kernel(PRODUCT)
def multiply(kind, step, op, start, stop):
    """Rows of C = S + A B; where one is asked for that A does not have, it is a row of ones.

    A depth of 0 is the number of the batch's rows.
    """
    a, a_row, a_step = op.a, op.a_row, op.a_step
    depth = op.depth if op.depth > 0 else step.n_rows
    last = stop if stop <= op.one_row else op.height
    j = 0
    while j + 2 * lanes(kind) <= op.width:
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
        j += 2 * lanes(kind)
    if j < op.width:
        i = start
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
