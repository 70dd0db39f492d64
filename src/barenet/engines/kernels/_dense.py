"""Dense layers: matrix products, of the whole input, of parts of a wide one, or row by row."""

from barenet.engines.kernels._activations import slope, value
from barenet.engines.kernels._copies import SOURCES, gather_columns
from barenet.engines.kernels._gradients import keep_squares
from barenet.engines.kernels._kernel import kernel
from barenet.engines.kernels._records import (
    PRODUCT,
    ceil_div,
    gradient_row,
    parameter_vectors,
    row_vectors,
)
from barenet.engines.simd._calls import compiled, inlined, invoke
from barenet.engines.simd._lanes import repeat, sum_lanes
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
from barenet.model._activations import ENTRYWISE

#: Rows of the largest block of a product.
MAX_ROWS = 16
#: Number of rows of a wide input that are not divided between threads.
WIDE_ROWS = 32

#: Maximum depth of a product that is computed at once.
DEEP = 1024
#: Number of rows of B that are used together in a deeper product, so that they stay in the caches.
DEPTH = 256
#: Number of columns of C that are used together in a deeper product.
COLUMNS = 256

#: Minimum size of a matrix B whose blocks are copied.
PACKED_SIZE = 2**15
#: Number of rows of A for each copy.
PACKED_ROWS = 256
#: Whether vectors are short. The vectors of AVX-512 are so long that copies take more time than
#: they save.
IS_SHORT = widest_bits() < 512

PRODUCT_SIZE = PRODUCT.itemsize
product_at = record_at(PRODUCT)

blocks_1x8 = block_product(1, 8)
panel_on_stack = on_stack(2 * DEPTH)
half_blocks = block_product(HALF, 2)
blocks_4x2 = block_product(4, 2)
blocks_1x2 = block_product(1, 2)
tall_blocks = block_product(TALL, 1)
blocks_4x1 = block_product(4, 1)
blocks_1x1 = block_product(1, 1)


@kernel(operands=PRODUCT)
def multiply(spec, step, product, start, stop):
    """Rows of C = S + A B."""
    depth = product.depth
    if depth == 0:
        depth = step.n_rows
    if IS_SHORT and depth * product.width > PACKED_SIZE and stop - start > MAX_ROWS:
        for first in range(start, stop, PACKED_ROWS):
            last = min(first + PACKED_ROWS, stop)
            add_packed(spec, product, first, last, 0, product.width, depth)
        return
    columns = product.width
    part = depth
    if depth > DEEP:
        columns = COLUMNS
        part = DEPTH
    for left in range(0, product.width, columns):
        right = min(left + columns, product.width)
        for k in range(0, depth, part):
            n_steps = min(part, depth - k)
            add_products(spec, product, start, stop, left, right, k, n_steps)


@inlined
def add_packed(spec, product, start, stop, left, right, depth):
    """Columns of C = S + A B, with each block of B copied, as each row may be on another page.

    Meanwhile, the next block is prefetched.
    """
    L = lanes(spec)
    packed = copied(product)
    panel = panel_on_stack(spec)
    packed.b_step = 2 * L
    for k in range(0, depth, DEPTH):
        part = min(DEPTH, depth - k)
        for j in range(left, right, 2 * L):
            for i in range(part):
                at = (k + i) * product.b_step + j
                B = vectors(spec, product.b, at)
                P = vectors(spec, panel, 2 * i * L)
                P[0] = B[0]
                P[L] = B[L]
                prefetch(product.b + (at + 2 * L) * itemsize(spec))
            packed.b = matrix_around(spec, panel, k, j)
            end = min(j + 2 * L, right)
            add_products(spec, packed, start, stop, j, end, k, part)


@inlined
def matrix_around(spec, panel, k, j):
    """The address of a matrix B, in rows of two vectors, whose number (k, j) is the panel's first.

    `add_products` computes positions from the start of B. This start lies before the panel, where
    nothing is read.
    """
    offset = k * 2 * lanes(spec) + j
    return panel - offset * itemsize(spec)


@inlined
def add_products(spec, product, start, stop, left, right, k, depth):
    """Add some products to columns of C, starting from S, or from C after the first ones."""
    L = lanes(spec)
    j = left
    n_rows = stop - start
    last = stop
    # Eight rows are computed as two blocks of four, which is as fast as a block of six and far
    # faster than one of two.
    if HALF == 6 and n_rows > 6 and n_rows % 6 == 2:
        last = stop - 8
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


