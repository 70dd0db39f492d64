"""Dense layers: the formulas of `barenet.model.layers.Dense`."""

from __future__ import annotations

from barenet.engines.compiled.activations import FORMULAS, bend, unbend
from barenet.engines.compiled.kernel import kernel
from barenet.engines.compiled.parameters import measure
from barenet.engines.compiled.products import multiply
from barenet.engines.compiled.records import LAYER, PRODUCT
from barenet.engines.compiled.samples import SOURCES, gather_part
from barenet.engines.simd.memory import lanes, plain, record_at, vectors

#: Rows of a batch that are not divided among threads.
BLOCK = 32

product_at, PRODUCT_SIZE = record_at(PRODUCT), PRODUCT.itemsize


@kernel(LAYER, ["", *FORMULAS])
def dense(kind, step, op, start, stop):
    """Z = X W + b and A = f(Z)."""
    multiply(plain(kind), op.forward, start, stop, op.n_in)
    bend(kind, op, start, stop)


@kernel(LAYER, SOURCES)
def dense_parts(kind, step, op, start, stop):
    """Z in parts: for some inputs each, the products of some rows. The units are parts × blocks.

    So a thread has the same inputs and rows of W here and in the gradient, and they stay in its
    cache. The parts do not depend on the number of threads, and nor do the sums.
    """
    n_blocks = -(-step.n_rows // BLOCK)
    while start < stop:
        part = start // n_blocks
        last = min(stop, (part + 1) * n_blocks)
        first_row = (start - part * n_blocks) * BLOCK
        last_row = min((last - part * n_blocks) * BLOCK, step.n_rows)
        left, right = part * op.part_size, min((part + 1) * op.part_size, op.n_in)
        gather_part(kind, step, op, first_row, last_row, left, right)
        multiply(plain(kind), product_at(op.parts + part * PRODUCT_SIZE), first_row, last_row, right - left)
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
        multiply(plain(kind), op.backward, start, stop, op.n_out)


@kernel(LAYER)
def dense_gradient(kind, step, op, start, stop):
    """dW = Xᵀ dZ, and below it db, the sums of dZ over the batch."""
    multiply(plain(kind), op.learning, start, stop, step.n_rows)
    measure(kind, step, op, start, stop)
