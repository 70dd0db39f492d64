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
from dataclasses import dataclass
from typing import Any

import numpy as np

from barenet.errors import DivergenceError
from barenet.optimization.optimizers import LBFGS, Optimizer, as_optimizer
from barenet.playground.blueprint import Task, penalties
from barenet.playground.design import MOST_EPOCHS, Design
from barenet.playground.onward import Onward
from barenet.playground.progress import Progress
from barenet.playground.timeline import Moment, Timeline
from barenet.playground.trace import Measure, thin
from barenet.training.callbacks import Callback
from barenet.training.run import Run
from barenet.training.train import train

__all__ = ["Order", "Training"]

#: Seconds between two reports, more than one for each picture; and the most that they may take of
#: the thread's work, however large the network is.
REPORT_SECONDS, REPORT_SHARE = 0.025, 0.05
#: Measures in one report.
MOST_ROWS = 64
#: A loss that has grown by this factor has exploded, even while it is a number.
EXPLOSION = 1e6


@dataclass(frozen=True, eq=False)
class Order:
    """What a page wants of a training.

    Attributes
    ----------
    verb : str
        ``play``, ``pause``, ``step``, ``run_to``, ``scrub``, ``reset``, ``redesign``, ``pace``,
        ``edit`` or ``close``.
    value : object
        What goes with it.
    """

    verb: str
    value: Any = None


