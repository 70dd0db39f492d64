"""What a peer must be able to do, so that all can be asked the same."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rows import Rows
from benchmarks.works import Work

__all__ = ["Trainer"]


class Trainer(ABC):
    """One network of one peer, and the rows that it learns from.

    Parameters
    ----------
    work : Work
        What is done.
    rows : Rows
        What it is done with.
    engine : str
        The engine that barenet is asked for; the others have but one.
    """

    def __init__(self, work: Work, rows: Rows, engine: str = "auto") -> None:
        self.work, self.rows, self.engine = work, rows, engine
        self.reset()

    @abstractmethod
    def reset(self) -> None:
        """Start over with new weights; what was compiled stays."""

    @abstractmethod
    def run(self, epochs: int) -> None:
        """Train for some epochs, and be done with it when this returns. This is timed."""

    def advance(self) -> None:
        """Train for one epoch more than before."""
        self.run(1)

    def settle(self) -> None:
        """Get ready to predict often, with what has been learned so far."""

    @abstractmethod
    def predict(self, X: NDArray[np.float32]) -> NDArray[Any]:
        """Predict the classes of some rows, or their numbers."""

    def about(self) -> str:
        """What is worth telling of how it ran."""
        return ""
