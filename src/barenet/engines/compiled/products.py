"""Matrix products of any size, cut into blocks that are held in registers."""

from __future__ import annotations

import numba as nb

from barenet.engines.compiled.kernel import INLINE, kernel
from barenet.engines.compiled.records import PRODUCT
from barenet.engines.simd.blocks import block_product
from barenet.engines.simd.memory import itemsize, lanes

#: Rows of the largest block.
MOST_ROWS = 16


def block_column(n_vectors, most_rows):
    """Make the code for so many vectors of each row of C, in blocks of up to so many rows."""
    tall, low, single = (block_product(n_rows, n_vectors) for n_rows in (most_rows, 4, 1))

    @nb.njit(**INLINE)
    def multiply_column(kind, product, j, start, stop, depth):
        place, one_row = j * itemsize(kind), product.one_row
        a, a_row, a_step = product.a, product.a_row, product.a_step
        b, b_step, s = product.b + place, product.b_step, product.s + place
        c, c_row = product.c + place, product.c_row
        row, last = start, stop if stop <= one_row else product.height
        while row + most_rows <= last:
            tall(kind, a, a_row, a_step, b, b_step, s, c, c_row, row, depth)
            row += most_rows
        while row + 4 <= last:
            low(kind, a, a_row, a_step, b, b_step, s, c, c_row, row, depth)
            row += 4
        while row < last:
            single(kind, a, a_row, a_step, b, b_step, s, c, c_row, row, depth)
            row += 1
        if stop > one_row:
            single(kind, product.one, 0, 0, b, b_step, s, c, c_row, one_row, depth)

    return multiply_column


two_vectors, one_vector = block_column(2, 8), block_column(1, MOST_ROWS)


@kernel(PRODUCT)
def multiply(kind, step, product, start, stop):
    """Rows of C = S + A B; where one is asked for that A does not have, it is a row of ones.

    A depth of 0 is the number of the batch's rows.
    """
    depth = product.depth if product.depth > 0 else step.n_rows
    j = 0
    while j + 2 * lanes(kind) <= product.width:
        two_vectors(kind, product, j, start, stop, depth)
        j += 2 * lanes(kind)
    if j < product.width:
        one_vector(kind, product, j, start, stop, depth)
