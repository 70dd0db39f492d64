"""Rows in lanes: predictions of many rows by narrow layers, with a row of X in each lane.

In the other kernels, a row of a matrix is a row of the batch, whose numbers fill the lanes of some
vectors: seven vectors of 16 lanes for 100 units, and one for a single output, of which 15 lanes
compute nothing. Here, some rows of the batch, a *tile*, are the columns of a matrix, which has a
row for each input or unit. So a dense layer computes::

    Zᵀ = b + Wᵀ Xᵀ    with Zᵀ (n_out, n), Wᵀ (n_out, n_in) and Xᵀ (n_in, n) for n rows of a tile

and every lane is used by layers of any width. Softmax is a loop over the rows of Zᵀ. A tile is so
small that it stays in the first-level cache from X to the outputs. W is read as it is: its numbers
for a step of the sums, one for each unit, are adjacent.

Each number is the same sum, in the same order, as in the other kernels, so it has the same bits.
"""

import numpy as np

from barenet.engines.kernels._activations import softmax_of_lanes, value
from barenet.engines.kernels._copies import SOURCES, copy_columns
from barenet.engines.kernels._kernel import kernel
from barenet.engines.kernels._records import PRODUCT, ceil_div
from barenet.engines.simd._calls import compiled, inlined
from barenet.engines.simd._mathematics import are_finite
from barenet.engines.simd._processor import n_registers
from barenet.engines.simd._register_blocks import block_product, transpose_block
from barenet.engines.simd._views import (
    array,
    copied,
    itemsize,
    lanes,
    on_stack,
    record_at,
    source,
    vectors,
)
from barenet.model._activations import ENTRYWISE

#: Bytes of a row of a tile, which are 32 rows of a batch in float64, and 64 in float32: four
#: vectors of AVX-512.
TILE_BYTES = 256
#: Maximum number of inputs.
MAX_INPUTS = 255
#: Rows of W and of its products come in pairs; the second row of the last pair may be unused.
PAIR = 2

#: Number of vectors in a block of six units. With 24 sums, two more vectors are loaded for each
#: step than with 16 rows of one vector, in half the instructions.
WIDTH = 4 if n_registers() == 32 else 2

blocks_of_six = block_product(6, WIDTH, starts="rows")
blocks_of_pairs = block_product(PAIR, 4, starts="rows")
product_at = record_at(PRODUCT)
rows_on_stack = on_stack(MAX_INPUTS + 1)


@inlined
def tile_length(spec):
    """The number of rows of the batch in a tile."""
    return TILE_BYTES // itemsize(spec)


@inlined
def tile_at(spec, layer, matrices, start):
    """The address of the tile that begins with this row of the batch; its height is the stride."""
    return matrices + start * layer.stride * itemsize(spec)


@kernel(SOURCES)
def gather_in_lanes(spec, step, layer, start, stop):
    """Copy rows of X, of the type that the spec names, to a tile, which ends with zeros."""
    L = lanes(spec)
    length = tile_length(spec)
    tile = tile_at(spec, layer, layer.x, start)
    is_direct = can_be_transposed(spec, step, layer)
    for column in range(0, length, L):
        first = start + column
        n_rows = max(0, min(L, stop - first))
        place = tile + column * itemsize(spec)
        if is_direct and n_rows == L:
            transpose_rows(spec, step, layer, first, place)
        else:
            copy_rows(spec, step, layer, first, n_rows, place)
    are_safe = are_finite(spec, tile, length, length, 0, layer.n_in)
    step.unsafe |= not are_safe


@inlined
def can_be_transposed(spec, step, layer):
    """Return whether vectors can be read from rows of X: they have one, and of the same dtype."""
    number = source(spec, step.x, 0, 1)
    is_same = number.itemsize == itemsize(spec)
    is_plain = step.x_column == 1 and step.scale == 1
    return is_same and is_plain and layer.n_in >= lanes(spec)


