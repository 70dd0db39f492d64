"""A training in a thread of its own, by `barenet.train`, which waits where it is paused."""

import queue
import time
from contextlib import suppress

import numpy as np

from barenet._train import train
from barenet.playground._interactive_training import InteractiveTraining
from barenet.playground._problems import Problem


class ThreadedTraining(InteractiveTraining):
    """A training whose `work` is the body of a thread."""

    def work(self) -> None:
        """Execute commands until the training is closed; the body of the thread."""
        self._evaluate_initial()
        while not self.closed:
            with self._problems_shown():
                self._wait_to_play()
                if not self.closed:
                    self._train()
            self.run = None

    def _train(self) -> None:
        """Train with the current settings, until they change or something goes wrong."""
        if not self.has_rows:
            self._fail(Problem.of("no_rows"))
            return
        with np.errstate(all="ignore"):
            history = train(self.network, *self.task.training, callbacks=self, **self._begin())
        self._end(history.stop_reason)

    def _keep_pace(self) -> None:
        with suppress(queue.Empty):
            self._execute(timeout=max(self.due - time.perf_counter(), 0.0))

    def _wait_to_play(self) -> None:
        while not (self.closed or self.playing) or not self.commands.empty():
            if self.commands.empty():
                self._report()
            self._execute()
