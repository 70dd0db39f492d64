"""Interpreter: runs a program batch after batch, on one thread or on a team of threads.

A program is a sequence of regions. A region has groups; the threads share the units of a group,
which are rows of the batch or of parameters, and each processes its part in blocks that fit the
cache. For each block, the group's instructions run in turn: a kernel with its operands. No sum is
split by the number of threads, so any number of them gives the same bits.

The calling thread leads: it opens a region, processes its own part and those that no other thread
has claimed, and waits for the claimed ones. The others are called once for a chunk of batches. A
thread that arrives late, or never, doesn't delay the others. Each thread has the same part of each
region, with the same rows of weights, so they stay in its cache.
"""

import math

import numpy as np

from barenet.engines.compiled._thread_choice import CHOICE, observe, takes_one_thread
from barenet.engines.kernels._gradients import sum_of
from barenet.engines.kernels._kernel import entry
from barenet.engines.kernels._optimizers import correct_bias
from barenet.engines.kernels._records import STEP, ceil_div, part_of_thread, record
from barenet.engines.simd._atomics import add, compare_exchange, pause, publish, read, yield_thread
from barenet.engines.simd._calls import compiled, invoke
from barenet.engines.simd._processor import cycles, flush_denormals, restore_denormals
from barenet.engines.simd._views import array, record_at

#: A program: the tables that it is lowered to, and the numbers and addresses of a call.
PROGRAM = record([
    # The step, which all kernels share, and the table of the regions.
    "step", "regions",
    # Indices of regions. Those from `start` up to `stop` run for each batch; those before (from
    # `load`) and after (up to `end`) run once per call.
    "load", "start", "stop", "end",
    # The order of the rows, the number of rows per epoch, and the size of a batch.
    "order", "n_rows", "batch_size",
    # The learning rate of each batch, the number of batches, and the step of the first one.
    "rates", "n_batches", "first_step",
    # The losses of the batches, then the norms of their gradients.
    "report",
    # The numbers that the threads share, the choice of threads, and the number of threads.
    "team", "choice", "threads",
])  # fmt: skip

#: Some groups; `serial` if they run on one thread.
REGION = record(["groups", "n_groups", "serial"])

#: Instructions that run for each block of the units; 0 units are the rows of the batch. The part
#: of a thread consists of whole grains.
GROUP = record(["instructions", "n_instructions", "units", "block", "grain"])

#: Addresses of a kernel and of the record that it reads.
INSTRUCTION = record(["kernel", "operands"])

program_at = record_at(PROGRAM)
step_at = record_at(STEP)
region_at = record_at(REGION)
group_at = record_at(GROUP)
instruction_at = record_at(INSTRUCTION)
choice_at = record_at(CHOICE)

# Numbers that the threads share, each in its own cache line: the program's address, the number of
# threads, the number that have arrived, the number and the index of the open region, the count of
# its finished parts, and the last region number for which each part was claimed. A negative region
# number marks the end. A late thread then reads nothing else, as the program may already run with
# other threads.
PROGRAM_PLACE, THREADS, ARRIVED, OPEN, INDEX, DONE, CLAIMS = range(0, 7 * 64, 64)

#: Bytes of these numbers without the claims; each claim takes another cache line.
TEAM = CLAIMS

#: Reads of an unchanged number before a thread yields its core to others.
PATIENCE = 2048


@entry
def run_program(address):
    """Run the program at an address for each of its batches, leading the threads."""
    before = flush_denormals()
    program = program_at(address, 0)
    if program.threads > 1:
        publish(program.team + PROGRAM_PLACE, address)
        publish(program.team + THREADS, program.threads)
    run_batches(program, program.threads)
    restore_denormals(before)


@entry
def follow(team):
    """Take part in each region that the leader opens, until the end."""
    before = flush_denormals()
    done = 0
    spins = 0
    thread = add(team + ARRIVED, 1) + 1
    number = read(team + OPEN)
    while number >= 0:
        if number > done:
            take_part(team, number, thread)
            done = number
            spins = 0
        spins = wait(spins)
        number = read(team + OPEN)
    restore_denormals(before)


