"""The training of a network that the page controls with commands.

It is a callback of the library's training loop. It interrupts the loop between chunks of batches to
execute commands, and to give other trainings their turn if there are no threads.
"""

import copy
import math
import queue
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress

import numpy as np

from barenet import _train as training
from barenet._metrics import as_metrics
from barenet.engines import choose_engine
from barenet.errors import DivergenceError
from barenet.model._network import Snapshot
from barenet.optimization._schedules import Constant, Schedule
from barenet.playground._sentences import Sentence, sentence
from barenet.playground.state._page_state import MAX_EPOCHS
from barenet.playground.trainer._problems import Problem
from barenet.playground.trainer._timeline import EpochMetrics, ResumedSchedule, thin
from barenet.playground.trainer._trainer_messages import (
    BatchProgress,
    NextStep,
    ProgressReport,
    TrainingSetup,
)
from barenet.playground.trainer._training_commands import (
    COMMANDS,
    SETTINGS_CHANGED,
    TrainingCommands,
)
from barenet.training._callbacks import Run
from barenet.training._divergence import EXPLOSION
from barenet.training._epoch import TrainingConfig
from barenet.training._loop import Loop, exclusive, make_loop

#: Minimum seconds between reports, less than between pictures; and maximum fraction of the time.
REPORT_SECONDS = 0.025
REPORT_FRACTION = 0.05
#: Maximum number of rows of metrics in a report.
MAX_ROWS = 64
#: The reason for interrupting a training loop.
WAITING = "waits for a command, or for its next turn"


