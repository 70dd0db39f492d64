"""Compiled trajectory: several epochs in one call of machine code, and then their measurement.

A call from Python takes longer than an epoch of a small network, and so does an evaluation of its
held-out rows.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from barenet.engines._engine import ChunkResult, Engine, Orders, Rates, Trajectory
from barenet.engines.compiled._groups import EVALUATION_BATCH
from barenet.engines.compiled._kernel_program import Program
from barenet.engines.compiled._program_pool import JobPrograms
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray


class CompiledTrajectory(Trajectory):
    """The vectors of a network after each epoch, which its programs store and load."""

    def __init__(self, engine: Engine, programs: Callable[[], JobPrograms]) -> None:
        self.engine = engine
        #: Returns the engine's programs, which are replaced after a divergence.
        self.programs = programs
        network = engine.job.network
        self.n_numbers = network.n_parameters + network.statistics.size
        self.vectors = np.empty((0, self.n_numbers), network.dtype)

    def keeps_vectors(self, batch_size: int, measured: Sequence[ArrayDataset]) -> bool:
        """Return whether the programs copy all parameters, and use no large layers in place."""
        programs = [self.learning_program(batch_size)]
        programs.extend(self.evaluation_program(rows) for rows in measured)
        return not any(program.in_place for program in programs)

    def learning_program(self, batch_size: int) -> Program:
        """The program that `CompiledEngine.run` takes the steps with."""
        rows = self.engine.job.rows
        return self.programs().of("learn", min(batch_size, rows.n_rows), rows)

    def evaluation_program(self, rows: ArrayDataset) -> Program:
        """The program that `CompiledEngine.evaluate` computes the outputs with."""
        return self.programs().of("evaluate", min(EVALUATION_BATCH, rows.n_rows), rows)

    def run(self, orders: Orders, batch_size: int, rates: Rates, first_step: int) -> ChunkResult:
        self.vectors = np.empty((len(orders), self.n_numbers), self.vectors.dtype)
        program = self.learning_program(batch_size)
        with program.vectors_of_epochs(self.vectors):
            return self.engine.run(orders, batch_size, rates, first_step)

    def evaluate(self, rows: ArrayDataset) -> tuple[NDArray[np.float64], FloatArray]:
        n_epochs = len(self.vectors)
        n_rows = rows.n_rows
        size = min(EVALUATION_BATCH, n_rows)
        program = self.evaluation_program(rows)
        output = np.empty((n_epochs, n_rows, rows.y.shape[1]), self.vectors.dtype)
        program.point("output", output)
        weights = rows.batch_weights(size)
        order = np.broadcast_to(np.arange(n_rows), (n_epochs, n_rows))
        rates = np.zeros(n_epochs * len(weights))  # not used
        with program.vectors_of_epochs(self.vectors):
            losses = program.run(order, size, rates, 0).losses
        total = weights.sum()
        means = np.zeros(n_epochs)
        if total > 0:
            for epoch, losses_of_batches in enumerate(losses.reshape(n_epochs, -1)):
                means[epoch] = losses_of_batches @ weights / total
        return means, output
