"""The state of a training on the page, and the commands that change it."""

import math
import queue
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from barenet.optimization.optimizers import Optimizer
from barenet.playground.state._page_state import NetworkSettings, WeightEdit, with_edit
from barenet.playground.trainer._problems import NO_PROBLEM
from barenet.playground.trainer._timeline import EpochMetrics, EpochState, Timeline
from barenet.playground.trainer._trainer_messages import (
    ProgressReport,
    Rows,
    TrainingSetup,
)
from barenet.settings._run_config import RunConfig
from barenet.training._callbacks import Callback, Run

#: The reason for ending a training loop when the page has changed its settings.
SETTINGS_CHANGED = "its settings were changed"


class TrainingCommands(Callback):
    """A training that can be paused, continued and changed; its ``do_…`` methods are `COMMANDS`."""

    def __init__(self, setup: TrainingSetup, pace: float) -> None:
        self.setup = setup
        self.pace = pace
        self.network = setup.network
        self.settings = setup.settings
        self.commands: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self.optimizer = self.config.make_optimizer()
        self.has_rows = len(setup.training.X) > 0
        #: The current training loop of the library, and the number of loops.
        self.run: Run | None = None
        self.segments = 0
        self.epoch = 0
        self.batch = 0
        self.n_batches = 1
        #: Trains while the epoch is below the goal; with `one_batch`, only until the next update.
        self.goal: float = 0
        #: Does not limit the pace before this epoch.
        self.unpaced_to = 0
        self.one_batch = False
        self.closed = False
        self.problem = NO_PROBLEM
        #: Metrics of the epochs since the last report.
        self.rows: list[EpochMetrics] = []
        #: Metrics of the current network; None if it has not been evaluated.
        self.current: EpochMetrics | None = None
        self.initial = self.snapshot()
        self.timeline = Timeline(self.initial)
        if setup.last is not None:
            self.send("resume", setup.last)

    @property
    def config(self) -> RunConfig:
        """The current settings as a configuration of the library."""
        return self.settings.run_config(len(self.setup.training.X))

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
        """Train until another command arrives."""
        self.goal = math.inf
        self.one_batch = False
        self.problem = NO_PROBLEM

    def do_pause(self) -> None:
        """Pause after the current chunk of batches."""
        self.goal = 0

    def do_step(self) -> None:
        """Train for an epoch, or for the rest of the current one."""
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
        """Train up to an epoch, as fast as possible."""
        self.do_run_to(epoch)
        self.unpaced_to = epoch

    def do_scrub(self, epoch: int) -> None:
        """Go back to the nearest saved epoch, after saving the current one."""
        if not self.batch and self.epoch > self.timeline.last:
            self.timeline.add(self.snapshot())
        self._pause_at(self.timeline.at(epoch))

    def do_recover(self) -> None:
        """Continue from the saved epoch with the lowest training loss."""
        self._pause_at(self.timeline.best)
        self.do_play()

    def do_reset(self) -> None:
        """Return to the initial weights, including edits of them."""
        self._pause_at(self.timeline.states[0])
        self.timeline.remove_after(0)
        self.optimizer = self.config.make_optimizer()
        self.segments = 0

    def do_configure(self, settings: NetworkSettings) -> None:
        """Continue with other settings; a new learning rate alone requires no new training loop."""
        before = self.settings
        self.settings = settings
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
        training, test = rows
        self.setup = replace(self.setup, training=training, test=test)
        self.has_rows = len(training.X) > 0
        self.problem = NO_PROBLEM
        self.current = None
        self.timeline.forget_metrics()
        if self.run:
            self.run.stop(SETTINGS_CHANGED)

    def do_pace(self, pace: float) -> None:
        """Limit the epochs per second."""
        self.pace = pace

    def do_edit(self, change: tuple[int, float]) -> None:
        """Change a weight by hand."""
        index, value = change
        edit = WeightEdit(self.epoch, index, value)
        self.timeline.leave(self.epoch)
        self.timeline.edits = with_edit(self.timeline.edits, edit)
        self._apply(edit)
        self.timeline.add(self.snapshot())

    def do_plan(self, edits: tuple[WeightEdit, ...]) -> None:
        """Start again from the initial weights, with edits to make at later epochs."""
        self.timeline.add(self.initial)
        self.do_reset()
        self.timeline.edits = edits
        self.apply_edits()
        self.timeline.add(self.snapshot())

    def do_resume(self, last: ProgressReport) -> None:
        """Continue from the last report of a process that has ended."""
        self.do_plan(last.edits)
        state = EpochState(last.epoch, last.snapshot, self.optimizer, last.current)
        self._pause_at(state)
        self.problem = last.problem
        self.rows = []
        self.timeline.add(self.snapshot())
        if last.lowest is not None:
            self.timeline.measure(last.lowest)

    def do_close(self) -> None:
        """End the training."""
        self.closed = True
        if self.run:
            self.run.stop(SETTINGS_CHANGED)

    def apply_edits(self) -> bool:
        """Make the edits that are due at this epoch."""
        due = [edit for edit in self.timeline.edits if edit.epoch == self.epoch]
        for edit in due:
            self._apply(edit)
        return bool(due)

    def _apply(self, edit: WeightEdit) -> None:
        self.network.parameters[edit.index] = edit.value
        self.current = None

    def _pause_at(self, state: EpochState) -> None:
        """Return to an earlier network and its optimizer."""
        self.goal = 0
        self.unpaced_to = 0
        self.problem = NO_PROBLEM
        state.restore(self.network, self.optimizer)
        self.epoch = state.epoch
        self.batch = 0
        self.rows = [row for row in self.rows if row.epoch <= state.epoch]
        self.current = state.metrics
        if self.run:
            self.run.stop(SETTINGS_CHANGED)


#: The commands by the names that the page gives them; most take an argument.
COMMANDS: dict[str, Callable[..., None]] = {
    "play": TrainingCommands.do_play,
    "pause": TrainingCommands.do_pause,
    "step": TrainingCommands.do_step,
    "batch": TrainingCommands.do_batch,
    "run_to": TrainingCommands.do_run_to,
    "reach": TrainingCommands.do_reach,
    "scrub": TrainingCommands.do_scrub,
    "recover": TrainingCommands.do_recover,
    "reset": TrainingCommands.do_reset,
    "configure": TrainingCommands.do_configure,
    "rows": TrainingCommands.do_rows,
    "pace": TrainingCommands.do_pace,
    "edit": TrainingCommands.do_edit,
    "plan": TrainingCommands.do_plan,
    "resume": TrainingCommands.do_resume,
    "close": TrainingCommands.do_close,
}
