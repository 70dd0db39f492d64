"""Norms: layer norm by rows, batch norm by columns; the formulas of `barenet.model.layers`."""

from __future__ import annotations

import math

import numba as nb

from barenet.engines.compiled.kernel import OPTIONS, kernel
from barenet.engines.compiled.parameters import measure
from barenet.engines.compiled.records import LAYER
from barenet.engines.simd.memory import array, lanes, vectors


@kernel(LAYER)
def normalize_rows(kind, step, op, start, stop):
    """N = (X − mean) / √(variance + ε) over each row."""
    scales = array(kind, op.scales, 0, stop)
    for row in range(start, stop):
        first = row * op.stride
        mean, variance = moments(array(kind, op.x, first, op.n_out), 1)
        scales[row] = deviation = math.sqrt(variance + op.epsilon)
        X, N = vectors(kind, op.x, first), vectors(kind, op.z, first)
        for j in range(0, op.n_out, lanes(kind)):
            N[j] = (X[j] - mean) / deviation


@kernel(LAYER)
def normalize_rows_back(kind, step, op, start, stop):
    """dX = (dN − mean(dN) − N · mean(dN · N)) / s over each row, with dN = dL/d(output) · γ."""
    n, scales, gain = (
        op.n_out,
        array(kind, op.scales, 0, stop),
        array(kind, op.weights, 0, op.n_out),
    )
    for row in range(start, stop):
        N, d, d_in = three(kind, op, row)
        mean = projection = 0.0
        for j in range(n):
            mean += d[j] * gain[j] / n
            projection += d[j] * gain[j] * N[j] / n
        for j in range(n):
            d_in[j] = (d[j] * gain[j] - mean - N[j] * projection) / scales[row]


@kernel(LAYER)
def measure_columns(kind, step, op, start, stop):
    """Each feature's deviation and mean over the batch; the averages that are kept follow them."""
    n, n_rows, keep = op.n_out, step.n_rows, op.momentum
    deviations, means = array(kind, op.scales, 0, n), array(kind, op.scales, op.stride, n)
    kept = array(kind, step.statistics, op.statistics, 2 * n)
    for j in range(n):
        mean, variance = moments(array(kind, op.x, j, n_rows * op.stride - j), op.stride)
        deviations[j], means[j] = math.sqrt(variance + op.epsilon), mean
        if n_rows > 1:  # one row has no variance to learn of
            unbiased = variance * n_rows / (n_rows - 1)
            kept[j] = keep * kept[j] + (1 - keep) * mean
            kept[n + j] = keep * kept[n + j] + (1 - keep) * unbiased


@kernel(LAYER)
def recall_columns(kind, step, op, start, stop):
    """Each feature's deviation and mean as they were kept."""
    n, kept = op.n_out, array(kind, step.statistics, op.statistics, 2 * op.n_out)
    deviations, means = array(kind, op.scales, 0, n), array(kind, op.scales, op.stride, n)
    for j in range(n):
        deviations[j], means[j] = math.sqrt(kept[n + j] + op.epsilon), kept[j]


@kernel(LAYER)
def normalize_columns(kind, step, op, start, stop):
    """N = (X − mean) / √(variance + ε) over each column."""
    n, deviations, means = (
        op.n_out,
        array(kind, op.scales, 0, op.n_out),
        array(kind, op.scales, op.stride, op.n_out),
    )
    for row in range(start, stop):
        X, N = array(kind, op.x, row * op.stride, n), array(kind, op.z, row * op.stride, n)
        for j in range(n):
            N[j] = (X[j] - means[j]) / deviations[j]


@kernel(LAYER)
def normalize_columns_back(kind, step, op, start, stop):
    """dX = (dN − mean(dN) − N · mean(dN · N)) / s over each column, with dN = dL/d(output) · γ.

    The means are those of the gradients by β and γ, times γ.
    """
    n, n_rows, deviations = op.n_out, step.n_rows, array(kind, op.scales, 0, op.n_out)
    gain, d_gain = array(kind, op.weights, 0, n), array(kind, op.gradient, 0, n)
    d_bias = array(kind, op.gradient, op.stride, n)
    for row in range(start, stop):
        N, d, d_in = three(kind, op, row)
        for j in range(n):
            centred = d[j] - d_bias[j] / n_rows - N[j] * d_gain[j] / n_rows
            d_in[j] = gain[j] * centred / deviations[j]


@kernel(LAYER)
def scale_and_shift(kind, step, op, start, stop):
    """A = γ · N + β."""
    gain, bias = vectors(kind, op.weights, 0), vectors(kind, op.weights, op.stride)
    for row in range(start, stop):
        N, A = vectors(kind, op.z, row * op.stride), vectors(kind, op.a, row * op.stride)
        for j in range(0, op.stride, lanes(kind)):
            A[j] = gain[j] * N[j] + bias[j]


@kernel(LAYER)
def norm_gradient(kind, step, op, start, stop):
    """dL/dγ = Σ dL/d(output) · N and dL/dβ = Σ dL/d(output), over the rows; Σ g² of both."""
    d_gain, d_bias = vectors(kind, op.gradient, 0), vectors(kind, op.gradient, op.stride)
    N, D = vectors(kind, op.z, 0), vectors(kind, op.d, 0)
    for j in range(0, op.stride, lanes(kind)):
        gain, bias = D[j] * N[j], D[j]
        for i in range(op.stride + j, step.n_rows * op.stride, op.stride):
            gain, bias = gain + D[i] * N[i], bias + D[i]
        d_gain[j], d_bias[j] = gain, bias
    measure(kind, step, op, 0, 2)


@nb.njit(**OPTIONS)
def three(kind, op, row):
    """N, dL/d(output) and dL/d(input) of a row."""
    first, n = row * op.stride, op.n_out
    return array(kind, op.z, first, n), array(kind, op.d, first, n), array(kind, op.d_in, first, n)


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
