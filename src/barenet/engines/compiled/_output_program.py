"""OutputProgram: the kernels that compute outputs of networks, with the memory that they need."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.engines._engine import Job
from barenet.engines.compiled._compiled_engine import BLOCK, must_be_dense
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


class OutputProgram:
    """Computes the outputs of networks of the same inputs and outputs, of one or of an ensemble.

    A call for few rows takes as long as its Python code. So these are copied to a fixed place, and
    the programs of all networks are ready to read them there.
    """

    def __init__(self, jobs: Sequence[Job], threads: int | None = None, keep: bool = False) -> None:
        self.jobs, self.threads = jobs, threads
        networks = [job.network for job in jobs]
        widths, dtype = networks[0].sizes, networks[0].dtype
        widest = max(max(network.sizes) for network in networks)
        n_rows = min(max(FEW_NUMBERS // widest, 1), FEW_ROWS)
        self.rows = np.zeros((n_rows, widths[0]), dtype)
        self.answers = np.zeros((len(jobs), n_rows, widths[-1]), dtype)
        n_batches = FEW_ROWS // BLOCK
        self.held = np.arange(FEW_ROWS), np.zeros(n_batches), np.empty((2, n_batches))
        self.few = self._lower(self.rows, min(BLOCK, n_rows))
        self.many = dict[Any, list[Program]]()
        self.costliest = max(self.few, key=lambda program: program.work)
        self.calls = [partial(run_program.call, program.address) for program in self.few]
        self.unsafe = [program.step["unsafe"] for program in self.few]
        self._use(networks)
        if keep:
            self._keep_parameters()

    def outputs(self, X: ArrayLike, network: Network | None = None) -> FloatArray:
        """Check rows, and compute the outputs of each network, or of another of its structure."""
        if network is not None and self.bound[0][0] is not network.parameters:
            self._use([network])
        if type(X) is np.ndarray and self._are_few(X):
            outputs = self._outputs_of_few(X)
            if not any(self.unsafe):
                return outputs
            for unsafe in self.unsafe:
                unsafe[()] = 0
        return self._outputs_of_many(X)

    def _use(self, networks: Sequence[Network]) -> None:
        """Compute with the parameters of these networks from now on."""
        self.bound = [(network.parameters, network.statistics) for network in networks]
        self._point(self.few, self.rows, self.answers)
        self._reset()

    def _reset(self) -> None:
        """Point the programs for few rows to their places."""
        self.n_ready = 0  # rows that they are ready for
        for program in self.few:
            record = program.record
            record["order"], record["rates"], record["report"] = map(address, self.held)
            record["batch_size"], record["threads"] = BLOCK, 1

    def _prepare(self, n_rows: int) -> None:
        """Prepare the programs for this number of few rows."""
        for program in self.few:
            program.record["n_rows"], program.record["n_batches"] = n_rows, -(-n_rows // BLOCK)
        self.n_ready = n_rows

    def _keep_parameters(self) -> None:
        """Load the present parameters, and don't load them again."""
        self._prepare(0)
        for program, call in zip(self.few, self.calls, strict=True):
            call()
            program.record["load"] = program.record["start"]

    def _are_few(self, X: NDArray[Any]) -> bool:
        """Whether X consists of a few rows, of numbers that can be converted."""
        fit = X.ndim == 2 and 0 < len(X) <= len(self.rows) and X.shape[1] == self.rows.shape[1]
        return fit and X.dtype.char in "fd" and (X.dtype == self.rows.dtype or is_safe(X))

    def _outputs_of_few(self, X: NDArray[Any]) -> FloatArray:
        """Compute the outputs of rows, which may be unsafe."""
        n_rows = len(X)
        self.rows[:n_rows] = X
        if n_rows == 1 or self.costliest.threads(BLOCK, n_rows) == 1:
            if n_rows != self.n_ready:
                self._prepare(n_rows)
            for call in self.calls:
                call()
        else:
            order, rates = self.held[0][:n_rows], self.held[1][: -(-n_rows // BLOCK)]
            try:
                for program in self.few:
                    program.run(order, BLOCK, rates, 0)
            finally:  # after Ctrl-C, too
                self._reset()
        return self.answers[:, :n_rows].copy()

    def _outputs_of_many(self, X: Any) -> FloatArray:
        """Check X and compute its outputs, slice by slice."""
        n_inputs, dtype = self.rows.shape[1], self.rows.dtype
        if np.ma.isMaskedArray(X) or not isinstance(X, np.ndarray) or X.ndim != 2 or X.size == 0:
            X = validate_inputs(X, dtype, n_inputs)
        dense = isinstance(X, np.ndarray) or any(must_be_dense(job.network, X) for job in self.jobs)
        output = np.empty((len(self.jobs), len(X), self.answers.shape[2]), dtype)
        size = max(SLICE // n_inputs // BLOCK, 1) * BLOCK if dense else len(X)
        is_plain = isinstance(X, np.ndarray) and X.dtype in INPUT_DTYPES and X.shape[1] == n_inputs
        is_plain = is_plain and X.flags.c_contiguous and X.flags.aligned
        with suppress(ArgumentError):
            for start in range(0, len(X), size):
                some = X[start : start + size]
                if not is_plain:
                    some = validate_inputs(np.asarray(some) if dense else some, dtype, n_inputs)
                kind = type(some), some.dtype, getattr(some, "runs", ())
                if kind not in self.many:
                    self.many[kind] = self._lower(some)
                programs = self.many[kind]
                self._point(programs, some, output[:, start : start + size])
                for program in programs:
                    program.step["unsafe"] = 0
                    program.run(np.arange(len(some)), BLOCK, np.zeros(-(-len(some) // BLOCK)), 0)
                if any(program.step["unsafe"] for program in programs):
                    break
            else:
                return output
        validate_inputs(X, dtype, n_inputs)  # this error counts the rows from the first one
        for each in output:
            check_outputs(each[: start + size])
        return output

    def _lower(self, X: InputArray, capacity: int = BLOCK) -> list[Program]:
        """Make a program of each network for rows of this type."""
        rows = ArrayDataset(X, self.answers[0], None)
        return [Program(job, capacity, "predict", rows, self.threads) for job in self.jobs]

    def _point(self, programs: list[Program], X: InputArray, outputs: FloatArray) -> None:
        """Point programs to rows, to the places for their outputs, and to the parameters."""
        for program, output, bound in zip(programs, outputs, self.bound, strict=True):
            program.read(ArrayDataset(X, output, None))
            program.point("output", output)
            program.point("parameters", bound[0])
            program.point("statistics", bound[1])
