"""Matrix products of any size, cut into the blocks of `simd`.

The bulk is done two vectors wide; a last odd vector of the columns is done by itself.
"""

from __future__ import annotations

import numba as nb

from barenet.engines.compiled.functions import OPTIONS
from barenet.engines.compiled.simd import (
    block_1x1,
    block_1x2,
    block_4x1,
    block_4x2,
    block_8x2,
    block_16x1,
    lanes,
)


@nb.njit(**OPTIONS)
def product(width, memory, a, a_row, a_step, b, b_step, s, c, c_row, m, n, depth):
    """C (m, n) = s + A B, with n a multiple of the lanes; see `simd` for the arguments."""
    j, L = 0, lanes(width, memory)
    while j + 2 * L <= n:
        two_vectors(width, memory, a, a_row, a_step, b + j, b_step, s + j, c + j, c_row, m, depth)
        j += 2 * L
    if j < n:
        one_vector(width, memory, a, a_row, a_step, b + j, b_step, s + j, c + j, c_row, m, depth)


@nb.njit(**OPTIONS)
def two_vectors(width, memory, a, a_row, a_step, b, b_step, s, c, c_row, m, depth):
    """Columns of C that fill two vectors, in blocks of 8, 4 and 1 rows."""
    i = 0
    while i + 8 <= m:
        block_8x2(width, memory, a + i * a_row, a_row, a_step,
                  b, b_step, s, c + i * c_row, c_row, depth)  # fmt: skip
        i += 8
    while i + 4 <= m:
        block_4x2(width, memory, a + i * a_row, a_row, a_step,
                  b, b_step, s, c + i * c_row, c_row, depth)  # fmt: skip
        i += 4
    while i < m:
        block_1x2(width, memory, a + i * a_row, a_row, a_step,
                  b, b_step, s, c + i * c_row, c_row, depth)  # fmt: skip
        i += 1


@nb.njit(**OPTIONS)
def one_vector(width, memory, a, a_row, a_step, b, b_step, s, c, c_row, m, depth):
    """Columns of C that fill one vector, in blocks of 16, 4 and 1 rows."""
    i = 0
    while i + 16 <= m:
        block_16x1(width, memory, a + i * a_row, a_row, a_step,
                   b, b_step, s, c + i * c_row, c_row, depth)  # fmt: skip
        i += 16
    while i + 4 <= m:
        block_4x1(width, memory, a + i * a_row, a_row, a_step,
                  b, b_step, s, c + i * c_row, c_row, depth)  # fmt: skip
        i += 4
    while i < m:
        block_1x1(width, memory, a + i * a_row, a_row, a_step,
                  b, b_step, s, c + i * c_row, c_row, depth)  # fmt: skip
        i += 1
