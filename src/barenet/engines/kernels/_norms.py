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
    n, scales = layer.n_out, array(spec, layer.scales, 0, stop)
    for row in range(start, stop):
        mean = square = 0.0  # float64
        for x in row_numbers(spec, layer, layer.x, row):
            mean += x
        mean /= n
        for x in row_numbers(spec, layer, layer.x, row):
            square += (x - mean) ** 2
        scales[row] = deviation = math.sqrt(square / n + layer.epsilon)
        X, N = row_vectors(spec, layer, layer.x, row), row_vectors(spec, layer, layer.z, row)
        for j in range(0, layer.n_out, lanes(spec)):
            N[j] = (X[j] - mean) / deviation


@kernel()
def normalize_rows_back(spec, step, layer, start, stop):
    """dX = (dN − mean(dN) − N · mean(dN · N)) / s over each row, with dN = dL/d(output) · γ."""
    n, scales = layer.n_out, array(spec, layer.scales, 0, stop)
    gain = row_numbers(spec, layer, layer.weights, 0)
    for row in range(start, stop):
        N, d, d_in = outputs_and_derivatives(spec, layer, row)
        mean = projection = 0.0
        for j in range(n):
            mean += d[j] * gain[j] / n
            projection += d[j] * gain[j] * N[j] / n
        for j in range(n):
            d_in[j] = (d[j] * gain[j] - mean - N[j] * projection) / scales[row]


@kernel()
def measure_columns(spec, step, layer, start, stop):
    """Each feature's deviation and mean over the batch, and the update of the running averages.

    They are summed row by row, in the order of memory and in the network's dtype, as by NumPy.
    """
    n, n_rows, keep = layer.n_out, step.n_rows, layer.momentum
    deviations, means, squares = of_columns(spec, layer)
    running = array(spec, step.statistics, layer.statistics, 2 * n)
    means[:], squares[:] = 0, 0
    for row in range(n_rows):
        x = row_numbers(spec, layer, layer.x, row)
        for j in range(n):
            means[j] += x[j]
    for j in range(n):
        means[j] /= n_rows
    for row in range(n_rows):
        x = row_numbers(spec, layer, layer.x, row)
        for j in range(n):
            squares[j] += (x[j] - means[j]) ** 2
    for j in range(n):
        if n_rows > 1:  # one row has no variance
            running[j] = keep * running[j] + (1 - keep) * means[j]
            running[n + j] = keep * running[n + j] + (1 - keep) * (squares[j] / (n_rows - 1))
        deviations[j] = math.sqrt(squares[j] / n_rows + layer.epsilon)


@kernel()
def recall_columns(spec, step, layer, start, stop):
    """Each feature's deviation and mean from the running averages."""
    n, (deviations, means, _) = layer.n_out, of_columns(spec, layer)
    running = array(spec, step.statistics, layer.statistics, 2 * n)
    for j in range(n):
        deviations[j], means[j] = math.sqrt(running[n + j] + layer.epsilon), running[j]


@kernel()
def normalize_columns(spec, step, layer, start, stop):
    """N = (X − mean) / √(variance + ε) over each column."""
    deviations, means, _ = of_columns(spec, layer)
    for row in range(start, stop):
        X, N = row_numbers(spec, layer, layer.x, row), row_numbers(spec, layer, layer.z, row)
        for j in range(layer.n_out):
            N[j] = (X[j] - means[j]) / deviations[j]


@kernel()
def normalize_columns_back(spec, step, layer, start, stop):
    """dX = (dN − mean(dN) − N · mean(dN · N)) / s over each column, with dN = dL/d(output) · γ.

    The means are those of the gradients with respect to β and γ, times γ.
    """
    n_rows, (deviations, _, _) = step.n_rows, of_columns(spec, layer)
    gain = row_numbers(spec, layer, layer.weights, 0)
    d_gain = row_numbers(spec, layer, layer.gradient, 0)
    d_bias = row_numbers(spec, layer, layer.gradient, 1)
    for row in range(start, stop):
        N, d, d_in = outputs_and_derivatives(spec, layer, row)
        for j in range(layer.n_out):
            centred = d[j] - d_bias[j] / n_rows - N[j] * d_gain[j] / n_rows
            d_in[j] = gain[j] * centred / deviations[j]


@kernel()
def scale_and_shift(spec, step, layer, start, stop):
    """A = γ · N + β."""
    gain = row_vectors(spec, layer, layer.weights, 0)
    bias = row_vectors(spec, layer, layer.weights, 1)
    for row in range(start, stop):
        N, A = row_vectors(spec, layer, layer.z, row), row_vectors(spec, layer, layer.a, row)
        for j in range(0, layer.stride, lanes(spec)):
            A[j] = gain[j] * N[j] + bias[j]


@kernel()
def prelu(spec, step, layer, start, stop):
    """A = X for X > 0 and else γ · N with N = min(X, 0), where γ are the slopes."""
    slopes = row_vectors(spec, layer, layer.weights, 0)
    for row in range(start, stop):
        X, N = row_vectors(spec, layer, layer.x, row), row_vectors(spec, layer, layer.z, row)
        A = row_vectors(spec, layer, layer.a, row)
        for j in range(0, layer.stride, lanes(spec)):
            N[j] = where(X[j] > 0, 0, X[j])
            A[j] = where(X[j] > 0, X[j], slopes[j] * X[j])


@kernel()
def prelu_back(spec, step, layer, start, stop):
    """dX = dL/d(output) for X > 0 and else γ · dL/d(output)."""
    slopes = row_vectors(spec, layer, layer.weights, 0)
    for row in range(start, stop):
        X, D = row_vectors(spec, layer, layer.x, row), row_vectors(spec, layer, layer.d, row)
        d_in = row_vectors(spec, layer, layer.d_in, row)
        for j in range(0, layer.stride, lanes(spec)):
            d_in[j] = where(X[j] > 0, D[j], slopes[j] * D[j])


@kernel()
def norm_gradient(spec, step, layer, start, stop):
    """dL/dγ = Σ dL/d(output) · N and dL/dβ = Σ dL/d(output); PReLU has no β."""
    d_gain = row_vectors(spec, layer, layer.gradient, 0)
    d_bias = row_vectors(spec, layer, layer.gradient, 1)
    N, D = row_vectors(spec, layer, layer.z, 0), row_vectors(spec, layer, layer.d, 0)
    for j in range(0, layer.stride, lanes(spec)):
        gain, bias = D[j] * N[j], D[j]
        for i in range(layer.stride + j, step.n_rows * layer.stride, layer.stride):
            gain, bias = gain + D[i] * N[i], bias + D[i]
        d_gain[j], d_bias[j] = gain, bias


@compiled
def of_columns(spec, layer):
    """Each feature's deviation, mean, and sum of squares around it."""
    place = layer.scales
    deviations, means = row_numbers(spec, layer, place, 0), row_numbers(spec, layer, place, 1)
    return deviations, means, row_numbers(spec, layer, place, 2)


@compiled
def outputs_and_derivatives(spec, layer, row):
    """N, dL/d(output) and dL/d(input) of a row."""
    N, d = row_numbers(spec, layer, layer.z, row), row_numbers(spec, layer, layer.d, row)
    return N, d, row_numbers(spec, layer, layer.d_in, row)
