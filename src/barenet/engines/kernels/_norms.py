"""Norms by rows and by columns, and PReLU: the formulas of `barenet.model.layers`."""

import math

from barenet.engines.kernels._kernel import kernel
from barenet.engines.kernels._records import row_numbers, row_vectors
from barenet.engines.simd._calls import compiled
from barenet.engines.simd._lanes import where
from barenet.engines.simd._views import array, lanes


@kernel()
def normalize_rows(spec, step, layer, start, stop):
    """N = (X − mean) / √(variance + ε) over each row."""
    n = layer.n_out
    scales = array(spec, layer.scales, 0, stop)
    for row in range(start, stop):
        mean = 0.0  # float64
        square = 0.0
        for x in row_numbers(spec, layer, layer.x, row):
            mean += x
        mean /= n
        for x in row_numbers(spec, layer, layer.x, row):
            square += (x - mean) ** 2
        deviation = math.sqrt(square / n + layer.epsilon)
        scales[row] = deviation
        X = row_vectors(spec, layer, layer.x, row)
        N = row_vectors(spec, layer, layer.z, row)
        for j in range(0, layer.n_out, lanes(spec)):
            centred = X[j] - mean
            N[j] = centred / deviation


@kernel()
def normalize_rows_back(spec, step, layer, start, stop):
    """dX = (dN − mean(dN) − N · mean(dN · N)) / s over each row, with dN = dL/d(output) · γ."""
    n = layer.n_out
    scales = array(spec, layer.scales, 0, stop)
    gain = row_numbers(spec, layer, layer.weights, 0)
    for row in range(start, stop):
        N, d, d_in = outputs_and_derivatives(spec, layer, row)
        mean = 0.0
        projection = 0.0
        for j in range(n):
            d_normalized = d[j] * gain[j]
            mean += d_normalized / n
            projection += d_normalized * N[j] / n
        for j in range(n):
            d_normalized = d[j] * gain[j]
            centred = d_normalized - mean - N[j] * projection
            d_in[j] = centred / scales[row]


@kernel()
def measure_columns(spec, step, layer, start, stop):
    """Each feature's deviation and mean over the batch, and the update of the running averages.

    They are summed row by row, in the order of memory and in the network's dtype, as by NumPy.
    """
    n = layer.n_out
    n_rows = step.n_rows
    keep = layer.momentum
    change = 1 - keep
    deviations, means, squares = of_columns(spec, layer)
    running = array(spec, step.statistics, layer.statistics, 2 * n)
    means[:] = 0
    squares[:] = 0
    for row in range(n_rows):
        x = row_numbers(spec, layer, layer.x, row)
        for j in range(n):
            means[j] += x[j]
    for j in range(n):
        means[j] /= n_rows
    for row in range(n_rows):
        x = row_numbers(spec, layer, layer.x, row)
        for j in range(n):
            centred = x[j] - means[j]
            squares[j] += centred**2
    for j in range(n):
        if n_rows > 1:  # one row has no variance
            running[j] = keep * running[j] + change * means[j]
            unbiased = squares[j] / (n_rows - 1)
            running[n + j] = keep * running[n + j] + change * unbiased
        variance = squares[j] / n_rows
        deviations[j] = math.sqrt(variance + layer.epsilon)


@kernel()
def recall_columns(spec, step, layer, start, stop):
    """Each feature's deviation and mean from the running averages."""
    n = layer.n_out
    deviations, means, _ = of_columns(spec, layer)
    running = array(spec, step.statistics, layer.statistics, 2 * n)
    for j in range(n):
        variance = running[n + j]
        deviations[j] = math.sqrt(variance + layer.epsilon)
        means[j] = running[j]


@kernel()
def normalize_columns(spec, step, layer, start, stop):
    """N = (X − mean) / √(variance + ε) over each column."""
    deviations, means, _ = of_columns(spec, layer)
    for row in range(start, stop):
        X = row_numbers(spec, layer, layer.x, row)
        N = row_numbers(spec, layer, layer.z, row)
        for j in range(layer.n_out):
            centred = X[j] - means[j]
            N[j] = centred / deviations[j]