@kernel(ENTRYWISE)
def layer_forward(spec, step, layer, start, stop):
    """A = f(Z); for a dense layer, after Z = X W + b."""
    if layer.forward != 0:
        invoke(step.multiply, step, layer.forward, start, stop)
    if layer.a != layer.z:
        f = value(spec)
        c = layer.option
        Z = row_vectors(spec, layer, layer.z, start)
        A = row_vectors(spec, layer, layer.a, start)
        for i in range(0, (stop - start) * layer.stride, lanes(spec)):
            A[i] = f(Z[i], c)


@kernel(ENTRYWISE)
def layer_backward(spec, step, layer, start, stop):
    """dZ = dA · f′(Z), in place of dA; for a dense layer, before dX = dZ Wᵀ."""
    if layer.a != layer.z:
        f = slope(spec)
        c = layer.option
        D = row_vectors(spec, layer, layer.d, start)
        Z = row_vectors(spec, layer, layer.z, start)
        A = row_vectors(spec, layer, layer.a, start)
        for i in range(0, (stop - start) * layer.stride, lanes(spec)):
            derivative = f(Z[i], A[i], c)
            D[i] = D[i] * derivative
    if layer.transposed != 0:
        if step.n_rows == 1:
            multiply_rows(spec, layer.weights, layer.row, layer.d, layer.d_in, 0, layer.n_in)
        else:
            invoke(step.multiply, step, layer.backward, start, stop)


@compiled
def multiply_rows(spec, a, row, x, y, start, stop):
    """y = A x from row `start` to `stop`, four rows at a time, as additions wait for each other.

    The padding of the rows of A, and of x, is zero.
    """
    L = lanes(spec)
    X = vectors(spec, x, 0)
    Y = array(spec, y, 0, stop)
    zero = repeat(spec, 0.0)
    last = stop - (stop - start) % 4
    for i in range(start, last, 4):
        A = vectors(spec, a, i * row)
        b = c = d = e = zero
        for j in range(0, row, L):
            factor = X[j]
            b = b + factor * A[j]
            c = c + factor * A[j + row]
            d = d + factor * A[j + 2 * row]
            e = e + factor * A[j + 3 * row]
        Y[i] = sum_lanes(b)
        Y[i + 1] = sum_lanes(c)
        Y[i + 2] = sum_lanes(d)
        Y[i + 3] = sum_lanes(e)
    for i in range(last, stop):
        A = vectors(spec, a, i * row)
        b = zero
        for j in range(0, row, L):
            b = b + X[j] * A[j]
        Y[i] = sum_lanes(b)


@kernel()
def dense_columns(spec, step, layer, start, stop):
    """Columns of Z = X W + b, the units, for all rows; W is copied for more than a block."""
    product = copied(product_at(layer.split_products, 0))
    product.b = layer.weights
    product.b_step = layer.row
    n_weights = layer.n_in * layer.row
    product.s = layer.weights + n_weights * itemsize(spec)  # the bias
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
    L = lanes(spec)
    product = copied(product_at(layer.backward, 0))
    panel = panel_on_stack(spec)
    row = layer.row
    product.b_step = 2 * L
    last = product.width if stop >= layer.n_in else stop
    for j in range(start, last, 2 * L):
        right = min(j + 2 * L, last)
        for k in range(0, product.depth, DEPTH):
            depth = min(DEPTH, product.depth - k)
            for i in range(j, right, L):
                n_rows = layer.n_in - i
                for first in range(0, depth, L):
                    corner = i * row + k + first
                    place = first * 2 * L + i - j
                    transpose_block(
                        spec,
                        layer.weights, corner, row, n_rows,
                        panel, place, 2 * L,
                    )  # fmt: skip
            product.b = matrix_around(spec, panel, k, j)
            add_products(spec, product, 0, step.n_rows, j, right, k, depth)


