"""Sparse input: batches that are made dense, or products with the entries of a sparse X alone.

A number that is added to a product with 0 keeps its bits, so the results are those of a dense X.
"""

import numpy as np

from barenet.engines.kernels._dense import differentiate_bias
from barenet.engines.kernels._kernel import kernel
from barenet.engines.kernels._records import gradient_row, row_numbers, row_vectors
from barenet.engines.simd._calls import compiled
from barenet.engines.simd._lanes import repeat
from barenet.engines.simd._views import array, itemsize, lanes, prefetch, source, vectors

#: Rows that are fetched from memory before they are needed.
AHEAD = 12

#: The dtypes of the entries.
SOURCES = ("float32", "float64")


@kernel(SOURCES)
def scatter(spec, step, layer, start, stop):
    """Write the batch's rows, made dense, to the first layer's input."""
    for row in range(start, stop):
        columns, values = entries(spec, step, row)
        x = array(spec, layer.x, row * layer.stride, layer.n_in)
        x[:] = 0
        for k in range(len(columns)):
            if columns[k] < layer.n_in:
                x[columns[k]] = values[k]
            else:
                end = columns[k] - layer.n_in
                x[run_start(layer, end) : end] = values[k]
        X = row_vectors(spec, layer, layer.x, row)
        for j in range(0, layer.n_in, lanes(spec)):
            X[j] = X[j] * step.scale


@kernel(SOURCES)
def sparse_forward(spec, step, layer, start, stop):
    """Z = b + the sum of the parts, of which each is the products with some inputs."""
    W, stride = layer.weights, layer.row
    bias = array(spec, W, layer.n_in * stride, layer.n_out)
    for row in range(start, stop):
        columns, values = entries(spec, step, row)
        z, p = row_numbers(spec, layer, layer.z, row), row_numbers(spec, layer, layer.partial, row)
        for j in range(layer.n_out):
            z[j] = bias[j]
        first = 0
        for part in range(1, layer.n_parts + 1):
            last = first
            while last < len(columns) and columns[last] < part * layer.part_size:
                last += 1
            P = row_vectors(spec, layer, layer.partial, row)
            add_rows(spec, step, layer, P, columns[first:last], values[first:last], W, stride)
            for j in range(layer.n_out):
                z[j] += p[j]
            first = last


@kernel()
def sum_runs(spec, step, layer, start, stop):
    """Below W and b: for each end k of a run, the sum of the rows of W up to before it."""
    L, row = lanes(spec), layer.row
    for run in range(start, stop):
        first, end = array(np.int64, layer.runs, 2 * run, 2)
        for k in range(first, end):
            W, S = run_rows(spec, layer, layer.weights, k)
            for j in range(0, row, L):
                S[row + j] = W[j] + S[j] if k > first else W[j]


@kernel(SOURCES)
def table_forward(spec, step, layer, start, stop):
    """Z = b + Σ value · row of W, or of the sums of a run."""
    L, row = lanes(spec), layer.row
    for i in range(start, stop):
        columns, values = entries(spec, step, i)
        j, n = 0, layer.n_out
        while j < n:
            bias = vectors(spec, layer.weights, layer.n_in * row + j)
            Z = vectors(spec, layer.z, i * layer.stride + j)
            if j + 4 * L <= n:
                a, b, c, d = bias[0], bias[L], bias[2 * L], bias[3 * L]
                for k in range(len(columns)):
                    W = vectors(spec, layer.weights, columns[k] * row + j)
                    factor = repeat(spec, values[k]) * step.scale
                    a, b = a + factor * W[0], b + factor * W[L]
                    c, d = c + factor * W[2 * L], d + factor * W[3 * L]
                Z[0], Z[L], Z[2 * L], Z[3 * L] = a, b, c, d
                j += 4 * L
            else:
                a = bias[0]
                for k in range(len(columns)):
                    W = vectors(spec, layer.weights, columns[k] * row + j)
                    a = a + repeat(spec, values[k]) * step.scale * W[0]
                Z[0] = a
                j += L


@kernel(SOURCES)
def add_entries(spec, step, layer, start, stop):
    """Σ value · dZ of the entries of each column. The units are the vectors of a row."""
    L, j = lanes(spec), start
    while j < stop:
        if j + 4 <= stop:
            add_to_rows(spec, step, layer, j * L, 4)
            j += 4
        else:
            add_to_rows(spec, step, layer, j * L, 1)
            j += 1


@kernel()
def add_runs(spec, step, layer, start, stop):
    """dW of a column: the sums of its own entries, and of those of the later ends of its run."""
    L, row = lanes(spec), layer.row
    for run in range(start, stop):
        first, end = array(np.int64, layer.runs, 2 * run, 2)
        for k in range(end - 1, first - 1, -1):
            G, S = run_rows(spec, layer, layer.gradient, k)
            for j in range(0, row, L):
                total = S[row + j] + S[2 * row + j] if k + 1 < end else S[row + j]
                S[row + j], G[j] = total, G[j] + total


@kernel()
def table_bias(spec, step, layer, start, stop):
    """db, below dW."""
    if stop > layer.n_in:
        differentiate_bias(spec, step, layer, layer.n_in)


