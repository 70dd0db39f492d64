"""Matrix products of any size, cut into blocks that are held in registers."""

from __future__ import annotations

from barenet.engines.compiled.kernel import kernel
from barenet.engines.compiled.records import PRODUCT
from barenet.engines.simd.blocks import block_product
from barenet.engines.simd.memory import lanes

#: Rows of the largest block.
MOST_ROWS = 16


blocks_8x2, blocks_4x2, blocks_1x2 = (block_product(n_rows, 2) for n_rows in (8, 4, 1))
blocks_16x1, blocks_4x1, blocks_1x1 = (block_product(n_rows, 1) for n_rows in (MOST_ROWS, 4, 1))


@kernel(PRODUCT)
def multiply(kind, step, product, start, stop):
    """Rows of C = S + A B; where one is asked for that A does not have, it is a row of ones.

    A depth of 0 is the number of the batch's rows.
    """
    a, a_row, a_step = product.a, product.a_row, product.a_step
    depth = product.depth if product.depth > 0 else step.n_rows
    one, L = product.one_row, lanes(kind)
    last, j = stop if stop <= one else product.height, 0
    while j + 2 * L <= product.width:
        i = blocks_8x2(kind, product, a, a_row, a_step, start, last, j, depth)
        i = blocks_4x2(kind, product, a, a_row, a_step, i, last, j, depth)
        blocks_1x2(kind, product, a, a_row, a_step, i, last, j, depth)
        if stop > one:
            blocks_1x2(kind, product, product.one, 0, 0, one, stop, j, depth)
        j += 2 * L
    if j < product.width:
        i = blocks_16x1(kind, product, a, a_row, a_step, start, last, j, depth)
        i = blocks_4x1(kind, product, a, a_row, a_step, i, last, j, depth)
        blocks_1x1(kind, product, a, a_row, a_step, i, last, j, depth)
        if stop > one:
            blocks_1x1(kind, product, product.one, 0, 0, one, stop, j, depth)
