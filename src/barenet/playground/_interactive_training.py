"""The training of one network under the commands of the page.

It is a callback of the library's training loop, between whose chunks of batches and epochs it
executes commands. `ThreadedTraining` waits there for the next command; `CooperativeTraining`
interrupts the loop, for a place without threads.
"""

import math
import queue
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from barenet.data._run_config import RunConfig
from barenet.errors import DivergenceError
from barenet.model._network import Snapshot
from barenet.optimization.optimizers import Optimizer
from barenet.playground._page_state import MAX_EPOCHS, NetworkSettings, WeightEdit, with_edit
from barenet.playground._problems import NO_PROBLEM, Problem
from barenet.playground._timeline import EpochMetrics, EpochState, ResumedSchedule, Timeline, thin
from barenet.playground._trainer_messages import ProgressReport, Rows, TrainingTask, UpdateRecord
from barenet.training._callbacks import Callback, Run
from barenet.training._divergence import EXPLOSION

#: Seconds between two reports, fewer than between two pictures; their largest share of the time.
REPORT_SECONDS, REPORT_FRACTION = 0.025, 0.05
#: Maximum number of rows in a report.
MAX_ROWS = 64
#: Epochs per second up to which the last update of each epoch is recorded.
MAX_RECORDED = 100.0
#: Why a training loop ends when the page has changed its settings.
SETTINGS_CHANGED = "its settings were changed"


