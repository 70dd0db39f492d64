"""Training batch by batch: an engine takes the steps of a chunk of batches at a time.

Chunks are short enough that callbacks are called, and checkpoints saved, about ten times a second.
"""

from __future__ import annotations

import time
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import check_count
from barenet.engines import ChunkResult
from barenet.optimization.optimizers import Optimizer
from barenet.training._epoch import EpochPlan, MeasurementInterrupted
from barenet.training._loop import Loop

#: Duration of a chunk, in seconds: short enough for a smooth progress bar.
CHUNK_SECONDS = 0.1


class MiniBatchLoop(Loop):
    """Epochs of shuffled mini-batches, one step of the optimizer for each."""

    own_curves: ClassVar[tuple[str, ...]] = ("learning_rate",)
    optimizer: Optimizer
    #: Batches of the next chunk.
    chunk_batches = 1

    def _run_epochs(self) -> None:
        run, accumulator = self.run, self.accumulator
        plan = EpochPlan(self.job, self.optimizer, self.config)
        for epoch in range(len(run.history), run.epochs):
            resumed = run.epoch == epoch + 1 and run.batch > 0
            if not resumed:
                run.epoch, run.batch = epoch + 1, 0
                accumulator.begin(plan.rates)
            plan.set_epoch(epoch)
            if resumed:  # a callback may have changed the learning rate since the epoch began
                plan.rates[:] = accumulator.rates
            self._run_batches(plan)
            if run.batch < run.n_batches:
                return
            losses, norms = accumulator.joined()
            norm, rate = float(norms.sum()) / len(norms), float(plan.rates[-1])
            try:
                self._finish_epoch(plan.mean(losses), norm, learning_rate=rate)
            except MeasurementInterrupted:
                return
            if run.stop_reason:
                return
            self._save_if_due()

    def _run_batches(self, plan: EpochPlan) -> None:
        """Run the batches of an epoch chunk by chunk, until a callback stops the run."""
        run, size = self.run, self.config.batch_size
        while run.batch < run.n_batches and not run.stop_reason:
            count = self.chunk_batches
            if run.chunk_limit is not None:
                count = min(count, check_count(run.chunk_limit, "chunk_limit"))
            end = min(run.batch + count, run.n_batches)
            order = plan.order[run.batch * size : end * size]
            self.accumulator.results.append(self._run_chunk(order, plan.rates[run.batch : end]))
            run.batch = end
            self._finish_chunk()
            if end < run.n_batches and not run.stop_reason:
                self._save_if_due()

    def _run_chunk(self, order: NDArray[np.intp], rates: NDArray[np.float64]) -> ChunkResult:
        """Run the next batches, and set the length of the next chunk by the time they took."""
        run, count = self.run, len(rates)
        first_step = (run.epoch - 1) * run.n_batches + run.batch
        started = time.perf_counter()
        result = self.engine.run(order, self.config.batch_size, rates, first_step)
        seconds = max(time.perf_counter() - started, 1e-9)
        most = 4 * max(count, self.chunk_batches)
        self.chunk_batches = max(1, min(int(count * CHUNK_SECONDS / seconds), most))
        self.monitor.check_chunk(result.losses)
        return result

    def _final_loss(self) -> float:
        last_batch = slice(-self.config.batch_size, None)
        return self.engine.evaluate(self.job.rows.take(last_batch))[0]
