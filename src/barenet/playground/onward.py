"""Onward: a schedule that goes on in the middle, where a page has changed the run around it."""

from __future__ import annotations

from barenet.optimization.schedules import Schedule, as_schedule
from barenet.playground.design import Design

__all__ = ["HORIZON", "Onward"]

#: Epochs that a schedule is spread over, where none is said to stop at.
HORIZON = 1000


class Onward(Schedule):
    """A design's schedule from a later epoch on, ending where the page said.

    Parameters
    ----------
    design : Design
        Names the schedule, and the epoch to stop at.
    start : int
        Epochs done before.
    """

    def __init__(self, design: Design, start: int) -> None:
        self.schedule, self.start = as_schedule(design.schedule), start
        self.horizon = design.stop_epoch or HORIZON

    @property
    def steady(self) -> bool:
        return self.schedule.steady

    def factor(self, epoch: float, epochs: int) -> float:
        return self.schedule.factor(min(self.start + epoch, self.horizon), self.horizon)

    def observe(self, loss: float) -> None:
        self.schedule.observe(loss)
