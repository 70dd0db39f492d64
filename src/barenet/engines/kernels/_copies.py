"""Copies: between the user's arrays and the padded rows that kernels work on.

For parameters, the units are rows: those of W and then the bias, or the gain and bias of a norm.
"""

import numpy as np

from barenet.engines.kernels._kernel import kernel
from barenet.engines.kernels._records import row_numbers
from barenet.engines.simd._calls import compiled
from barenet.engines.simd._mathematics import are_finite
from barenet.engines.simd._register_blocks import transpose_block
from barenet.engines.simd._views import array, lanes, prefetch, source, vectors

#: Number of rows of X that are prefetched.
AHEAD = 4

#: The dtypes of X.
SOURCES = ("float32", "float64", "uint8")


@kernel(SOURCES)
def gather(spec, step, layer, start, stop):
    """Copy the batch's rows of X, of the type that the spec names, to the first layer's input."""
    gather_columns(spec, step, layer.x, layer.stride, start, stop, 0, layer.n_in)


@compiled
def gather_columns(spec, step, target, stride, start, stop, left, right):
    """Copy some columns of some rows to a matrix of their own; check those of a prediction."""
    copy_columns(spec, step, target, stride, start, stop, left, right)
    if step.output != 0:
        are_safe = are_finite(spec, target, stride, right - left, start, stop)
        step.unsafe |= not are_safe


@compiled
def copy_columns(spec, step, target, stride, start, stop, left, right):
    """Copy some columns of some rows of X, converted and scaled."""
    numbers = array(np.int64, step.batch, 0, step.n_rows)
    column = step.x_column
    n = right - left
    for row in range(start, stop):
        first = numbers[row] * step.x_row + left * column
        if row + AHEAD < stop and column == 1:
            number_ahead = numbers[row + AHEAD]
            first_ahead = number_ahead * step.x_row + left
            ahead = source(spec, step.x, first_ahead, n)
            address = ahead.ctypes.data
            for j in range(0, n * ahead.itemsize, 64):
                prefetch(address + j)
        x = array(spec, target, row * stride, n)
        if column == 1:
            near = source(spec, step.x, first, n)
            for j in range(n):
                x[j] = near[j]
        else:
            for j in range(n):
                number = source(spec, step.x, first + j * column, 1)
                x[j] = number[0]
        if step.scale != 1:
            X = vectors(spec, target, row * stride)
            for j in range(0, n, lanes(spec)):
                X[j] = X[j] * step.scale


@kernel()
def emit(spec, step, layer, start, stop):
    """Copy the network's output to the user's array; NaN where its logit z has overflowed.

    Sigmoid and tanh would hide the overflow: σ(∞) = 1.
    """
    n = layer.n_out
    for row in range(start, stop):
        if layer.z != 0:
            z = row_numbers(spec, layer, layer.z, row)
            a = row_numbers(spec, layer, layer.a, row)
            for j in range(n):
                a[j] += z[j] - z[j]
        first = (step.position + row) * n
        copy(spec, layer.a, row * layer.stride, step.output, first, n)
    are_safe = are_finite(spec, layer.a, layer.stride, n, start, stop)
    step.unsafe |= not are_safe


@kernel()
def load(spec, step, layer, start, stop):
    """Copy the network's parameters, their limits and the optimizer's moments into padded rows."""
    n = layer.n_out
    stride = layer.stride
    lower = (step.lower, layer.lower)
    upper = (step.upper, layer.upper)
    parameters, moment_1, moment_2, average, _ = vectors_and_rows(step, layer)
    loaded = (parameters, moment_1, moment_2, average, lower, upper)
    for flat, padded in loaded:
        if flat != 0:
            for row in range(start, stop):
                first = layer.flat + row * n
                copy(spec, flat, first, padded, row * stride, n)


@kernel()
def store(spec, step, layer, start, stop):
    """Copy the parameters and moments back, or the gradient."""
    n = layer.n_out
    stride = layer.stride
    for flat, padded in vectors_and_rows(step, layer):
        if flat != 0:
            for row in range(start, stop):
                first = layer.flat + row * n
                copy(spec, padded, row * stride, flat, first, n)


@compiled
def vectors_and_rows(step, layer):
    """Pair the network's own vectors (address 0 if unused) with their padded rows."""
    parameters = (step.parameters, layer.weights)
    moment_1 = (step.moment_1, layer.moment_1)
    moment_2 = (step.moment_2, layer.moment_2)
    average = (step.average, layer.average)
    gradient = (step.gradient, layer.gradient)
    return parameters, moment_1, moment_2, average, gradient


@compiled
def copy(spec, source, first, target, first_target, n):
    """Copy numbers."""
    numbers = array(spec, source, first, n)
    place = array(spec, target, first_target, n)
    for j in range(n):
        place[j] = numbers[j]


@kernel()
def transpose(spec, step, layer, start, stop):
    """Update rows of W in the copy of Wᵀ."""
    last = min(stop, layer.n_in)
    L = lanes(spec)
    row = layer.stride
    row_T = layer.transposed_stride
    if layer.n_out == 1:
        W = array(spec, layer.weights, 0, last * row)
        W_T = array(spec, layer.transposed, 0, last)
        for i in range(start, last):
            W_T[i] = W[i * row]
        return
    for i in range(start, last, L):
        n_rows = layer.n_in - i
        for j in range(0, layer.n_out, L):
            first = i * row + j
            first_T = j * row_T + i
            transpose_block(
                spec,
                layer.weights, first, row, n_rows,
                layer.transposed, first_T, row_T,
            )  # fmt: skip
