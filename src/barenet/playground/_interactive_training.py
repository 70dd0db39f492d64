"""The training of one network in a thread, by `barenet.train`, under the commands of the page.

A callback runs between the library's chunks of batches and epochs: it waits while the training is
paused, and executes commands.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from barenet.errors import DivergenceError
from barenet.playground._evaluation import constant_losses, evaluate
from barenet.playground._learning_curve import EpochMetrics, thin
from barenet.playground._messages import (
    ALL_DEAD,
    MODEL_ONLY,
    NO_ROWS,
    Problem,
    diverged,
    exploded,
)
from barenet.playground._page_state import MAX_EPOCHS, NetworkSettings
from barenet.playground._progress_report import ProgressReport, UpdateRecord
from barenet.playground._resumed_schedule import ResumedSchedule
from barenet.playground._training_state import SETTINGS_CHANGED, TrainingState
from barenet.playground._training_task import Command, TrainingTask
from barenet.training._callbacks import Callback
from barenet.training._run import Run
from barenet.training._train import train

__all__ = ["InteractiveTraining"]

#: Seconds between two reports, shorter than between two pictures; and the largest fraction of the
#: thread's time that reports may take.
REPORT_SECONDS, REPORT_FRACTION = 0.025, 0.05
#: Maximum number of rows in a report.
MAX_ROWS = 64
#: Epochs per second from which on the last update of each epoch is not recorded.
FAST = 100.0
#: A finite loss this many times that of a constant prediction counts as divergence.
EXPLOSION = 1e6


class InteractiveTraining(TrainingState, Callback):
    """A training that executes the commands of the page and reports its progress."""

    def __init__(
        self, task: TrainingTask, report: Callable[[ProgressReport], None], pace: float = 0.0
    ) -> None:
        super().__init__(task, pace)
        self.report = report
        self.commands: deque[Command] = deque()
        self.news = threading.Condition()
        self.n_batches = 1
        self.learning_rate = 0.0
        self.schedule: ResumedSchedule | None = None
        self.constant_losses: tuple[float, float] | None = None
        #: Metrics of the present network where no epoch has measured it.
        self.current: EpochMetrics | None = None
        self.speed = self.reported = self.due = 0.0
        self.speed_since = (time.perf_counter(), 0)
        self.report_interval = REPORT_SECONDS

    def send(self, action: str, value: Any = None) -> None:
        """Queue a command, to be executed between two chunks of batches."""
        with self.news:
            self.commands.append(Command(action, value))
            self.news.notify()

    def work(self) -> None:
        """Execute commands until the training is closed; the body of the thread."""
        self.constant_losses = constant_losses(self.task, self.settings.loss)
        first = evaluate(0, self.network, self.task, self.settings.loss)
        if first is not None:
            self.rows, self.loss = [first], first.loss
            self.initial = self.timeline.states[0] = replace(self.initial, loss=first.loss)
        while not self.closed:
            self._wait_to_play()
            if self.closed:
                return
            if first is not None:
                self._train()
            else:
                self._stop(MODEL_ONLY if self.task.model_only else NO_ROWS, failed=True)

    def do_configure(self, settings: NetworkSettings) -> None:
        super().do_configure(settings)
        self.constant_losses = constant_losses(self.task, settings.loss)

    def on_start(self, run: Run) -> None:
        self.run, self.n_batches = run, run.n_batches
        self._limit_chunk(run, 0)

    def on_chunk(self, run: Run) -> None:
        if run.batch == run.n_batches:  # handled at the end of the epoch
            return
        self.batch, self.evaluated = run.batch, False
        self._after_update(run)
        if self.commands or not self.playing:
            self._wait_to_play()
        self._limit_chunk(run, run.epoch - 1)

    def on_epoch(self, run: Run) -> None:
        self.epoch, self.batch = self.epoch + 1, 0
        self._after_update(run)
        self._measure(run)
        if not self.failed:
            if self.make_edits() or self.timeline.is_due(self.epoch):
                self.timeline.add(self.snapshot())
            self._stop_at_goal()
        now = time.perf_counter()
        if self.playing and now - self.reported >= self.report_interval:
            self._report()
        if self.commands or not self.playing:
            self._wait_to_play()
        elif self.pace:
            self._keep_pace(now)
        self._limit_chunk(run, run.epoch)

    def _after_update(self, run: Run) -> None:
        """Pause after a single batch, and discard the record of an earlier update."""
        if self.one_batch:
            self.one_batch = self.playing = False
        update = self.update
        if update is not None and (update.epoch + 1, update.batch + 1) != (run.epoch, run.batch):
            self.update = None

    def _limit_chunk(self, run: Run, epoch: int) -> None:
        """End the next chunk before the update to record, and record it if it is the next one."""
        run.chunk_limit = None
        if self.batch == 0:  # the rates of an epoch are those at its start
            self.learning_rate = getattr(self.optimizer, "learning_rate", 0.0)
        wanted = self.one_batch or self.goal == self.epoch + 1 or self.speed < FAST
        if not wanted or run.stop_reason or epoch == run.epochs:
            return
        before = 0 if self.one_batch else run.n_batches - 1 - self.batch
        run.chunk_limit = max(before, 1)
        if before == 0:
            self._record_update(run, epoch)

    def _record_update(self, run: Run, epoch: int) -> None:
        factor = 1.0
        if self.schedule is not None:
            within = 0.0 if self.schedule.steady else self.batch / run.n_batches
            factor = self.schedule.factor(epoch + within, run.epochs)
        self.update = UpdateRecord(
            before=self.snapshot(),
            settings=self.settings,
            learning_rate=self.learning_rate * factor,
            seed=self._seed,
            epoch=epoch,
            batch=self.batch,
            n_batches=run.n_batches,
        )

    def _train(self) -> None:
        """Train with the present settings, until they change or something goes wrong."""
        settings, task = self.settings, self.task
        self.leave_path()
        self.segments += 1
        self.update, self.batch = None, 0
        epochs = (settings.stop_epoch or MAX_EPOCHS) - self.epoch
        full_batch = self.optimizer.full_batch
        self.schedule = None if full_batch else ResumedSchedule(settings, self.epoch)
        # The first loop is the run of `barenet train`; a later one shuffles by another seed, as its
        # epochs are counted from 1 again.
        changes = {
            "optimizer": self.optimizer,
            "schedule": self.schedule,
            "epochs": epochs if epochs > 0 else MAX_EPOCHS,
            "seed": self._seed,
            "engine": "auto",
        }
        try:
            with np.errstate(all="ignore"):
                history = train(
                    self.network,
                    *task.training,
                    **{**self.config.train_arguments(), **changes},
                    test_data=task.test,
                    metrics=task.metric,
                    callbacks=self,
                )
            if history.stop_reason not in ("completed", SETTINGS_CHANGED):
                self._stop(Problem(f"It stopped: {history.stop_reason}."))
        except DivergenceError as error:
            self.run = None
            self._recover(diverged(error, self.epoch, self.timeline.best.epoch))
        except (ValueError, ArithmeticError, RuntimeError, MemoryError) as error:
            self._stop(Problem(f"It cannot be trained like this: {error}"), failed=True)
        self.run = None

    def _measure(self, run: Run) -> None:
        """Take the metrics of an epoch, and detect divergence and dead networks."""
        curves, metric = run.history.curves, self.task.metric
        names = ("loss", "test_loss", metric, f"test_{metric}")
        row = EpochMetrics(self.epoch, *(curves[name][-1] for name in names))
        self.rows.append(row)
        self.loss, self.evaluated, self.current = row.loss, True, None
        if len(self.rows) > 4 * MAX_ROWS:
            self.rows = thin(self.rows, MAX_ROWS)
        assert self.constant_losses is not None
        constant_loss = self.constant_losses[0]
        if row.loss > EXPLOSION * constant_loss:
            best = self.timeline.best.epoch
            self._recover(exploded(constant_loss, row.loss, self.epoch, best))
        elif row.loss and curves["gradient_norm"][-1] == 0:
            self.problem = ALL_DEAD
        if len(run.history) > 1000:  # bounded memory
            for curve in curves.values():
                del curve[:-1]

    def _stop_at_goal(self) -> None:
        """Stop at the epoch or the loss that the page has set."""
        settings, loss = self.settings, self.rows[-1].loss
        if self.goal is not None and self.epoch >= self.goal:
            self.playing, self.goal = False, None
        if settings.stop_epoch and self.epoch == settings.stop_epoch:
            self.playing = False
            self.problem = Problem(f"It stopped at epoch {self.epoch:,}, as you asked.")
        elif settings.stop_loss and loss <= settings.stop_loss:
            self.playing = False
            self.problem = Problem(f"The training loss has reached {loss:.4g}, as you asked.")

    def _keep_pace(self, now: float) -> None:
        """Sleep until the next epoch is due, or a command arrives."""
        self.due = max(self.due + 1 / self.pace, now - 0.02)
        with self.news:
            while not self.commands and (left := self.due - time.perf_counter()) > 0:
                self.news.wait(left)
        if self.commands:
            self._wait_to_play()

    def _wait_to_play(self) -> None:
        """Execute commands; while paused, wait for more."""
        reported = False
        while True:
            while self.commands:
                self.execute(self.commands.popleft())
                reported = False
            if self.closed or self.playing:
                break
            if not reported:
                self._report()
                reported = True
            with self.news:
                while not self.commands:
                    self.news.wait()
        if self.closed and self.run is not None:
            self.run.stop(SETTINGS_CHANGED)
        self.speed_since = (time.perf_counter(), self.epoch)

    def _recover(self, problem: Problem) -> None:
        """Pause at the saved epoch with the lowest training loss, and remove the later ones."""
        state, rows = self.timeline.best, self.rows
        self.return_to(state)
        self.rows = rows  # the curve shows the divergence
        self.timeline.remove_after(state.epoch)
        self._stop(problem, failed=True)

    def _stop(self, problem: Problem, failed: bool = False) -> None:
        self.playing, self.goal = False, None
        self.problem, self.failed = problem, failed
        if failed:  # the last update is undone
            self.update, self.batch = None, 0

    @property
    def _seed(self) -> int:
        return self.settings.seed + self.segments - 1

    def _report(self) -> None:
        now = self.reported = time.perf_counter()
        worked = time.thread_time()
        since, epoch = self.speed_since
        if now - since > 0.5:
            self.speed = (self.epoch - epoch) / (now - since)
            self.speed_since = (now, self.epoch)
        if not (self.playing or self.evaluated):
            place = self.epoch + self.batch / self.n_batches
            self.current = evaluate(place, self.network, self.task, self.settings.loss)
            self.evaluated = True
        rows, self.rows = thin(self.rows, MAX_ROWS) if self.rows else [], []
        is_last = self.epoch >= self.timeline.states[-1].epoch
        edits = tuple(edit for edit in self.edits if is_last or edit.epoch <= self.epoch)
        self.report(
            ProgressReport(
                epoch=self.epoch,
                parameters=self.network.parameters.copy(),
                statistics=self.network.statistics.copy(),
                rows=rows,
                current=None if self.playing else self.current,
                constant_losses=self.constant_losses,
                playing=self.playing,
                problem=self.problem,
                failed=self.failed,
                epochs_per_second=self.speed if self.playing else 0.0,
                saved_epochs=None if self.playing else self.timeline.epochs,
                edits=edits,
                batch=(self.batch, self.n_batches),
                update=None if self.playing else self.update,
                path=self.timeline.path,
                fork=self.timeline.fork,
                last=self.timeline.states[-1].epoch,
                other_path=self.timeline.other_path,
            )
        )
        self.report_interval = max(REPORT_SECONDS, (time.thread_time() - worked) / REPORT_FRACTION)
