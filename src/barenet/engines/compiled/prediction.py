"""Prediction: forward through all rows, chunk by chunk, and the losses on the way."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy import intp as whole  # a literal would make Numba compile a variant of its own

from barenet.engines.compiled.entry import entry
from barenet.engines.compiled.functions import (
    OPTIONS,
    PARALLEL,
    SOFTMAX,
    activate,
    copy,
    softmax_row,
)
from barenet.engines.compiled.layers import forward_rows, measure_columns, operation, share_of
from barenet.engines.compiled.losses import loss_row
from barenet.engines.compiled.program import (
    IN_STRIDE,
    LOSS,
    LOSS_MARGIN,
    LOSS_OPTION,
    N_IN,
    N_OPERATIONS,
    N_OUT,
    OUTPUT,
    PREDICTING,
    STRIDE,
    WEIGHTS,
    A,
    D,
)
from barenet.engines.compiled.simd import stretch
from barenet.engines.compiled.state import borrow, borrow_data, load


@entry
def evaluate(width, work, parameters, statistics, data, n_rows, capacity, threads, output):
    """Compute the output of all rows, chunk by chunk; return the weighted sum of their losses.

    Without y in the data there are no losses, and without weights all rows weigh the same.
    """
    work, data = borrow(work), borrow_data(data)
    load(work, parameters, whole(WEIGHTS))
    for phase in range(1, len(work.phases) - 1):
        op, options = operation(work, work.phases[phase])
        measure_columns(op, options, work.memory, statistics, n_rows, whole(PREDICTING))
    total = 0.0
    for start in range(0, n_rows, capacity):
        n = min(capacity, n_rows - start)
        share_predictions(width, work, data, start, n, threads, output)
        for row in range(n if len(data[1]) else 0):
            total += work.sums[row] * (data[2][start + row] if len(data[2]) else 1.0)
    return total


@nb.njit(**PARALLEL)
def share_predictions(width, work, data, first, n, threads, output):
    """Let each thread predict its share of the rows of a chunk."""
    if threads == 1:
        predict_rows(width, work, data, first, n, threads - 1, threads, output)
    else:
        for t in nb.prange(threads):
            predict_rows(width, work, data, first, n, whole(t), threads, output)


@nb.njit(**OPTIONS)
def predict_rows(width, work, data, first, n, t, threads, output):
    """Forward for the t-th share of a chunk, the losses, and then the output activation."""
    program, memory = work.program, work.memory
    start, stop = share_of(n, t, threads)
    head, _ = operation(work, whole(0))
    for row in range(start, stop):
        source = stretch(data[0], (first + row) * head[N_IN], head[N_IN])
        copy(source, stretch(memory, row * head[IN_STRIDE], head[N_IN]))
    forward_rows(
        width, work, whole(0), program[N_OPERATIONS], start, stop, whole(PREDICTING), np.uint64(0)
    )
    op, _ = operation(work, program[N_OPERATIONS] - 1)
    stride, n_out = op[STRIDE], op[N_OUT]
    for row in range(start, stop):
        a = stretch(memory, op[A] + row * stride, stride)
        if len(data[1]):
            y = stretch(data[1], (first + row) * n_out, n_out)
            d = stretch(memory, op[D] + row * stride, stride)
            one = memory.dtype.type(1)
            work.sums[row] = loss_row(
                program[LOSS], work.numbers[LOSS_OPTION], work.numbers[LOSS_MARGIN], a, y, one, d
            )
        if program[OUTPUT] == SOFTMAX:
            softmax_row(a, a, n_out)
        else:
            activate(program[OUTPUT], 0.0, a, a)
        copy(stretch(a, whole(0), n_out), stretch(output, (first + row) * n_out, n_out))
