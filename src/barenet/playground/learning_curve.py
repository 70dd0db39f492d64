"""Trace: what was measured in each epoch, thinned out as it grows, for the page's curves."""

from __future__ import annotations

import itertools
from typing import NamedTuple

__all__ = ["Measure", "Trace", "thin"]

MOST_POINTS = 1000


class EpochMetrics(NamedTuple):
    """What was measured in an epoch.

    Attributes
    ----------
    epoch : float
        Epochs done; with a part of one, where a rest is amid it.
    loss, test_loss : float
        On the training rows, and on the test rows.
    score, test_score : float
        Accuracy, or R².
    """

    epoch: float
    loss: float
    test_loss: float
    score: float
    test_score: float


#: No two histories have the same, also not those of two networks one after the other.
VERSIONS = itertools.count()


class LearningCurve:
    """Measures at an even stride, and the newest one."""

    def __init__(self, most: int = MOST_POINTS) -> None:
        self.most, self.stride = most, 1
        self.kept: list[EpochMetrics] = []
        self.newest: EpochMetrics | None = None
        self.version = next(VERSIONS)

    def add(self, evaluate: EpochMetrics) -> None:
        """Take a measure; one that is not newer than the last starts a new version of history."""
        if self.newest is not None and evaluate.epoch <= self.newest.epoch:
            self.cut(evaluate.epoch - 1)
        self.newest = evaluate
        if evaluate.epoch % self.stride == 0:
            self.kept.append(evaluate)
        if len(self.kept) > self.most:
            self.stride *= 2
            self.kept = [each for each in self.kept if each.epoch % self.stride == 0]

    def cut(self, epoch: float) -> None:
        """Forget what came after an epoch."""
        if self.newest is None or self.newest.epoch <= epoch:
            return
        self.kept = [each for each in self.kept if each.epoch <= epoch]
        self.newest = self.kept[-1] if self.kept else None
        self.version = next(VERSIONS)

    def until(self, epoch: float) -> LearningCurve:
        """Copy the measurements up to an epoch."""
        copy = LearningCurve(self.most)
        copy.stride, copy.kept, copy.newest = self.stride, list(self.kept), self.newest
        copy.cut(epoch)
        return copy

    def since(self, epoch: float) -> list[EpochMetrics]:
        """List what came after an epoch."""
        rows = [evaluate for evaluate in self.kept if evaluate.epoch > epoch]
        if self.newest is not None and self.newest.epoch > epoch and self.newest not in rows[-1:]:
            rows.append(self.newest)
        return rows


def thin(rows: list[EpochMetrics], most: int) -> list[EpochMetrics]:
    """Keep some of many rows, the last one among them."""
    stride = -(-len(rows) // most)
    return rows[::-1][:: max(stride, 1)][::-1]
