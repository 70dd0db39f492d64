"""Norms: layer norm by rows, batch norm by columns; the formulas of `barenet.model.layers`."""

from __future__ import annotations

import math

import numba as nb

from barenet.engines.compiled.kernel import OPTIONS, kernel
from barenet.engines.compiled.records import LAYER
from barenet.engines.compiled.simd import matrix, real, vector


@kernel(LAYER)
def normalize_rows(kind, step, op, start, stop):
    """N = (X − mean) / √(variance + ε) over each row."""
    n, scales = op.n_out, vector(kind, op.scales, 0, stop)
    for row in range(start, stop):
        x = vector(kind, op.x, row * op.stride, n)
        N = vector(kind, op.z, row * op.stride, n)
        mean, variance = moments(x, 1)
        scales[row] = math.sqrt(variance + op.epsilon)
        mean, deviation = real(kind, mean), scales[row]
        for j in range(n):
            N[j] = (x[j] - mean) / deviation


@kernel(LAYER)
def normalize_rows_back(kind, step, op, start, stop):
    """dX = (dN − mean(dN) − N · mean(dN · N)) / s over each row, with dN = dL/d(output) · γ."""
    n, scales = op.n_out, vector(kind, op.scales, 0, stop)
    gain = vector(kind, op.weights, 0, n)
    for row in range(start, stop):
        N = vector(kind, op.z, row * op.stride, n)
        d = vector(kind, op.d, row * op.stride, n)
        d_in = vector(kind, op.d_in, row * op.stride, n)
        mean = projection = 0.0
        for j in range(n):
            mean += d[j] * gain[j]
            projection += d[j] * gain[j] * N[j]
        mean, projection = real(kind, mean / n), real(kind, projection / n)
        for j in range(n):
            d_in[j] = (d[j] * gain[j] - mean - N[j] * projection) / scales[row]


@kernel(LAYER)
def measure_columns(kind, step, op, start, stop):
    """Each feature's deviation and mean over the batch; the averages that are kept follow them."""
    n, n_rows, keep = op.n_out, step.n_rows, op.momentum
    scales = vector(kind, op.scales, 0, 2 * n)
    kept = vector(kind, step.statistics, op.statistics, 2 * n)
    for j in range(n):
        mean, variance = moments(vector(kind, op.x, j, n_rows * op.stride - j), op.stride)
        scales[j], scales[n + j] = math.sqrt(variance + op.epsilon), mean
        if n_rows > 1:  # one row has no variance to learn of
            unbiased = variance * n_rows / (n_rows - 1)
            kept[j] = keep * kept[j] + (1 - keep) * mean
            kept[n + j] = keep * kept[n + j] + (1 - keep) * unbiased


@kernel(LAYER)
def recall_columns(kind, step, op, start, stop):
    """Each feature's deviation and mean as they were kept."""
    n = op.n_out
    scales = vector(kind, op.scales, 0, 2 * n)
    kept = vector(kind, step.statistics, op.statistics, 2 * n)
    for j in range(n):
        scales[j], scales[n + j] = math.sqrt(kept[n + j] + op.epsilon), kept[j]


@kernel(LAYER)
def normalize_columns(kind, step, op, start, stop):
    """N = (X − mean) / √(variance + ε) over each column."""
    n = op.n_out
    deviation, mean = vector(kind, op.scales, 0, n), vector(kind, op.scales, n, n)
    for row in range(start, stop):
        x = vector(kind, op.x, row * op.stride, n)
        N = vector(kind, op.z, row * op.stride, n)
        for j in range(n):
            N[j] = (x[j] - mean[j]) / deviation[j]


@kernel(LAYER)
def normalize_columns_back(kind, step, op, start, stop):
    """dX = (dN − mean(dN) − N · mean(dN · N)) / s over each column, with dN = dL/d(output) · γ.

    The means are those of the gradients by β and γ, times γ.
    """
    n, count = op.n_out, real(kind, step.n_rows)
    gain, deviation = vector(kind, op.weights, 0, n), vector(kind, op.scales, 0, n)
    d_gain, d_bias = vector(kind, op.gradient, 0, n), vector(kind, op.gradient, op.stride, n)
    for row in range(start, stop):
        N = vector(kind, op.z, row * op.stride, n)
        d = vector(kind, op.d, row * op.stride, n)
        d_in = vector(kind, op.d_in, row * op.stride, n)
        for j in range(n):
            d_in[j] = gain[j] * (d[j] - d_bias[j] / count - N[j] * d_gain[j] / count) / deviation[j]


@kernel(LAYER)
def scale_and_shift(kind, step, op, start, stop):
    """A = γ · N + β."""
    gain, bias = vector(kind, op.weights, 0, op.stride), vector(kind, op.weights, op.stride, op.stride)
    N, A = matrix(kind, op.z, stop, op.stride), matrix(kind, op.a, stop, op.stride)
    for row in range(start, stop):
        for j in range(op.stride):
            A[row, j] = gain[j] * N[row, j] + bias[j]


@kernel(LAYER)
def norm_gradient(kind, step, op, start, stop):
    """dL/dγ = Σ dL/d(output) · N and dL/dβ = Σ dL/d(output), over the rows."""
    n_rows, stride = step.n_rows, op.stride
    N, D = matrix(kind, op.z, n_rows, stride), matrix(kind, op.d, n_rows, stride)
    d_gain, d_bias = vector(kind, op.gradient, 0, stride), vector(kind, op.gradient, stride, stride)
    d_gain[:] = 0
    d_bias[:] = 0
    for row in range(n_rows):
        for j in range(stride):
            d_gain[j] += D[row, j] * N[row, j]
            d_bias[j] += D[row, j]


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
