"""The loop: epoch after epoch, in slices that are short enough to look up between them.

An engine does the arithmetic. The loop decides the order of the rows and the learning rate of each
step, measures each epoch, and lets callbacks look at it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from barenet.engines import Engine, SliceReport
from barenet.model.arrays import FloatArray
from barenet.optimization.optimizers import LBFGS
from barenet.optimization.schedules import Constant, Schedule
from barenet.training.batches import epoch_order
from barenet.training.callbacks import Callback
from barenet.training.guard import Guard
from barenet.training.run import Run

__all__ = ["Loop", "Plan"]

#: Seconds that a slice of batches should take: short enough for a smooth progress bar.
SLICE_SECONDS = 0.1

#: X, y and sample weights, of which the last may be missing.
Rows = tuple[FloatArray, FloatArray, FloatArray | None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """How the epochs go.

    Attributes
    ----------
    batch_size : int
        Rows in a step.
    shuffle : bool
        Visit the rows in a new order each epoch.
    schedule : Schedule
        Factor on the learning rate.
    metrics : mapping of str to callable
        What is measured after each epoch besides the loss.
    validation : tuple of X, y and sample weights, optional
        Rows that are measured and not learned from.
    """

    batch_size: int
    shuffle: bool = True
    schedule: Schedule = field(default_factory=Constant)
    metrics: Mapping[str, Callable[[FloatArray, FloatArray], float]] = field(default_factory=dict)
    validation: Rows | None = None


class Loop:
    """A run from its first epoch to its last.

    Parameters
    ----------
    engine : Engine
        Does the arithmetic.
    run : Run
        Where the run stands; kept up to date.
    plan : Plan
        How the epochs go.
    callbacks : sequence of Callback
        What looks on.
    """

    def __init__(self, engine: Engine, run: Run, plan: Plan, callbacks: Sequence[Callback]) -> None:
        self.engine, self.run, self.plan, self.callbacks = engine, run, plan, callbacks
        self.guard = Guard(run)
        self.slice_batches = 1

    def start(self) -> None:
        """Go through all epochs, or as many as the callbacks want."""
        for callback in self.callbacks:
            callback.on_start(self.run)
        try:
            # A divergence is found by looking at the losses, and NumPy need not warn of it as well.
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                self._learn_at_once() if self._full_batch else self._learn_in_batches()
        finally:
            self.run.history.stopped_because = self.run.stop_reason or "completed"
            for callback in self.callbacks:
                callback.on_end(self.run)

    @property
    def _full_batch(self) -> bool:
        return isinstance(self.engine.job.optimizer, LBFGS)

    def _learn_in_batches(self) -> None:
        for epoch in range(self.run.epochs):
            self.run.epoch, self.run.batch = epoch, 0
            started = time.perf_counter()
            reports = self._epoch()
            if self.run.batch < self.run.n_batches:
                return
            losses = np.concatenate([report.losses for report in reports])
            norms = np.concatenate([report.gradient_norms for report in reports])
            self._finish_epoch(self._mean_loss(losses), norms, self._rate(-1), started)
            if self.run.stop_reason:
                return

    def _epoch(self) -> list[SliceReport]:
        """Visit all rows once, slice after slice."""
        run, plan = self.run, self.plan
        seed = self.engine.job.seed
        self.rows = epoch_order(
            len(self.engine.job.X), seed=seed, epoch=run.epoch, shuffle=plan.shuffle
        )
        reports = []
        while run.batch < run.n_batches and not run.stop_reason:
            count = min(self.slice_batches, run.n_batches - run.batch)
            reports.append(self._slice(count))
            run.batch += count
            for callback in self.callbacks:
                callback.on_slice(run)
        return reports

    def _slice(self, count: int) -> SliceReport:
        """Hand the next batches to the engine, and learn how many the next slice can have."""
        run, size = self.run, self.plan.batch_size
        rows = self.rows[run.batch * size : (run.batch + count) * size]
        rates = [self._rate(run.batch + i) for i in range(count)]
        started = time.perf_counter()
        report = self.engine.run(rows, size, rates, run.epoch * run.n_batches + run.batch)
        seconds = max(time.perf_counter() - started, 1e-9)
        self.slice_batches = max(1, min(int(count * SLICE_SECONDS / seconds), 4 * count))
        self.guard.check_slice(report)
        return report

    def _rate(self, batch: int) -> float:
        """The learning rate of a batch of the current epoch; −1 is its last."""
        optimizer = self.engine.job.optimizer
        assert not isinstance(optimizer, LBFGS)
        epoch = self.run.epoch + (batch % self.run.n_batches) / self.run.n_batches
        return optimizer.learning_rate * self.plan.schedule.factor(epoch, self.run.epochs)

    def _mean_loss(self, losses: NDArray[np.float64]) -> float:
        """Average the batches' losses by the weight of their rows."""
        weights, size = self.engine.job.sample_weight, self.plan.batch_size
        each = np.ones(len(self.rows)) if weights is None else weights[self.rows].astype(float)
        shares = np.add.reduceat(each, range(0, len(each), size))
        return float(losses @ shares / shares.sum())

    def _learn_at_once(self) -> None:
        """Let L-BFGS run; an epoch is one of its iterations."""
        optimizer = self.engine.job.optimizer
        assert isinstance(optimizer, LBFGS)
        self.started = time.perf_counter()
        ending = optimizer.minimize(
            lambda _: self.engine.value_and_gradient(),
            self.run.network.parameters,
            self.run.epochs,
            self._finish_iteration,
        )
        if ending != "completed":
            self.run.stop(ending)

    def _finish_iteration(self, loss: float, gradient: FloatArray) -> bool:
        norm = np.array([np.sqrt(gradient @ gradient)])
        self.guard.check_slice(SliceReport(np.array([loss]), norm))
        self.run.batch = 1
        self._finish_epoch(loss, norm, None, self.started)
        for callback in self.callbacks:
            callback.on_slice(self.run)
        self.run.epoch += 1
        self.started = time.perf_counter()
        return self.run.stop_reason is not None

    def _finish_epoch(
        self, loss: float, norms: NDArray[np.float64], rate: float | None, started: float
    ) -> None:
        """Check, measure and record an epoch, and let the callbacks look at it."""
        self.guard.check_epoch(loss, norms)
        self.guard.keep()
        values = {"loss": loss, **self._measure()}
        self.plan.schedule.observe(values.get("validation_loss", loss))
        values |= {} if rate is None else {"learning_rate": rate}
        values |= {"gradient_norm": float(norms.mean()), "seconds": time.perf_counter() - started}
        self.run.history.append(values)
        for callback in self.callbacks:
            callback.on_epoch(self.run)

    def _measure(self) -> dict[str, float]:
        """Compute the metrics on the training rows, and loss and metrics on the validation rows."""
        job, plan = self.engine.job, self.plan
        values: dict[str, float] = {}
        if plan.metrics:
            _, output = self.engine.evaluate(job.X, job.y, job.sample_weight)
            values |= {name: metric(output, job.y) for name, metric in plan.metrics.items()}
        if plan.validation is not None:
            X, y, weight = plan.validation
            values["validation_loss"], output = self.engine.evaluate(X, y, weight)
            for name, metric in plan.metrics.items():
                values[f"validation_{name}"] = metric(output, y)
        return values


def count_batches(n_rows: int, batch_size: int) -> int:
    """Count the batches of an epoch, a last one that is not full among them."""
    return math.ceil(n_rows / batch_size)
