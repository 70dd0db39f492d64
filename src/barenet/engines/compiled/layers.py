"""Layers on rows of a batch, forward and backward: the formulas of `barenet.model.layers`."""

from __future__ import annotations

import math

import numba as nb
import numpy as np
from numpy import intp as whole

from barenet.engines.compiled.functions import (
    IDENTITY,
    OPTIONS,
    SOFTMAX,
    activate,
    clear,
    copy,
    differentiate,
    differentiate_softmax_row,
    softmax_row,
)  # fmt: skip
from barenet.engines.compiled.products import product
from barenet.engines.compiled.program import (
    ACTIVATE,
    ACTIVATION,
    BIAS,
    COLUMNS,
    D_IN,
    DENSE,
    DROPOUT,
    EPSILON,
    GRADIENT,
    HEAD,
    IN_STRIDE,
    KIND,
    LAYER,
    LAYER_NORM,
    MOMENTUM,
    N_IN,
    N_OUT,
    OPTION,
    REAL_COLUMNS,
    REAL_HEAD,
    SCALES,
    STATISTICS,
    STRIDE,
    TRANSPOSED,
    WEIGHTS,
    ZEROS,
    A,
    D,
    X,
    Z,
)  # fmt: skip
from barenet.engines.compiled.simd import stretch
from barenet.model.randomness import GOLDEN_GAMMA, MULTIPLIER_1, MULTIPLIER_2


@nb.njit(**OPTIONS)
def operation(work, index):
    """The whole and the real numbers of an operation."""
    op = stretch(work.program, HEAD + index * COLUMNS, COLUMNS)
    return op, stretch(work.numbers, REAL_HEAD + index * REAL_COLUMNS, REAL_COLUMNS)


@nb.njit(**OPTIONS)
def rows_of(memory, place, stride, start, stop):
    """Rows from start to stop of a matrix in memory, one after the other."""
    return stretch(memory, place + start * stride, (stop - start) * stride)