class InteractiveTraining(Callback, ABC):
    """A training that reports its progress; its methods ``do_…`` are the commands of the page."""

    def __init__(
        self, task: TrainingTask, report: Callable[[ProgressReport], None], pace: float = 0.0
    ) -> None:
        self.task, self.report, self.pace = task, report, pace
        self.network, self.settings = task.network, task.settings
        self.commands: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self.optimizer = self.config.make_optimizer()
        self.has_rows = len(task.training[0]) > 0
        #: The current training loop of the library; `segments` counts the loops.
        self.run: Run | None = None
        self.schedule = ResumedSchedule(self.settings, 0)
        self.segments = self.seed = self.epoch = self.batch = 0
        self.n_batches = 1
        #: It trains while the epoch is below the goal; if `one_batch`, until the next update.
        self.goal: float = 0
        #: It keeps no pace before this epoch.
        self.unpaced_to = 0
        self.one_batch = self.closed = False
        self.problem = NO_PROBLEM
        #: Learning rate at the start of the epoch, and the training loss of a constant prediction.
        self.learning_rate = self.constant_loss = 0.0
        #: Metrics of the epochs since the last report.
        self.rows: list[EpochMetrics] = []
        #: Metrics of the current network; None if it has not been evaluated.
        self.current: EpochMetrics | None = None
        self.update: UpdateRecord | None = None
        self.initial = self.snapshot()
        self.timeline = Timeline(self.initial)
        self.reported, self.due, self.report_interval = 0.0, 0.0, REPORT_SECONDS
        if task.last is not None:
            self.send("resume", task.last)

    @property
    def config(self) -> RunConfig:
        """The current settings as the library describes them."""
        return self.settings.run_config(len(self.task.training[0]))

    @property
    def playing(self) -> bool:
        """Whether to continue the training."""
        return self.epoch < self.goal

    def snapshot(self) -> EpochState:
        """Copy the current network and optimizer."""
        return EpochState.of(self.epoch, self.network, self.optimizer, self.current)

    def send(self, action: str, value: Any = None) -> None:
        """Queue a command, to be executed between two chunks of batches."""
        self.commands.put((action, value))

    def do_play(self) -> None:
        """Train until something else is commanded."""
        self.goal, self.one_batch, self.problem = math.inf, False, NO_PROBLEM

    def do_pause(self) -> None:
        """Pause after an update that is recorded; train one more if there is none."""
        if self.run is None or self.update is not None or not self.playing:
            self.goal = 0
        elif self.batch:
            self.one_batch = True
        else:
            self.goal = self.epoch + 1

    def do_step(self) -> None:
        """Train for an epoch, or for the rest of one."""
        self.do_run_to(self.epoch + 1)

    def do_batch(self) -> None:
        """Train on a mini-batch."""
        self.do_play()
        self.one_batch = True

    def do_run_to(self, epoch: int) -> None:
        """Train up to an epoch."""
        if epoch > self.epoch:
            self.do_play()
            self.goal = epoch

    def do_reach(self, epoch: int) -> None:
        """Train up to an epoch as fast as possible."""
        self.do_run_to(epoch)
        self.unpaced_to = epoch

    def do_scrub(self, epoch: int) -> None:
        """Go back to the saved epoch that is nearest, after saving a last one."""
        if not self.batch and self.epoch > self.timeline.last:
            self.timeline.add(self.snapshot())
        self._pause_at(self.timeline.at(epoch))

    def do_recover(self) -> None:
        """Continue from the saved epoch with the lowest training loss."""
        self._pause_at(self.timeline.best)
        self.do_play()

    def do_reset(self) -> None:
        """Return to the initial weights, with the edits made to them."""
        self._pause_at(self.timeline.states[0])
        self.timeline.remove_after(0)
        self.optimizer = self.config.make_optimizer()
        self.segments = 0

    def do_configure(self, settings: NetworkSettings) -> None:
        """Continue with other settings; a new learning rate alone needs no new training loop."""
        before, self.settings, self.update = self.settings, settings, None
        self.problem = NO_PROBLEM
        if settings.loss != before.loss:
            self.current = None
            self.timeline.forget_metrics()
        if settings.optimizer != before.optimizer:
            self.optimizer = self.config.make_optimizer()
        elif isinstance(self.optimizer, Optimizer):
            self.optimizer.learning_rate = settings.learning_rate
        if self.run and replace(settings, learning_rate=before.learning_rate) != before:
            self.run.stop(SETTINGS_CHANGED)

    def do_rows(self, rows: tuple[Rows, Rows]) -> None:
        """Continue with other training and test rows."""
        self.task = replace(self.task, training=rows[0], test=rows[1])
        self.has_rows, self.problem = len(rows[0][0]) > 0, NO_PROBLEM
        self.current = self.update = None
        self.timeline.forget_metrics()
        if self.run:
            self.run.stop(SETTINGS_CHANGED)

    def do_pace(self, pace: float) -> None:
        """Limit the epochs per second."""
        self.pace = pace

    def do_edit(self, change: tuple[int, float]) -> None:
        """Change a weight by hand."""
        edit = WeightEdit(self.epoch, *change)
        self.timeline.leave(self.epoch)
        self.timeline.edits = with_edit(self.timeline.edits, edit)
        self._apply(edit)
        self.timeline.add(self.snapshot())

    def do_plan(self, edits: tuple[WeightEdit, ...]) -> None:
        """Start again from the initial weights, with edits to make on the way."""
        self.timeline.add(self.initial)
        self.do_reset()
        self.timeline.edits = edits
        self.apply_edits()
        self.timeline.add(self.snapshot())

    def do_resume(self, last: ProgressReport) -> None:
        """Continue from the last report of a process that has ended."""
        self.do_plan(last.edits)
        self._pause_at(EpochState(last.epoch, last.snapshot, self.optimizer, last.current))
        self.problem, self.rows = last.problem, []
        self.timeline.add(self.snapshot())

    def do_close(self) -> None:
        """End the training."""
        self.closed = True
        if self.run:
            self.run.stop(SETTINGS_CHANGED)

    def apply_edits(self) -> bool:
        """Make the edits that are due after this epoch."""
        due = [edit for edit in self.timeline.edits if edit.epoch == self.epoch]
        for edit in due:
            self._apply(edit)
        return bool(due)

    def _apply(self, edit: WeightEdit) -> None:
        self.network.parameters[edit.index] = edit.value
        self.update = self.current = None

    def _pause_at(self, state: EpochState) -> None:
        """Return to an earlier network and its optimizer."""
        self.goal, self.unpaced_to, self.problem = 0, 0, NO_PROBLEM
        state.restore(self.network, self.optimizer)
        self.epoch, self.batch = state.epoch, 0
        self.rows = [row for row in self.rows if row.epoch <= state.epoch]
        self.current, self.update = state.metrics, None
        if self.run:
            self.run.stop(SETTINGS_CHANGED)

    def _evaluate_initial(self) -> None:
        """Measure the initial network, to which a reset returns."""
        if self.has_rows:
            self.current = self._evaluated()
            self.rows, self.initial = [self.current], self.snapshot()
            self.timeline.add(self.initial)

    @contextmanager
    def _problems_shown(self) -> Iterator[None]:
        """Pause with a problem where an error ends the training; the page would wait forever."""
        try:
            yield
        except DivergenceError as error:
            self.run = None
            how = "ran away" if math.isfinite(error.loss) else "overflowed"
            self._recover(f"{how} in the epoch after {self.epoch:,}")
        except Exception as error:  # noqa: BLE001
            self.run = None
            self._fail(Problem.of("refused", error=error))

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
            if self.apply_edits() or self.timeline.is_due(self.epoch):
                self.timeline.add(self.snapshot())
            if message := self.settings.goal_reached(self.epoch, self.rows[-1].loss):
                self.goal, self.problem = 0, Problem(message)
        now = time.perf_counter()
        if self.playing and now - self.reported >= self.report_interval:
            self._report()
        if self.pace and self.playing and self.epoch >= self.unpaced_to:
            self.due = max(self.due + 1 / self.pace, now - 0.02)
            self._keep_pace()
        self._wait_to_play()
        self._limit_chunk(run, run.epoch)

    def _after_update(self, run: Run) -> None:
        """Pause after a single batch, and discard the record of an earlier update."""
        if self.one_batch:
            self.one_batch, self.goal = False, 0
        done = run.epoch - 1, run.batch - 1
        if self.update is not None and (self.update.epoch, self.update.batch) != done:
            self.update = None

    def _limit_chunk(self, run: Run, epoch: int) -> None:
        """End the next chunk before the update to record, and record it if it is the next one."""
        run.chunk_limit = None
        if self.batch == 0:  # the learning rate is fixed at the start of an epoch
            self.learning_rate = getattr(self.optimizer, "learning_rate", 0.0)
        records = self.one_batch or self.goal == self.epoch + 1 or 0 < self.pace <= MAX_RECORDED
        if not records or run.stop_reason or epoch == run.epochs:
            return
        before = 0 if self.one_batch else run.n_batches - 1 - self.batch
        run.chunk_limit = max(before, 1)
        if before == 0:
            self._record_update(run, epoch)

    def _record_update(self, run: Run, epoch: int) -> None:
        within = 0.0 if self.schedule.steady else self.batch / run.n_batches
        factor = self.schedule.factor(epoch + within, run.epochs)
        self.update = UpdateRecord(
            before=self.snapshot(),
            settings=self.settings,
            learning_rate=self.learning_rate * factor,
            seed=self.seed,
            epoch=epoch,
            batch=self.batch,
            n_batches=run.n_batches,
        )

    def _begin(self) -> dict[str, Any]:
        """Begin a training loop: the arguments of `train` for the current settings."""
        settings, task = self.settings, self.task
        self.constant_loss = task.constant_losses(settings.loss)[0]
        self.timeline.leave(self.epoch)
        #: The first loop is that of `barenet train`; later ones have other seeds.
        self.seed, self.segments = settings.seed + self.segments, self.segments + 1
        self.update, self.batch = None, 0
        left = settings.stop_epoch - self.epoch
        self.schedule = ResumedSchedule(settings, self.epoch)
        return {**self.config.train_arguments(), "progress": False} | {
            "optimizer": self.optimizer,
            "schedule": None if settings.schedule == "constant" else self.schedule,
            "epochs": left if left > 0 else MAX_EPOCHS,
            "seed": self.seed,
            "test_data": task.test,
            "metrics": task.metric,
        }

    def _end(self, reason: str | None) -> None:
        """Pause if a training loop has ended for a reason of its own."""
        if reason not in ("completed", SETTINGS_CHANGED):
            self.goal, self.problem = 0, Problem(f"It stopped: {reason}.")

    def _measure(self, run: Run) -> None:
        """Take the metrics of an epoch, and detect divergence and dead networks."""
        curves, metric = run.history.curves, self.task.metric
        names = ("loss", "test_loss", metric, f"test_{metric}")
        row = EpochMetrics(self.epoch, *(curves[name][-1] for name in names))
        row = self.current = self._evaluated() if self.task.others else row
        self.rows.append(row)
        if len(self.rows) > 4 * MAX_ROWS:
            self.rows = thin(self.rows, MAX_ROWS)
        if row.loss > EXPLOSION * self.constant_loss:
            constant = f"a constant prediction has {self.constant_loss:.3g}"
            self._recover(f"after epoch {self.epoch:,} was {row.loss:.3g} ({constant})")
        elif row.loss and curves["gradient_norm"][-1] == 0:
            self.problem = Problem.of("all_dead")
        if len(run.history) > 1000:  # bounded memory
            for curve in curves.values():
                del curve[:-1]

    @abstractmethod
    def _wait_to_play(self) -> None:
        """Execute commands; while paused, train no further."""

    @abstractmethod
    def _keep_pace(self) -> None:
        """Train no further until the next epoch is due."""

    def _execute(self, timeout: float | None = None) -> None:
        """Execute the next command, when it arrives."""
        action, value = self.commands.get(timeout=timeout)
        getattr(self, f"do_{action}")(*([] if value is None else [value]))

    def _recover(self, how: str) -> None:
        """Pause at the saved epoch with the lowest training loss, and remove the later ones."""
        state, rows = self.timeline.best, self.rows
        self._pause_at(state)
        self.rows = rows  # the curve shows the divergence
        self.timeline.remove_after(state.epoch)
        self._fail(Problem.of("diverged", how=how, epoch=state.epoch))

    def _fail(self, problem: Problem) -> None:
        """Pause with a problem; the last update is undone."""
        self.goal, self.problem = 0, problem
        self.update, self.batch = None, 0

    def _evaluated(self) -> EpochMetrics:
        """Evaluate the current network."""
        epoch = self.epoch + self.batch / self.n_batches
        return self.task.evaluate(epoch, self.network, self.settings.loss)

    def _report(self) -> None:
        self.reported = time.perf_counter()
        timeline, playing = self.timeline, self.playing
        is_past = self.epoch < timeline.last
        if self.current is None and not playing and self.has_rows:
            self.current = self._evaluated()
            if not is_past and not self.batch:  # the curve shows what an edit has changed
                self.rows.append(self.current)
        report = ProgressReport(
            snapshot=Snapshot.of(self.network),
            epoch=self.epoch,
            batch=(self.batch, self.n_batches),
            playing=playing,
            problem=self.problem,
            saved=None if playing else [state.epoch for state in timeline.states],
            edits=tuple(e for e in timeline.edits if not is_past or e.epoch <= self.epoch),
            last=max(self.epoch, timeline.last),
            rows=thin(self.rows, MAX_ROWS),
            current=None if playing else self.current,
            update=None if playing else self.update,
        )
        self.rows = []
        self.report(report)
        seconds = time.perf_counter() - self.reported
        self.report_interval = max(REPORT_SECONDS, seconds / REPORT_FRACTION)
