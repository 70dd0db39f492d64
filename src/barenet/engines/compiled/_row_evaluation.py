"""Evaluation: some rows, with the arrays that a program needs to compute their loss and outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from barenet.engines.compiled._groups import EVALUATION_BATCH
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray

if TYPE_CHECKING:
    from barenet.engines.compiled._program_pool import JobPrograms


class Evaluation:
    """An evaluation of rows; `loss` writes the outputs, of shape (n_rows, n_outputs)."""

    def __init__(self, rows: ArrayDataset, dtype: np.dtype[Any]) -> None:
        n_rows = rows.n_rows
        self.rows = rows
        self.size = min(EVALUATION_BATCH, n_rows)
        self.order = np.arange(n_rows)
        self.weights = rows.batch_weights(self.size)
        self.total = self.weights.sum()
        self.rates = np.zeros(len(self.weights))  # not used
        self.output: FloatArray = np.empty((n_rows, rows.y.shape[1]), dtype)

    def loss(self, programs: JobPrograms) -> float:
        """Compute the loss, without penalties, and the outputs."""
        program = programs.of("evaluate", self.size, self.rows)
        program.point("output", self.output)
        losses = program.run(self.order, self.size, self.rates, 0).losses
        return float(losses @ self.weights / self.total) if self.total > 0 else 0.0


class FinalEvaluation(Evaluation):
    """An evaluation of the last rows of a training set, for any number of networks."""

    def __init__(self, rows: ArrayDataset, n_rows: int, dtype: np.dtype[Any]) -> None:
        super().__init__(rows.last(n_rows), dtype)
        self.training_rows = rows
        self.most_rows = n_rows

    def is_of(self, rows: ArrayDataset, n_rows: int) -> bool:
        """Return whether it evaluates this number of last rows of a training set."""
        return self.training_rows is rows and self.most_rows == n_rows
