"""A training that returns to its caller after some milliseconds, where there are no threads."""

import time
from collections.abc import Callable, Generator
from typing import Any

import numpy as np

from barenet import _train as training
from barenet.engines import choose_engine
from barenet.optimization._schedules import as_schedule
from barenet.playground._interactive_training import InteractiveTraining
from barenet.playground._problems import Problem
from barenet.playground._trainer_messages import ProgressReport, TrainingTask
from barenet.training._epoch import TrainingConfig
from barenet.training._loop import Loop, exclusive, make_loop

#: Why a training loop is interrupted.
WAITING = "waits for a command, or for its next turn"


class CooperativeTraining(InteractiveTraining):
    """A training whose `advance` is called again and again."""

    def __init__(
        self, task: TrainingTask, report: Callable[[ProgressReport], None], pace: float = 0.0
    ) -> None:
        super().__init__(task, report, pace)
        #: The training loop, from its start to its end, and the time to interrupt it.
        self.session: Generator[None, None, str | None] | None = None
        self.deadline = 0.0
        self._evaluate_initial()
        self.advance(0.0)

    @property
    def is_due(self) -> bool:
        """Whether there is something to do."""
        return self.playing or not self.commands.empty()

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
            session = session or self._train(self._make_loop(**self._begin()))
            try:
                next(session)
                self.session = session
            except StopIteration as end:
                self.run = None
                self._end(end.value)

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

    def _make_loop(self, **arguments: Any) -> Loop:
        """Make the loop of `train` with these arguments."""
        parts: list[Any] = [
            arguments.get(name) for name in ("loss", "optimizer", "penalty", "clip", "seed")
        ]
        job = training.make_job(self.network, *self.task.training, None, 1.0, *parts)
        config = TrainingConfig(
            epochs=arguments["epochs"],
            batch_size=training.check_batch_size(arguments["batch_size"], job),
            schedule=as_schedule(arguments["schedule"] or "constant"),
            metrics=training.as_metrics(arguments["metrics"]),
            held_out=training.check_held_out(job, test=arguments["test_data"]),
            callbacks=[self],
        )
        return make_loop(choose_engine(arguments.get("engine") or "auto", job), config)

    def _keep_pace(self) -> None:
        self.deadline = min(self.deadline, time.perf_counter())

    def _wait_to_play(self) -> None:
        if self.run and (self.closed or not self.playing or time.perf_counter() >= self.deadline):
            self.run.stop(WAITING, resumable=True)
