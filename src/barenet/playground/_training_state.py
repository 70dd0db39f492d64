"""The state of a training, and the effect of each command of the page on it."""

import math

from barenet.data._run_config import RunConfig
from barenet.optimization._schedules import Schedule, as_schedule
from barenet.optimization.optimizers import Optimizer
from barenet.playground._learning_curve import EpochMetrics
from barenet.playground._page_state import NetworkSettings, WeightEdit, with_edit
from barenet.playground._problems import NO_PROBLEM
from barenet.playground._timeline import EpochState, Timeline
from barenet.playground._trainer_messages import TrainingTask, UpdateRecord
from barenet.training._callbacks import Run

#: Why a training loop ends when the page has changed its settings.
SETTINGS_CHANGED = "its settings were changed"


class ResumedSchedule(Schedule):
    """The schedule of some settings from a later epoch on, with its end where it was."""

    def __init__(self, settings: NetworkSettings, start: int) -> None:
        self.schedule, self.start = as_schedule(settings.schedule), start
        self.length, self.steady = settings.schedule_epochs, self.schedule.steady

    def factor(self, epoch: float, epochs: int) -> float:
        return self.schedule.factor(min(self.start + epoch, self.length), self.length)

    def observe(self, loss: float) -> None:
        self.schedule.observe(loss)


class TrainingState:
    """A network, its history, and what its training does next.

    The methods whose names begin with ``do_`` are the commands of the page.
    """

    def __init__(self, task: TrainingTask, pace: float = 0.0) -> None:
        self.task, self.pace = task, pace
        self.network, self.settings = task.network, task.settings
        self.optimizer = self.config.make_optimizer()
        #: The present training loop of the library; `segments` counts the loops.
        self.run: Run | None = None
        self.segments = 0
        self.epoch = self.batch = 0
        #: It trains while the epoch is below the goal; if `one_batch`, until the next update.
        self.goal: float = 0
        self.one_batch = self.closed = False
        self.problem = NO_PROBLEM
        #: Metrics of the epochs since the last report.
        self.rows: list[EpochMetrics] = []
        #: Metrics of the present network; None if it has not been evaluated.
        self.current: EpochMetrics | None = None
        self.update: UpdateRecord | None = None
        self.initial = self.snapshot()
        self.timeline = Timeline(self.initial)

    @property
    def config(self) -> RunConfig:
        """The present settings as the library describes them."""
        return self.settings.run_config(len(self.task.training[0]))

    @property
    def playing(self) -> bool:
        """Whether it is to train."""
        return self.epoch < self.goal

    def snapshot(self) -> EpochState:
        """Copy the present network and optimizer."""
        return EpochState.of(self.epoch, self.network, self.optimizer, self.current)

    def do_play(self) -> None:
        """Train until something else is commanded."""
        self.goal, self.one_batch, self.problem = math.inf, False, NO_PROBLEM

    def do_pause(self) -> None:
        """Pause after an update that is recorded; if none is, after one more."""
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
        if settings.copy(learning_rate=before.learning_rate) != before:
            self.stop_run()

    def do_pace(self, pace: float) -> None:
        """Limit the epochs per second."""
        self.pace = pace

    def do_edit(self, change: tuple[int, float]) -> None:
        """Change a weight by hand."""
        edit = WeightEdit(self.epoch, *change)
        self.timeline.leave(self.epoch)
        self.timeline.edits = with_edit(self.timeline.edits, edit)
        self._make(edit)
        self.timeline.add(self.snapshot())

    def do_plan(self, edits: tuple[WeightEdit, ...]) -> None:
        """Start again from the initial weights, with edits to make on the way."""
        self.timeline.add(self.initial)
        self.do_reset()
        self.timeline.edits = edits
        self.make_edits()
        self.timeline.add(self.snapshot())

    def do_close(self) -> None:
        """End the training."""
        self.closed = True
        self.stop_run()

    def make_edits(self) -> bool:
        """Make the edits that are due after this epoch."""
        due = [edit for edit in self.timeline.edits if edit.epoch == self.epoch]
        for edit in due:
            self._make(edit)
        return bool(due)

    def return_to(self, state: EpochState) -> None:
        """Restore a network and its optimizer."""
        state.restore(self.network, self.optimizer)
        self.epoch, self.batch, self.rows = state.epoch, 0, []
        self.current, self.update = state.metrics, None
        self.stop_run()

    def stop_run(self) -> None:
        """End the present training loop."""
        if self.run is not None:
            self.run.stop(SETTINGS_CHANGED)

    def _pause_at(self, state: EpochState) -> None:
        self.goal, self.problem = 0, NO_PROBLEM
        self.return_to(state)

    def _make(self, edit: WeightEdit) -> None:
        self.network.parameters[edit.index] = edit.value
        self.update = self.current = None
