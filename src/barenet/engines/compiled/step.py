"""A training step as two regions that threads share, and slices of batches made of such steps.

In the first, threads split the rows of the batch: forward through the layers, loss, and backward.
In the second, they split the parameters: each computes its tiles of the gradient over the whole
batch, and at once applies the optimizer to them, while they are in the cache. No sum is ever split,
so any number of threads gives the same bits.
"""

from __future__ import annotations

import numba as nb
from numpy import intp as whole  # a literal would make Numba compile a variant of its own

from barenet.engines.compiled.entry import entry
from barenet.engines.compiled.functions import OPTIONS, PARALLEL, copy
from barenet.engines.compiled.layers import (
    backward_rows,
    derive,
    forward_rows,
    measure_columns,
    norm_gradient,
    operation,
    share_of,
)
from barenet.engines.compiled.losses import loss_row
from barenet.engines.compiled.program import (
    FIRST,
    GRADIENT,
    IN_STRIDE,
    LOSS,
    LOSS_MARGIN,
    LOSS_OPTION,
    N_IN,
    N_OPERATIONS,
    N_OUT,
    N_TILES,
    PRICES,
    SECOND,
    SHARES,
    STRIDE,
    TRAINING,
    WEIGHTS,
    A,
    D,
)
from barenet.engines.compiled.simd import stretch
from barenet.engines.compiled.state import borrow, borrow_data, load, store, transpose_weights
from barenet.engines.compiled.tiles import DIFFERENTIATE, learn, share_tiles

# What share_rows is asked for.
FORWARD, BACK = 0, 1


@entry
def train_slice(width, work, vectors, statistics, data, order, batch_size, rates,
                first_step, n_steps, seed, threads, losses, norms):  # fmt: skip
    """Take a step for each learning rate.

    `vectors` are the network's parameters and the optimizer's two moments, `data` X, y and the
    sample weights, all of them flat, and empty where there are none. The loss and the gradient's
    norm of each step go to losses and norms.
    """
    work, data = borrow(work), borrow_data(data)
    load(work, vectors[0], whole(WEIGHTS))
    load(work, vectors[1], whole(FIRST))
    load(work, vectors[2], whole(SECOND))
    transpose_weights(work)
    for i in range(len(rates)):
        start = i * batch_size
        batch = stretch(order, start, min(batch_size, len(order) - start))
        go_through(width, work, statistics, data, batch, derive(seed, first_step + i), threads)
        norms[i] = learn(width, work, len(batch), rates[i], n_steps + i + 1, threads)
        losses[i] = total_loss(work, len(batch))
    store(work, whole(WEIGHTS), vectors[0])
    store(work, whole(FIRST), vectors[1])
    store(work, whole(SECOND), vectors[2])


@entry
def value_and_gradient(width, work, parameters, statistics, data, order, key, threads, gradient):
    """Compute the loss of all rows as one batch, and its gradient."""
    work, data = borrow(work), borrow_data(data)
    load(work, parameters, whole(WEIGHTS))
    transpose_weights(work)
    go_through(width, work, statistics, data, order, key, threads)
    share_tiles(width, work, len(order), 0.0, whole(0), whole(DIFFERENTIATE), threads)
    store(work, whole(GRADIENT), gradient)
    return total_loss(work, len(order))


@nb.njit(**OPTIONS)
def go_through(width, work, statistics, data, batch, key, threads):
    """Forward and backward. Between two phases stands a batch norm, which measures all rows."""
    phases, n = work.phases, len(batch)
    last = len(phases) - 2
    share_weights(work, data[2], batch)
    for phase in range(last + 1):
        if phase > 0:
            op, options = operation(work, phases[phase])
            measure_columns(op, options, work.memory, statistics, n, whole(TRAINING))
        share_rows(width, work, data, batch, phase, whole(FORWARD), key, threads)
    for phase in range(last, 0, -1):
        norm_gradient(operation(work, phases[phase])[0], work.memory, n)
        share_rows(width, work, data, batch, phase - 1, whole(BACK), key, threads)


@nb.njit(**PARALLEL)
def share_rows(width, work, data, batch, phase, back, key, threads):
    """Let each thread do a phase for its share of the rows, in whole blocks."""
    if threads == 1:
        do_rows(width, work, data, batch, phase, back, key, threads - 1, threads)
    else:
        for t in nb.prange(threads):
            do_rows(width, work, data, batch, phase, back, key, whole(t), threads)


@nb.njit(**OPTIONS)
def do_rows(width, work, data, batch, phase, back, key, t, threads):
    """A phase for the t-th share of rows: forward, or the way back to the batch norm before it."""
    phases, n = work.phases, len(batch)
    start, stop = share_of(n, t, threads)
    first, last = phases[phase], phases[phase + 1]
    after_norm = first + (phase > 0)
    if back == BACK:
        backward_rows(width, work, after_norm, last + 1, start, stop, n)
        return
    if phase == 0:
        gather(work, data[0], batch, start, stop)
    forward_rows(width, work, first, last, start, stop, whole(TRAINING), key)
    if phase == len(phases) - 2:
        measure_losses(work, data[1], batch, start, stop)
        backward_rows(width, work, after_norm, last, start, stop, n)


@nb.njit(**OPTIONS)
def gather(work, X, batch, start, stop):
    """Copy rows of X to where the first operation reads them."""
    op, _ = operation(work, whole(0))
    stride, n = op[IN_STRIDE], op[N_IN]
    for row in range(start, stop):
        copy(stretch(X, batch[row] * n, n), stretch(work.memory, row * stride, n))


@nb.njit(**OPTIONS)
def measure_losses(work, y, batch, start, stop):
    """The loss of each row, and its derivative by the output."""
    program, memory = work.program, work.memory
    op, _ = operation(work, program[N_OPERATIONS] - 1)
    stride, n = op[STRIDE], op[N_OUT]
    for row in range(start, stop):
        share = memory[program[SHARES] + row]
        work.sums[row] = share * loss_row(
            program[LOSS], work.numbers[LOSS_OPTION], work.numbers[LOSS_MARGIN],
            stretch(memory, op[A] + row * stride, stride), stretch(y, batch[row] * n, n),
            share, stretch(memory, op[D] + row * stride, stride),
        )  # fmt: skip


@nb.njit(**OPTIONS)
def share_weights(work, weights, batch):
    """Each row's part in the loss of its batch: its weight, or 1, over the sum of them."""
    n = len(batch)
    shares = stretch(work.memory, work.program[SHARES], n)
    if len(weights) == 0:
        for row in range(n):
            shares[row] = 1.0 / n
        return
    total = 0.0
    for row in range(n):
        total += weights[batch[row]]
    for row in range(n):
        shares[row] = weights[batch[row]] / total if total > 0 else 0.0


@nb.njit(**OPTIONS)
def total_loss(work, n_rows):
    """The loss of the batch, and the penalties."""
    loss = 0.0
    for row in range(n_rows):
        loss += work.sums[row]
    for tile in range(work.program[N_TILES]):
        loss += work.sums[work.program[PRICES] + tile]
    return loss
