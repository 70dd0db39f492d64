"""Program pool: lowered programs that wait for the next job of the same structure.

Lowering takes longer than an epoch of a small network, and partial fits, folds and populations
train the same structure again and again.
"""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Any

from barenet.engines._engine import Job
from barenet.engines.compiled._kernel_program import Program
from barenet.engines.compiled._lowering import Purpose
from barenet.engines.simd._processor import vector_bits
from barenet.model._array_dataset import ArrayDataset

#: Maximum number of bytes of all waiting programs together.
MAX_BYTES = 2**28


class ProgramPool:
    """The programs that wait, of all threads, with at most `MAX_BYTES` of memory."""

    def __init__(self) -> None:
        #: By the structure and what else a program was made for, the longest-waiting first.
        self.waiting: OrderedDict[Hashable, list[Program]] = OrderedDict()
        #: The memory of all of them, which would take longer to sum than to train a small network.
        self.n_bytes = 0
        self.lock = Lock()

    def take(self, key: Hashable) -> Program | None:
        """Return a waiting program that no other job gets, if there is one."""
        with self.lock:
            programs = self.waiting.get(key)
            if not programs:
                return None
            program = programs.pop()
            self.n_bytes -= program.workspace.n_bytes
            return program

    def add(self, key: Hashable, program: Program) -> None:
        """Let a program wait, and discard the oldest ones beyond the limit."""
        with self.lock:
            self.waiting.setdefault(key, []).append(program)
            self.waiting.move_to_end(key)
            self.n_bytes += program.workspace.n_bytes
            while self.n_bytes > MAX_BYTES:
                _, oldest = self.waiting.popitem(last=False)
                for discarded in oldest:
                    self.n_bytes -= discarded.workspace.n_bytes

    def clear(self) -> None:
        """Discard all waiting programs."""
        with self.lock:
            self.waiting.clear()
            self.n_bytes = 0


#: The pool of this process.
POOL = ProgramPool()


class JobPrograms:
    """The programs of a job, which are taken from the pool if possible.

    They may run for one job after the other. A program then keeps the addresses of X and y.
    """

    def __init__(self, job: Job, threads: int | None) -> None:
        self.job = job
        self.threads = threads
        #: All that the programs have in common.
        self.structure = (job.structure, vector_bits())
        #: Programs of this job, and of the one before where this job hasn't needed them yet.
        self.programs: dict[tuple[Any, ...], Program] = {}

    def of(self, purpose: Purpose, capacity: int, rows: ArrayDataset) -> Program:
        """Return the program for a purpose, for batches of up to `capacity` rows of a type."""
        X = rows.X
        runs = getattr(rows.X, "runs", None)
        is_unweighted = rows.sample_weight is None
        variant = (purpose, runs, X.dtype, X.shape[1], is_unweighted)
        program = self.programs.get(variant)
        if program is not None and program.job is not self.job:
            # Bits depend on the capacity, so this job takes the one that it would have alone.
            if program.capacity == capacity:
                program.assign(self.job, self.threads)
            else:
                del self.programs[variant]
                self._release(program, variant)
                program = None
        if program is None or program.capacity < capacity:
            program = POOL.take((self.structure, capacity, *variant))
            if program is None:
                program = Program(self.job, capacity, purpose, rows, self.threads)
            else:
                program.assign(self.job, self.threads)
            self.programs[variant] = program
        program.read(rows)
        network = self.job.network
        program.point("parameters", network.parameters)
        program.point("statistics", network.statistics)
        return program

    def take_job(self, job: Job) -> bool:
        """Run another job, and return True, if it has the same structure and the same kind of X."""
        is_same_kind = type(job.rows.X) is type(self.job.rows.X)
        if not is_same_kind or job.structure != self.job.structure:
            return False
        self.job = job
        return True

    def give_back(self) -> None:
        """Let the programs wait for other jobs."""
        for variant, program in self.programs.items():
            self._release(program, variant)

    def _release(self, program: Program, variant: tuple[Any, ...]) -> None:
        """Let a program wait for other jobs."""
        program.release()
        POOL.add((self.structure, program.capacity, *variant), program)
