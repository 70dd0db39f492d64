"""Interpreter: what goes through a program, batch after batch, alone or with a crew of threads.

A program has regions, one after the other. A region has groups; the threads share the units of a
group, rows of the batch or of parameters, and each takes its share in chunks that fit the cache.
For each chunk, the group's instructions are done in turn: a kernel with its operands. No sum is
ever split by the number of threads, so any number of them gives the same bits.

The threads are called together once for a slice. The first to come leads: it opens a region, does
its own share and those that nobody has claimed, and waits for what was claimed by others. So it
needs nobody, whoever comes late or not at all; and a thread that comes has the same share of each
region, with the same rows of weights, which are in its cache.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from barenet.engines.compiled.dense import BLOCK
from barenet.engines.compiled.kept import keep
from barenet.engines.compiled.kernel import OPTIONS, entry
from barenet.engines.compiled.records import GROUP, INSTRUCTION, PROGRAM, REGION, STEP
from barenet.engines.simd.atomic import add, exchange_if, give_way, pause, publish, read
from barenet.engines.simd.calls import invoke
from barenet.engines.simd.memory import array, record_at
from barenet.engines.simd.processor import flush_denormals, restore_denormals

__all__ = ["CREW", "run_alone", "run_together"]

program_at, step_at = record_at(PROGRAM), record_at(STEP)
region_at, group_at, instruction_at = record_at(REGION), record_at(GROUP), record_at(INSTRUCTION)
REGION_SIZE, GROUP_SIZE, INSTRUCTION_SIZE = (
    dtype.itemsize for dtype in (REGION, GROUP, INSTRUCTION)
)

# What the threads tell each other, each number in a cache line of its own, in bytes: how many have
# come, the number of the open region and its place, how many of its shares are done, and for each
# share the last region that it was claimed in. A region of a negative number is the end.
COME, OPEN, PLACE, DONE, CLAIMS = range(0, 5 * 64, 64)

#: Bytes of all that, but for the claims, which are as long as a line for each thread.
CREW = CLAIMS

#: Looks at a number that has not changed before others are let run.
PATIENCE = 2048


@entry
def run_alone(place, order, n_rows, batch_size, rates, n_batches, first_step, losses, norms):
    """Go through the program for each of a slice's batches, on one thread.

    `place`, `order`, `rates`, `losses` and `norms` are addresses: of the program, the row numbers,
    the learning rate of each batch, and of where its loss and gradient norm go.
    """
    before = flush_denormals()
    do_batches(place, order, n_rows, batch_size, rates, n_batches, first_step, 1, losses, norms)
    restore_denormals(before)


@nb.njit(nogil=True, error_model="numpy", parallel=True)
def run_together(
    place, order, n_rows, batch_size, rates, n_batches, first_step, threads, losses, norms
):
    """The same for several threads."""
    for _ in nb.prange(threads):
        before = flush_denormals()
        crew = program_at(place).crew
        member = add(crew + COME, 1)
        if member == 0:
            do_batches(
                place,
                order,
                n_rows,
                batch_size,
                rates,
                n_batches,
                first_step,
                threads,
                losses,
                norms,
            )
            publish(crew + OPEN, -1)
        else:
            follow(place, member, threads)
        restore_denormals(before)


run_together = keep(run_together)


@nb.njit(**OPTIONS)
def do_batches(
    place, order, n_rows, batch_size, rates, n_batches, first_step, threads, losses, norms
):
    """Load, a step for each batch, store."""
    program = program_at(place)
    step = step_at(program.step)
    rates = array(np.float64, rates, 0, n_batches)
    losses, norms = array(np.float64, losses, 0, n_batches), array(np.float64, norms, 0, n_batches)
    do_regions(place, program.load, program.start, threads)
    for i in range(n_batches):
        step.batch = order + 8 * i * batch_size
        step.n_rows = min(batch_size, n_rows - i * batch_size)
        step.share, step.rate = 1.0 / step.n_rows, rates[i]
        step.number = first_step + i
        step.n_steps += 1
        do_regions(place, program.start, program.stop, threads)
        prices = sum_of(step.squares, step.n_tiles, step.n_tiles)
        losses[i] = sum_of(step.losses, 0, step.n_rows) + prices
        norms[i] = math.sqrt(sum_of(step.squares, 0, step.n_tiles))
    do_regions(place, program.stop, program.end, threads)


@nb.njit(**OPTIONS)
def sum_of(address, first, length):
    """Sum numbers in their order."""
    total = 0.0
    for number in array(np.float64, address, first, length):
        total += number
    return total


@nb.njit(**OPTIONS)
def do_regions(place, first, last, threads):
    """Do regions one after the other, each with as many threads as it allows."""
    program = program_at(place)
    for index in range(first, last):
        region = program.regions + index * REGION_SIZE
        if threads == 1 or region_at(region).alone:
            do_share(place, region, 0, 1)
        else:
            lead(place, region, threads)


@nb.njit(**OPTIONS)
def lead(place, region, threads):
    """Open a region, take part in it, and wait until all of it is done."""
    crew, spins = program_at(place).crew, 0
    number = read(crew + OPEN) + 1
    publish(crew + DONE, 0)
    publish(crew + PLACE, region)
    publish(crew + OPEN, number)
    take_part(place, number, 0, threads)
    while read(crew + DONE) < threads:
        spins = wait(spins)


@nb.njit(**OPTIONS)
def follow(place, member, threads):
    """Take part in each region that is opened, until the end."""
    crew, done, spins = program_at(place).crew, 0, 0
    number = read(crew + OPEN)
    while number >= 0:
        if number > done:
            take_part(place, number, member, threads)
            done, spins = number, 0
        spins = wait(spins)
        number = read(crew + OPEN)


@nb.njit(**OPTIONS)
def take_part(place, number, member, threads):
    """Do one's own share of the region of that number, and then those that nobody has claimed."""
    crew = program_at(place).crew
    for turn in range(threads):
        share = (member + turn) % threads
        if exchange_if(crew + CLAIMS + 64 * share, number - 1, number):
            do_share(place, read(crew + PLACE), share, threads)
            add(crew + DONE, 1)


@nb.njit(**OPTIONS)
def wait(spins):
    """Wait for a moment; after many of them, let others run."""
    if spins % PATIENCE == PATIENCE - 1:
        give_way()
    else:
        pause()
    return spins + 1


@nb.njit(**OPTIONS)
def do_share(place, region, t, threads):
    """The t-th share of every group of a region."""
    program, region = program_at(place), region_at(region)
    for index in range(region.first, region.last):
        group = group_at(program.groups + index * GROUP_SIZE)
        units, n_rows = group.units, step_at(program.step).n_rows
        if units <= 0:
            units = n_rows if units == 0 else -units * -(-n_rows // BLOCK)
        start, end = 0, units
        if threads > 1:
            share = -(-units // (threads * group.grain)) * group.grain
            start, end = min(t * share, units), min((t + 1) * share, units)
        while start < end:
            stop = start + min(group.chunk, end - start)
            for number in range(group.first, group.last):
                instruction = instruction_at(program.instructions + number * INSTRUCTION_SIZE)
                invoke(instruction.kernel, program.step, instruction.operands, start, stop)
            start = stop
