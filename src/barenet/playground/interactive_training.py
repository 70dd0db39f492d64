"""Training: one network learning in a thread of its own, by `barenet.train`, at the page's word.

The library's own loop does the work; a callback looks up between its slices and epochs, to wait
where the page says pause, and to change what the page has changed. Nothing here computes a step.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from barenet.errors import DivergenceError
from barenet.optimization.optimizers import LBFGS
from barenet.playground.edits import WeightEdit
from barenet.playground.evaluation import constant_loss, evaluate
from barenet.playground.learning_curve import EpochMetrics, thin
from barenet.playground.messages import (
    CHANGED,
    DEAD,
    NO_ROWS,
    ONLY_SHOWN,
    back_at,
    divergence,
    growth,
)
from barenet.playground.page_state import MAX_EPOCHS
from barenet.playground.progress_report import Progress
from barenet.playground.resumed_schedule import ResumedSchedule
from barenet.playground.run_setup import TrainingTask, penalties
from barenet.playground.trainer_command import Command
from barenet.playground.training_state import TrainingState
from barenet.playground.update_record import UpdateRecord
from barenet.training.callbacks import Callback
from barenet.training.run import Run
from barenet.training.train import train

__all__ = ["Training"]

#: Seconds between two reports, more than one for each picture; and the most that they may take of
#: the thread's work, however large the network is.
REPORT_SECONDS, REPORT_SHARE = 0.025, 0.05
#: Measures in one report.
MOST_ROWS = 64
#: Epochs a second from which on the last update of each is not kept to be told of.
OFTEN = 100.0
#: Multiple of the loss of a constant prediction from which on a finite loss has exploded, too.
EXPLOSION = 1e6


class InteractiveTraining(TrainingState, Callback):
    """A network that learns, waits and goes back as it is told."""

    def __init__(
        self, task: TrainingTask, report: Callable[[Progress], None], pace: float = 0.0
    ) -> None:
        super().__init__(task, pace)
        self.report = report
        self.commands: deque[Command] = deque()
        self.news = threading.Condition()
        self.n_batches = 1
        self.learning_rate = 0.0
        self.schedule: ResumedSchedule | None = None
        self.constant_loss = math.inf
        self.reported = self.due = 0.0
        self.clock = (time.perf_counter(), 0)
        self.report_rest = REPORT_SECONDS
        self.here: EpochMetrics | None = None
        self.speed = 0.0

    def command(self, action: str, value: Any = None) -> None:
        """Say what to do next; it is done between two slices of batches."""
        with self.news:
            self.commands.append(Command(action, value))
            self.news.notify()

    def work(self) -> None:
        """Do what is ordered until told to close; the body of the thread."""
        if (first := evaluate(0, self.network, self.task, self.settings)) is not None:
            self.loss = first.loss
            self.initial = self.timeline.moments[0] = replace(self.initial, loss=first.loss)
        while not self.closed:
            self._wait_to_play(None)
            if self.closed:
                return
            if len(self.task.training[0]):
                self._go()
            else:
                self._rest(ONLY_SHOWN if self.task.only_shown else NO_ROWS, failed=True)

    def on_start(self, run: Run) -> None:
        self.n_batches = run.n_batches
        self._look_ahead(run, 0)

    def on_slice(self, run: Run) -> None:
        if run.batch == run.n_batches:  # an epoch that is over is counted first
            return
        self.batch, self.measured = run.batch, False
        self._look_back(run)
        if self.commands or not self.playing:
            self._wait_to_play(run)
        self._look_ahead(run, run.epoch - 1)

    def on_epoch(self, run: Run) -> None:
        self.epoch, self.batch = self.epoch + 1, 0
        self._look_back(run)
        self._measure(run)
        if not self.failed:
            if self.make_edits() or self.timeline.wants(self.epoch):
                self.timeline.add(self.epoch_state())
            self._look_for_an_end()
        now = time.perf_counter()
        if self.playing and now - self.reported >= self.report_rest:
            self._tell()
        if self.commands or not self.playing:
            self._wait_to_play(run)
        elif self.pace:
            self._keep_pace(run, now)
        self._look_ahead(run, run.epoch)

    def _look_back(self, run: Run) -> None:
        """Rest after a single batch, and forget an update that is not the last one any more."""
        if self.one_batch:
            self.one_batch = self.playing = False
        update = self.update
        if update is not None and (update.epoch + 1, update.batch + 1) != (run.epoch, run.batch):
            self.update = None

    def _look_ahead(self, run: Run, epoch: int) -> None:
        """End the next slice where the state should be kept: before the update to be told of."""
        run.slice_limit = None
        if self.batch == 0:  # an epoch's rates are those of its begin
            self.learning_rate = getattr(self.optimizer, "learning_rate", 0.0)
        wanted = self.one_batch or self.goal == self.epoch + 1 or self.speed < OFTEN
        if not wanted or run.stop_reason or epoch == run.epochs:
            return
        before = 0 if self.one_batch else run.n_batches - 1 - self.batch
        run.slice_limit = max(before, 1)
        if before == 0:
            factor = 1.0
            if self.schedule is not None:
                within = 0.0 if self.schedule.steady else self.batch / run.n_batches
                factor = self.schedule.factor(epoch + within, run.epochs)
            self.update = UpdateRecord(
                before=self.epoch_state(),
                settings=self.settings,
                learning_rate=self.learning_rate * factor,
                seed=self._seed,
                epoch=epoch,
                batch=self.batch,
                n_batches=run.n_batches,
            )

    def _go(self) -> None:
        """Train by the present design, until it changes or something goes wrong."""
        settings, task = self.settings, self.task
        self.leave_the_path()
        self.segments += 1
        self.constant_loss = constant_loss(task, settings)[0]
        self.update, self.batch = None, 0
        left = (settings.stop_epoch or MAX_EPOCHS) - self.epoch
        if left <= 0:
            left = MAX_EPOCHS
        n_rows = len(task.training[0])
        size = None if settings.batch_size == 0 else min(settings.batch_size, n_rows)
        lbfgs = isinstance(self.optimizer, LBFGS)
        self.schedule = None if lbfgs else ResumedSchedule(settings, self.epoch)
        try:
            with np.errstate(all="ignore"):
                history = train(
                    self.network,
                    *task.training,
                    loss=settings.loss or None,
                    optimizer=self.optimizer,
                    epochs=left,
                    batch_size=size,
                    test_data=task.test,
                    metrics=task.metric,
                    schedule=self.schedule,
                    penalty=penalties(settings),
                    callbacks=self,
                    # The first segment is the run that `barenet train` makes; a later one shuffles
                    # anew, as its epochs are counted from 1 again.
                    seed=self._seed,
                    engine="auto",
                )
            if history.stopped_because not in ("completed", CHANGED):
                self._rest(f"It stopped: {history.stopped_because}.")
        except DivergenceError as error:
            self._recover_from(divergence(error, self.epoch), None)
        except (ValueError, ArithmeticError, RuntimeError, MemoryError) as error:
            self._rest(f"It cannot be trained like this: {error}", failed=True)

    def _measure(self, run: Run) -> None:
        """Take the epoch's numbers, and say it if they tell of trouble."""
        curves, metric = run.history.curves, self.task.metric
        loss = self.loss = curves["loss"][-1]
        values = (
            loss,
            *(curves[name][-1] for name in ("test_loss", metric, f"test_{metric}")),
        )
        self.rows.append(EpochMetrics(self.epoch, *values))
        self.measured, self.here = True, None
        if len(self.rows) > 4 * MOST_ROWS:
            self.rows = thin(self.rows, MOST_ROWS)
        if loss > EXPLOSION * self.constant_loss:
            self._recover_from(growth(self.constant_loss, loss, self.epoch), run)
        elif loss and curves["gradient_norm"][-1] == 0:
            self.words = DEAD
        if len(run.history) > 1000:  # an hour must not fill the memory
            for curve in curves.values():
                del curve[:-1]

    def _measure_here(self) -> None:
        """Measure what no epoch has: the network after a batch, or a change by hand."""
        place = self.epoch + self.batch / self.n_batches
        self.here, self.measured = evaluate(place, self.network, self.task, self.settings), True

    def _look_for_an_end(self) -> None:
        """Stop where the page said to."""
        settings, evaluate = self.settings, self.rows[-1]
        if self.goal is not None and self.epoch >= self.goal:
            self.playing, self.goal = False, None
        if settings.stop_epoch and self.epoch == settings.stop_epoch:
            self.playing, self.words = False, f"It stopped at epoch {self.epoch:,}, as you asked."
        elif settings.stop_loss and evaluate.loss <= settings.stop_loss:
            self.playing = False
            self.words = f"The training loss has reached {evaluate.loss:.4g}, as you asked."

    def _keep_pace(self, run: Run, now: float) -> None:
        """Sleep until the next epoch is due, or something is ordered."""
        self.due = max(self.due + 1 / self.pace, now - 0.02)
        with self.news:
            while not self.commands and (left := self.due - time.perf_counter()) > 0:
                self.news.wait(left)
        if self.commands:
            self._wait_to_play(run)

    def _wait_to_play(self, run: Run | None) -> None:
        """Do what is ordered; while paused, wait for more."""
        rested = False
        while True:
            while self.commands:
                self.execute(self.commands.popleft(), run)
                rested = False
            if self.closed or self.playing:
                break
            if not rested:
                self._tell()
                rested = True
            with self.news:
                while not self.commands:
                    self.news.wait()
        if run is not None and self.closed:
            run.stop(CHANGED)
        self.clock = (time.perf_counter(), self.epoch)

    def _recover_from(self, words: str, run: Run | None) -> None:
        """Pause at the moment with the lowest training loss, and forget the later ones."""
        epoch_state, rows = self.timeline.best, self.rows
        self._return_to(epoch_state, run)
        self.rows = rows  # the curve shows the divergence
        self.timeline.forget_after(epoch_state.epoch)
        self._rest(words + back_at(epoch_state.epoch), failed=True)

    def _rest(self, words: str, failed: bool = False) -> None:
        self.playing, self.goal = False, None
        self.words, self.failed = words or self.words, failed
        if failed:  # what the last update made is undone
            self.update, self.batch = None, 0

    @property
    def _seed(self) -> int:
        return self.settings.seed + self.segments - 1

    def _edits_so_far(self) -> tuple[WeightEdit, ...]:
        """Return the changes by hand up to the present moment."""
        if self.epoch >= self.timeline.moments[-1].epoch:
            return self.edits
        return tuple(edit for edit in self.edits if edit.epoch <= self.epoch)

    def _tell(self) -> None:
        """Report how it stands."""
        now = self.reported = time.perf_counter()
        worked = time.thread_time()
        started, epoch = self.clock
        if now - started > 0.5:
            self.speed = (self.epoch - epoch) / (now - started)
            self.clock = (now, self.epoch)
        if not (self.playing or self.measured):
            self._measure_here()
        rows, self.rows = thin(self.rows, MOST_ROWS) if self.rows else [], []
        self.report(
            Progress(
                epoch=self.epoch,
                parameters=self.network.parameters.copy(),
                statistics=self.network.statistics.copy(),
                rows=rows,
                here=None if self.playing else self.here,
                playing=self.playing,
                words=self.words,
                failed=self.failed,
                epochs_per_second=self.speed if self.playing else 0.0,
                kept=None if self.playing else self.timeline.epochs,
                edits=self._edits_so_far(),
                batch=(self.batch, self.n_batches),
                update=None if self.playing else self.update,
                path=self.timeline.path,
                fork=self.timeline.fork,
                last=self.timeline.moments[-1].epoch,
                other_path=self.timeline.other_path,
            )
        )
        self.report_rest = max(REPORT_SECONDS, (time.thread_time() - worked) / REPORT_SHARE)
