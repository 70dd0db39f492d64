"""OutputProgram: the kernels that compute the outputs of networks, with their memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.engines._engine import Job
from barenet.engines.compiled._compiled_engine import must_be_dense
from barenet.engines.compiled._interpreter import run_program
from barenet.engines.compiled._kernel_program import Program
from barenet.engines.compiled._lane_lowering import rows_of_batch, suits_lanes
from barenet.engines.compiled._program_builder import EVALUATION_BATCH
from barenet.engines.kernels._records import address
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

#: Maximum number of rows that count as few, and are copied to a fixed place.
FEW_ROWS = 8 * EVALUATION_BATCH
#: Maximum number of values in these rows.
FEW_NUMBERS = 2**17

#: Number of values of X that are predicted at a time.
SLICE = 2**19


class OutputProgram:
    """Computes the outputs of a network, or of the networks of an ensemble.

    For few rows, most of the time of a call is spent in Python. Few rows are therefore copied to a
    fixed place, where the programs of all networks are ready to read them.
    """

    def __init__(self, jobs: Sequence[Job], threads: int | None = None, keep: bool = False) -> None:
        self.jobs = jobs
        self.threads = threads
        networks = [job.network for job in jobs]
        widths = networks[0].sizes
        dtype = networks[0].dtype
        widest = max(max(network.sizes) for network in networks)
        n_rows = min(max(FEW_NUMBERS // widest, 1), FEW_ROWS)
        n_inputs = widths[0]
        n_outputs = widths[-1]
        self.rows = np.zeros((n_rows, n_inputs), dtype)
        self.answers = np.zeros((len(jobs), n_rows, n_outputs), dtype)
        n_batches = FEW_ROWS // EVALUATION_BATCH
        self.order = np.arange(FEW_ROWS)
        self.rates = np.zeros(n_batches)
        self.report = np.empty((2, n_batches))
        self.few = self._lower(self.rows, min(EVALUATION_BATCH, n_rows), in_lanes=False)
        self.many: dict[Any, list[Program]] = {}
        self.costliest = max(self.few, key=lambda program: program.work)
        self.calls = []
        self.unsafe = []
        for program in self.few:
            self.calls.append(partial(run_program.call, program.address))
            self.unsafe.append(program.step["unsafe"])
        self._use(networks)
        if keep:
            self._keep_parameters()

    def outputs(self, X: ArrayLike, network: Network | None = None) -> FloatArray:
        """Check rows, and compute the outputs of each network, or of another of its structure."""
        if network is not None:
            parameters_in_use, _ = self.bound[0]
            if network.parameters is not parameters_in_use:
                self._use([network])
        if type(X) is np.ndarray and self._are_few(X):
            outputs = self._outputs_of_few(X)
            if not any(self.unsafe):
                return outputs
            for unsafe in self.unsafe:
                unsafe[()] = 0
        return self._outputs_of_many(X)

    def _use(self, networks: Sequence[Network]) -> None:
        """Use the parameters of these networks from now on."""
        self.bound = [(network.parameters, network.statistics) for network in networks]
        self._point(self.few, self.rows, self.answers)
        self._reset()

    def _reset(self) -> None:
        """Point the programs for few rows to their places."""
        self.n_ready = 0  # number of rows that the programs are ready for
        for program in self.few:
            record = program.record
            record["order"] = address(self.order)
            record["rates"] = address(self.rates)
            record["report"] = address(self.report)
            record["batch_size"] = EVALUATION_BATCH
            record["threads"] = 1

    def _prepare(self, n_rows: int) -> None:
        """Prepare the programs for this number of few rows."""
        n_batches = math.ceil(n_rows / EVALUATION_BATCH)
        for program in self.few:
            program.record["n_rows"] = n_rows
            program.record["n_batches"] = n_batches
        self.n_ready = n_rows

    def _keep_parameters(self) -> None:
        """Load the current parameters, and don't load them again."""
        self._prepare(0)
        for program, call in zip(self.few, self.calls, strict=True):
            call()
            program.record["load"] = program.record["start"]

    def _are_few(self, X: NDArray[Any]) -> bool:
        """Return whether X has only a few rows, of a type that can be converted."""
        if X.ndim != 2 or X.dtype.char not in "fd":
            return False
        n_rows, n_inputs = X.shape
        most_rows, width = self.rows.shape
        if n_rows == 0 or n_rows > most_rows or n_inputs != width:
            return False
        return X.dtype == self.rows.dtype or is_safe(X)

    def _outputs_of_few(self, X: NDArray[Any]) -> FloatArray:
        """Compute the outputs of few rows, which may contain unsafe numbers."""
        n_rows = len(X)
        self.rows[:n_rows] = X
        if n_rows == 1 or self.costliest.threads(EVALUATION_BATCH, n_rows) == 1:
            if n_rows != self.n_ready:
                self._prepare(n_rows)
            for call in self.calls:
                call()
        else:
            n_batches = math.ceil(n_rows / EVALUATION_BATCH)
            order = self.order[:n_rows]
            rates = self.rates[:n_batches]
            try:
                for program in self.few:
                    program.run(order, EVALUATION_BATCH, rates, 0)
            finally:  # after Ctrl-C, too
                self._reset()
        return self.answers[:, :n_rows].copy()

    def _outputs_of_many(self, X: Any) -> FloatArray:
        """Check X and compute its outputs, slice by slice."""
        n_inputs = self.rows.shape[1]
        dtype = self.rows.dtype
        is_matrix = isinstance(X, np.ndarray) and X.ndim == 2 and X.size > 0
        if np.ma.isMaskedArray(X) or not is_matrix:
            X = validate_inputs(X, dtype, n_inputs)
        as_array = self._is_read_as_array(X)
        is_plain = self._is_plain(X)
        n_networks, _, n_outputs = self.answers.shape
        output = np.empty((n_networks, len(X), n_outputs), dtype)
        size = len(X)
        if as_array:
            n_blocks = max(SLICE // n_inputs // EVALUATION_BATCH, 1)
            size = n_blocks * EVALUATION_BATCH
        for start in range(0, len(X), size):
            stop = start + size
            rows = X[start:stop]
            try:
                if not is_plain:
                    if as_array:
                        rows = np.asarray(rows)
                    rows = validate_inputs(rows, dtype, n_inputs)
                is_finite = self._compute(rows, output[:, start:stop])
            except ArgumentError:
                is_finite = False
            if not is_finite:
                self._raise_for(X, output[:, :stop])
        return output

    def _is_read_as_array(self, X: InputArray) -> bool:
        """Return whether the kernels read the slices of X as arrays, not as sparse rows."""
        if isinstance(X, np.ndarray):
            return True
        return any(must_be_dense(job.network, X) for job in self.jobs)

    def _is_plain(self, X: InputArray) -> bool:
        """Return whether the kernels can read X as it is, and check its numbers themselves."""
        if not isinstance(X, np.ndarray) or X.dtype not in INPUT_DTYPES:
            return False
        if X.shape[1] != self.rows.shape[1]:
            return False
        return X.flags.c_contiguous and X.flags.aligned

    def _compute(self, rows: InputArray, outputs: FloatArray) -> bool:
        """Compute outputs of each network, and return whether rows and outputs are finite."""
        programs = self._programs_for(rows)
        self._point(programs, rows, outputs)
        order = np.arange(len(rows))
        batch_size = programs[0].capacity
        n_batches = math.ceil(len(rows) / batch_size)
        rates = np.zeros(n_batches)
        for program in programs:
            program.step["unsafe"] = 0
            program.run(order, batch_size, rates, 0)
        return not any(program.step["unsafe"] for program in programs)

    def _raise_for(self, X: InputArray, outputs: FloatArray) -> None:
        """Raise the error of X, which counts all of its rows, or that of the outputs so far."""
        validate_inputs(X, self.rows.dtype, self.rows.shape[1])
        for outputs_of_network in outputs:
            check_outputs(outputs_of_network)

    def _programs_for(self, rows: InputArray) -> list[Program]:
        """Return the programs for many rows of this type, which are made on first use."""
        runs = getattr(rows, "runs", ())
        row_type = (type(rows), rows.dtype, runs)
        if row_type not in self.many:
            sample = ArrayDataset(rows, self.answers[0], None)
            in_lanes = all(suits_lanes(job, sample) for job in self.jobs)
            capacity = rows_of_batch(self.rows.dtype) if in_lanes else EVALUATION_BATCH
            self.many[row_type] = self._lower(rows, capacity, in_lanes=in_lanes)
        return self.many[row_type]

    def _lower(self, X: InputArray, capacity: int, *, in_lanes: bool) -> list[Program]:
        """Make a program of each network for rows of this type."""
        rows = ArrayDataset(X, self.answers[0], None)
        programs = []
        for job in self.jobs:
            program = Program(job, capacity, "predict", rows, self.threads, in_lanes=in_lanes)
            programs.append(program)
        return programs

    def _point(self, programs: list[Program], X: InputArray, outputs: FloatArray) -> None:
        """Point programs to rows, to the places for their outputs, and to the parameters."""
        for program, output, vectors in zip(programs, outputs, self.bound, strict=True):
            parameters, statistics = vectors
            program.read(ArrayDataset(X, output, None))
            program.point("output", output)
            program.point("parameters", parameters)
            program.point("statistics", statistics)
