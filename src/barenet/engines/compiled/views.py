"""Views: what kernels see of a layer's matrices, the rows of which are a stride apart."""

from __future__ import annotations

import numba as nb

from barenet.engines.simd.calls import INLINE
from barenet.engines.simd.memory import array, vectors


@nb.njit(**INLINE)
def row_numbers(kind, layer, place, row):
    """One row of a matrix as wide as the layer's outputs, number by number."""
    return array(kind, place, row * layer.stride, layer.n_out)


@nb.njit(**INLINE)
def row_vectors(kind, layer, place, row):
    """The vectors from a row on."""
    return vectors(kind, place, row * layer.stride)


@nb.njit(**INLINE)
def tile(kind, layer, start, stop):
    """Some rows of parameters, of their gradient, and how many numbers that are."""
    p = row_vectors(kind, layer, layer.weights, start)
    g = row_vectors(kind, layer, layer.gradient, start)
    return p, g, (stop - start) * layer.stride


@nb.njit(**INLINE)
def moments(kind, layer, start):
    """The optimizer's two memories of some rows."""
    m = row_vectors(kind, layer, layer.moment_1, start)
    return m, row_vectors(kind, layer, layer.moment_2, start)
