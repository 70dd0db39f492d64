"""Parameters: into padded rows, where kernels want them, and back.

The units of these kernels are rows: those of W and then the bias, or the gain and bias of a norm.
"""

from __future__ import annotations

import numba as nb

from barenet.engines.compiled.kernel import kernel
from barenet.engines.compiled.records import LAYER
from barenet.engines.simd.blocks import transpose_block
from barenet.engines.simd.calls import OPTIONS
from barenet.engines.simd.memory import array, lanes


@kernel(LAYER)
def load(kind, step, layer, start, stop):
    """Copy the network's parameters and the optimizer's moments into padded rows."""
    n, stride = layer.n_out, layer.stride
    for flat, padded in (
        (step.parameters, layer.weights),
        (step.moment_1, layer.moment_1),
        (step.moment_2, layer.moment_2),
    ):
        for row in range(start, stop if flat != 0 else start):
            copy(kind, flat, layer.flat + row * n, padded, row * stride, n)


@kernel(LAYER)
def store(kind, step, layer, start, stop):
    """Copy them back, or the gradient, if that is what was asked for."""
    n, stride = layer.n_out, layer.stride
    for flat, padded in (
        (step.parameters, layer.weights),
        (step.moment_1, layer.moment_1),
        (step.moment_2, layer.moment_2),
        (step.gradient, layer.gradient),
    ):
        for row in range(start, stop if flat != 0 else start):
            copy(kind, padded, row * stride, flat, layer.flat + row * n, n)


@nb.njit(**OPTIONS)
def copy(kind, source, first, target, first_target, n):
    """Copy numbers."""
    numbers, place = array(kind, source, first, n), array(kind, target, first_target, n)
    for j in range(n):
        place[j] = numbers[j]


@kernel(LAYER)
def transpose(kind, step, layer, start, stop):
    """Bring rows of W up to date in the copy of Wᵀ."""
    last, L = min(stop, layer.n_in), lanes(kind)
    row, row_T = layer.stride, layer.transposed_stride
    if layer.n_out == 1:
        W, W_T = array(kind, layer.weights, 0, last * row), array(kind, layer.transposed, 0, last)
        for i in range(start, last):
            W_T[i] = W[i * row]
        return
    for i in range(start, last, L):
        for j in range(0, layer.n_out, L):
            transpose_block(kind, layer.weights, i * row + j, row, layer.n_in - i,
                            layer.transposed, j * row_T + i, row_T)  # fmt: skip
