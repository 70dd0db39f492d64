"""Dense layers: matrix products, of the whole input, of parts of a wide one, or row by row."""

from barenet.engines.kernels._activations import FORMULAS, slope, value
from barenet.engines.kernels._copies import SOURCES, gather_columns
from barenet.engines.kernels._gradients import keep_squares
from barenet.engines.kernels._kernel import kernel
from barenet.engines.kernels._records import PRODUCT, gradient_row, parameter_vectors, row_vectors
from barenet.engines.simd._calls import compiled, inlined, invoke
from barenet.engines.simd._lanes import sum_lanes
from barenet.engines.simd._matrix_vector import multiply_rows
from barenet.engines.simd._processor import widest_bits
from barenet.engines.simd._register_blocks import HALF, TALL, block_product, transpose_block
from barenet.engines.simd._views import (
    array,
    copied,
    itemsize,
    lanes,
    on_stack,
    prefetch,
    record_at,
    vectors,
)

#: Rows of the largest block of a product; and rows that threads do not divide, of a wide input.
MAX_ROWS, BLOCK = 16, 32

#: Depth up to which a product is computed at once; rows of B and columns of C that are used
#: together beyond it, and so stay in the caches.
DEEP, DEPTH, COLUMNS = 1024, 256, 256
#: Numbers of a matrix B whose blocks are copied, and rows of A for each copy. Vectors of AVX-512
#: are long enough without: there the copies take longer than they save.
LARGE, ROWS, IS_SHORT = 2**15, 256, widest_bits() < 512

PRODUCT_SIZE, product_at = PRODUCT.itemsize, record_at(PRODUCT)

blocks_1x8, panel_on_stack = block_product(1, 8), on_stack(2 * DEPTH)
half_blocks, blocks_4x2, blocks_1x2 = (block_product(n_rows, 2) for n_rows in (HALF, 4, 1))
tall_blocks, blocks_4x1, blocks_1x1 = (block_product(n_rows, 1) for n_rows in (TALL, 4, 1))


@kernel(operands=PRODUCT)
def multiply(spec, step, product, start, stop):
    """Rows of C = S + A B."""
    depth = product.depth if product.depth > 0 else step.n_rows
    if IS_SHORT and depth * product.width > LARGE and stop - start > MAX_ROWS:
        for first in range(start, stop, ROWS):
            last = min(first + ROWS, stop)
            add_packed(spec, product, first, last, 0, product.width, depth)
        return
    columns, part = (COLUMNS, DEPTH) if depth > DEEP else (product.width, depth)
    for left in range(0, product.width, columns):
        right = min(left + columns, product.width)
        for k in range(0, depth, part):
            add_products(spec, product, start, stop, left, right, k, min(part, depth - k))


@inlined
def add_packed(spec, product, start, stop, left, right, depth):
    """Columns of C = S + A B, with each block of B copied, as its rows may lie on a page each.

    The next block is fetched from memory meanwhile.
    """
    L, packed, panel = lanes(spec), copied(product), panel_on_stack(spec)
    packed.b_step = 2 * L
    for k in range(0, depth, DEPTH):
        part = min(DEPTH, depth - k)
        for j in range(left, right, 2 * L):
            for i in range(part):
                at = (k + i) * product.b_step + j
                B, P = vectors(spec, product.b, at), vectors(spec, panel, 2 * i * L)
                P[0], P[L] = B[0], B[L]
                prefetch(product.b + (at + 2 * L) * itemsize(spec))
            packed.b = panel - (k * 2 * L + j) * itemsize(spec)
            add_products(spec, packed, start, stop, j, min(j + 2 * L, right), k, part)


@inlined
def add_products(spec, product, start, stop, left, right, k, depth):
    """Columns of C = S + A B, or C + A B from the k-th product on, for so many products."""
    L, j, n_rows = lanes(spec), left, stop - start
    # Eight rows are two blocks of four, as fast as six and far faster than two that are left.
    last = stop - 8 if HALF == 6 and n_rows > 6 and n_rows % 6 == 2 else stop
    while n_rows < 4 and j + 8 * L <= right:
        blocks_1x8(spec, product, start, stop, j, k, depth)
        j += 8 * L
    while j + 2 * L <= right:
        i = half_blocks(spec, product, start, last, j, k, depth)
        i = blocks_4x2(spec, product, i, stop, j, k, depth)
        blocks_1x2(spec, product, i, stop, j, k, depth)
        j += 2 * L
    if j < right:
        i = tall_blocks(spec, product, start, stop, j, k, depth)
        i = blocks_4x1(spec, product, i, stop, j, k, depth)
        blocks_1x1(spec, product, i, stop, j, k, depth)


