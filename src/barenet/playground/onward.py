"""Onward: a schedule that goes on in the middle, where a page has changed the run around it."""

from __future__ import annotations

from barenet.optimization.schedules import Schedule, as_schedule
from barenet.playground.design import Design

__all__ = ["HORIZON", "Onward", "horizon", "is_of_the_horizon"]

#: Epochs that a schedule is spread over, where none is said to stop at.
HORIZON = 1000


def horizon(design: Design) -> int:
    """Tell over how many epochs a schedule is spread."""
    return design.stop_epoch or HORIZON


def is_of_the_horizon(design: Design, epochs: int) -> bool:
    """Tell if a schedule would go another way, were it spread over the epochs done alone."""
    factor = as_schedule(design.schedule).factor
    times = [epochs * step / 8 for step in range(9)]
    return any(factor(time, epochs) != factor(time, horizon(design)) for time in times)


class Onward(Schedule):
    """A design's schedule from a later epoch on, ending where the page said."""

    def __init__(self, design: Design, start: int) -> None:
        self.schedule, self.start = as_schedule(design.schedule), start
        self.horizon = horizon(design)

    @property
    def steady(self) -> bool:
        return self.schedule.steady

    def factor(self, epoch: float, epochs: int) -> float:
        return self.schedule.factor(min(self.start + epoch, self.horizon), self.horizon)

    def observe(self, loss: float) -> None:
        self.schedule.observe(loss)
