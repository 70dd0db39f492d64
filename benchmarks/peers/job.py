"""The interface of all measured code: a job does a work's unit again and again, a trainer learns.

A job is created before the clock starts; only `run` is timed.
"""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rows import Rows
from benchmarks.works import Work

__all__ = ["Job", "OneRow", "Trainer"]


class Job(ABC):
    """One work, done by one library.

    Parameters
    ----------
    work : Work
        The task.
    rows : Rows
        Its data.
    engine : str
        The engine of barenet; the others have only one.
    """

    def __init__(self, work: Work, rows: Rows, engine: str = "auto") -> None:
        self.work, self.rows, self.engine = work, rows, engine
        self.reset()

    @abstractmethod
    def reset(self) -> None:
        """Start over; compiled code stays."""

    @abstractmethod
    def run(self, times: int) -> None:
        """Do the unit of work so many times, and return when all is done."""

    @property
    def share(self) -> float:
        """The part of the unit that `run` does; its time is extrapolated."""
        return 1.0

    def about(self) -> str:
        """A remark for the table."""
        return ""


class Trainer(Job):
    """One network, and the rows that it is trained on; a unit is an epoch."""

    def advance(self) -> None:
        """Continue the training for one epoch."""
        self.run(1)

    def settle(self) -> None:
        """Prepare for many predictions by the network as it is."""

    @abstractmethod
    def predict(self, X: NDArray[np.float32]) -> NDArray[Any]:
        """Predict the classes of some rows, or their numbers."""


class OneRow(Job):
    """A trainer's network predicts one row at a time, after 20 epochs."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        trainer.run(20)
        trainer.settle()

    def reset(self) -> None:
        self.trainer.reset()

    def run(self, times: int) -> None:
        row, predict = self.trainer.rows.X_test[:1], self.trainer.predict
        for _ in range(times):
            predict(row)

    def about(self) -> str:
        return self.trainer.about()
