"""The state of a training, and the effect of each command of the page on it."""

from __future__ import annotations

import math

from barenet.data._run_config import RunConfig
from barenet.optimization.optimizers import Optimizer
from barenet.playground._edits import WeightEdit, with_edit
from barenet.playground._learning_curve import EpochMetrics
from barenet.playground._messages import NO_PROBLEM
from barenet.playground._page_state import NetworkSettings
from barenet.playground._progress_report import UpdateRecord
from barenet.playground._timeline import EpochState, Timeline
from barenet.playground._training_task import Command, TrainingTask
from barenet.training._run import Run

__all__ = ["SETTINGS_CHANGED", "TrainingState"]

#: Why a training loop ends when the page has changed its settings.
SETTINGS_CHANGED = "its settings were changed"


class TrainingState:
    """A network, its history, and what its training does next."""

    def __init__(self, task: TrainingTask, pace: float = 0.0) -> None:
        self.task, self.pace = task, pace
        self.network, self.settings = task.network, task.settings
        self._make_optimizer()
        self.timeline = Timeline()
        #: The present training loop of the library; `segments` counts the loops.
        self.run: Run | None = None
        self.segments = 0
        self.epoch = self.batch = 0
        self.playing = self.closed = self.failed = self.one_batch = False
        self.goal: int | None = None
        self.problem = NO_PROBLEM
        #: Training loss of the present network; NaN if unknown.
        self.loss = math.nan
        self.rows: list[EpochMetrics] = []
        #: Whether the present network has been evaluated.
        self.evaluated = True
        self.update: UpdateRecord | None = None
        self.initial = self.snapshot()
        self.timeline.add(self.initial)
        self.edits: tuple[WeightEdit, ...] = ()
        self.other_edits: tuple[WeightEdit, ...] = ()

    @property
    def config(self) -> RunConfig:
        """The present settings as the library describes them."""
        return self.settings.run_config(len(self.task.training[0]))

    def snapshot(self) -> EpochState:
        """Copy the present network and optimizer."""
        return EpochState.of(self.epoch, self.network, self.optimizer, self.loss)

    def execute(self, command: Command) -> None:
        """Execute a command."""
        action = getattr(self, f"do_{command.action}")
        action() if command.value is None else action(command.value)

    def do_play(self) -> None:
        """Train until something else is commanded."""
        self.playing, self.goal, self.one_batch = True, None, False
        self.problem, self.failed = NO_PROBLEM, False

    def do_pause(self) -> None:
        """Pause after an update that is recorded; if none is, after one more."""
        if self.run is None or self.update is not None or not self.playing:
            self.playing, self.goal = False, None
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
        """Go back to the saved epoch that is nearest."""
        self._save_end()
        self._pause_at(self.timeline.at(epoch))

    def do_swap(self) -> None:
        """Return to the end of the other path."""
        if self.timeline.other_path is None:
            return
        self._save_end()
        self.timeline.swap()
        self.edits, self.other_edits = self.other_edits, self.edits
        self._pause_at(self.timeline.states[-1])

    def do_recover(self) -> None:
        """Continue from the saved epoch with the lowest training loss."""
        self._pause_at(self.timeline.best)
        self.do_play()

    def do_reset(self) -> None:
        """Return to the initial weights, with the edits made to them."""
        self._pause_at(self.timeline.states[0])
        self.timeline.clear()
        self.edits = tuple(edit for edit in self.edits if edit.epoch == 0)
        self._make_optimizer()
        self.segments, self.rows = 0, []

    def do_configure(self, settings: NetworkSettings) -> None:
        """Continue with other settings; a new learning rate alone needs no new training loop."""
        before, self.settings, self.update = self.settings, settings, None
        self.problem, self.failed = NO_PROBLEM, False
        if settings.loss != before.loss:
            self.evaluated, self.loss = False, math.nan
            self.timeline.forget_losses()
        if settings.optimizer != before.optimizer:
            self._make_optimizer()
        elif isinstance(self.optimizer, Optimizer):
            self.optimizer.learning_rate = settings.learning_rate
        if settings.copy(learning_rate=before.learning_rate) != before:
            self._stop_run()

    def do_pace(self, pace: float) -> None:
        """Limit the epochs per second."""
        self.pace = pace

    def do_edit(self, change: tuple[int, float]) -> None:
        """Change a weight by hand."""
        index, value = change
        self.leave_path()
        self.edits = with_edit(self.edits, WeightEdit(self.epoch, index, value))
        self._set_weight(index, value)
        self.timeline.add(self.snapshot())

    def do_plan(self, edits: tuple[WeightEdit, ...]) -> None:
        """Start again from the initial weights, with edits to make on the way."""
        self.timeline.add(self.initial)
        self.do_reset()
        self.edits = edits
        self.make_edits()
        self.timeline.add(self.snapshot())

    def do_close(self) -> None:
        """End the training."""
        self.closed = True

    def make_edits(self) -> bool:
        """Make the edits that are due after this epoch."""
        due = [edit for edit in self.edits if edit.epoch == self.epoch]
        for edit in due:
            self._set_weight(edit.index, edit.value)
        return bool(due)

    def leave_path(self) -> None:
        """Begin a new path if there are later states; the old path keeps its edits."""
        if self.timeline.leave(self.epoch):
            self.other_edits = self.edits
            self.edits = tuple(edit for edit in self.edits if edit.epoch <= self.epoch)

    def return_to(self, state: EpochState) -> None:
        """Restore a network and its optimizer."""
        state.restore(self.network, self.optimizer)
        self.epoch, self.batch, self.rows, self.loss = state.epoch, 0, [], state.loss
        self.evaluated = False
        self._stop_run()

    def _pause_at(self, state: EpochState) -> None:
        self.playing, self.goal, self.update = False, None, None
        self.problem, self.failed = NO_PROBLEM, False
        self.return_to(state)

    def _save_end(self) -> None:
        """Save the present state if it is the last one of its path."""
        if not self.batch and self.epoch > self.timeline.states[-1].epoch:
            self.timeline.add(self.snapshot())

    def _set_weight(self, index: int, value: float) -> None:
        self.network.parameters[index] = value
        self.update, self.evaluated, self.loss = None, False, math.nan

    def _make_optimizer(self) -> None:
        self.optimizer = self.config.make_optimizer()

    def _stop_run(self) -> None:
        if self.run is not None:
            self.run.stop(SETTINGS_CHANGED)