class Training(Callback):
    """A network that learns, waits and goes back as it is told.

    Parameters
    ----------
    task : Task
        The network, its data and how it learns.
    report : callable
        Takes a `Progress`; called from the training's thread.
    pace : float
        Most epochs in a second; 0 for as many as there can be.
    """

    def __init__(self, task: Task, report: Callable[[Progress], None], pace: float = 0.0) -> None:
        self.task, self.report, self.pace = task, report, pace
        self.network, self.design = task.network, task.design
        self.optimizer = as_optimizer(task.design.optimizer_spec)
        self.timeline = Timeline()
        self.epoch = 0
        self.orders: deque[Order] = deque()
        self.news = threading.Condition()
        self.playing = self.closed = self.failed = False
        self.goal: int | None = None
        self.words = ""
        self.rows: list[Measure] = []
        self.segments = 0
        self.drawn_from = (0, 0)
        self.first_loss = 0.0
        self.before: Moment | None = None
        self.reported = self.due = 0.0
        self.clock = (time.perf_counter(), 0)
        self.report_rest = REPORT_SECONDS
        self.speed = 0.0
        self.timeline.add(self._moment())

    def order(self, verb: str, value: Any = None) -> None:
        """Say what to do next; it is done between two slices of batches.

        Parameters
        ----------
        verb : str
            See `Order`.
        value : object
            What goes with it.
        """
        with self.news:
            self.orders.append(Order(verb, value))
            self.news.notify()

    def work(self) -> None:
        """Do what is ordered until told to close; the body of the thread."""
        while not self.closed:
            self._wait_to_play(None)
            if self.closed:
                return
            self._go()

    def on_slice(self, run: Run) -> None:
        if self.orders and run.batch < run.n_batches:  # an epoch that is over is counted first
            self._wait_to_play(run)

    def on_epoch(self, run: Run) -> None:
        self.epoch += 1
        self.drawn_from = (self._seed, run.epoch)
        self._measure(run)
        if self.timeline.wants(self.epoch):
            self.timeline.add(self._moment())
        self._look_for_an_end()
        now = time.perf_counter()
        if self.playing and now - self.reported >= self.report_rest:
            self._tell()
        if self.orders or not self.playing:
            self._wait_to_play(run)
        elif self.pace:
            self._keep_pace(run, now)
        if self.goal is not None and self.goal == self.epoch + 1:
            self.before = self._moment()

    def _go(self) -> None:
        """Train by the present design, until it changes or something goes wrong."""
        design, task = self.design, self.task
        self.segments += 1
        left = (design.stop_epoch or MOST_EPOCHS) - self.epoch
        if left <= 0:
            left = MOST_EPOCHS
        n_rows = len(task.training[0])
        size = None if design.batch_size == 0 else min(design.batch_size, n_rows)
        lbfgs = isinstance(self.optimizer, LBFGS)
        schedule = None if lbfgs else Onward(design, self.epoch)
        try:
            with np.errstate(all="ignore"):
                history = train(
                    self.network,
                    *task.training,
                    loss=design.loss or None,
                    optimizer=self.optimizer,
                    epochs=left,
                    batch_size=size,
                    validation_data=task.held_out,
                    metrics=task.metric,
                    schedule=schedule,
                    penalty=penalties(design),
                    callbacks=self,
                    # The first segment is the run that `barenet train` makes; a later one shuffles
                    # anew, as its epochs are counted from 0 again.
                    seed=self._seed,
                    engine="auto",
                )
            if history.stopped_because not in ("completed", CHANGED):
                self._rest(f"It stopped: {history.stopped_because}.")
        except DivergenceError as error:
            self._rest(_divergence(error, self.epoch), failed=True)
        except (ValueError, ArithmeticError, RuntimeError, MemoryError) as error:
            self._rest(f"It cannot be trained like this: {error}", failed=True)

    def _measure(self, run: Run) -> None:
        """Take the epoch's numbers, and say it if they tell of trouble."""
        curves, metric = run.history.curves, self.task.metric
        loss = curves["loss"][-1]
        values = (
            loss,
            *(curves[name][-1] for name in ("validation_loss", metric, f"validation_{metric}")),
        )
        self.rows.append(Measure(self.epoch, *values))
        if len(self.rows) > 4 * MOST_ROWS:
            self.rows = thin(self.rows, MOST_ROWS)
        if self.epoch == 1:
            self.first_loss = loss
        if self.first_loss and loss > EXPLOSION * self.first_loss:
            self.words = (
                f"The loss has grown from {self.first_loss:.3g} to {loss:.3g}. "
                "A smaller learning rate may help."
            )
        elif loss and curves["gradient_norm"][-1] == 0:
            self.words = (
                "Every gradient was 0, so nothing is learned: all neurons may be dead. "
                "Reset with other initial weights, or take leaky ReLU or tanh."
            )
        if len(run.history) > 1000:  # an hour must not fill the memory
            for curve in curves.values():
                del curve[:-1]

    def _look_for_an_end(self) -> None:
        """Stop where the page said to."""
        design, measure = self.design, self.rows[-1]
        if self.goal is not None and self.epoch >= self.goal:
            self.playing, self.goal = False, None
        if design.stop_epoch and self.epoch == design.stop_epoch:
            self.playing, self.words = False, f"It stopped at epoch {self.epoch:,}, as you asked."
        elif design.stop_loss and measure.test_loss <= design.stop_loss:
            self.playing = False
            self.words = f"The test loss has reached {measure.test_loss:.4g}, as you asked."

    def _keep_pace(self, run: Run, now: float) -> None:
        """Sleep until the next epoch is due, or something is ordered."""
        self.due = max(self.due + 1 / self.pace, now - 0.02)
        with self.news:
            while not self.orders and (left := self.due - time.perf_counter()) > 0:
                self.news.wait(left)
        if self.orders:
            self._wait_to_play(run)

    def _wait_to_play(self, run: Run | None) -> None:
        """Do what is ordered; while paused, wait for more."""
        rested = False
        while True:
            while self.orders:
                self._obey(self.orders.popleft(), run)
                rested = False
            if self.closed or self.playing:
                break
            if not rested:
                self._tell()
                rested = True
            with self.news:
                while not self.orders:
                    self.news.wait()
        if run is not None and self.closed:
            run.stop(CHANGED)
        self.clock = (time.perf_counter(), self.epoch)

    def _obey(self, order: Order, run: Run | None) -> None:
        """Do one thing."""
        getattr(self, f"_{order.verb}")(order.value, run)

    def _play(self, value: Any, run: Run | None) -> None:
        self.playing, self.goal, self.before = True, None, None
        self.words, self.failed = "", False

    def _pause(self, value: Any, run: Run | None) -> None:
        self.playing, self.goal = False, None

    def _step(self, value: Any, run: Run | None) -> None:
        self._run_to(self.epoch + 1, run)

    def _run_to(self, epoch: int, run: Run | None) -> None:
        if epoch <= self.epoch:
            return
        self.playing, self.goal = True, epoch
        self.words, self.failed = "", False
        if epoch == self.epoch + 1:
            self.before = self._moment()

    def _scrub(self, epoch: int, run: Run | None) -> None:
        moment = self.timeline.at(epoch)
        self.playing, self.goal, self.before = False, None, None
        self.words, self.failed = "", False
        self._return_to(moment, run)

    def _reset(self, value: Any, run: Run | None) -> None:
        self._scrub(0, run)
        self.timeline.forget_after(0)
        self.optimizer = as_optimizer(self.design.optimizer_spec)
        self.segments, self.rows = 0, []

    def _redesign(self, design: Design, run: Run | None) -> None:
        """Go on by another design; a new rate alone needs no new start of the loop."""
        before, self.design = self.design, design
        self.words, self.failed = "", False
        only_rate = design.copy(learning_rate=before.learning_rate) == before
        if isinstance(self.optimizer, Optimizer) and design.optimizer == before.optimizer:
            self.optimizer.learning_rate = design.learning_rate
        if design.optimizer != before.optimizer:
            self.optimizer = as_optimizer(design.optimizer_spec)
        if run is not None and not only_rate:
            run.stop(CHANGED)

    def _pace(self, pace: float, run: Run | None) -> None:
        self.pace = pace

    def _edit(self, change: tuple[int, float], run: Run | None) -> None:
        index, value = change
        self.network.parameters[index] = value
        self.before = None
        self.timeline.add(self._moment())

    def _close(self, value: Any, run: Run | None) -> None:
        self.closed = True

    def _return_to(self, moment: Moment, run: Run | None) -> None:
        moment.restore(self.network, self.optimizer)
        self.epoch, self.rows = moment.epoch, []
        if run is not None:
            run.stop(CHANGED)

    def _rest(self, words: str, failed: bool = False) -> None:
        self.playing, self.goal = False, None
        self.words, self.failed = words or self.words, failed

    @property
    def _seed(self) -> int:
        return self.design.seed + self.segments - 1

    def _moment(self) -> Moment:
        return Moment.of(self.epoch, self.network, self.optimizer)

    def _tell(self) -> None:
        """Report how it stands."""
        now = self.reported = time.perf_counter()
        worked = time.thread_time()
        started, epoch = self.clock
        if now - started > 0.5:
            self.speed = (self.epoch - epoch) / (now - started)
            self.clock = (now, self.epoch)
        rows, self.rows = thin(self.rows, MOST_ROWS) if self.rows else [], []
        self.report(
            Progress(
                epoch=self.epoch,
                parameters=self.network.parameters.copy(),
                statistics=self.network.statistics.copy(),
                rows=rows,
                playing=self.playing,
                words=self.words,
                failed=self.failed,
                epochs_per_second=self.speed if self.playing else 0.0,
                kept=None if self.playing else self.timeline.epochs,
                before=None if self.playing else self.before,
                drawn_from=self.drawn_from,
            )
        )
        self.report_rest = max(REPORT_SECONDS, (time.thread_time() - worked) / REPORT_SHARE)


#: Why a run ends whose settings the page has changed.
CHANGED = "its settings were changed"


def _divergence(error: DivergenceError, epoch: int) -> str:
    """Say in words what NaN would not."""
    what = "grew beyond every number" if not math.isfinite(error.loss) else "ran away"
    return (
        f"It diverged: the loss {what} in the epoch after {epoch:,}. The steps are too long. "
        "The weights are those from before that epoch; take a smaller learning rate and go on, "
        "or reset."
    )
