"""Sparse input: batches that are made dense, or products with the entries of a sparse X alone.

A number that is added to a product with 0 keeps its bits, so the results are those of a dense X.
"""

import numpy as np

from barenet.engines.kernels._kernel import kernel
from barenet.engines.kernels._records import row_vectors
from barenet.engines.simd._calls import compiled
from barenet.engines.simd._views import array, lanes, source

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
