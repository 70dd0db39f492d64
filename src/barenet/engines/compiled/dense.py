"""Dense layers: the formulas of `barenet.model.layers.Dense`, beyond what is one product."""

from __future__ import annotations

from barenet.engines.compiled.gradients import sum_squares
from barenet.engines.compiled.kernel import kernel
from barenet.engines.compiled.records import LAYER, PRODUCT
from barenet.engines.compiled.samples import SOURCES, copy_columns
from barenet.engines.simd.calls import invoke
from barenet.engines.simd.memory import itemsize, lanes, vectors

#: Rows of a batch that are not divided among threads.
BLOCK = 32

PRODUCT_SIZE = PRODUCT.itemsize


@kernel(LAYER, SOURCES)
def dense_parts(kind, step, layer, start, stop):
    """Z in parts: for some inputs each, the products of some rows. The units are parts × blocks.

    So a thread has the same inputs and rows of W here and in the gradient, and they stay in its
    cache; each part of X is a matrix of its own, as the processor would fetch what lies beside it.
    The parts do not depend on the number of threads, and nor do the sums.
    """
    n_blocks, size = -(-step.n_rows // BLOCK), layer.part_size
    while start < stop:
        part = start // n_blocks
        last = min(stop, (part + 1) * n_blocks)
        first_row = (start - part * n_blocks) * BLOCK
        last_row = min((last - part * n_blocks) * BLOCK, step.n_rows)
        X = layer.x + part * step.capacity * size * itemsize(kind)
        left, right = part * size, min((part + 1) * size, layer.n_in)
        copy_columns(kind, step, X, size, first_row, last_row, left, right)
        invoke(step.multiply, step, layer.parts + part * PRODUCT_SIZE, first_row, last_row)
        start = last


@kernel(LAYER)
def dense_join(kind, step, layer, start, stop):
    """Z = b + the sum of the parts."""
    bias = vectors(kind, layer.weights, layer.n_in * layer.stride)
    for row in range(start, stop):
        Z = vectors(kind, layer.z, row * layer.stride)
        for j in range(0, layer.stride, lanes(kind)):
            total = bias[j]
            for part in range(layer.n_parts):
                P = vectors(kind, layer.partial, (part * step.capacity + row) * layer.stride)
                total = total + P[j]
            Z[j] = total


@kernel(LAYER)
def dense_gradient(kind, step, layer, start, stop):
    """dW = Xᵀ dZ, and below it db, the sums of dZ over the batch; and the tile's Σ g²."""
    part = min(start // layer.part_size, layer.n_parts - 1)  # the bias goes with the last one
    invoke(step.multiply, step, layer.learning + part * PRODUCT_SIZE, start, stop)
    sum_squares(kind, step, layer, start, stop)