@nb.njit(**OPTIONS)
def share_of(n, t, threads):
    """The t-th share of n rows, in whole blocks."""
    block = -(-n // (8 * threads)) * 8
    return min(t * block, n), min((t + 1) * block, n)


@nb.njit(**OPTIONS)
def forward_rows(width, work, first, last, start, stop, training, key):
    """Go through the operations from `first` up to `last`, for the rows from start to stop."""
    memory = work.memory
    for index in range(first, last):
        op, options = operation(work, index)
        stride, z, a = op[STRIDE], op[Z], op[A]
        if op[KIND] == DENSE:
            product(width, memory, op[X] + start * op[IN_STRIDE], op[IN_STRIDE], whole(1),
                    op[WEIGHTS], stride, op[BIAS],
                    z + start * stride, stride, stop - start, stride, op[N_IN])  # fmt: skip
            activate_rows(op, options, memory, start, stop)
        elif op[KIND] == ACTIVATE:
            activate_rows(op, options, memory, start, stop)
        elif op[KIND] == DROPOUT:
            drop_rows(op, options[OPTION], memory, start, stop, training, key)
        else:
            if op[KIND] == LAYER_NORM:
                normalize_rows(op, options[EPSILON], memory, start, stop)
            else:
                normalize_columns(op, memory, start, stop)
            gain = stretch(memory, op[WEIGHTS], stride)
            bias = stretch(memory, op[BIAS], stride)
            for row in range(start, stop):
                scale_and_shift(stretch(memory, z + row * stride, stride), gain, bias,
                                stretch(memory, a + row * stride, stride))  # fmt: skip


@nb.njit(**OPTIONS)
def backward_rows(width, work, first, last, start, stop, n_rows):
    """Turn dL/d(output) into dL/d(input), from the operation before `last` down to `first`."""
    memory = work.memory
    for index in range(last - 1, first - 1, -1):
        op, options = operation(work, index)
        stride, back = op[STRIDE], op[IN_STRIDE]
        if op[KIND] == DENSE:
            differentiate_rows(op, options, memory, op[D], start, stop)
            if op[D_IN] >= 0:
                product(width, memory, op[D] + start * stride, stride, whole(1),
                        op[TRANSPOSED], back, work.program[ZEROS],
                        op[D_IN] + start * back, back, stop - start, back, op[N_OUT])  # fmt: skip
        elif op[D_IN] >= 0:
            if op[KIND] == ACTIVATE:
                differentiate_rows(op, options, memory, op[D_IN], start, stop)
            elif op[KIND] == DROPOUT:
                z, d, out = (rows_of(memory, op[Z], stride, start, stop),
                             rows_of(memory, op[D], stride, start, stop),
                             rows_of(memory, op[D_IN], stride, start, stop))  # fmt: skip
                for i in range(len(d)):
                    out[i] = d[i] * z[i]
            elif op[KIND] == LAYER_NORM:
                normalize_rows_back(op, memory, start, stop)
            else:
                normalize_columns_back(op, memory, start, stop, n_rows)


@nb.njit(**OPTIONS)
def activate_rows(op, options, memory, start, stop):
    """A = f(Z) for some rows."""
    stride = op[STRIDE]
    z = rows_of(memory, op[Z], stride, start, stop)
    a = rows_of(memory, op[A], stride, start, stop)
    if op[ACTIVATION] == SOFTMAX:
        for row in range(0, len(z), stride):
            softmax_row(stretch(z, row, stride), stretch(a, row, stride), op[N_OUT])
    elif op[ACTIVATION] != IDENTITY:
        activate(op[ACTIVATION], options[OPTION], z, a)
    elif op[Z] != op[A]:
        copy(z, a)


@nb.njit(**OPTIONS)
def differentiate_rows(op, options, memory, out, start, stop):
    """dL/dZ = dL/dA · f′(Z) for some rows, written to `out` in memory."""
    stride = op[STRIDE]
    z = rows_of(memory, op[Z], stride, start, stop)
    a = rows_of(memory, op[A], stride, start, stop)
    d = rows_of(memory, op[D], stride, start, stop)
    result = rows_of(memory, out, stride, start, stop)
    if op[ACTIVATION] == SOFTMAX:
        copy(d, result)
        for row in range(0, len(z), stride):
            differentiate_softmax_row(
                stretch(a, row, stride), stretch(result, row, stride), op[N_OUT]
            )
    elif op[ACTIVATION] != IDENTITY or op[D] != out:
        differentiate(op[ACTIVATION], options[OPTION], z, a, d, result)


@nb.njit(**OPTIONS)
def drop_rows(op, rate, memory, start, stop, training, key):
    """A = X · M, with the mask M in Z, by the numbers of the step's and layer's key."""
    stride, n = op[STRIDE], op[N_OUT]
    one = memory.dtype.type(1)
    kept = one / memory.dtype.type(1 - rate)
    layer_key = derive(key, op[LAYER])
    for row in range(start, stop):
        x, z, a = op[X] + row * stride, op[Z] + row * stride, op[A] + row * stride
        for j in range(n):
            keep = not training or rate == 0 or uniform(layer_key, row * n + j) >= rate
            memory[z + j] = (kept if training else one) if keep else 0
            memory[a + j] = memory[x + j] * memory[z + j]


@nb.njit(inline="always")
def mix(z):
    """SplitMix64's finalizer."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(MULTIPLIER_1)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(MULTIPLIER_2)
    return z ^ (z >> np.uint64(31))


@nb.njit(inline="always")
def uniform(key, index):
    """The index-th number of a key, as `barenet.model.randomness.uniforms` has it."""
    bits = mix(key + np.uint64(index + 1) * np.uint64(GOLDEN_GAMMA))
    return np.float64(bits >> np.uint64(11)) * 2.0**-53


@nb.njit(inline="always")
def derive(key, number):
    """`barenet.model.randomness.derive_key` for a path of one number."""
    key = mix(key + np.uint64(GOLDEN_GAMMA) * np.uint64(number + 1))
    return mix(key + np.uint64(GOLDEN_GAMMA) * np.uint64(2))


@nb.njit(**OPTIONS)
def scale_and_shift(normalized, gain, bias, out):
    """Compute γ · N + β for a row."""
    for j in range(len(out)):
        out[j] = gain[j] * normalized[j] + bias[j]


@nb.njit(**OPTIONS)
def normalize_rows(op, epsilon, memory, start, stop):
    """N = (X − mean) / √(variance + ε) over each row, into Z."""
    stride, n = op[STRIDE], op[N_OUT]
    for row in range(start, stop):
        x = stretch(memory, op[X] + row * stride, n)
        z = stretch(memory, op[Z] + row * stride, n)
        mean, variance = moments(x, whole(1))
        deviation = x.dtype.type(math.sqrt(variance + epsilon))
        mean = x.dtype.type(mean)
        memory[op[SCALES] + row] = deviation
        for j in range(n):
            z[j] = (x[j] - mean) / deviation


@nb.njit(**OPTIONS)
def moments(x, step):
    """Mean and variance of each step-th number, in float64."""
    n = -(-len(x) // step)
    mean = variance = 0.0
    for i in range(n):
        mean += x[i * step]
    mean /= n
    for i in range(n):
        variance += (x[i * step] - mean) ** 2
    return mean, variance / n


@nb.njit(**OPTIONS)
def normalize_rows_back(op, memory, start, stop):
    """dX = (dN − mean(dN) − N · mean(dN · N)) / s over each row, with dN = dL/d(output) · γ."""
    stride, n = op[STRIDE], op[N_OUT]
    gain = stretch(memory, op[WEIGHTS], n)
    for row in range(start, stop):
        N = stretch(memory, op[Z] + row * stride, n)
        d = stretch(memory, op[D] + row * stride, n)
        out = stretch(memory, op[D_IN] + row * stride, n)
        mean = projection = 0.0
        for j in range(n):
            mean += d[j] * gain[j]
            projection += d[j] * gain[j] * N[j]
        mean, projection = d.dtype.type(mean / n), d.dtype.type(projection / n)
        deviation = memory[op[SCALES] + row]
        for j in range(n):
            out[j] = (d[j] * gain[j] - mean - N[j] * projection) / deviation


@nb.njit(**OPTIONS)
def measure_columns(op, options, memory, statistics, n_rows, training):
    """Each feature's deviation and mean, over the batch or as they were kept, into memory.

    While training, the averages that are kept move towards them.
    """
    stride, n, keep = op[STRIDE], op[N_OUT], options[MOMENTUM]
    for j in range(n):
        k = op[STATISTICS] + j
        mean, variance = np.float64(statistics[k]), np.float64(statistics[k + n])
        if training:
            mean, variance = moments(stretch(memory, op[X] + j, n_rows * stride - j), stride)
        if training and n_rows > 1:  # one row has no variance to learn of
            unbiased = variance * n_rows / (n_rows - 1)
            statistics[k] = keep * statistics[k] + (1 - keep) * mean
            statistics[k + n] = keep * statistics[k + n] + (1 - keep) * unbiased
        memory[op[SCALES] + j] = math.sqrt(variance + options[EPSILON])
        memory[op[SCALES] + stride + j] = mean


@nb.njit(**OPTIONS)
def normalize_columns(op, memory, start, stop):
    """N = (X − mean) / √(variance + ε) over each column, into Z."""
    stride, n = op[STRIDE], op[N_OUT]
    deviation = stretch(memory, op[SCALES], n)
    mean = stretch(memory, op[SCALES] + stride, n)
    for row in range(start, stop):
        x = stretch(memory, op[X] + row * stride, n)
        z = stretch(memory, op[Z] + row * stride, n)
        for j in range(n):
            z[j] = (x[j] - mean[j]) / deviation[j]


@nb.njit(**OPTIONS)
def normalize_columns_back(op, memory, start, stop, n_rows):
    """dX = (dN − mean(dN) − N · mean(dN · N)) / s over each column, with dN = dL/d(output) · γ.

    The means are those of the gradients by β and γ, times γ.
    """
    stride, n, count = op[STRIDE], op[N_OUT], memory.dtype.type(n_rows)
    gain, deviation = stretch(memory, op[WEIGHTS], n), stretch(memory, op[SCALES], n)
    d_gain = stretch(memory, op[GRADIENT], n)
    d_bias = stretch(memory, op[GRADIENT] + stride, n)
    for row in range(start, stop):
        N = stretch(memory, op[Z] + row * stride, n)
        d = stretch(memory, op[D] + row * stride, n)
        out = stretch(memory, op[D_IN] + row * stride, n)
        for j in range(n):
            out[j] = gain[j] * (d[j] - d_bias[j] / count - N[j] * d_gain[j] / count) / deviation[j]


@nb.njit(**OPTIONS)
def norm_gradient(op, memory, n_rows):
    """dL/dγ = Σ dL/d(output) · N and dL/dβ = Σ dL/d(output), over the rows."""
    stride = op[STRIDE]
    d_gain = stretch(memory, op[GRADIENT], stride)
    d_bias = stretch(memory, op[GRADIENT] + stride, stride)
    clear(d_gain)
    clear(d_bias)
    for row in range(n_rows):
        N = stretch(memory, op[Z] + row * stride, stride)
        d = stretch(memory, op[D] + row * stride, stride)
        for j in range(stride):
            d_gain[j] += d[j] * N[j]
            d_bias[j] += d[j]