@kernel()
def normalize_columns_back(spec, step, layer, start, stop):
    """dX = (dN − mean(dN) − N · mean(dN · N)) / s over each column, with dN = dL/d(output) · γ.

    The means are those of the gradients with respect to β and γ, times γ.
    """
    n_rows = step.n_rows
    deviations, _, _ = of_columns(spec, layer)
    gain = row_numbers(spec, layer, layer.weights, 0)
    d_gain = row_numbers(spec, layer, layer.gradient, 0)
    d_bias = row_numbers(spec, layer, layer.gradient, 1)
    for row in range(start, stop):
        N, d, d_in = outputs_and_derivatives(spec, layer, row)
        for j in range(layer.n_out):
            mean = d_bias[j] / n_rows
            projection = N[j] * d_gain[j] / n_rows
            centred = d[j] - mean - projection
            d_in[j] = gain[j] * centred / deviations[j]


@kernel()
def scale_and_shift(spec, step, layer, start, stop):
    """A = γ · N + β."""
    gain = row_vectors(spec, layer, layer.weights, 0)
    bias = row_vectors(spec, layer, layer.weights, 1)
    for row in range(start, stop):
        N = row_vectors(spec, layer, layer.z, row)
        A = row_vectors(spec, layer, layer.a, row)
        for j in range(0, layer.stride, lanes(spec)):
            A[j] = gain[j] * N[j] + bias[j]


@kernel()
def prelu(spec, step, layer, start, stop):
    """A = X for X > 0, otherwise γ · N with N = min(X, 0), where γ are the slopes."""
    slopes = row_vectors(spec, layer, layer.weights, 0)
    for row in range(start, stop):
        X = row_vectors(spec, layer, layer.x, row)
        N = row_vectors(spec, layer, layer.z, row)
        A = row_vectors(spec, layer, layer.a, row)
        for j in range(0, layer.stride, lanes(spec)):
            x = X[j]
            N[j] = where(x > 0, 0, x)
            A[j] = where(x > 0, x, slopes[j] * x)


@kernel()
def prelu_back(spec, step, layer, start, stop):
    """dX = dL/d(output) for X > 0, otherwise γ · dL/d(output)."""
    slopes = row_vectors(spec, layer, layer.weights, 0)
    for row in range(start, stop):
        X = row_vectors(spec, layer, layer.x, row)
        D = row_vectors(spec, layer, layer.d, row)
        d_in = row_vectors(spec, layer, layer.d_in, row)
        for j in range(0, layer.stride, lanes(spec)):
            d = D[j]
            d_in[j] = where(X[j] > 0, d, slopes[j] * d)


@kernel()
def norm_gradient(spec, step, layer, start, stop):
    """dL/dγ = Σ dL/d(output) · N and dL/dβ = Σ dL/d(output); PReLU has no β."""
    d_gain = row_vectors(spec, layer, layer.gradient, 0)
    d_bias = row_vectors(spec, layer, layer.gradient, 1)
    N = row_vectors(spec, layer, layer.z, 0)
    D = row_vectors(spec, layer, layer.d, 0)
    for j in range(0, layer.stride, lanes(spec)):
        gain = D[j] * N[j]
        bias = D[j]
        for i in range(layer.stride + j, step.n_rows * layer.stride, layer.stride):
            gain = gain + D[i] * N[i]
            bias = bias + D[i]
        d_gain[j] = gain
        d_bias[j] = bias


@compiled
def of_columns(spec, layer):
    """Each feature's deviation, mean, and sum of squares around it."""
    place = layer.scales
    deviations = row_numbers(spec, layer, place, 0)
    means = row_numbers(spec, layer, place, 1)
    squares = row_numbers(spec, layer, place, 2)
    return deviations, means, squares


@compiled
def outputs_and_derivatives(spec, layer, row):
    """N, dL/d(output) and dL/d(input) of a row."""
    N = row_numbers(spec, layer, layer.z, row)
    d = row_numbers(spec, layer, layer.d, row)
    d_in = row_numbers(spec, layer, layer.d_in, row)
    return N, d, d_in