@kernel()
def dense_gradient(spec, step, layer, start, stop):
    """dW = Xᵀ dZ, and below it db, the sums of dZ over the batch."""
    left = start
    last = layer.n_whole if stop > layer.n_in else stop
    offset = gradient_row(step, layer, start) - start
    while left < last:
        part = min(left // layer.part_size, layer.n_parts - 1)
        first = part * layer.part_size
        right = min(last, first + layer.part_size) if part < layer.n_parts - 1 else last
        product = copied(product_at(layer.weight_gradients, part))
        product.c += (first + offset) * layer.row * itemsize(spec)
        invoke(step.multiply, step, product, left - first, right - first)
        left = right
    # Whole blocks of products may also write rows after the last input. The first of these rows is
    # the gradient of the bias, so db has to be computed after the products.
    if stop > layer.n_in:
        differentiate_bias(spec, step, layer, layer.n_in + offset)


@compiled
def differentiate_bias(spec, step, layer, row):
    """db, the sums of dZ over the batch, in this row of the gradient."""
    stride = layer.stride
    D = row_vectors(spec, layer, layer.d, 0)
    db = parameter_vectors(spec, layer, layer.gradient, row)
    for j in range(0, layer.row, lanes(spec)):
        total = D[j]
        for i in range(stride + j, step.n_rows * stride, stride):
            total = total + D[i]
        db[j] = total


@kernel(SOURCES)
def dense_parts(spec, step, layer, start, stop):
    """Z in parts, each the products of some inputs. The units are parts × blocks of rows.

    A thread has the same inputs and rows of W here and in the gradient, so they stay in its cache.
    Each part of X is a separate matrix, because the processor prefetches adjacent memory. Neither
    the parts nor the sums depend on the number of threads.
    """
    n_blocks = ceil_div(step.capacity, WIDE_ROWS)
    size = layer.part_size
    while start < stop:
        part = start // n_blocks
        last = min(stop, (part + 1) * n_blocks)
        first_row = (start - part * n_blocks) * WIDE_ROWS
        end_of_blocks = (last - part * n_blocks) * WIDE_ROWS
        last_row = max(first_row, min(end_of_blocks, step.n_rows))
        offset = part * step.capacity * layer.x_stride
        X = layer.x + offset * itemsize(spec)
        left = part * size
        right = min(left + size, layer.n_in)
        gather_columns(spec, step, X, layer.x_stride, first_row, last_row, left, right)
        product = layer.split_products + part * PRODUCT_SIZE
        invoke(step.multiply, step, product, first_row, last_row)
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
                row_of_part = part * step.capacity + row
                P = vectors(spec, layer.partial, row_of_part * layer.stride)
                total = total + P[j]
            Z[j] = total


# Slim layers have few rows, each of one vector; calls and blocks would take longer than the sums.


@kernel(ENTRYWISE)
def slim(spec, step, layer, start, stop):
    """Z = X W + b and A = f(Z)."""
    n = layer.n_in
    L = lanes(spec)
    c = layer.option
    W = vectors(spec, layer.weights, 0)
    for row in range(start, stop):
        x = array(spec, layer.x, row * layer.x_stride, n)
        z = W[n * L]
        for k in range(n):
            z = z + x[k] * W[k * L]
        Z = vectors(spec, layer.z, 0)
        Z[row * L] = z
        if layer.a != layer.z:
            A = vectors(spec, layer.a, 0)
            A[row * L] = value(spec)(z, c)


@kernel(ENTRYWISE)
def slim_back(spec, step, layer, start, stop):
    """dZ = dA · f′(Z), in place of dA; and dX = dZ Wᵀ if needed."""
    n = layer.n_in
    L = lanes(spec)
    c = layer.option
    W = vectors(spec, layer.weights, 0)
    Z = vectors(spec, layer.z, 0)
    A = vectors(spec, layer.a, 0)
    D = vectors(spec, layer.d, 0)
    for row in range(start, stop):
        at = row * L
        if layer.a != layer.z:
            derivative = slope(spec)(Z[at], A[at], c)
            D[at] = D[at] * derivative
        if layer.d_in != 0:
            d_in = array(spec, layer.d_in, row * layer.x_stride, n)
            for i in range(n):
                d_in[i] = sum_lanes(D[at] * W[i * L])


@kernel()
def slim_gradient(spec, step, layer, start, stop):
    """dW = Xᵀ dZ, and below it db, the sums of dZ over the batch; and the tile's Σ g²."""
    n = layer.n_in
    L = lanes(spec)
    n_rows = step.n_rows
    stride = layer.x_stride
    offset = gradient_row(step, layer, start) - start
    D = vectors(spec, layer.d, 0)
    G = vectors(spec, layer.gradient, offset * L)
    X = array(spec, layer.x, 0, n_rows * stride)
    squares = repeat(spec, 0)
    for i in range(start, stop):
        g = D[0]
        if i < n:
            g = X[i] * D[0]
        for row in range(1, n_rows):
            if i < n:
                x = X[row * stride + i]
                term = x * D[row * L]
            else:
                term = D[row * L]
            g = g + term
        G[i * L] = g
        squares = squares + g * g
    keep_squares(spec, step, layer, start, stop, squares)
