"""Dense layers: the formulas of `barenet.model.layers.Dense`."""

from __future__ import annotations

from barenet.engines.compiled.activations import FORMULAS, bend, unbend
from barenet.engines.compiled.kernel import kernel
from barenet.engines.compiled.parameters import measure
from barenet.engines.compiled.records import LAYER, PRODUCT
from barenet.engines.compiled.samples import SOURCES, copy_columns
from barenet.engines.simd.calls import invoke
from barenet.engines.simd.memory import itemsize, lanes, vectors

#: Rows of a batch that are not divided among threads.
BLOCK = 32

PRODUCT_SIZE = PRODUCT.itemsize


@kernel(LAYER, ["", *FORMULAS])
def dense(kind, step, op, start, stop):
    """Z = X W + b and A = f(Z)."""
    invoke(step.multiply, step, op.forward, start, stop)
    bend(kind, op, start, stop)


@kernel(LAYER, SOURCES)
def dense_parts(kind, step, op, start, stop):
    """Z in parts: for some inputs each, the products of some rows. The units are parts × blocks.

    So a thread has the same inputs and rows of W here and in the gradient, and they stay in its
    cache; each part of X is a matrix of its own, as the processor would fetch what lies beside it.
    The parts do not depend on the number of threads, and nor do the sums.
    """
    n_blocks, size = -(-step.n_rows // BLOCK), op.part_size
    while start < stop:
        part = start // n_blocks
        last = min(stop, (part + 1) * n_blocks)
        first_row, last_row = (start - part * n_blocks) * BLOCK, (last - part * n_blocks) * BLOCK
        last_row, product = min(last_row, step.n_rows), op.forward + part * PRODUCT_SIZE
        place = op.x + part * step.capacity * size * itemsize(kind)
        left, right = part * size, min((part + 1) * size, op.n_in)
        copy_columns(kind, step, place, size, first_row, last_row, left, right)
        invoke(step.multiply, step, product, first_row, last_row)
        start = last


@kernel(LAYER, ["", *FORMULAS])
def dense_join(kind, step, op, start, stop):
    """Z = b + the sum of the parts, and A = f(Z)."""
    bias = vectors(kind, op.weights, op.n_in * op.stride)
    for row in range(start, stop):
        Z = vectors(kind, op.z, row * op.stride)
        for j in range(0, op.stride, lanes(kind)):
            total = bias[j]
            for part in range(op.n_parts):
                P = vectors(kind, op.partial, (part * step.capacity + row) * op.stride)
                total = total + P[j]
            Z[j] = total
    bend(kind, op, start, stop)


@kernel(LAYER, ["", *FORMULAS])
def dense_back(kind, step, op, start, stop):
    """dZ = dA · f′(Z), in place of dA; and dX = dZ Wᵀ where it is needed."""
    unbend(kind, op, start, stop)
    if op.transposed != 0:
        invoke(step.multiply, step, op.backward, start, stop)


@kernel(LAYER)
def dense_gradient(kind, step, op, start, stop):
    """dW = Xᵀ dZ, and below it db, the sums of dZ over the batch; and the tile's Σ g²."""
    part = min(start // op.part_size, op.n_parts - 1)  # the bias goes with the last one
    product = op.learning + part * PRODUCT_SIZE
    invoke(step.multiply, step, product, start, stop)
    measure(kind, step, op, start, stop)
