"""The training of one network under the commands of the page.

It is a callback of the library's training loop, which it interrupts between chunks of batches: to
execute commands, and to give other trainings their turn where there are no threads.
"""

import math
import queue
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from barenet import _train as training
from barenet.engines import choose_engine
from barenet.errors import DivergenceError
from barenet.model._network import Snapshot
from barenet.optimization._schedules import Constant
from barenet.playground._page_state import MAX_EPOCHS
from barenet.playground._problems import Problem
from barenet.playground._timeline import EpochMetrics, ResumedSchedule, thin
from barenet.playground._trainer_messages import ProgressReport, TrainingTask, UpdateRecord
from barenet.playground._training_commands import SETTINGS_CHANGED, TrainingCommands
from barenet.training._callbacks import Run
from barenet.training._divergence import EXPLOSION
from barenet.training._epoch import TrainingConfig
from barenet.training._loop import Loop, exclusive, make_loop

#: Seconds between two reports, fewer than between two pictures; their largest share of the time.
REPORT_SECONDS, REPORT_FRACTION = 0.025, 0.05
#: Maximum number of rows in a report.
MAX_ROWS = 64
#: Epochs per second up to which the last update of each epoch is recorded.
MAX_RECORDED = 100.0
#: Why a training loop is interrupted.
WAITING = "waits for a command, or for its next turn"


