"""Thread choice: run the batches of a program on one thread or on all, whichever is faster.

How much time a second thread saves depends on the cores: a number written by one reaches the other
in 50 ns if they share a cache, and in 500 ns if not. That may change within seconds, so from time
to time a few batches try the other number of threads, and the faster choice is kept.
"""

import numpy as np

from barenet.engines.compiled._workspace import Record, Workspace
from barenet.engines.kernels._records import record
from barenet.engines.simd._calls import compiled

#: Batches from one trial to the next.
PERIOD = 256
#: Batches before the first trial.
WARM_UP = 16
#: Maximum number of batches of a trial.
TRIAL = 3

#: Number of cycles above which a single batch is a trial.
LONG = 2**21

#: Minimum fraction of the usual duration that the other number of threads must save.
MARGIN = 0.05

#: Whether batches run on one thread, the count of them since the last trial, and the fastest one
#: with that number of threads and with the other, in cycles.
CHOICE = record(["single", "count", "usual", "other"])

UNKNOWN = np.iinfo(np.int64).max


def new_choice(workspace: Workspace) -> Record:
    """Make a choice of all threads, which holds until one thread is measured."""
    return workspace.record(CHOICE, count=PERIOD - WARM_UP, usual=UNKNOWN, other=UNKNOWN)


def threads_to_start(choice: Record, threads: int, n_batches: int) -> int:
    """Return the number of threads for a call: one if all its batches run on one, else all."""
    if not choice["single"]:
        return threads
    if choice["count"] + n_batches <= PERIOD:
        choice["count"] += n_batches
        return 1
    choice["count"] = max(choice["count"], PERIOD - TRIAL)  # try soon, as threads wait for it
    return threads


@compiled
def takes_one_thread(choice):
    """Return whether the next batch runs on one thread."""
    return (choice.single != 0) != (choice.count >= PERIOD)


@compiled
def observe(choice, cycles):
    """Record the duration of a batch; return whether, after a trial, one thread is chosen."""
    choice.count += 1
    if choice.count <= PERIOD:
        if choice.count > PERIOD - TRIAL:
            choice.usual = min(choice.usual, cycles)
        return False
    choice.other = min(choice.other, cycles)
    if choice.count < PERIOD + TRIAL and cycles < LONG:
        return False
    if choice.other < (1 - MARGIN) * choice.usual:
        choice.single = 1 - choice.single
    choice.count = 0
    choice.usual = UNKNOWN
    choice.other = UNKNOWN
    return choice.single != 0
