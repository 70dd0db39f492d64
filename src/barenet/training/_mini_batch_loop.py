"""Training batch by batch: an engine takes the steps of a chunk of batches at a time.

Chunks are short enough that callbacks are called, and checkpoints saved, about ten times a second.
"""

import time

from barenet._constraints import check_count
from barenet.optimization.optimizers import Optimizer
from barenet.training._loop import Loop

#: Duration of a chunk, in seconds: short enough for a smooth progress bar.
CHUNK_SECONDS = 0.1


class MiniBatchLoop(Loop):
    """Epochs of shuffled mini-batches, one step of the optimizer for each."""

    optimizer: Optimizer
    #: Batches of the next chunk.
    chunk_batches = 1

    def _run_epochs(self) -> None:
        run, epoch = self.run, self.epoch
        finished = len(run.history) if run.batch else 0  # before it was resumed
        for index in range(finished, run.epochs):
            resumed = run.epoch == index + 1 and run.batch > 0
            if not resumed:
                run.epoch, run.batch = index + 1, 0
            epoch.begin(index, self.optimizer.learning_rate, resumed=resumed)
            self._run_batches()
            if run.batch < run.n_batches:
                return
            losses, norms = epoch.joined()
            norm, rate = float(norms.sum()) / len(norms), float(epoch.rates[-1])
            self._finish_epoch(epoch.mean(losses), norm, learning_rate=rate)
            if run.stop_reason:
                return
            self._save_if_due()

    def _run_batches(self) -> None:
        """Run the batches of an epoch chunk by chunk, until a callback stops the run."""
        run, epoch, size = self.run, self.epoch, self.config.batch_size
        while run.batch < run.n_batches and not run.stop_reason:
            count = self.chunk_batches
            if run.chunk_limit is not None:
                count = min(count, check_count(run.chunk_limit, "chunk_limit"))
            end = min(run.batch + count, run.n_batches)
            order, rates = epoch.order[run.batch * size : end * size], epoch.rates[run.batch : end]
            n_steps = (run.epoch - 1) * run.n_batches + run.batch
            started = time.perf_counter()
            result = self.engine.run(order, size, rates, n_steps)
            seconds = max(time.perf_counter() - started, 1e-9)
            most = 4 * max(len(rates), self.chunk_batches)
            self.chunk_batches = max(1, min(int(len(rates) * CHUNK_SECONDS / seconds), most))
            self.monitor.check_chunk(result.losses)
            epoch.results.append(result)
            run.batch = end
            self._finish_chunk()
            if end < run.n_batches and not run.stop_reason:
                self._save_if_due()

    def _final_loss(self) -> float:
        last_batch = slice(-self.config.batch_size, None)
        return self.engine.evaluate(self.job.rows.take(last_batch))[0]
