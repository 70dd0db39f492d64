"""Onward: a schedule that goes on in the middle, where a page has changed the run around it."""

from __future__ import annotations

from barenet.optimization.schedules import Schedule, as_schedule
from barenet.playground.page_state import NetworkSettings

__all__ = ["HORIZON", "Onward", "horizon", "is_of_the_horizon"]

#: Epochs that a schedule is spread over, where none is said to stop at.
HORIZON = 1000


def schedule_epochs(settings: NetworkSettings) -> int:
    """Tell over how many epochs a schedule is spread."""
    return settings.stop_epoch or HORIZON


def depends_on_horizon(settings: NetworkSettings, epochs: int) -> bool:
    """Tell if a schedule would go another way, were it spread over the epochs done alone."""
    factor = as_schedule(settings.schedule).factor
    times = [epochs * step / 8 for step in range(9)]
    return any(factor(time, epochs) != factor(time, schedule_epochs(settings)) for time in times)


class ResumedSchedule(Schedule):
    """A design's schedule from a later epoch on, ending where the page said."""

    def __init__(self, settings: NetworkSettings, start: int) -> None:
        self.schedule, self.start = as_schedule(settings.schedule), start
        self.schedule_epochs = schedule_epochs(settings)

    @property
    def steady(self) -> bool:
        return self.schedule.steady

    def factor(self, epoch: float, epochs: int) -> float:
        return self.schedule.factor(
            min(self.start + epoch, self.schedule_epochs), self.schedule_epochs
        )

    def observe(self, loss: float) -> None:
        self.schedule.observe(loss)
