"""Slim layers: dense ones of few rows and of no more outputs than a vector has lanes.

There, calls and blocks would cost more than the arithmetic; a row of Z is one vector.
"""

from __future__ import annotations

from barenet.engines.compiled.activations import FORMULAS, slope, value
from barenet.engines.compiled.gradients import keep_squares
from barenet.engines.compiled.kernel import kernel
from barenet.engines.compiled.records import LAYER
from barenet.engines.simd.lanes import sum_lanes, widen
from barenet.engines.simd.memory import array, lanes, vectors


@kernel(LAYER, FORMULAS)
def slim(kind, step, layer, start, stop):
    """Z = X W + b and A = f(Z)."""
    n, L, c = layer.n_in, lanes(kind), layer.option
    W = vectors(kind, layer.weights, 0)
    for row in range(start, stop):
        x, z = array(kind, layer.x, row * layer.x_stride, n), W[n * L]
        for k in range(n):
            z = z + x[k] * W[k * L]
        vectors(kind, layer.z, 0)[row * L] = z
        if layer.a != layer.z:
            vectors(kind, layer.a, 0)[row * L] = value(kind)(z, c)


@kernel(LAYER, FORMULAS)
def slim_back(kind, step, layer, start, stop):
    """dZ = dA · f′(Z), in place of dA; and dX = dZ Wᵀ where it is needed."""
    L, stride, c = lanes(kind), layer.transposed_stride, layer.option
    Z, A, D = vectors(kind, layer.z, 0), vectors(kind, layer.a, 0), vectors(kind, layer.d, 0)
    for row in range(start, stop):
        if layer.a != layer.z:
            D[row * L] = D[row * L] * slope(kind)(Z[row * L], A[row * L], c)
        if layer.transposed != 0:
            d, W_T = array(kind, layer.d, row * L, layer.n_out), vectors(kind, layer.transposed, 0)
            D_in = vectors(kind, layer.d_in, row * stride)
            for j in range(0, stride, L):
                total = d[0] * W_T[j]
                for k in range(1, layer.n_out):
                    total = total + d[k] * W_T[k * stride + j]
                D_in[j] = total


@kernel(LAYER)
def slim_gradient(kind, step, layer, start, stop):
    """dW = Xᵀ dZ, and below it db, the sums of dZ over the batch; and the tile's Σ g²."""
    n, L, n_rows, stride = layer.n_in, lanes(kind), step.n_rows, layer.x_stride
    D, G = vectors(kind, layer.d, 0), vectors(kind, layer.gradient, 0)
    X = array(kind, layer.x, 0, n_rows * stride)
    square = widen(D[0] * 0)
    for i in range(start, stop):
        g = X[i] * D[0] if i < n else D[0]
        for row in range(1, n_rows):
            g = g + (X[row * stride + i] * D[row * L] if i < n else D[row * L])
        G[i * L] = g
        square = square + widen(g * g)
    keep_squares(kind, step, layer, start, stop, sum_lanes(square))