@kernel(FORMULAS)
def layer_forward(spec, step, layer, start, stop):
    """A = f(Z); for a dense layer, after Z = X W + b."""
    if layer.forward != 0:
        invoke(step.multiply, step, layer.forward, start, stop)
    if layer.a != layer.z:
        f, c = value(spec), layer.option
        Z, A = row_vectors(spec, layer, layer.z, start), row_vectors(spec, layer, layer.a, start)
        for i in range(0, (stop - start) * layer.stride, lanes(spec)):
            A[i] = f(Z[i], c)


@kernel(FORMULAS)
def layer_backward(spec, step, layer, start, stop):
    """dZ = dA · f′(Z), in place of dA; for a dense layer, before dX = dZ Wᵀ."""
    if layer.a != layer.z:
        f, c, D = slope(spec), layer.option, row_vectors(spec, layer, layer.d, start)
        Z, A = row_vectors(spec, layer, layer.z, start), row_vectors(spec, layer, layer.a, start)
        for i in range(0, (stop - start) * layer.stride, lanes(spec)):
            D[i] = D[i] * f(Z[i], A[i], c)
    if layer.transposed != 0:
        if step.n_rows == 1:
            multiply_rows(spec, layer.weights, layer.row, layer.d, layer.d_in, 0, layer.n_in)
        else:
            invoke(step.multiply, step, layer.backward, start, stop)


@kernel()
def dense_columns(spec, step, layer, start, stop):
    """Columns of Z = X W + b, the units, for all rows; W is copied for more than a block."""
    product = copied(product_at(layer.parts, 0))
    product.b, product.b_step = layer.weights, layer.row
    product.s = layer.weights + layer.n_in * layer.row * itemsize(spec)
    if step.n_rows > 8:
        add_packed(spec, product, 0, step.n_rows, start, stop, product.depth)
    else:
        for k in range(0, product.depth, DEEP):
            depth = min(DEEP, product.depth - k)
            add_products(spec, product, 0, step.n_rows, start, stop, k, depth)


@kernel()
def dense_back(spec, step, layer, start, stop):
    """Columns of dX = dZ Wᵀ, from rows of W, which are transposed where they are used."""
    if step.n_rows == 1:
        last = min(stop, layer.n_in)
        multiply_rows(spec, layer.weights, layer.row, layer.d, layer.d_in, start, last)
        return
    L, product = lanes(spec), copied(product_at(layer.backward, 0))
    panel, row, product.b_step = panel_on_stack(spec), layer.row, 2 * L
    last = stop if stop < layer.n_in else product.width
    for j in range(start, last, 2 * L):
        right = min(j + 2 * L, last)
        for k in range(0, product.depth, DEPTH):
            depth = min(DEPTH, product.depth - k)
            for i in range(j, right, L):
                for first in range(0, depth, L):
                    transpose_block(spec, layer.weights, i * row + k + first, row, layer.n_in - i,
                                    panel, first * 2 * L + i - j, 2 * L)  # fmt: skip
            product.b = panel - (k * 2 * L + j) * itemsize(spec)
            add_products(spec, product, 0, step.n_rows, j, right, k, depth)


