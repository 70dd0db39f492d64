"""The training of one network in a thread, by `barenet.train`, under the commands of the page.

A callback runs between the library's chunks of batches and epochs: it waits while the training is
paused, and executes commands.
"""

import math
import queue
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from barenet.errors import DivergenceError
from barenet.model._network import Snapshot
from barenet.playground._learning_curve import EpochMetrics, thin
from barenet.playground._page_state import MAX_EPOCHS
from barenet.playground._problems import ALL_DEAD, NO_ROWS, Problem, diverged
from barenet.playground._trainer_messages import ProgressReport, Status, TrainingTask, UpdateRecord
from barenet.playground._training_state import SETTINGS_CHANGED, ResumedSchedule, TrainingState
from barenet.training._callbacks import Callback, Run
from barenet.training._train import train

#: Seconds between two reports, shorter than between two pictures; and the largest fraction of the
#: thread's time that reports may take.
REPORT_SECONDS, REPORT_FRACTION = 0.025, 0.05
#: Maximum number of rows in a report.
MAX_ROWS = 64
#: Epochs per second up to which the last update of each epoch is recorded.
MAX_RECORDED = 100.0
#: A finite loss this many times that of a constant prediction counts as divergence.
EXPLOSION = 1e6


class InteractiveTraining(TrainingState, Callback):
    """A training that executes the commands of the page and reports its progress."""

    def __init__(
        self, task: TrainingTask, report: Callable[[ProgressReport], None], pace: float = 0.0
    ) -> None:
        super().__init__(task, pace)
        self.report = report
        self.commands: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self.n_batches = 1
        self.schedule: ResumedSchedule | None = None
        #: Learning rate at the start of the epoch, and the training loss of a constant prediction.
        self.learning_rate = self.constant_loss = 0.0
        self.reported = self.due = 0.0
        self.report_interval = REPORT_SECONDS

    def send(self, action: str, value: Any = None) -> None:
        """Queue a command, to be executed between two chunks of batches."""
        self.commands.put((action, value))

    def work(self) -> None:
        """Execute commands until the training is closed; the body of the thread."""
        has_rows = len(self.task.training[0]) > 0
        if has_rows:
            self.current = self._evaluated()
            self.rows, self.initial = [self.current], self.snapshot()
            self.timeline.add(self.initial)
        while True:
            self._wait_to_play()
            if self.closed:
                return
            if has_rows:
                self._train()
            else:
                self._fail(NO_ROWS)

    def on_start(self, run: Run) -> None:
        self.run, self.n_batches = run, run.n_batches
        self._limit_chunk(run, 0)

    def on_chunk(self, run: Run) -> None:
        if run.batch == run.n_batches:  # handled at the end of the epoch
            return
        self.batch, self.current = run.batch, None
        self._after_update(run)
        self._wait_to_play()
        self._limit_chunk(run, run.epoch - 1)

    def on_epoch(self, run: Run) -> None:
        self.epoch, self.batch = self.epoch + 1, 0
        self._after_update(run)
        self._measure(run)
        if not self.problem.failed:
            if self.make_edits() or self.timeline.is_due(self.epoch):
                self.timeline.add(self.snapshot())
            self._stop_as_set(self.rows[-1].loss)
        now = time.perf_counter()
        if self.playing and now - self.reported >= self.report_interval:
            self._report()
        if self.pace and self.playing:
            self._keep_pace(now)
        self._wait_to_play()
        self._limit_chunk(run, run.epoch)

    def _after_update(self, run: Run) -> None:
        """Pause after a single batch, and discard the record of an earlier update."""
        if self.one_batch:
            self.one_batch, self.goal = False, 0
        update = self.update
        if update is not None and (update.epoch + 1, update.batch + 1) != (run.epoch, run.batch):
            self.update = None

    def _limit_chunk(self, run: Run, epoch: int) -> None:
        """End the next chunk before the update to record, and record it if it is the next one."""
        run.chunk_limit = None
        if self.batch == 0:  # the rates of an epoch are those at its start
            self.learning_rate = getattr(self.optimizer, "learning_rate", 0.0)
        records = self.one_batch or self.goal == self.epoch + 1 or 0 < self.pace <= MAX_RECORDED
        if not records or run.stop_reason or epoch == run.epochs:
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
        self.constant_loss = task.constant_losses(settings.loss)[0]
        self.timeline.leave(self.epoch)
        self.segments += 1
        self.update, self.batch = None, 0
        left = settings.stop_epoch - self.epoch
        steady = settings.schedule == "constant"
        self.schedule = None if steady else ResumedSchedule(settings, self.epoch)
        arguments = self.config.train_arguments() | {
            "optimizer": self.optimizer,
            "schedule": self.schedule,
            "epochs": left if left > 0 else MAX_EPOCHS,
            "seed": self._seed,
            "test_data": task.test,
            "metrics": task.metric,
        }
        try:
            with np.errstate(all="ignore"):
                history = train(self.network, *task.training, callbacks=self, **arguments)
            if history.stop_reason not in ("completed", SETTINGS_CHANGED):
                self.goal, self.problem = 0, Problem(f"It stopped: {history.stop_reason}.")
        except DivergenceError as error:
            self.run = None
            how = "ran away" if math.isfinite(error.loss) else "grew beyond every number"
            self._recover(f"{how} in the epoch after {self.epoch:,}")
        except (ValueError, ArithmeticError, RuntimeError, MemoryError) as error:
            self._fail(Problem(f"It cannot be trained like this: {error}", failed=True))
        self.run = None

    @property
    def _seed(self) -> int:
        """Seed of the training loop: the run of `barenet train`; later loops shuffle otherwise."""
        return self.settings.seed + self.segments - 1

    def _measure(self, run: Run) -> None:
        """Take the metrics of an epoch, and detect divergence and dead networks."""
        curves, metric = run.history.curves, self.task.metric
        names = ("loss", "test_loss", metric, f"test_{metric}")
        row = self.current = EpochMetrics(self.epoch, *(curves[name][-1] for name in names))
        self.rows.append(row)
        if len(self.rows) > 4 * MAX_ROWS:
            self.rows = thin(self.rows, MAX_ROWS)
        if row.loss > EXPLOSION * self.constant_loss:
            constant = f"a constant prediction has {self.constant_loss:.3g}"
            self._recover(f"after epoch {self.epoch:,} was {row.loss:.3g} ({constant})")
        elif row.loss and curves["gradient_norm"][-1] == 0:
            self.problem = ALL_DEAD
        if len(run.history) > 1000:  # bounded memory
            for curve in curves.values():
                del curve[:-1]

    def _stop_as_set(self, loss: float) -> None:
        """Stop at the epoch or the loss that the page has set."""
        if self.epoch == self.settings.stop_epoch:
            message = f"It stopped at epoch {self.epoch:,}, as you asked."
        elif self.settings.stop_loss and loss <= self.settings.stop_loss:
            message = f"The training loss has reached {loss:.4g}, as you asked."
        else:
            return
        self.goal, self.problem = 0, Problem(message)

    def _keep_pace(self, now: float) -> None:
        """Sleep until the next epoch is due, or a command arrives."""
        self.due = max(self.due + 1 / self.pace, now - 0.02)
        with suppress(queue.Empty):
            self._execute(timeout=max(self.due - time.perf_counter(), 0.0))

    def _wait_to_play(self) -> None:
        """Execute commands; while paused, report and wait for more."""
        while not (self.closed or self.playing) or not self.commands.empty():
            if self.commands.empty():
                self._report()
            self._execute()

    def _execute(self, timeout: float | None = None) -> None:
        """Execute the next command, when it arrives."""
        action, value = self.commands.get(timeout=timeout)
        getattr(self, f"do_{action}")(*([] if value is None else [value]))

    def _recover(self, how: str) -> None:
        """Pause at the saved epoch with the lowest training loss, and remove the later ones."""
        state, rows = self.timeline.best, self.rows
        self.return_to(state)
        self.rows = rows  # the curve shows the divergence
        self.timeline.remove_after(state.epoch)
        self._fail(diverged(how, state.epoch))

    def _fail(self, problem: Problem) -> None:
        """Pause with a problem; the last update is undone."""
        self.goal, self.problem = 0, problem
        self.update, self.batch = None, 0

    def _evaluated(self) -> EpochMetrics:
        """Evaluate the present network."""
        epoch = self.epoch + self.batch / self.n_batches
        return self.task.evaluate(epoch, self.network, self.settings.loss)

    def _report(self) -> None:
        self.reported = time.perf_counter()
        worked = time.thread_time()
        if self.current is None and not self.playing and len(self.task.training[0]):
            self.current = self._evaluated()
        rows, self.rows = thin(self.rows, MAX_ROWS), []
        self.report(
            ProgressReport(
                status=self._status(),
                snapshot=Snapshot.of(self.network),
                rows=rows,
                current=None if self.playing else self.current,
                update=None if self.playing else self.update,
            )
        )
        self.report_interval = max(REPORT_SECONDS, (time.thread_time() - worked) / REPORT_FRACTION)

    def _status(self) -> Status:
        timeline, playing = self.timeline, self.playing
        is_past = self.epoch < timeline.last
        return Status(
            epoch=self.epoch,
            batch=(self.batch, self.n_batches),
            playing=playing,
            problem=self.problem,
            saved=None if playing else [state.epoch for state in timeline.states],
            edits=tuple(e for e in timeline.edits if not is_past or e.epoch <= self.epoch),
            last=max(self.epoch, timeline.last),
        )
