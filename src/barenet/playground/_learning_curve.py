"""The metrics of each epoch, thinned out as they grow, for the learning curves of the page."""

from __future__ import annotations

import itertools
from typing import NamedTuple

MAX_POINTS = 1000


class EpochMetrics(NamedTuple):
    """Loss and score (accuracy or R²) on the training and the test rows."""

    #: Epochs done, with a fraction if the training is paused amid an epoch.
    epoch: float
    loss: float
    test_loss: float
    score: float
    test_score: float


#: Versions are unique, even those of two networks one after the other.
VERSIONS = itertools.count()


class LearningCurve:
    """Metrics at an even stride of epochs, and the newest ones."""

    def __init__(self) -> None:
        self.stride = 1
        self.rows: list[EpochMetrics] = []
        self.version = next(VERSIONS)

    @property
    def newest(self) -> EpochMetrics | None:
        """The last metrics, which may lie off the stride."""
        return self.rows[-1] if self.rows else None

    def add(self, row: EpochMetrics) -> None:
        """Append metrics; those of an earlier epoch replace the later ones in a new version."""
        if self.rows and row.epoch <= self.rows[-1].epoch:
            self.cut(row.epoch - 1)
        if self.rows and self.rows[-1].epoch % self.stride:
            self.rows.pop()
        self.rows.append(row)
        if len(self.rows) > MAX_POINTS:
            self.stride *= 2
            self.rows = [each for each in self.rows[:-1] if each.epoch % self.stride == 0] + [row]

    def cut(self, epoch: float) -> None:
        """Remove the metrics after an epoch, in a new version."""
        self.rows = [row for row in self.rows if row.epoch <= epoch]
        self.version = next(VERSIONS)


def thin(rows: list[EpochMetrics], limit: int) -> list[EpochMetrics]:
    """Select some of many rows at an even stride, the last one among them."""
    stride = -(-len(rows) // limit)
    return rows[::-1][:: max(stride, 1)][::-1]
