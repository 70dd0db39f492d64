"""Sparse rows in a first layer: their entries are looked up in W, instead of multiplied.

For a table with runs, below the n rows of W and b there are their sums: row n + k is the sum of
the rows of W from the first one of k's run up to before k, which the entry of a row of X at column
n + k stands for::

    S[k]  = W[first] + ... + W[k − 1]
    Z     = b + Σ value · W[column] + Σ value · S[k]
    dS[k] = Σ value · dZ of the rows with an entry there, and dW[column] likewise
    dW[i] = dW[i] + dS[i + 1] + ... + dS[end]
"""

import numpy as np

from barenet.engines.kernels._kernel import kernel
from barenet.engines.kernels._records import parameter_vectors, row_vectors
from barenet.engines.simd._calls import compiled
from barenet.engines.simd._lanes import repeat
from barenet.engines.simd._views import array, lanes, source, vectors

#: The dtypes of the entries.
SOURCES = ("float32", "float64")


@kernel()
def sum_runs(spec, step, layer, start, stop):
    """S of some runs, the units."""
    L, row = lanes(spec), layer.row
    for run in range(start, stop):
        first, end = array(np.int64, layer.runs, 2 * run, 2)
        for k in range(first, end):
            W = parameter_vectors(spec, layer, layer.weights, k)
            S = parameter_vectors(spec, layer, layer.weights, layer.n_in + k)
            for j in range(0, row, L):
                S[row + j] = W[j] + S[j] if k > first else W[j]


@kernel(SOURCES)
def table_forward(spec, step, layer, start, stop):
    """Z of some rows."""
    L, bias = lanes(spec), parameter_vectors(spec, layer, layer.weights, layer.n_in)
    for row in range(start, stop):
        columns, values = entries(spec, step, row)
        Z, j = row_vectors(spec, layer, layer.z, row), 0
        while j + 4 * L <= layer.n_out:
            look_up_four(spec, step, layer, Z, bias, columns, values, j)
            j += 4 * L
        while j < layer.n_out:
            look_up_one(spec, step, layer, Z, bias, columns, values, j)
            j += L


@kernel(SOURCES)
def add_entries(spec, step, layer, start, stop):
    """dW without the sums of runs, db and dS. The units are the vectors of a row."""
    L, zero = lanes(spec), repeat(spec, 0.0)
    db = parameter_vectors(spec, layer, layer.gradient, layer.n_in)
    for column in range((2 if layer.runs else 1) * layer.n_in + 1):
        G = parameter_vectors(spec, layer, layer.gradient, column)
        for j in range(start * L, stop * L, L):
            G[j] = zero
    for row in range(step.n_rows):
        columns, values = entries(spec, step, row)
        D = row_vectors(spec, layer, layer.d, row)
        for j in range(start * L, stop * L, L):
            db[j] = db[j] + D[j]
        j = start * L
        while j + 4 * L <= stop * L:
            add_four(spec, step, layer, D, columns, values, j)
            j += 4 * L
        while j < stop * L:
            add_one(spec, step, layer, D, columns, values, j)
            j += L


@kernel()
def add_runs(spec, step, layer, start, stop):
    """The sums of some runs, the units, in dW."""
    L, row = lanes(spec), layer.row
    for run in range(start, stop):
        first, end = array(np.int64, layer.runs, 2 * run, 2)
        for k in range(end - 1, first - 1, -1):
            G = parameter_vectors(spec, layer, layer.gradient, k)
            S = parameter_vectors(spec, layer, layer.gradient, layer.n_in + k)
            for j in range(0, row, L):
                total = S[row + j] + S[2 * row + j] if k + 1 < end else S[row + j]
                S[row + j], G[j] = total, G[j] + total


@compiled
def look_up_four(spec, step, layer, Z, bias, columns, values, j):
    """Four vectors of Z from the j-th number on, which stay in registers."""
    L = lanes(spec)
    a, b, c, d = bias[j], bias[j + L], bias[j + 2 * L], bias[j + 3 * L]
    for k in range(len(columns)):
        W = vectors(spec, layer.weights, columns[k] * layer.row + j)
        value = repeat(spec, values[k]) * step.scale
        a, b = a + value * W[0], b + value * W[L]
        c, d = c + value * W[2 * L], d + value * W[3 * L]
    Z[j], Z[j + L], Z[j + 2 * L], Z[j + 3 * L] = a, b, c, d


@compiled
def look_up_one(spec, step, layer, Z, bias, columns, values, j):
    """One vector of Z."""
    total = bias[j]
    for k in range(len(columns)):
        W = vectors(spec, layer.weights, columns[k] * layer.row + j)
        total = total + repeat(spec, values[k]) * step.scale * W[0]
    Z[j] = total


@compiled
def add_four(spec, step, layer, D, columns, values, j):
    """Add a row of dZ, four vectors of it, to the gradients of its entries."""
    L = lanes(spec)
    a, b, c, d = D[j], D[j + L], D[j + 2 * L], D[j + 3 * L]
    for k in range(len(columns)):
        G = vectors(spec, layer.gradient, columns[k] * layer.row + j)
        value = repeat(spec, values[k]) * step.scale
        G[0], G[L] = G[0] + value * a, G[L] + value * b
        G[2 * L], G[3 * L] = G[2 * L] + value * c, G[3 * L] + value * d


@compiled
def add_one(spec, step, layer, D, columns, values, j):
    """One vector of it."""
    for k in range(len(columns)):
        G = vectors(spec, layer.gradient, columns[k] * layer.row + j)
        G[0] = G[0] + repeat(spec, values[k]) * step.scale * D[j]


@compiled
def entries(spec, step, row):
    """Columns and values of a row of the batch."""
    number = array(np.int64, step.batch, row, 1)[0]
    first, end = array(np.int64, step.x_bounds, 2 * number, 2)
    columns = array(np.int32, step.x_columns, first, end - first)
    return columns, source(spec, step.x, first, end - first)
