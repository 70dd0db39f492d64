"""The loop: epoch after epoch, in slices that are short enough to look up between them.

An engine does the arithmetic, by a timetable of rows and learning rates. The loop measures each
epoch, and lets callbacks look at it. Between two slices, a keeper may put its state away.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

from barenet.engines import ChunkResult, Engine
from barenet.model.arrays import FloatArray
from barenet.model.validation import check_count
from barenet.optimization.clipping import euclidean_norm
from barenet.optimization.optimizers import LBFGS, Optimizer
from barenet.optimization.optimizers.lbfgs_history import LBFGSHistory
from barenet.training.callbacks import Callback
from barenet.training.guard import Guard
from barenet.training.history import HELD_OUT, History
from barenet.training.keeper import Keeper, State
from barenet.training.measurement import Measurement, Stopped
from barenet.training.memory import Memory
from barenet.training.metrics import GREATER_IS_BETTER
from barenet.training.plan import Plan
from barenet.training.run import Run, exclusive
from barenet.training.tally import Tally
from barenet.training.timetable import Timetable

__all__ = ["Loop"]

#: Seconds that a slice of batches should take: short enough for a smooth progress bar.
CHUNK_SECONDS = 0.1


class Loop:
    """A run from its first epoch to its last."""

    def __init__(
        self,
        engine: Engine,
        plan: Plan,
        callbacks: Sequence[Callback],
        keeper: Keeper | None = None,
    ) -> None:
        self.engine, self.plan, self.callbacks, self.keeper = engine, plan, callbacks, keeper
        self.job = engine.job
        self.run = Run(
            network=self.job.network,
            history=History(
                engine=engine.name, seed=self.job.seed, penalized=bool(self.job.penalties)
            ),
            epochs=plan.epochs,
            n_batches=math.ceil(len(self.job.rows.X) / plan.batch_size),
            measured=self._curves(),
            maximized_metrics=self._maximized_metrics(),
        )
        self.guard, self.tally, self.past = Guard(self.run), Tally(), LBFGSHistory()
        self.chunk_batches = 1
        self.measurement = Measurement(engine, plan)
        self.memory = Memory(self)

    def start(self, state: State | None = None) -> History:
        """Go through all epochs, or as many as the callbacks want."""
        with ExitStack() as endings:
            endings.enter_context(exclusive(self.run.network))
            endings.enter_context(self.memory.unchanged_if_refused(state))
            self.memory.begin(state)
            for callback in reversed(self.callbacks):  # so that they are called in their order
                endings.callback(callback.on_end, self.run)
            endings.push(self._note_the_end)
            for callback in self.callbacks:
                callback.on_start(self.run)
            self.memory.restore_callbacks(state)
            # A divergence is found by looking at the losses, and NumPy need not warn of it as well.
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                if not self.run.finished:
                    self._learn()
                self.memory.keep_the_end()
                self._look_back()
        return self.run.history

    def _curves(self) -> tuple[str, ...]:
        """Name what is measured in each epoch."""
        plan, names = self.plan, ["loss", *self.plan.metrics]
        for part in plan.held_out:
            names += [f"{part}_{name}" for name in ("loss", *plan.metrics)]
            names += self._scores() if part == "validation" else ()
        if not isinstance(self.job.optimizer, LBFGS):
            names.append("learning_rate")
        return (*names, "gradient_norm", "seconds")

    def _scores(self) -> list[str]:
        """Name the curves of the scores."""
        judge = self.plan.judge
        return [] if judge is None else [f"validation_{name}" for name in judge.names]

    def _maximized_metrics(self) -> frozenset[str]:
        """Name the curves that are better the greater they are."""
        held_out = {f"{part}_{name}" for part in HELD_OUT for name in GREATER_IS_BETTER}
        return frozenset({*GREATER_IS_BETTER, *held_out, *self._scores()})

    def _note_the_end(self, kind: type[BaseException] | None, *_: object) -> None:
        """Write into the history how the run ended."""
        reason = "completed" if kind is None else f"failed with {kind.__name__}"
        self.run.history.stop_reason = self.run.stop_reason or reason

    def _look_back(self) -> None:
        """A loss is measured before its step, so what the last one did is still to be seen."""
        if isinstance(self.job.optimizer, LBFGS):
            loss, _ = self.engine.value_and_gradient()
        else:
            loss, _ = self.engine.evaluate(self.job.rows.take(slice(-self.plan.batch_size, None)))
        self.guard.check_end(loss)

    def _learn(self) -> None:
        optimizer = self.job.optimizer
        if isinstance(optimizer, LBFGS):
            self._learn_at_once(optimizer)
        else:
            self._learn_in_batches(optimizer)

    def _learn_in_batches(self, optimizer: Optimizer) -> None:
        run, tally = self.run, self.tally
        timetable = Timetable(self.job.rows, optimizer, self.plan, self.job.seed)
        for done in range(len(run.history), run.epochs):
            resumed = run.epoch == done + 1 and run.batch > 0
            if not resumed:
                run.epoch, run.batch = done + 1, 0
                tally.begin(timetable.rates)
            timetable.turn_to(done)
            if resumed:  # the epoch's rates were those of its begin
                timetable.rates[:] = tally.rates
            self._visit_all_rows(timetable)
            if run.batch < run.n_batches:
                return
            losses, norms = tally.joined()
            norm, rate = float(norms.sum()) / len(norms), float(timetable.rates[-1])
            try:
                self._finish_epoch(timetable.mean(losses), norm, learning_rate=rate)
            except Stopped:
                return
            if run.stop_reason:
                return
            if self.keeper is not None:
                self.memory.keep_if_due()

    def _visit_all_rows(self, timetable: Timetable) -> None:
        """Go through an epoch, slice after slice, or until a callback wants to stop."""
        run, size = self.run, self.plan.batch_size
        while run.batch < run.n_batches and not run.stop_reason:
            given = run.chunk_limit
            limit = run.n_batches if given is None else check_count(given, "chunk_limit")
            end = min(run.batch + min(self.chunk_batches, limit), run.n_batches)
            order = timetable.order[run.batch * size : end * size]
            self.tally.reports.append(self._run_chunk(order, timetable.rates[run.batch : end]))
            run.batch = end
            for callback in self.callbacks:
                callback.on_chunk(run)
            if end < run.n_batches and not run.stop_reason:
                self.memory.keep_if_due()

    def _run_chunk(self, order: NDArray[np.intp], rates: NDArray[np.float64]) -> ChunkResult:
        """Hand the next batches to the engine, and learn how many the next slice can have."""
        run, count = self.run, len(rates)
        first_step = (run.epoch - 1) * run.n_batches + run.batch
        started = time.perf_counter()
        report = self.engine.run(order, self.plan.batch_size, rates, first_step)
        seconds = max(time.perf_counter() - started, 1e-9)
        most = 4 * max(count, self.chunk_batches)
        self.chunk_batches = max(1, min(int(count * CHUNK_SECONDS / seconds), most))
        self.guard.check_chunk(report.losses)
        return report

    def _learn_at_once(self, optimizer: LBFGS) -> None:
        """Let L-BFGS run on all rows; an epoch is one of its iterations."""
        if not len(self.run.history):
            self.tally.begin(np.zeros(0))
        ending = optimizer.minimize(
            self.engine.value_and_gradient,
            self.run.network.parameters,
            self.run.epochs,
            self._finish_iteration,
            self.past if self.memory.is_needed else None,
        )
        if not len(self.run.history):  # It was there already: the start is all there is to tell.
            self._finish_iteration(*self.engine.value_and_gradient())
        if ending not in ("completed", "stopped"):  # what stopped it has said so itself
            self.run.stop(ending)

    def _finish_iteration(self, loss: float, gradient: FloatArray) -> bool:
        run = self.run
        run.epoch, run.batch = run.epoch + run.batch, 0  # the one after an epoch that is over
        self.guard.check_chunk(np.array([loss]))
        run.batch = 1
        for callback in self.callbacks:
            callback.on_chunk(run)
        self._finish_epoch(loss, euclidean_norm(gradient))
        self.tally.begin(np.zeros(0))
        if run.stop_reason is None:
            self.memory.keep_if_due()
        return run.stop_reason is not None

    def _finish_epoch(self, loss: float, gradient_norm: float, **more: float) -> None:
        """Check, measure and record an epoch, and let the callbacks look at it."""
        self.guard.check_epoch(loss, gradient_norm)
        measured = self.measurement.take(self._is_interrupted)
        values = {"loss": loss, **measured, **more, "gradient_norm": gradient_norm}
        self.guard.check_measured(values)
        self.plan.schedule.observe(values.get("validation_loss", loss))  # never of the test rows
        self.run.history.append({**values, "seconds": self.tally.seconds})
        for callback in self.callbacks:
            callback.on_epoch(self.run)

    def _is_interrupted(self) -> bool:
        """Let callbacks look up, and tell if one has ended the run for now."""
        for callback in self.callbacks:
            callback.on_chunk(self.run)
        interrupted = self.run.stop_reason is not None and not self.run.is_final
        return interrupted and not isinstance(self.job.optimizer, LBFGS)  # its iterations end whole
