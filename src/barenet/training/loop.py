"""The loop: epoch after epoch, in slices that are short enough to look up between them.

An engine does the arithmetic, by a timetable of rows and learning rates. The loop measures each
epoch, and lets callbacks look at it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

from barenet.engines import Engine, SliceReport
from barenet.model.arrays import FloatArray
from barenet.optimization.clipping import euclidean_norm
from barenet.optimization.optimizers import LBFGS, Optimizer
from barenet.training.callbacks import Callback
from barenet.training.guard import Guard
from barenet.training.history import History
from barenet.training.metrics import GREATER_IS_BETTER
from barenet.training.plan import Plan
from barenet.training.run import Run, alone
from barenet.training.timetable import Timetable

__all__ = ["Loop"]

#: Seconds that a slice of batches should take: short enough for a smooth progress bar.
SLICE_SECONDS = 0.1


class Loop:
    """A run from its first epoch to its last.

    Parameters
    ----------
    engine : Engine
        Does the arithmetic of a job.
    plan : Plan
        How the epochs go.
    callbacks : sequence of Callback
        What looks on.
    """

    def __init__(self, engine: Engine, plan: Plan, callbacks: Sequence[Callback]) -> None:
        self.engine, self.plan, self.callbacks = engine, plan, callbacks
        self.job = engine.job
        self.run = Run(
            network=self.job.network,
            history=History(engine=engine.name, seed=self.job.seed),
            epochs=plan.epochs,
            n_batches=math.ceil(len(self.job.rows.X) / plan.batch_size),
            measured=self._curves(),
            rising=self._rising(),
        )
        self.guard = Guard(self.run)
        self.slice_batches = 1

    def start(self) -> History:
        """Go through all epochs, or as many as the callbacks want.

        Returns
        -------
        History
            What was measured in each epoch, and how the run ended.
        """
        optimizer = self.job.optimizer
        with ExitStack() as endings:
            endings.enter_context(alone(self.run.network))
            for callback in reversed(self.callbacks):  # so that they are called in their order
                endings.callback(callback.on_end, self.run)
            endings.push(self._note_the_end)
            for callback in self.callbacks:
                callback.on_start(self.run)
            # A divergence is found by looking at the losses, and NumPy need not warn of it as well.
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                if isinstance(optimizer, LBFGS):
                    self._learn_at_once(optimizer)
                else:
                    self._learn_in_batches(optimizer)
                self._look_back()
        return self.run.history

    def _curves(self) -> tuple[str, ...]:
        """Name what is measured in each epoch."""
        plan, names = self.plan, ["loss", *self.plan.metrics]
        if plan.validation is not None:
            names += [f"validation_{name}" for name in ("loss", *plan.metrics, *self._scores())]
        if not isinstance(self.job.optimizer, LBFGS):
            names.append("learning_rate")
        return (*names, "gradient_norm", "seconds")

    def _scores(self) -> tuple[str, ...]:
        return () if self.plan.judge is None else self.plan.judge.names

    def _rising(self) -> frozenset[str]:
        """Name the curves that are better the greater they are."""
        known = {*GREATER_IS_BETTER, *(f"validation_{name}" for name in GREATER_IS_BETTER)}
        return frozenset({*known, *(f"validation_{name}" for name in self._scores())})

    def _note_the_end(self, kind: type[BaseException] | None, *_: object) -> None:
        """Write into the history how the run ended."""
        reason = "completed" if kind is None else f"failed with {kind.__name__}"
        self.run.history.stopped_because = self.run.stop_reason or reason

    def _look_back(self) -> None:
        """A loss is measured before its step, so what the last one did is still to be seen."""
        last = self.job.rows.take(slice(-self.plan.batch_size, None))
        loss, _ = self.engine.evaluate(last)
        self.guard.check_end(loss)

    def _learn_in_batches(self, optimizer: Optimizer) -> None:
        run = self.run
        timetable = Timetable(self.job.rows, optimizer, self.plan, self.job.seed)
        for epoch in range(run.epochs):
            started = time.perf_counter()
            run.epoch, run.batch = epoch, 0
            timetable.turn_to(epoch)
            reports = self._visit_all_rows(timetable)
            if run.batch < run.n_batches:
                return
            losses, norms = _joined(reports)
            norm = float(norms.sum()) / len(norms)
            rate = float(timetable.rates[-1])
            self._finish_epoch(timetable.mean(losses), norm, started, learning_rate=rate)
            if run.stop_reason:
                return

    def _visit_all_rows(self, timetable: Timetable) -> list[SliceReport]:
        """Go through an epoch, slice after slice, or until a callback wants to stop."""
        run, size = self.run, self.plan.batch_size
        reports: list[SliceReport] = []
        while run.batch < run.n_batches and not run.stop_reason:
            end = min(run.batch + self.slice_batches, run.n_batches)
            order = timetable.order[run.batch * size : end * size]
            reports.append(self._run_slice(order, timetable.rates[run.batch : end]))
            run.batch = end
            for callback in self.callbacks:
                callback.on_slice(run)
        return reports

    def _run_slice(self, order: NDArray[np.intp], rates: NDArray[np.float64]) -> SliceReport:
        """Hand the next batches to the engine, and learn how many the next slice can have."""
        run, count = self.run, len(rates)
        first_step = run.epoch * run.n_batches + run.batch
        started = time.perf_counter()
        report = self.engine.run(order, self.plan.batch_size, rates, first_step)
        seconds = max(time.perf_counter() - started, 1e-9)
        self.slice_batches = max(1, min(int(count * SLICE_SECONDS / seconds), 4 * count))
        self.guard.check_slice(report.losses)
        return report

    def _learn_at_once(self, optimizer: LBFGS) -> None:
        """Let L-BFGS run on all rows; an epoch is one of its iterations."""
        self.started = time.perf_counter()
        ending = optimizer.minimize(
            self.engine.value_and_gradient,
            self.run.network.parameters,
            self.run.epochs,
            self._finish_iteration,
        )
        if not len(self.run.history):  # It was there already: the start is all there is to tell.
            self._finish_iteration(*self.engine.value_and_gradient())
        if ending != "completed":
            self.run.stop(ending)

    def _finish_iteration(self, loss: float, gradient: FloatArray) -> bool:
        run = self.run
        self.guard.check_slice(np.array([loss]))
        run.batch = 1
        for callback in self.callbacks:
            callback.on_slice(run)
        self._finish_epoch(loss, euclidean_norm(gradient), self.started)
        run.epoch, run.batch, self.started = run.epoch + 1, 0, time.perf_counter()
        return run.stop_reason is not None

    def _finish_epoch(
        self, loss: float, gradient_norm: float, started: float, **more: float
    ) -> None:
        """Check, measure and record an epoch, and let the callbacks look at it."""
        self.guard.check_epoch(loss, gradient_norm)
        values = {"loss": loss, **self._measure(), **more, "gradient_norm": gradient_norm}
        self.guard.check_measured(values)
        self.plan.schedule.observe(values.get("validation_loss", loss))
        self.run.history.append({**values, "seconds": time.perf_counter() - started})
        for callback in self.callbacks:
            callback.on_epoch(self.run)

    def _measure(self) -> dict[str, float]:
        """Compute the metrics on the training rows, and loss and metrics on the validation rows."""
        rows, validation, metrics = self.job.rows, self.plan.validation, self.plan.metrics
        values: dict[str, float] = {}
        if metrics:
            _, output = self.engine.evaluate(rows)
            values |= {name: metric(output, rows.y) for name, metric in metrics.items()}
        if validation is not None:
            values["validation_loss"], output = self.engine.evaluate(validation)
            for name, metric in metrics.items():
                values[f"validation_{name}"] = metric(output, validation.y)
            if self.plan.judge is not None:
                scores = self.plan.judge(output)
                values |= {f"validation_{name}": score for name, score in scores.items()}
        return values


def _joined(reports: Sequence[SliceReport]) -> SliceReport:
    """The reports of an epoch's slices as one; mostly there is just one."""
    if len(reports) == 1:
        return reports[0]
    return SliceReport(*(np.concatenate(each) for each in zip(*reports, strict=True)))
