"""Slim layers: dense ones of few rows and of no more outputs than a vector has lanes.

There, calls and blocks would cost more than the arithmetic; a row of Z is one vector.
"""

from __future__ import annotations

from barenet.engines.compiled.activations import FORMULAS, slope, value
from barenet.engines.compiled.kernel import kernel
from barenet.engines.compiled.parameters import note
from barenet.engines.compiled.records import LAYER
from barenet.engines.simd.lanes import sum_lanes, widen
from barenet.engines.simd.memory import array, lanes, vectors


@kernel(LAYER, ["", *FORMULAS])
def slim(kind, step, op, start, stop):
    """Z = X W + b and A = f(Z)."""
    n, L, c = op.n_in, lanes(kind), op.option
    W = vectors(kind, op.weights, 0)
    for row in range(start, stop):
        x, z = array(kind, op.x, row * op.x_stride, n), W[n * L]
        for k in range(n):
            z = z + x[k] * W[k * L]
        vectors(kind, op.z, 0)[row * L] = z
        if op.a != op.z:
            vectors(kind, op.a, 0)[row * L] = value(kind, z, c)


@kernel(LAYER, ["", *FORMULAS])
def slim_back(kind, step, op, start, stop):
    """dZ = dA · f′(Z), in place of dA; and dX = dZ Wᵀ where it is needed."""
    L, stride, c = lanes(kind), op.transposed_stride, op.option
    Z, A, D = vectors(kind, op.z, 0), vectors(kind, op.a, 0), vectors(kind, op.d, 0)
    for row in range(start, stop):
        if op.a != op.z:
            D[row * L] = D[row * L] * slope(kind, Z[row * L], A[row * L], c)
        if op.transposed != 0:
            d, W_T = array(kind, op.d, row * L, op.n_out), vectors(kind, op.transposed, 0)
            D_in = vectors(kind, op.d_in, row * stride)
            for j in range(0, stride, L):
                total = d[0] * W_T[j]
                for k in range(1, op.n_out):
                    total = total + d[k] * W_T[k * stride + j]
                D_in[j] = total


@kernel(LAYER)
def slim_gradient(kind, step, op, start, stop):
    """dW = Xᵀ dZ, and below it db, the sums of dZ over the batch; and the tile's Σ g²."""
    n, L, n_rows, stride = op.n_in, lanes(kind), step.n_rows, op.x_stride
    D, G, X = (
        vectors(kind, op.d, 0),
        vectors(kind, op.gradient, 0),
        array(kind, op.x, 0, n_rows * stride),
    )
    square = widen(D[0] * 0)
    for i in range(start, stop):
        g = X[i] * D[0] if i < n else D[0]
        for row in range(1, n_rows):
            g = g + (X[row * stride + i] * D[row * L] if i < n else D[row * L])
        G[i * L] = g
        square = square + widen(g * g)
    note(kind, step, op, start, stop, sum_lanes(square))
