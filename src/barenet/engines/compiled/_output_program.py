"""OutputProgram: the kernels that compute a network's outputs, with the memory that they need."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.engines._engine import Job
from barenet.engines.compiled._compiled_engine import BLOCK
from barenet.engines.compiled._interpreter import run_program
from barenet.engines.compiled._kernel_program import Program
from barenet.engines.compiled._workspace import address
from barenet.errors import ArgumentError
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import (
    INPUT_DTYPES,
    FloatArray,
    InputArray,
    check_outputs,
    is_safe,
    validate_inputs,
)  # fmt: skip
from barenet.model._network import Network

#: Rows, and numbers in them, that are few: they are copied to a fixed place.
FEW_ROWS, FEW_NUMBERS = 8 * BLOCK, 2**17

#: Numbers of X that are predicted at a time.
SLICE = 2**19

#: All programs, and those whose locks are held while the process forks.
_ALL: weakref.WeakSet[OutputProgram] = weakref.WeakSet()
_PAUSED: list[OutputProgram] = []


class OutputProgram:
    """Computes the outputs of the network of a job, or of others of its structure.

    A call for few rows takes as long as its Python code. So these are copied to a fixed place, and
    a program is ready to read them there.
    """

    #: Set on the first program of an ensemble only: all of its programs, their addresses, their
    #: answers, and the number of rows that they are ready for.
    joined: list[OutputProgram]
    addresses: list[int]
    shared_answers: FloatArray
    shared_count: int

    def __init__(self, job: Job, threads: int | None = None) -> None:
        self.job, self.threads, self.lock = job, threads, threading.Lock()
        widths, dtype = job.network.sizes, job.network.dtype
        n_rows = min(max(FEW_NUMBERS // max(widths), 1), FEW_ROWS)
        self.rows = np.zeros((n_rows, widths[0]), dtype)
        self.answers = np.zeros((n_rows, widths[-1]), dtype)
        n_batches = FEW_ROWS // BLOCK
        self.held = np.arange(FEW_ROWS), np.zeros(n_batches), np.empty((2, n_batches))
        self.few = self._lower(self.rows, min(BLOCK, len(self.rows)))
        self.many = dict[Any, Program]()
        self.n_rows, self.n_batches = self.few.record["n_rows"], self.few.record["n_batches"]
        self.unsafe = self.few.step["unsafe"]
        self._use(job.network)
        _ALL.add(self)

    def outputs(self, X: ArrayLike, network: Network) -> FloatArray:
        """Check rows, and compute the outputs of a network of this structure for them."""
        with self.lock:
            if self.parameters is not network.parameters:
                self._use(network)
            return self._outputs(X)

    def _outputs(self, X: Any) -> FloatArray:
        if type(X) is np.ndarray and self._are_few(X):
            output = self._outputs_of_few(X)
            if not self.unsafe:
                return output
        return self._outputs_of_many(X)

    def outputs_of_all(self, X: Any) -> FloatArray:
        """Check rows, and compute the outputs of all joined programs."""
        with self.lock:
            is_plain = type(X) is np.ndarray and self._are_few(X)
            if not is_plain or self.few.threads(BLOCK, len(X)) > 1:
                self.shared_count = 0
                return np.array([program._outputs(X) for program in self.joined])
            n_rows, call = len(X), run_program.call
            if n_rows != self.shared_count:
                for program in self.joined:
                    program.n_rows[()], program.n_batches[()] = n_rows, -(-n_rows // BLOCK)
                self.shared_count = n_rows
            self.rows[:n_rows] = X
            for place in self.addresses:
                call(place)
            if any(program.unsafe for program in self.joined):
                return np.array([program._outputs(X) for program in self.joined])
            return self.shared_answers[:, :n_rows].copy()

    @classmethod
    def joining(cls, jobs: Sequence[Job]) -> OutputProgram:
        """Make a program for each of several jobs of the same inputs and outputs.

        They keep their parameters and share the place for few rows, which the first one locks.
        """
        joined = [cls(job) for job in jobs]
        first, rows = joined[0], min((program.rows for program in joined), key=len)
        answers = np.zeros((len(joined), len(rows), first.answers.shape[1]), rows.dtype)
        for program, own in zip(joined, answers, strict=True):
            program.rows, program.answers = rows, own
            program._use(program.job.network)
            program.keep_parameters()
        first.joined, first.shared_answers, first.shared_count = joined, answers, 0
        first.addresses = [program.few.address for program in joined]
        return first

    def keep_parameters(self) -> None:
        """Load the present parameters, and don't load them again."""
        self.n_batches[()] = 0
        run_program.call(self.few.address)
        self.few.record["load"] = self.few.record["start"]

    def _use(self, network: Network) -> None:
        """Compute with the parameters of this network from now on."""
        self.parameters, self.statistics = network.parameters, network.statistics
        self._point(self.few, self.rows, self.answers)
        self._reset()

    def _reset(self) -> None:
        """Point the program for few rows to their places."""
        record = self.few.record
        record["order"], record["rates"], record["report"] = map(address, self.held)
        record["batch_size"], record["threads"] = BLOCK, 1

    def _are_few(self, X: NDArray[Any]) -> bool:
        """Whether X consists of a few rows, of numbers that can be converted."""
        fit = X.ndim == 2 and 0 < len(X) <= len(self.rows) and X.shape[1] == self.rows.shape[1]
        return fit and X.dtype.char in "fd" and (X.dtype == self.rows.dtype or is_safe(X))

    def _outputs_of_few(self, X: NDArray[Any]) -> FloatArray:
        """Compute the outputs of rows, which may be unsafe."""
        n_rows, n_batches, program = len(X), -(-len(X) // BLOCK), self.few
        self.rows[:n_rows], self.unsafe[()] = X, 0
        if n_rows == 1 or program.threads(BLOCK, n_rows) == 1:
            self.n_rows[()], self.n_batches[()] = n_rows, n_batches
            run_program.call(program.address)
        else:
            try:
                program.run(self.held[0][:n_rows], BLOCK, self.held[1][:n_batches], 0)
            finally:  # after Ctrl-C, too
                self._reset()
        return self.answers[:n_rows].copy()

    def _outputs_of_many(self, X: Any) -> FloatArray:
        """Check X and compute its outputs, slice by slice."""
        n_inputs, dtype = self.rows.shape[1], self.rows.dtype
        if np.ma.isMaskedArray(X) or not isinstance(X, np.ndarray) or X.ndim != 2 or X.size == 0:
            X = validate_inputs(X, dtype, n_inputs)
        output = np.empty((len(X), self.answers.shape[1]), dtype)
        size = max(SLICE // n_inputs // BLOCK, 1) * BLOCK if isinstance(X, np.ndarray) else len(X)
        is_plain = isinstance(X, np.ndarray) and X.dtype in INPUT_DTYPES and X.shape[1] == n_inputs
        is_plain = is_plain and X.flags.c_contiguous and X.flags.aligned
        with suppress(ArgumentError):
            for start in range(0, len(X), size):
                part = output[start : start + size]
                some = X[start : start + size]
                rows = some if is_plain else validate_inputs(some, dtype, n_inputs)
                kind = type(rows), rows.dtype
                if kind not in self.many:
                    self.many[kind] = self._lower(rows)
                program = self.many[kind]
                self._point(program, rows, part)
                program.step["unsafe"] = 0
                program.run(np.arange(len(rows)), BLOCK, np.zeros(-(-len(rows) // BLOCK)), 0)
                if program.step["unsafe"]:
                    break
            else:
                return output
        validate_inputs(X, dtype, n_inputs)  # this error counts the rows from the first one
        return check_outputs(output[: start + size])

    def _lower(self, X: InputArray, capacity: int = BLOCK) -> Program:
        """Make a program for rows of this type."""
        rows = ArrayDataset(X, self.answers, None)
        return Program(self.job, capacity, "predict", rows, self.threads)

    def _point(self, program: Program, X: InputArray, output: FloatArray) -> None:
        """Point a program to rows, to the place for their outputs, and to the parameters."""
        program.read(ArrayDataset(X, output, None))
        program.point("output", output)
        program.point("parameters", self.parameters)
        program.point("statistics", self.statistics)


def _wait_for_kernels() -> None:
    """Let the predictions of other threads end before a fork, which a kernel may not survive."""
    for program in list(_ALL):
        program.lock.acquire()
        _PAUSED.append(program)


def _release_kernels() -> None:
    """Release the locks after the fork, in the parent and in the child."""
    while _PAUSED:
        _PAUSED.pop().lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_wait_for_kernels, after_in_parent=_release_kernels, after_in_child=_release_kernels
    )