class InteractiveTraining(TrainingCommands):
    """A training that reports its progress; its method `advance` is called repeatedly."""

    def __init__(
        self, setup: TrainingSetup, report: Callable[[ProgressReport], None], pace: float = 0.0
    ) -> None:
        super().__init__(setup, pace)
        self.report = report
        self.schedule = ResumedSchedule(self.settings, 0)
        #: Training loss of a constant prediction.
        self.constant_loss = 0.0
        #: The training loop as a generator, and the time to interrupt it.
        self.session: Generator[None, None, str | None] | None = None
        self.deadline = 0.0
        #: Times of the last report and of the next epoch, and seconds between reports.
        self.reported = 0.0
        self.due = 0.0
        self.report_interval = REPORT_SECONDS
        self._evaluate_initial()
        self.advance(0.0)

    @property
    def is_due(self) -> bool:
        """Whether there is anything to do."""
        return self.playing or not self.commands.empty()

    def work(self) -> None:
        """Train until a command closes the training; this is the target of a thread."""
        seconds = None
        while not self.closed:
            with suppress(queue.Empty):
                self._execute(seconds)
            seconds = self.advance(math.inf)

    def advance(self, seconds: float) -> float | None:
        """Execute commands, train for some seconds, and return the seconds until the next turn.

        Return None if only a command can cause another turn.
        """
        self.deadline = time.perf_counter() + seconds
        while not self.commands.empty():
            self._execute()
        if self.playing:
            seconds_left = self.due - time.perf_counter()
            if seconds_left > 0:
                return seconds_left
        if self.playing or self.closed:
            with self._problems_shown():
                self._continue()
        if self.is_due and not self.closed:
            return 0.0
        self._report()
        return None

    def _continue(self) -> None:
        """Continue the training loop, or start another one."""
        session = self.session
        self.session = None
        if session is None:
            if not self.has_rows:
                self._fail(Problem.of("no_rows"))
                return
            if self.closed:
                return
            session = self._train(self._make_loop())
        try:
            next(session)
            self.session = session
        except StopIteration as end:
            self._end(end.value)
        finally:
            if self.session is None:
                self.run = None

    def _train(self, loop: Loop) -> Generator[None, None, str | None]:
        """Train, yielding at each interruption of the loop, and return the reason for its end."""
        run = loop.run
        epochs = loop.config.epochs
        with exclusive(self.network), loop.session():
            while not run.finished:
                run.chunk_limit = 1 if self.one_batch else None
                with np.errstate(all="ignore"):
                    loop.advance(epochs)
                yield
                if not run.is_final:
                    run.stop_reason = None
        return run.history.stop_reason

    def _evaluate_initial(self) -> None:
        """Evaluate the initial network, to which a reset returns."""
        if self.has_rows:
            self.current = self._evaluated()
            self.initial = self.snapshot()
            self.timeline.add(self.initial)
            self._add_row(self.current)

    @contextmanager
    def _problems_shown(self) -> Iterator[None]:
        """Pause with a problem if an error ends the training, as the page would wait forever."""
        try:
            yield
        except DivergenceError as error:
            epoch = f"{self.epoch:,}"
            how = sentence("overflowed in the epoch after {0}", epoch)
            if math.isfinite(error.loss):
                how = sentence("ran away in the epoch after {0}", epoch)
            self._recover(how)
        except Exception as error:  # noqa: BLE001
            self._fail(Problem.of("refused", str(error)))
            if self.run:  # a command was rejected
                self.run.stop(SETTINGS_CHANGED)

    def on_start(self, run: Run) -> None:
        self.run = run
        self.n_batches = run.n_batches

    def on_chunk(self, run: Run) -> None:
        if run.batch == run.n_batches:  # handled at the end of the epoch
            return
        self.batch = run.batch
        self.current = None
        self._after_update()
        self._wait_to_play()

    def on_epoch(self, run: Run) -> None:
        self.epoch += 1
        self.batch = 0
        self._after_update()
        self._measure(run)
        if not self.problem.failed:
            if self.apply_edits() or self.timeline.is_due(self.epoch):
                self.timeline.add(self.snapshot())
            loss = self.rows[-1].loss
            message = self.settings.goal_reached(self.epoch, loss)
            if message:
                self.goal = 0
                self.problem = Problem(message)
        now = time.perf_counter()
        if self.playing and now - self.reported >= self.report_interval:
            self._report()
        if self.pace and self.playing and self.epoch >= self.unpaced_to:
            next_due = self.due + 1 / self.pace
            self.due = max(next_due, now - 0.02)
            self._keep_pace()
        self._wait_to_play()

    def _after_update(self) -> None:
        """Pause after a single batch."""
        if self.one_batch:
            self.one_batch = False
            self.goal = 0

    def _make_loop(self) -> Loop:
        """Make the loop of `train` for the current settings."""
        settings = self.settings
        setup = self.setup
        config = self.config
        self.constant_loss = setup.constant_losses(settings.loss).training
        self.timeline.leave(self.epoch)
        #: The first loop is the same as in `barenet train`; later loops have other seeds.
        seed = settings.seed + self.segments
        self.segments += 1
        self.batch = 0
        self.schedule = ResumedSchedule(settings, self.epoch)
        X, y = setup.training
        job = training.make_job(
            self.network,
            X,
            y,
            sample_weight=None,
            scale=1.0,
            loss=config.loss,
            optimizer=self.optimizer,
            penalty=config.make_penalties(),
            clip=None,
            seed=seed,
        )
        epochs = settings.stop_epoch - self.epoch
        if epochs <= 0:
            epochs = MAX_EPOCHS
        batch_size = config.batch_size
        if batch_size == "full":
            batch_size = None
        schedule: Schedule = self.schedule
        if settings.schedule == "constant":
            schedule = Constant()
        run = TrainingConfig(
            epochs=epochs,
            batch_size=training.check_batch_size(batch_size, job),
            schedule=schedule,
            metrics=as_metrics(setup.metric),
            held_out=training.check_held_out(job, test=setup.test),
            callbacks=[self],
        )
        return make_loop(choose_engine("auto", job), run)

    def _end(self, reason: str | None) -> None:
        """Pause if a training loop has ended by itself."""
        if reason not in ("completed", SETTINGS_CHANGED):
            self.goal = 0
            self.problem = Problem(sentence("It stopped: {0}.", str(reason)))

    def _measure(self, run: Run) -> None:
        """Record the metrics of an epoch, and detect divergence."""
        curves = run.history
        metric = self.setup.metric
        row = EpochMetrics(
            epoch=self.epoch,
            loss=curves["loss"][-1],
            test_loss=curves["test_loss"][-1],
            score=curves[metric][-1],
            test_score=curves[f"test_{metric}"][-1],
        )
        self.current = row
        self._add_row(row)
        if len(self.rows) > 4 * MAX_ROWS:
            self.rows = thin(self.rows, MAX_ROWS)
        if row.loss > EXPLOSION * self.constant_loss:
            how = sentence(
                "after epoch {0} was {1} (a constant prediction has {2})",
                f"{self.epoch:,}",
                f"{row.loss:.3g}",
                f"{self.constant_loss:.3g}",
            )
            self._recover(how)
        if len(run.history) > 1000:  # limits the memory
            for curve in curves.values():
                del curve[:-1]

    def _add_row(self, row: EpochMetrics) -> None:
        """Add the metrics of an epoch to the next report."""
        self.rows.append(row)
        self.timeline.measure(row)

    def _wait_to_play(self) -> None:
        """Interrupt the loop for a command, a single batch, a pause, or the end of the turn."""
        is_over = time.perf_counter() >= self.deadline
        is_commanded = not self.commands.empty()
        is_interrupted = is_commanded or self.one_batch or not self.playing
        must_wait = self.closed or is_over or is_interrupted
        if self.run is not None and must_wait:
            self.run.stop(WAITING, resumable=True)

    def _keep_pace(self) -> None:
        """Wait until the next epoch is due; in a thread, a command may arrive earlier."""
        if self.deadline < math.inf:
            self.deadline = 0.0
        else:
            with suppress(queue.Empty):
                seconds_left = self.due - time.perf_counter()
                self._execute(max(seconds_left, 0.0))

    def _execute(self, timeout: float | None = None) -> None:
        """Wait for the next command, and execute it."""
        action, value = self.commands.get(timeout=timeout)
        with self._problems_shown():
            command = COMMANDS[action]
            if value is None:
                command(self)
            else:
                command(self, value)

    def _recover(self, how: Sentence) -> None:
        """Pause at the saved epoch with the lowest training loss, and remove later epochs."""
        state = self.timeline.best
        rows = self.rows
        self._pause_at(state)
        self.rows = rows  # so that the curve shows the divergence
        self.timeline.remove_after(state.epoch)
        self._fail(Problem.of("diverged", how, f"{state.epoch:,}"))

    def _fail(self, problem: Problem) -> None:
        """Pause with a problem."""
        self.goal = 0
        self.problem = problem
        self.batch = 0

    def _evaluated(self) -> EpochMetrics:
        """Evaluate the current network."""
        epoch = self.epoch + self.batch / self.n_batches
        return self.setup.evaluate(epoch, self.network, self.settings.loss)

    def _report(self) -> None:
        self.reported = time.perf_counter()
        timeline = self.timeline
        playing = self.playing
        is_past = self.epoch < timeline.last
        if self.current is None and not playing and self.has_rows:
            self.current = self._evaluated()
            if not is_past and not self.batch:  # show the effect of an edit in the curve
                self._add_row(self.current)
        last = max(self.epoch, timeline.last)
        if not self.problem.failed:
            timeline.lowest.cut(last)  # the curve ends there, too
        edits = timeline.edits
        if is_past:  # later edits don't apply to the network now
            edits = tuple(edit for edit in edits if edit.epoch <= self.epoch)
        # The page only shows these while the training is paused.
        saved = None
        current = None
        next_step = None
        if not playing:
            saved = [state.epoch for state in timeline.states]
            current = self.current
            next_step = self._next_step()
        report = ProgressReport(
            snapshot=Snapshot.of(self.network),
            epoch=self.epoch,
            batch=BatchProgress(done=self.batch, per_epoch=self.n_batches),
            playing=playing,
            problem=self.problem,
            saved=saved,
            edits=edits,
            last=last,
            rows=thin(self.rows, MAX_ROWS),
            lowest=timeline.lowest.metrics,
            current=current,
            next_step=next_step,
        )
        self.rows = []
        self.report(report)
        seconds = time.perf_counter() - self.reported
        self.report_interval = max(REPORT_SECONDS, seconds / REPORT_FRACTION)

    def _next_step(self) -> NextStep:
        """Copy the optimizer, with the learning rate of the next update."""
        time_in_epochs = float(self.epoch - self.schedule.start)
        if not self.schedule.steady:
            time_in_epochs += self.batch / self.n_batches
        factor = self.schedule.factor(time_in_epochs, self.schedule.length)
        learning_rate = self.settings.learning_rate * factor
        return NextStep(copy.deepcopy(self.optimizer), learning_rate)
