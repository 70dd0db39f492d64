"""Update: the last one that a training took, kept such that it can be told of number by number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from barenet.playground.page_state import NetworkSettings
from barenet.playground.timeline import EpochState
from barenet.training.batches import epoch_order

__all__ = ["Update"]


@dataclass(frozen=True, eq=False, kw_only=True)
class UpdateRecord:
    """What there was before a batch, and which batch it was.

    Attributes
    ----------
    before : Moment
        The network and its optimizer.
    design : Design
        How it learned then.
    learning_rate : float
        That of this update, with the schedule in it.
    seed, epoch : int
        Fix the order of the rows; the epoch is counted from the start of the loop.
    batch, n_batches : int
        Which of the epoch's batches, from 0, and how many it has.
    """

    before: EpochState
    settings: NetworkSettings
    learning_rate: float
    seed: int
    epoch: int
    batch: int
    n_batches: int

    @property
    def step(self) -> int:
        """Updates before this one, counted from the start of the loop."""
        return self.epoch * self.n_batches + self.batch

    def rows(self, n_rows: int, batch_size: int) -> NDArray[np.intp]:
        """Find the rows of the batch."""
        command = epoch_order(n_rows, seed=self.seed, epoch=self.epoch)
        return command[self.batch * batch_size : (self.batch + 1) * batch_size]
