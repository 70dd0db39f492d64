"""Rows: the user's in, the network's answers out, and dropout, which leaves some of them out."""

from __future__ import annotations

import numba as nb
import numpy as np

from barenet.engines.compiled.kernel import OPTIONS, kernel
from barenet.engines.compiled.parameters import copy
from barenet.engines.compiled.records import LAYER
from barenet.engines.simd.memory import array, lanes, prefetch, source, vectors
from barenet.model.randomness import GOLDEN_GAMMA, MULTIPLIER_1, MULTIPLIER_2

#: Rows of X that are fetched from memory before they are needed.
AHEAD = 4

#: What X may be.
SOURCES = ("float32", "float64", "uint8")


@kernel(LAYER, SOURCES)
def gather(kind, step, op, start, stop):
    """Copy the batch's rows of X, of the type that the kind names, to the first layer's input."""
    copy_columns(kind, step, op.x, op.stride, start, stop, 0, op.n_in)


@nb.njit(**OPTIONS)
def copy_columns(kind, step, place, stride, start, stop, left, right):
    """Copy some columns of some rows to a matrix of their own."""
    numbers, column, n = array(np.int64, step.batch, 0, step.n_rows), step.x_column, right - left
    for row in range(start, stop):
        first = numbers[row] * step.x_row + left * column
        if row + AHEAD < stop and column == 1:
            ahead = source(kind, step.x, numbers[row + AHEAD] * step.x_row + left, n)
            address = ahead.ctypes.data
            for j in range(0, n * ahead.itemsize, 64):
                prefetch(address + j)
        x = array(kind, place, row * stride, n)
        if column == 1:
            near = source(kind, step.x, first, n)
            for j in range(n):
                x[j] = near[j]
        else:
            for j in range(n):
                x[j] = source(kind, step.x, first + j * column, 1)[0]
        if step.scale != 1:
            X = vectors(kind, place, row * stride)
            for j in range(0, n, lanes(kind)):
                X[j] = X[j] * step.scale


@kernel(LAYER)
def emit(kind, step, op, start, stop):
    """Copy the network's output to where the user wants it."""
    numbers = array(np.int64, step.batch, 0, step.n_rows)
    for row in range(start, stop):
        copy(kind, op.a, row * op.stride, step.output, numbers[row] * op.n_out, op.n_out)


@kernel(LAYER)
def drop(kind, step, op, start, stop):
    """A = X · M, with the mask M in Z, by the numbers of the step's and layer's key."""
    n, rate = op.n_out, op.option
    key = derive(derive(np.uint64(step.seed), step.number), op.index)
    kept = 1 / (1 - rate)
    for row in range(start, stop):
        x = array(kind, op.x, row * op.stride, n)
        mask, a = array(kind, op.z, row * op.stride, n), array(kind, op.a, row * op.stride, n)
        for j in range(n):
            mask[j] = kept if rate == 0 or uniform(key, row * n + j) >= rate else 0.0
        for j in range(n):
            a[j] = x[j] * mask[j]


@kernel(LAYER)
def drop_back(kind, step, op, start, stop):
    """dL/dX = dL/dA · M, in place."""
    mask, d = vectors(kind, op.z, start * op.stride), vectors(kind, op.d, start * op.stride)
    for i in range(0, (stop - start) * op.stride, lanes(kind)):
        d[i] = d[i] * mask[i]


@nb.njit(**OPTIONS)
def mix(z):
    """SplitMix64's finalizer."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(MULTIPLIER_1)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(MULTIPLIER_2)
    return z ^ (z >> np.uint64(31))


@nb.njit(**OPTIONS)
def uniform(key, index):
    """The index-th number of a key, as `barenet.model.randomness.uniforms` has it."""
    bits = mix(key + np.uint64(index + 1) * np.uint64(GOLDEN_GAMMA))
    return np.float64(bits >> np.uint64(11)) * 2.0**-53


@nb.njit(**OPTIONS)
def derive(key, number):
    """`barenet.model.randomness.derive_key` for a path of one number."""
    key = mix(key + np.uint64(GOLDEN_GAMMA) * np.uint64(number + 1))
    return mix(key + np.uint64(GOLDEN_GAMMA) * np.uint64(2))