class InteractiveTraining(TrainingCommands):
    """A training that reports its progress, whose `advance` is called again and again."""

    def __init__(
        self, task: TrainingTask, report: Callable[[ProgressReport], None], pace: float = 0.0
    ) -> None:
        super().__init__(task, pace)
        self.report = report
        self.schedule = ResumedSchedule(self.settings, 0)
        #: Learning rate at the start of the epoch, and the training loss of a constant prediction.
        self.learning_rate = self.constant_loss = 0.0
        #: The training loop, from its start to its end, and the time to interrupt it.
        self.session: Generator[None, None, str | None] | None = None
        self.deadline = 0.0
        self.reported, self.due, self.report_interval = 0.0, 0.0, REPORT_SECONDS
        self._evaluate_initial()
        self.advance(0.0)

    @property
    def is_due(self) -> bool:
        """Whether there is something to do."""
        return self.playing or not self.commands.empty()

    def work(self) -> None:
        """Train until a command closes it; the body of a thread."""
        seconds = None
        while not self.closed:
            with suppress(queue.Empty):
                self._execute(seconds)
            seconds = self.advance(math.inf)

    def advance(self, seconds: float) -> float | None:
        """Execute commands, train for some seconds, and return those to the next turn.

        None if only a command leads to one.
        """
        self.deadline = time.perf_counter() + seconds
        while not self.commands.empty():
            self._execute()
        if self.playing and (left := self.due - time.perf_counter()) > 0:
            return left
        if self.playing or self.closed:
            with self._problems_shown():
                self._continue()
        if self.is_due and not self.closed:
            return 0.0
        self._report()
        return None

    def _continue(self) -> None:
        """Continue the training loop, or begin another one."""
        session, self.session = self.session, None
        if session is None and not self.has_rows:
            self._fail(Problem.of("no_rows"))
        elif session is not None or not self.closed:
            session = session or self._train(self._make_loop())
            try:
                next(session)
                self.session = session
            except StopIteration as end:
                self._end(end.value)
            finally:
                if self.session is None:
                    self.run = None

    def _train(self, loop: Loop) -> Generator[None, None, str | None]:
        """Train until the loop is interrupted, again and again; the reason for its end."""
        run, epochs = loop.run, loop.config.epochs
        with exclusive(self.network), loop.session():
            loop.is_saved = True  # so that L-BFGS can continue
            while not run.finished:
                self._limit_chunk(run, run.epoch - (run.batch < run.n_batches))
                with np.errstate(all="ignore"):
                    loop.advance(epochs)
                yield
                if not run.is_final:
                    run.stop_reason = None
        return run.history.stop_reason

    def _evaluate_initial(self) -> None:
        """Measure the initial network, to which a reset returns."""
        if self.has_rows:
            self.current = self._evaluated()
            self.initial = self.snapshot()
            self.timeline.add(self.initial)
            self._add_row(self.current)

    @contextmanager
    def _problems_shown(self) -> Iterator[None]:
        """Pause with a problem where an error ends the training; the page would wait forever."""
        try:
            yield
        except DivergenceError as error:
            how = "ran away" if math.isfinite(error.loss) else "overflowed"
            self._recover(f"{how} in the epoch after {self.epoch:,}")
        except Exception as error:  # noqa: BLE001
            self._fail(Problem.of("refused", error=error))
            if self.run:  # a command was refused
                self.run.stop(SETTINGS_CHANGED)

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

    def _make_loop(self) -> Loop:
        """Make the loop of `train` for the current settings."""
        settings, task, config = self.settings, self.task, self.config
        self.constant_loss = task.constant_losses(settings.loss)[0]
        self.timeline.leave(self.epoch)
        #: The first loop is that of `barenet train`; later ones have other seeds.
        self.seed, self.segments = settings.seed + self.segments, self.segments + 1
        self.update, self.batch = None, 0
        self.schedule = ResumedSchedule(settings, self.epoch)
        parts: Any = config.loss, self.optimizer, config.make_penalties(), None, self.seed
        job = training.make_job(self.network, *task.training, None, 1.0, *parts)
        left, size = settings.stop_epoch - self.epoch, config.batch_size
        run = TrainingConfig(
            epochs=left if left > 0 else MAX_EPOCHS,
            batch_size=training.check_batch_size(None if size == "full" else size, job),
            schedule=Constant() if settings.schedule == "constant" else self.schedule,
            metrics=training.as_metrics(task.metric),
            held_out=training.check_held_out(job, test=task.test),
            callbacks=[self],
        )
        return make_loop(choose_engine("auto", job), run)

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
        self._add_row(row)
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

    def _add_row(self, row: EpochMetrics) -> None:
        """Add the metrics of an epoch to the next report."""
        self.rows.append(row)
        self.timeline.measure(row)

    def _wait_to_play(self) -> None:
        """Interrupt the loop for a command, while paused, or at the end of the turn."""
        is_over = time.perf_counter() >= self.deadline or not self.commands.empty()
        if self.run and (self.closed or not self.playing or is_over):
            self.run.stop(WAITING, resumable=True)

    def _keep_pace(self) -> None:
        """Train no further until the next epoch is due, or a command arrives in a thread."""
        if self.deadline < math.inf:
            self.deadline = 0.0
        else:
            with suppress(queue.Empty):
                self._execute(max(self.due - time.perf_counter(), 0.0))

    def _execute(self, timeout: float | None = None) -> None:
        """Execute the next command, when it arrives."""
        action, value = self.commands.get(timeout=timeout)
        with self._problems_shown():
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
                self._add_row(self.current)
        last = max(self.epoch, timeline.last)
        if not self.problem.failed:
            timeline.lowest.cut(last)  # the curve ends there, too
        report = ProgressReport(
            snapshot=Snapshot.of(self.network),
            epoch=self.epoch,
            batch=(self.batch, self.n_batches),
            playing=playing,
            problem=self.problem,
            saved=None if playing else [state.epoch for state in timeline.states],
            edits=tuple(e for e in timeline.edits if not is_past or e.epoch <= self.epoch),
            last=last,
            rows=thin(self.rows, MAX_ROWS),
            lowest=timeline.lowest.metrics,
            current=None if playing else self.current,
            update=None if playing else self.update,
        )
        self.rows = []
        self.report(report)
        seconds = time.perf_counter() - self.reported
        self.report_interval = max(REPORT_SECONDS, seconds / REPORT_FRACTION)
