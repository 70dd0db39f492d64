"""Dense layers: the formulas of `barenet.model.layers.Dense`."""

from __future__ import annotations

from barenet.engines.compiled.activations import FORMULAS, bend, unbend
from barenet.engines.compiled.kernel import kernel
from barenet.engines.compiled.parameters import measure
from barenet.engines.compiled.products import multiply
from barenet.engines.compiled.records import LAYER
from barenet.engines.simd.memory import plain


@kernel(LAYER, ["", *FORMULAS])
def dense(kind, step, op, start, stop):
    """Z = X W + b and A = f(Z)."""
    multiply(plain(kind), op.forward, start, stop, op.n_in)
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
