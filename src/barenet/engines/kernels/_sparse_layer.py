"""A first layer of sparse rows, whose entries are looked up in W, instead of multiplied.

For a table with runs, sums follow below the n rows of W and b. An entry of X at column n + k refers
to row n + k, which is the sum of the rows of W from the first row of k's run to the row before k::

    S[k]  = W[first] + ... + W[k − 1]
    Z     = b + Σ value · W[column] + Σ value · S[k]
    dS[k] = Σ value · dZ of the rows with an entry there, and dW[column] likewise
    dW[i] = dW[i] + dS[i + 1] + ... + dS[end]
"""

import numpy as np

from barenet.engines.kernels._kernel import kernel
from barenet.engines.kernels._records import parameter_vectors, row_vectors
from barenet.engines.simd._calls import compiled, inlined
from barenet.engines.simd._lanes import repeat
from barenet.engines.simd._views import array, fourfold, lanes, source, vectors

#: The dtypes of the entries.
SOURCES = ("float32", "float64")


@kernel()
def sum_runs(spec, step, layer, start, stop):
    """S of some runs, the units."""
    for run in range(start, stop):
        first, end = array(np.int64, layer.runs, 2 * run, 2)
        for k in range(first, end):
            W = parameter_vectors(spec, layer, layer.weights, k)
            S = parameter_vectors(spec, layer, layer.weights, layer.n_in + k)
            S_next = parameter_vectors(spec, layer, layer.weights, layer.n_in + k + 1)
            for j in range(0, layer.row, lanes(spec)):
                if k > first:
                    S_next[j] = W[j] + S[j]
                else:
                    S_next[j] = W[j]


@kernel(SOURCES)
def sparse_forward(spec, step, layer, start, stop):
    """Z of some rows, mostly in vectors four times as long, which stay in registers."""
    n = layer.n_out
    whole = layer.n_out - layer.n_out % (4 * lanes(spec))
    for row in range(start, stop):
        columns, values = entries(spec, step, row)
        look_up(fourfold(spec), step, layer, row, columns, values, 0, whole)
        look_up(spec, step, layer, row, columns, values, whole, n)


@kernel(SOURCES)
def add_entries(spec, step, layer, start, stop):
    """dW without the sums of runs, db and dS. The units are the vectors of a row."""
    L = lanes(spec)
    zero = repeat(spec, 0.0)
    first = start * L
    last = stop * L
    n_rows = layer.n_in + 1
    if layer.runs:
        n_rows += layer.n_in  # and as many for dS
    for column in range(n_rows):
        G = parameter_vectors(spec, layer, layer.gradient, column)
        for j in range(first, last, L):
            G[j] = zero
    whole = last - (last - first) % (4 * L)
    for row in range(step.n_rows):
        columns, values = entries(spec, step, row)
        add(fourfold(spec), step, layer, row, columns, values, first, whole)
        add(spec, step, layer, row, columns, values, whole, last)


@kernel()
def add_runs(spec, step, layer, start, stop):
    """The sums of some runs, the units, in dW: dS[k + 1] becomes dS[k + 1] + ... + dS[end]."""
    for run in range(start, stop):
        first, end = array(np.int64, layer.runs, 2 * run, 2)
        for k in range(end - 1, first - 1, -1):
            dW = parameter_vectors(spec, layer, layer.gradient, k)
            dS = parameter_vectors(spec, layer, layer.gradient, layer.n_in + k + 1)
            dS_next = parameter_vectors(spec, layer, layer.gradient, layer.n_in + k + 2)
            for j in range(0, layer.row, lanes(spec)):
                total = dS[j]
                if k + 1 < end:
                    total = total + dS_next[j]
                dS[j] = total
                dW[j] = dW[j] + total


@inlined
def look_up(spec, step, layer, row, columns, values, start, stop):
    """Some numbers of a row of Z."""
    bias = parameter_vectors(spec, layer, layer.weights, layer.n_in)
    Z = row_vectors(spec, layer, layer.z, row)
    for j in range(start, stop, lanes(spec)):
        total = bias[j]
        for k in range(len(columns)):
            first = columns[k] * layer.row + j
            W = vectors(spec, layer.weights, first)
            x = repeat(spec, values[k]) * step.scale
            total = total + x * W[0]
        Z[j] = total


@inlined
def add(spec, step, layer, row, columns, values, start, stop):
    """Add some numbers of a row of dZ to db and to the gradients of the row's entries."""
    db = parameter_vectors(spec, layer, layer.gradient, layer.n_in)
    D = row_vectors(spec, layer, layer.d, row)
    for j in range(start, stop, lanes(spec)):
        d = D[j]
        db[j] = db[j] + d
        for k in range(len(columns)):
            first = columns[k] * layer.row + j
            G = vectors(spec, layer.gradient, first)
            x = repeat(spec, values[k]) * step.scale
            G[0] = G[0] + x * d


@compiled
def entries(spec, step, row):
    """Columns and values of a row of the batch."""
    number = array(np.int64, step.batch, row, 1)[0]
    first, end = array(np.int64, step.x_bounds, 2 * number, 2)
    columns = array(np.int32, step.x_columns, first, end - first)
    return columns, source(spec, step.x, first, end - first)
