"""Interpreter: the function that goes through a program.

A program has regions, one after the other; all threads meet at the end of each. A region has
groups; the threads split the units of a group, rows of the batch or of parameters, and each takes
its part in chunks that fit the cache. For each chunk, the group's instructions are done in turn:
a kernel with its operands. No sum is ever split, so any number of threads gives the same bits.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from barenet.engines.compiled.dense import BLOCK
from barenet.engines.compiled.kernel import OPTIONS, entry
from barenet.engines.compiled.records import GROUP, INSTRUCTION, PROGRAM, REGION, STEP
from barenet.engines.simd.calls import invoke
from barenet.engines.simd.memory import array, claim, record_at
from barenet.engines.simd.processor import flush_denormals, restore_denormals

__all__ = ["run"]

program_at, step_at = record_at(PROGRAM), record_at(STEP)
region_at, group_at, instruction_at = record_at(REGION), record_at(GROUP), record_at(INSTRUCTION)
REGION_SIZE, GROUP_SIZE, INSTRUCTION_SIZE = (
    dtype.itemsize for dtype in (REGION, GROUP, INSTRUCTION)
)


@entry
def run(place, order, n_rows, batch_size, rates, n_batches, first_step, threads, losses, norms):
    """Go through the program for each of a slice's batches.

    Parameters
    ----------
    place : int
        Address of the program.
    order, rates, losses, norms : int
        Addresses of the row numbers, int64; the learning rate of each batch, float64; and of
        where each batch's loss and gradient norm go, float64.
    n_rows, batch_size, n_batches, first_step, threads : int
        Counts.
    """
    program = program_at(place)
    step = step_at(program.step)
    rates = array(np.float64, rates, 0, n_batches)
    losses, norms = array(np.float64, losses, 0, n_batches), array(np.float64, norms, 0, n_batches)
    before = flush_denormals()
    do_regions(place, 0, program.start, threads)
    for i in range(n_batches):
        step.batch = order + 8 * i * batch_size
        step.n_rows = min(batch_size, n_rows - i * batch_size)
        step.share, step.rate = 1.0 / step.n_rows, rates[i]
        step.number = first_step + i
        step.n_steps += 1
        do_regions(place, program.start, program.stop, threads)
        losses[i] = sum_of(step.losses, 0, step.n_rows) + sum_of(step.squares, step.n_tiles, step.n_tiles)
        norms[i] = math.sqrt(sum_of(step.squares, 0, step.n_tiles))
    do_regions(place, program.stop, program.end, threads)
    restore_denormals(before)


@nb.njit(**OPTIONS)
def sum_of(address, first, length):
    """Sum numbers in their order."""
    total = 0.0
    for number in array(np.float64, address, first, length):
        total += number
    return total


@nb.njit(**OPTIONS)
def do_regions(place, first, last, threads):
    """Do regions one after the other, each on as many threads as it allows."""
    program = program_at(place)
    for index in range(first, last):
        region = program.regions + index * REGION_SIZE
        if threads == 1 or region_at(region).alone:
            do_region(place, region, 0, 1)
        else:
            array(np.int64, program.claims, 0, threads)[:] = 0
            share_region(place, region, threads)


@nb.njit(nogil=True, error_model="numpy", parallel=True)
def share_region(place, region, threads):
    """Let each thread do a share of a region: its own if it can, as that is still in its cache."""
    for _ in nb.prange(threads):
        before = flush_denormals()
        share = nb.get_thread_id() % threads
        while claim(program_at(place).claims, share):
            share = (share + 1) % threads
        do_region(place, region, share, threads)
        restore_denormals(before)


@nb.njit(**OPTIONS)
def do_region(place, region, t, threads):
    """The t-th share of every group."""
    program, region = program_at(place), region_at(region)
    for index in range(region.first, region.last):
        group = group_at(program.groups + index * GROUP_SIZE)
        units, n_rows = group.units, step_at(program.step).n_rows
        if units <= 0:
            units = n_rows if units == 0 else -units * -(-n_rows // BLOCK)
        share = -(-units // (threads * group.grain)) * group.grain
        start, end = min(t * share, units), min((t + 1) * share, units)
        while start < end:
            stop = min(start + group.chunk, end)
            for number in range(group.first, group.last):
                instruction = instruction_at(program.instructions + number * INSTRUCTION_SIZE)
                invoke(instruction.kernel, program.step, instruction.operands, start, stop)
            start = stop
