"""Program pool: lowered programs that wait for the next job of the same structure.

Lowering takes longer than an epoch of a small network, and partial fits, folds and populations
train the same structure again and again.
"""

from collections import OrderedDict
from collections.abc import Hashable
from itertools import chain
from threading import Lock

from barenet.engines._engine import Job
from barenet.engines.compiled._kernel_program import Program
from barenet.engines.compiled._lowering import Task
from barenet.engines.simd._processor import vector_bits
from barenet.model._array_dataset import ArrayDataset

#: Bytes of all waiting programs together.
MAX_BYTES = 2**26

#: The waiting programs by structure, those that have waited longest first.
WAITING: OrderedDict[Hashable, list[Program]] = OrderedDict()
LOCK = Lock()


def take(
    job: Job,
    structure: Hashable,
    capacity: int,
    task: Task,
    rows: ArrayDataset,
    threads: int | None,
) -> Program:
    """Take a waiting program of the structure of a job, or lower the job to a new one."""
    key = (structure, task, capacity, type(rows.X), rows.X.dtype, rows.X.shape[1],
           rows.sample_weight is None)  # fmt: skip
    with LOCK:
        waiting = WAITING.get(key)
        program = waiting.pop() if waiting else None
    if program is None:
        program = Program(job, capacity, task, rows, threads)
        program.key = key
    else:
        program.assign(job, threads)
    return program


def give_back(program: Program) -> None:
    """Keep a program for another job, and discard the oldest ones beyond the limit."""
    program.release()
    with LOCK:
        WAITING.setdefault(program.key, []).append(program)
        WAITING.move_to_end(program.key)
        while sum(each.workspace.n_bytes for each in chain(*WAITING.values())) > MAX_BYTES:
            WAITING.popitem(last=False)


def structure_of(job: Job) -> Hashable:
    """All of a job that its programs depend on, except for the numbers that they are given."""
    optimizer, clipping = type(job.optimizer), type(job.clipping)
    parts = repr(job.network), repr(job.loss), repr(job.penalties)
    return (*parts, optimizer, clipping, vector_bits())
