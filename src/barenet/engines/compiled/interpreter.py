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

from barenet.engines.kernels.gradients import sum_of
from barenet.engines.kernels.kernel import entry
from barenet.engines.kernels.records import STEP, record
from barenet.engines.simd.atomic import add, exchange_if, give_way, pause, publish, read
from barenet.engines.simd.calls import OPTIONS, invoke
from barenet.engines.simd.memory import array, record_at
from barenet.engines.simd.processor import flush_denormals, restore_denormals

__all__ = ["CREW", "GROUP", "INSTRUCTION", "PROGRAM", "REGION", "run_alone", "run_together"]

#: What all kernels share; and which regions are done for each batch: those from `start` up to
#: `stop`; the ones before, from `load` on, are done once for a slice, as are those after, up to
#: `end`. Then what is new for each slice: its rows and batches, where each loss goes and then each
#: norm, and where threads meet.
PROGRAM = record(
    "step regions load start stop end "
    "order n_rows batch_size rates n_batches first_step report crew"
)

#: Some groups; `alone` if one thread does them.
REGION = record("groups n_groups alone")

#: Instructions that are done for each chunk of the units; 0 units are the rows of the batch.
#: Threads get whole grains.
GROUP = record("instructions n_instructions units chunk grain")

#: A kernel and the record that it reads, by their addresses.
INSTRUCTION = record("kernel operands")

program_at, step_at, region_at = record_at(PROGRAM), record_at(STEP), record_at(REGION)
group_at, instruction_at = record_at(GROUP), record_at(INSTRUCTION)

# What the threads tell each other, each number in a cache line of its own, in bytes: how many have
# come, the number of the open region and which one it is, how many of its shares are done, and for
# each share the last number that it was claimed for. A negative number is the end.
COME, OPEN, WHICH, DONE, CLAIMS = range(0, 5 * 64, 64)

#: Bytes of all that, but for the claims, which are as long as a line for each thread.
CREW = CLAIMS

#: Looks at a number that has not changed before others are let run.
PATIENCE = 2048


@entry()
def run_alone(address):
    """Go through the program at an address for each batch of its slice, on one thread."""
    before = flush_denormals()
    do_slice(program_at(address, 0), 1)
    restore_denormals(before)


@entry(parallel=True)
def run_together(address, threads):
    """The same for several threads."""
    for _ in nb.prange(threads):
        before, program = flush_denormals(), program_at(address, 0)
        member = add(program.crew + COME, 1)
        if member == 0:
            do_slice(program, threads)
            publish(program.crew + OPEN, -1)
        else:
            follow(program, member, threads)
        restore_denormals(before)


@nb.njit(**OPTIONS)
def do_slice(program, threads):
    """Load, a step for each batch, store."""
    step, size, n_batches = step_at(program.step, 0), program.batch_size, program.n_batches
    rates = array(np.float64, program.rates, 0, n_batches)
    losses = array(np.float64, program.report, 0, n_batches)
    norms = array(np.float64, program.report, n_batches, n_batches)
    do_regions(program, program.load, program.start, threads)
    for i in range(n_batches):
        step.batch = program.order + 8 * i * size
        step.n_rows = min(size, program.n_rows - i * size)
        step.row_weight, step.rate = 1.0 / step.n_rows, rates[i]
        step.number = program.first_step + i
        step.n_steps += 1
        do_regions(program, program.start, program.stop, threads)
        prices = sum_of(step.squares, step.n_tiles, step.n_tiles)
        losses[i] = sum_of(step.losses, 0, step.n_rows) + prices
        norms[i] = math.sqrt(sum_of(step.squares, 0, step.n_tiles))
    do_regions(program, program.stop, program.end, threads)


@nb.njit(**OPTIONS)
def do_regions(program, first, last, threads):
    """Do regions one after the other, each with as many threads as it allows."""
    for region in range(first, last):
        if threads == 1 or region_at(program.regions, region).alone:
            do_share(program, region, 0, 1)
        else:
            lead(program, region, threads)


@nb.njit(**OPTIONS)
def lead(program, region, threads):
    """Open a region, take part in it, and wait until all of it is done."""
    crew, spins = program.crew, 0
    number = read(crew + OPEN) + 1
    publish(crew + DONE, 0)
    publish(crew + WHICH, region)
    publish(crew + OPEN, number)
    take_part(program, number, 0, threads)
    while read(crew + DONE) < threads:
        spins = wait(spins)


@nb.njit(**OPTIONS)
def follow(program, member, threads):
    """Take part in each region that is opened, until the end."""
    done, spins = 0, 0
    number = read(program.crew + OPEN)
    while number >= 0:
        if number > done:
            take_part(program, number, member, threads)
            done, spins = number, 0
        spins = wait(spins)
        number = read(program.crew + OPEN)


@nb.njit(**OPTIONS)
def take_part(program, number, member, threads):
    """Do one's own share of the region of that number, and then those that nobody has claimed."""
    crew = program.crew
    for turn in range(threads):
        share = (member + turn) % threads
        if exchange_if(crew + CLAIMS + 64 * share, number - 1, number):
            do_share(program, read(crew + WHICH), share, threads)
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
def do_share(program, index, number, shares):
    """One of the shares of every group of a region."""
    step, region = step_at(program.step, 0), region_at(program.regions, index)
    for place in range(region.n_groups):
        group = group_at(region.groups, place)
        units = group.units if group.units > 0 else step.n_rows
        start, end = 0, units
        if shares > 1:
            size = -(-units // (shares * group.grain)) * group.grain
            start, end = min(number * size, units), min((number + 1) * size, units)
        while start < end:
            stop = start + min(group.chunk, end - start)
            for turn in range(group.n_instructions):
                instruction = instruction_at(group.instructions, turn)
                invoke(instruction.kernel, step, instruction.operands, start, stop)
            start = stop
