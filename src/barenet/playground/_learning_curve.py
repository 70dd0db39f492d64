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

    def __init__(self, max_points: int = MAX_POINTS) -> None:
        self.max_points, self.stride = max_points, 1
        self.rows: list[EpochMetrics] = []
        self.newest: EpochMetrics | None = None
        self.version = next(VERSIONS)

    def add(self, row: EpochMetrics) -> None:
        """Append metrics; those of an earlier epoch replace the later ones in a new version."""
        if self.newest is not None and row.epoch <= self.newest.epoch:
            self.cut(row.epoch - 1)
        self.newest = row
        if row.epoch % self.stride == 0:
            self.rows.append(row)
        if len(self.rows) > self.max_points:
            self.stride *= 2
            self.rows = [each for each in self.rows if each.epoch % self.stride == 0]

    def cut(self, epoch: float) -> None:
        """Remove the metrics after an epoch."""
        if self.newest is None or self.newest.epoch <= epoch:
            return
        self.rows = [each for each in self.rows if each.epoch <= epoch]
        self.newest = self.rows[-1] if self.rows else None
        self.version = next(VERSIONS)

    def until(self, epoch: float) -> LearningCurve:
        """Copy the metrics up to an epoch."""
        copy = LearningCurve(self.max_points)
        copy.stride, copy.rows, copy.newest = self.stride, list(self.rows), self.newest
        copy.cut(epoch)
        return copy

    def since(self, epoch: float) -> list[EpochMetrics]:
        """The metrics after an epoch, including the newest."""
        rows = [row for row in self.rows if row.epoch > epoch]
        if self.newest is not None and self.newest.epoch > epoch and self.newest not in rows[-1:]:
            rows.append(self.newest)
        return rows


def thin(rows: list[EpochMetrics], limit: int) -> list[EpochMetrics]:
    """Select some of many rows at an even stride, the last one among them."""
    stride = -(-len(rows) // limit)
    return rows[::-1][:: max(stride, 1)][::-1]