@compiled
def run_batches(program, threads):
    """Load, a step for each batch, and store."""
    step = step_at(program.step, 0)
    size = program.batch_size
    n_batches = program.n_batches
    rates = array(np.float64, program.rates, 0, n_batches)
    losses = array(np.float64, program.report, 0, n_batches)
    norms = array(np.float64, program.report, n_batches, n_batches)
    run_regions(program, program.load, program.start, threads)
    batches_per_epoch = ceil_div(program.n_rows, size)
    for i in range(n_batches):
        epoch = i // batches_per_epoch
        first = i % batches_per_epoch * size
        step.position = epoch * program.n_rows + first
        step.batch = program.order + 8 * step.position
        step.n_rows = min(size, program.n_rows - first)
        step.row_weight = 1.0 / step.n_rows
        step.rate = rates[i]
        step.number = program.first_step + i
        step.n_steps += 1
        if step.moment_2 != 0:  # only Adam and AdamW have a second moment
            correct_bias(step)
        threads = run_batch(program, step, threads)
        first_penalty = step.n_tiles  # the penalties of the tiles follow their squares
        penalties = sum_of(step.squares, first_penalty, step.n_tiles)
        losses[i] = sum_of(step.losses, 0, step.n_rows) + penalties
        square = sum_of(step.squares, 0, step.n_tiles)
        norms[i] = math.sqrt(square)
    run_regions(program, program.stop, program.end, threads)


@compiled
def run_batch(program, step, threads):
    """Run a batch on one thread or on all; return the number of threads for the next batches."""
    if threads == 1:
        step.threads = 1
        run_regions(program, program.start, program.stop, 1)
        return 1
    choice = choice_at(program.choice, 0)
    step.threads = threads
    if takes_one_thread(choice):
        step.threads = 1
    started = cycles()
    run_regions(program, program.start, program.stop, step.threads)
    is_whole = step.n_rows == min(program.batch_size, program.n_rows)
    if is_whole and observe(choice, cycles() - started):
        publish(program.team + OPEN, -1)  # this releases the helper threads
        return 1
    return threads


@compiled
def run_regions(program, first, last, threads):
    """Run regions one after the other, on as many threads as each allows."""
    for region in range(first, last):
        if threads == 1 or region_at(program.regions, region).serial:
            run_part(program, region, 0, 1)
        else:
            lead(program, region, threads)


@compiled
def lead(program, region, threads):
    """Open a region, take part in it, and wait until it is finished."""
    team = program.team
    spins = 0
    number = read(team + OPEN) + 1
    publish(team + DONE, 0)
    publish(team + INDEX, region)
    publish(team + OPEN, number)
    take_part(team, number, 0)
    while read(team + DONE) < threads:
        spins = wait(spins)


@compiled
def take_part(team, number, thread):
    """Run a thread's own part of the region of that number, and then all unclaimed parts."""
    threads = read(team + THREADS)
    for turn in range(threads):
        part = (thread + turn) % threads
        if compare_exchange(team + CLAIMS + 64 * part, number - 1, number):
            program = program_at(read(team + PROGRAM_PLACE), 0)
            run_part(program, read(team + INDEX), part, threads)
            add(team + DONE, 1)


@compiled
def wait(spins):
    """Wait briefly; after many times, let other threads run."""
    if spins % PATIENCE == PATIENCE - 1:
        yield_thread()
    else:
        pause()
    return spins + 1


@compiled
def run_part(program, index, number, parts):
    """Run one part of every group of a region."""
    step = step_at(program.step, 0)
    region = region_at(program.regions, index)
    for place in range(region.n_groups):
        group = group_at(region.groups, place)
        units = group.units
        if units == 0:  # 0 stands for the rows of the batch
            units = step.n_rows
        start = 0
        end = units
        if parts > 1:
            size = part_of_thread(units, parts, group.grain)
            start = min(number * size, units)
            end = min((number + 1) * size, units)
        while start < end:
            stop = start + min(group.block, end - start)
            for turn in range(group.n_instructions):
                instruction = instruction_at(group.instructions, turn)
                invoke(instruction.kernel, step, instruction.operands, start, stop)
            start = stop