@kernel()
def dense_gradient(spec, step, layer, start, stop):
    """dW = Xᵀ dZ, and below it db, the sums of dZ over the batch."""
    left, last = start, stop if stop <= layer.n_in else layer.n_whole
    offset = gradient_row(step, layer, start) - start
    while left < last:
        part = min(left // layer.part_size, layer.n_parts - 1)
        first, right = part * layer.part_size, last
        if part < layer.n_parts - 1:
            right = min(last, first + layer.part_size)
        product = copied(product_at(layer.weight_gradients, part))
        product.c += (first + offset) * layer.row * itemsize(spec)
        invoke(step.multiply, step, product, left - first, right - first)
        left = right
    if stop > layer.n_in:
        differentiate_bias(spec, step, layer, layer.n_in + offset)


@compiled
def differentiate_bias(spec, step, layer, row):
    """db, the sums of dZ over the batch, in this row of the gradient."""
    stride, D = layer.stride, row_vectors(spec, layer, layer.d, 0)
    db = parameter_vectors(spec, layer, layer.gradient, row)
    for j in range(0, layer.row, lanes(spec)):
        total = D[j]
        for i in range(stride + j, step.n_rows * stride, stride):
            total = total + D[i]
        db[j] = total


@kernel(SOURCES)
def dense_parts(spec, step, layer, start, stop):
    """Z in parts, each the products of some inputs. The units are parts × blocks of rows.

    A thread has the same inputs and rows of W here and in the gradient, so they stay in its cache;
    each part of X is a separate matrix, as the processor prefetches adjacent memory. Neither the
    parts nor the sums depend on the number of threads.
    """
    n_blocks, size = -(-step.capacity // BLOCK), layer.part_size
    while start < stop:
        part = start // n_blocks
        last = min(stop, (part + 1) * n_blocks)
        first_row = (start - part * n_blocks) * BLOCK
        last_row = max(first_row, min((last - part * n_blocks) * BLOCK, step.n_rows))
        X = layer.x + part * step.capacity * layer.x_stride * itemsize(spec)
        left, right = part * size, min((part + 1) * size, layer.n_in)
        gather_columns(spec, step, X, layer.x_stride, first_row, last_row, left, right)
        invoke(step.multiply, step, layer.parts + part * PRODUCT_SIZE, first_row, last_row)
        start = last


@kernel()
def dense_join(spec, step, layer, start, stop):
    """Z = b + the sum of the parts."""
    bias = vectors(spec, layer.weights, layer.n_in * layer.stride)
    for row in range(start, stop):
        Z = vectors(spec, layer.z, row * layer.stride)
        for j in range(0, layer.stride, lanes(spec)):
            total = bias[j]
            for part in range(layer.n_parts):
                P = vectors(spec, layer.partial, (part * step.capacity + row) * layer.stride)
                total = total + P[j]
            Z[j] = total


# Slim layers have few rows, each of one vector; calls and blocks would take longer than the sums.


@kernel(FORMULAS)
def slim(spec, step, layer, start, stop):
    """Z = X W + b and A = f(Z)."""
    n, L, c = layer.n_in, lanes(spec), layer.option
    W = vectors(spec, layer.weights, 0)
    for row in range(start, stop):
        x, z = array(spec, layer.x, row * layer.x_stride, n), W[n * L]
        for k in range(n):
            z = z + x[k] * W[k * L]
        vectors(spec, layer.z, 0)[row * L] = z
        if layer.a != layer.z:
            vectors(spec, layer.a, 0)[row * L] = value(spec)(z, c)


@kernel(FORMULAS)
def slim_back(spec, step, layer, start, stop):
    """dZ = dA · f′(Z), in place of dA; and dX = dZ Wᵀ if needed."""
    n, L, c = layer.n_in, lanes(spec), layer.option
    W, Z = vectors(spec, layer.weights, 0), vectors(spec, layer.z, 0)
    A, D = vectors(spec, layer.a, 0), vectors(spec, layer.d, 0)
    for row in range(start, stop):
        if layer.a != layer.z:
            D[row * L] = D[row * L] * slope(spec)(Z[row * L], A[row * L], c)
        if layer.d_in != 0:
            d_in = array(spec, layer.d_in, row * layer.x_stride, n)
            for i in range(n):
                d_in[i] = sum_lanes(D[row * L] * W[i * L])


@kernel()
def slim_gradient(spec, step, layer, start, stop):
    """dW = Xᵀ dZ, and below it db, the sums of dZ over the batch; and the tile's Σ g²."""
    n, L, n_rows, stride = layer.n_in, lanes(spec), step.n_rows, layer.x_stride
    offset = gradient_row(step, layer, start) - start
    D, G = vectors(spec, layer.d, 0), vectors(spec, layer.gradient, offset * L)
    X = array(spec, layer.x, 0, n_rows * stride)
    squares = D[0] * 0
    for i in range(start, stop):
        g = X[i] * D[0] if i < n else D[0]
        for row in range(1, n_rows):
            g = g + (X[row * stride + i] * D[row * L] if i < n else D[row * L])
        G[i * L] = g
        squares = squares + g * g
    keep_squares(spec, step, layer, start, stop, squares)
