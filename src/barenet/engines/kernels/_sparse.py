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
            first, end = columns_of(layer, columns[k])
            x[first:end] = values[k]
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
def columns_of(layer, column):
    """The range of columns that an entry stands for: its own, or those of a run up to its end."""
    if column < layer.n_in:
        return column, column + 1
    end, place = column - layer.n_in, 0
    while end > array(np.int64, layer.runs, 2 * place + 1, 1)[0]:
        place += 1
    return array(np.int64, layer.runs, 2 * place, 1)[0], end


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