@kernel(SOURCES)
def list_columns(spec, step, layer, start, stop):
    """List the entries of each column, in the order of the batch's rows."""
    ends, n_entries = array(np.int64, step.column_ends, 0, layer.n_in + 1), 0
    ends[:] = 0
    for row in range(step.n_rows):
        columns, _ = entries(spec, step, row)
        n_entries += len(columns)
        for column in columns:
            ends[column + 1] += 1
    for column in range(layer.n_in):
        ends[column + 1] += ends[column]
    rows = array(np.int32, step.entry_rows, 0, n_entries)
    numbers = array(spec, step.entry_values, 0, n_entries)
    for row in range(step.n_rows):  # ends[j] goes from the start of column j to its end
        columns, values = entries(spec, step, row)
        for k in range(len(columns)):
            place = ends[columns[k]]
            rows[place], numbers[place] = row, values[k]
            ends[columns[k]] = place + 1


@kernel()
def sparse_gradient(spec, step, layer, start, stop):
    """dW = Xᵀ dZ, and below it db."""
    ends = array(np.int64, step.column_ends, 0, layer.n_in)
    offset = gradient_row(step, layer, start) - start
    for column in range(start, min(stop, layer.n_in)):
        first, last = ends[column - 1] if column > 0 else 0, ends[column]
        rows = array(np.int32, step.entry_rows, first, last - first)
        values = array(spec, step.entry_values, first, last - first)
        G = row_vectors(spec, layer, layer.gradient, column + offset)
        add_rows(spec, step, layer, G, rows, values, layer.d, layer.stride)
    if stop > layer.n_in:
        differentiate_bias(spec, step, layer, layer.n_in + offset)


@compiled
def entries(spec, step, row):
    """Columns and values of a row of the batch."""
    number = array(np.int64, step.batch, row, 1)[0]
    first, end = array(np.int64, step.x_bounds, 2 * number, 2)
    columns = array(np.int32, step.x_columns, first, end - first)
    return columns, source(spec, step.x, first, end - first)


@compiled
def run_rows(spec, layer, matrix, k):
    """The rows from column k on, and from the run's end k on."""
    return vectors(spec, matrix, k * layer.row), vectors(
        spec, matrix, (layer.n_in + k) * layer.row
    )


@compiled
def run_start(layer, end):
    """The first column of the run that a column ends."""
    place = 0
    while array(np.int64, layer.runs, 2 * place + 1, 1)[0] < end:
        place += 1
    return array(np.int64, layer.runs, 2 * place, 1)[0]


@compiled
def add_to_rows(spec, step, layer, j, n):
    """One vector or four of each row of the gradient."""
    L, zero, row = lanes(spec), repeat(spec, 0.0), layer.row
    for column in range(layer.n_columns):
        G = vectors(spec, layer.gradient, column * row + j)
        for v in range(n):
            G[v * L] = zero
    for i in range(step.n_rows):
        columns, values = entries(spec, step, i)
        D = vectors(spec, layer.d, i * layer.stride + j)
        if n == 4:
            a, b, c, d = D[0], D[L], D[2 * L], D[3 * L]
            for k in range(len(columns)):
                G = vectors(spec, layer.gradient, columns[k] * row + j)
                factor = repeat(spec, values[k]) * step.scale
                G[0], G[L] = G[0] + factor * a, G[L] + factor * b
                G[2 * L], G[3 * L] = G[2 * L] + factor * c, G[3 * L] + factor * d
        else:
            a = D[0]
            for k in range(len(columns)):
                G = vectors(spec, layer.gradient, columns[k] * row + j)
                G[0] = G[0] + repeat(spec, values[k]) * step.scale * a


@compiled
def add_rows(spec, step, layer, total, rows, factors, matrix, stride):
    """total = Σ factor · row of the matrix, in this order, for the layer's outputs."""
    L, n, j = lanes(spec), max(layer.n_out, lanes(spec)), 0
    while j < n:  # the last vectors end with the row
        if n >= 4 * L:
            add_vectors(spec, step, total, rows, factors, matrix, stride, min(j, n - 4 * L))
            j += 4 * L
        else:
            add_vector(spec, step, total, rows, factors, matrix, stride, min(j, n - L))
            j += L


@compiled
def add_vectors(spec, step, total, rows, factors, matrix, stride, j):
    """Four vectors of each row, whose sums stay in registers."""
    L, size, last = lanes(spec), itemsize(spec), len(rows) - 1
    a = b = c = d = repeat(spec, 0.0)
    for k in range(last + 1):
        ahead = matrix + (rows[min(k + AHEAD, last)] * stride + j) * size
        for line in range(4):
            prefetch(ahead + line * L * size)
        row = vectors(spec, matrix, rows[k] * stride + j)
        factor = repeat(spec, factors[k]) * step.scale
        a, b = a + factor * row[0], b + factor * row[L]
        c, d = c + factor * row[2 * L], d + factor * row[3 * L]
    total[j], total[j + L], total[j + 2 * L], total[j + 3 * L] = a, b, c, d


@compiled
def add_vector(spec, step, total, rows, factors, matrix, stride, j):
    """One vector of each row."""
    a = repeat(spec, 0.0)
    for k in range(len(rows)):
        row = vectors(spec, matrix, rows[k] * stride + j)
        a = a + repeat(spec, factors[k]) * step.scale * row[0]
    total[j] = a
