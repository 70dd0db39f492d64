"""Course: where a training stands, and what each of the page's orders makes of that."""

from __future__ import annotations

import math
from typing import Any

from barenet.optimization.optimizers import Optimizer, as_optimizer
from barenet.playground.edits import WeightEdit, with_edit
from barenet.playground.learning_curve import EpochMetrics
from barenet.playground.messages import CHANGED
from barenet.playground.page_state import NetworkSettings
from barenet.playground.run_setup import TrainingTask
from barenet.playground.timeline import EpochState, Timeline
from barenet.playground.trainer_command import Command
from barenet.playground.update_record import UpdateRecord
from barenet.training.run import Run

__all__ = ["Course"]


class TrainingState:
    """A network, its way so far, and how it is to go on."""

    def __init__(self, task: TrainingTask, pace: float = 0.0) -> None:
        self.task, self.pace = task, pace
        self.network, self.settings = task.network, task.settings
        self.optimizer = as_optimizer(task.settings.optimizer_spec)
        self.timeline = Timeline()
        self.epoch = self.batch = self.segments = 0
        self.playing = self.closed = self.failed = self.one_batch = False
        self.goal: int | None = None
        self.words = ""
        self.loss = math.nan  # the training loss of the present network; NaN if unknown
        self.rows: list[EpochMetrics] = []
        self.measured = True  # whether a measure tells of the network as it is
        self.update: UpdateRecord | None = None
        self.initial = self.epoch_state()
        self.timeline.add(self.initial)
        self.edits: tuple[WeightEdit, ...] = ()
        self.other_edits: tuple[WeightEdit, ...] = ()

    def epoch_state(self) -> EpochState:
        """Keep how it is now."""
        return EpochState.of(self.epoch, self.network, self.optimizer, self.loss)

    def execute(self, command: Command, run: Run | None) -> None:
        """Do one thing."""
        getattr(self, f"_{command.action}")(command.value, run)

    def _play(self, value: Any, run: Run | None) -> None:
        self.playing, self.goal, self.one_batch = True, None, False
        self.words, self.failed = "", False

    def _pause(self, value: Any, run: Run | None) -> None:
        """Rest, after an update that can be told of: where none is kept, one more is taken."""
        if run is None or self.update is not None or not self.playing:
            self.playing, self.goal = False, None
        elif self.batch:
            self.one_batch = True
        else:
            self.goal = self.epoch + 1

    def _step(self, value: Any, run: Run | None) -> None:
        self._run_to(self.epoch + 1, run)

    def _batch(self, value: Any, run: Run | None) -> None:
        self._play(value, run)
        self.one_batch = True

    def _run_to(self, epoch: int, run: Run | None) -> None:
        if epoch <= self.epoch:
            return
        self._play(None, run)
        self.goal = epoch

    def _scrub(self, epoch: int, run: Run | None) -> None:
        self._keep_the_end()
        self._rest_at(self.timeline.at(epoch), run)

    def _swap(self, value: Any, run: Run | None) -> None:
        """Return to the end of the other path."""
        if self.timeline.other_path is None:
            return
        self._keep_the_end()
        self.timeline.swap()
        self.edits, self.other_edits = self.other_edits, self.edits
        self._rest_at(self.timeline.moments[-1], run)

    def _recover(self, value: Any, run: Run | None) -> None:
        """Continue from the moment with the lowest training loss."""
        self._rest_at(self.timeline.best, run)
        self._play(None, run)

    def _reset(self, value: Any, run: Run | None) -> None:
        self._rest_at(self.timeline.moments[0], run)
        self.timeline.clear()
        self.edits = tuple(edit for edit in self.edits if edit.epoch == 0)
        self.optimizer = as_optimizer(self.settings.optimizer_spec)
        self.segments, self.rows = 0, []

    def _redesign(self, settings: NetworkSettings, run: Run | None) -> None:
        """Go on by another design; a new rate alone needs no new start of the loop."""
        before, self.settings, self.update = self.settings, settings, None
        self.words, self.failed = "", False
        if settings.loss != before.loss:
            self.measured, self.loss = False, math.nan
            self.timeline.forget_losses()
        only_rate = settings.copy(learning_rate=before.learning_rate) == before
        if isinstance(self.optimizer, Optimizer) and settings.optimizer == before.optimizer:
            self.optimizer.learning_rate = settings.learning_rate
        if settings.optimizer != before.optimizer:
            self.optimizer = as_optimizer(settings.optimizer_spec)
        if run is not None and not only_rate:
            run.stop(CHANGED)

    def _pace(self, pace: float, run: Run | None) -> None:
        self.pace = pace

    def _edit(self, change: tuple[int, float], run: Run | None) -> None:
        index, value = change
        self.leave_the_path()
        self.edits = with_edit(self.edits, WeightEdit(self.epoch, index, value))
        self.network.parameters[index] = value
        self.update, self.measured, self.loss = None, False, math.nan
        self.timeline.add(self.epoch_state())

    def _plan(self, edits: tuple[WeightEdit, ...], run: Run | None) -> None:
        """Start anew from the initial weights, to change some on the way."""
        self.timeline.add(self.initial)
        self._reset(None, run)
        self.edits = edits
        self.make_edits()
        self.timeline.add(self.epoch_state())

    def make_edits(self) -> bool:
        """Change the weights that are to be changed after this epoch."""
        due = [edit for edit in self.edits if edit.epoch == self.epoch]
        for edit in due:
            self.network.parameters[edit.place], self.update = edit.value, None
            self.measured, self.loss = False, math.nan
        return bool(due)

    def leave_the_path(self) -> None:
        """Begin a new path if there are later moments; the old one keeps its changes by hand."""
        if self.timeline.leave(self.epoch):
            self.other_edits = self.edits
            self.edits = tuple(edit for edit in self.edits if edit.epoch <= self.epoch)

    def _close(self, value: Any, run: Run | None) -> None:
        self.closed = True

    def _keep_the_end(self) -> None:
        """Keep the present moment if it is the last one of its path."""
        if not self.batch and self.epoch > self.timeline.moments[-1].epoch:
            self.timeline.add(self.epoch_state())

    def _rest_at(self, epoch_state: EpochState, run: Run | None) -> None:
        """Restore a moment, and pause there."""
        self.playing, self.goal, self.update = False, None, None
        self.words, self.failed = "", False
        self._return_to(epoch_state, run)

    def _return_to(self, epoch_state: EpochState, run: Run | None) -> None:
        epoch_state.restore(self.network, self.optimizer)
        self.epoch, self.batch, self.rows, self.loss = epoch_state.epoch, 0, [], epoch_state.loss
        self.measured = False
        if run is not None:
            run.stop(CHANGED)