@compiled
def transpose_rows(spec, step, layer, first, place):
    """Transpose as many rows of X as there are lanes, from where they are.

    The last square of numbers ends with the rows, so it may overlap the one before.
    """
    L = lanes(spec)
    n = layer.n_in
    length = tile_length(spec)
    numbers = array(np.int64, step.batch, 0, step.n_rows)
    x = step.x + numbers[first] * step.x_row * itemsize(spec)
    for j in range(0, n, L):
        left = min(j, n - L)
        transpose_block(
            spec,
            x, left, step.x_row, L,
            place, left * length, length,
        )  # fmt: skip


@compiled
def copy_rows(spec, step, layer, first, n_rows, place):
    """Transpose some rows of X from a copy, which is converted and scaled."""
    L = lanes(spec)
    n = layer.n_in
    length = tile_length(spec)
    rows = rows_on_stack(spec)
    row = ceil_div(n, L) * L
    # `copy_columns` computes positions from the first row of the batch.
    target = rows - first * row * itemsize(spec)
    copy_columns(spec, step, target, row, first, first + n_rows, 0, n)
    for j in range(0, n, L):
        transpose_block(
            spec,
            rows, j, row, n_rows,
            place, j * length, length,
        )  # fmt: skip


@kernel(operands=PRODUCT)
def multiply_in_lanes(spec, step, product, start, stop):
    """Zᵀ = b + Wᵀ Xᵀ.

    The fields `b_step` and `c_row` are the heights of the tiles, as the rows of all tiles are as
    long; `width` is the number of units, in pairs.
    """
    length = tile_length(spec)
    L = lanes(spec)
    tile = copied(product)
    tile.b += start * product.b_step * itemsize(spec)
    tile.c += start * product.c_row * itemsize(spec)
    tile.b_step = length
    tile.c_row = length
    n_units = product.width
    unit = 0
    for column in range(0, length, WIDTH * L):
        unit = blocks_of_six(spec, tile, 0, n_units, column, 0, product.depth)
    for column in range(0, length, 4 * L):
        blocks_of_pairs(spec, tile, unit, n_units, column, 0, product.depth)


@kernel(ENTRYWISE)
def activate_in_lanes(spec, step, layer, start, stop):
    """A = f(Z)."""
    f = value(spec)
    c = layer.option
    z = tile_at(spec, layer, layer.z, start)
    a = tile_at(spec, layer, layer.a, start)
    Z = vectors(spec, z, 0)
    A = vectors(spec, a, 0)
    for i in range(0, layer.n_out * tile_length(spec), lanes(spec)):
        A[i] = f(Z[i], c)


@kernel(["softmax"])
def softmax_in_place(spec, step, layer, start, stop):
    """Softmax of each column of a tile, in place of Z."""
    length = tile_length(spec)
    z = tile_at(spec, layer, layer.z, start)
    for column in range(0, length, lanes(spec)):
        Z = vectors(spec, z, column)
        softmax_of_lanes(Z, length, layer.n_out)


@kernel()
def emit_from_lanes(spec, step, layer, start, stop):
    """Copy the outputs to the user's array; NaN where the logit z has overflowed, as in `emit`."""
    length = tile_length(spec)
    n = layer.n_out
    n_rows = stop - start
    a = tile_at(spec, layer, layer.a, start)
    if layer.z != 0:
        z = tile_at(spec, layer, layer.z, start)
        A = vectors(spec, a, 0)
        Z = vectors(spec, z, 0)
        for i in range(0, n * length, lanes(spec)):
            A[i] = A[i] + (Z[i] - Z[i])
    first = (step.position + start) * n
    output = array(spec, step.output, first, n_rows * n)
    for j in range(n):
        numbers = array(spec, a, j * length, length)
        for row in range(n_rows):
            output[row * n + j] = numbers[row]
        for row in range(n_rows, length):  # no rows, whose outputs are not checked
            numbers[row] = 0
    are_safe = are_finite(spec, a, length, length, 0, n)
    step.unsafe |= not are_safe
