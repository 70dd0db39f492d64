"""Samples: the user's rows in, and the network's answers out."""

from __future__ import annotations

import numba as nb
import numpy as np

from barenet.engines.compiled.kernel import kernel
from barenet.engines.compiled.parameters import copy
from barenet.engines.compiled.records import LAYER
from barenet.engines.simd.calls import OPTIONS
from barenet.engines.simd.memory import array, lanes, prefetch, source, vectors

#: Rows of X that are fetched from memory before they are needed.
AHEAD = 4

#: What X may be.
SOURCES = ("float32", "float64", "uint8")


@kernel(LAYER, SOURCES)
def gather(kind, step, layer, start, stop):
    """Copy the batch's rows of X, of the type that the kind names, to the first layer's input."""
    copy_columns(kind, step, layer.x, layer.stride, start, stop, 0, layer.n_in)


@nb.njit(**OPTIONS)
def copy_columns(kind, step, target, stride, start, stop, left, right):
    """Copy some columns of some rows to a matrix of their own."""
    numbers, column, n = array(np.int64, step.batch, 0, step.n_rows), step.x_column, right - left
    for row in range(start, stop):
        first = numbers[row] * step.x_row + left * column
        if row + AHEAD < stop and column == 1:
            ahead = source(kind, step.x, numbers[row + AHEAD] * step.x_row + left, n)
            address = ahead.ctypes.data
            for j in range(0, n * ahead.itemsize, 64):
                prefetch(address + j)
        x = array(kind, target, row * stride, n)
        if column == 1:
            near = source(kind, step.x, first, n)
            for j in range(n):
                x[j] = near[j]
        else:
            for j in range(n):
                x[j] = source(kind, step.x, first + j * column, 1)[0]
        if step.scale != 1:
            X = vectors(kind, target, row * stride)
            for j in range(0, n, lanes(kind)):
                X[j] = X[j] * step.scale


@kernel(LAYER)
def emit(kind, step, layer, start, stop):
    """Copy the network's output to where the user wants it."""
    n, numbers = layer.n_out, array(np.int64, step.batch, 0, step.n_rows)
    for row in range(start, stop):
        copy(kind, layer.a, row * layer.stride, step.output, numbers[row] * n, n)
