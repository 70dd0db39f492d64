"""A learning rate schedule that continues from a later epoch, in a new training loop."""

from barenet.optimization._schedules import Schedule, as_schedule
from barenet.playground._page_state import NetworkSettings

#: Length of a schedule without an epoch to stop at.
DEFAULT_EPOCHS = 1000


def schedule_epochs(settings: NetworkSettings) -> int:
    """Length of the schedule."""
    return settings.stop_epoch or DEFAULT_EPOCHS


def depends_on_epochs(settings: NetworkSettings, epochs: int) -> bool:
    """Whether the schedule would be another one if its length were the epochs done."""
    factor = as_schedule(settings.schedule).factor
    times = [epochs * step / 8 for step in range(9)]
    return any(factor(time, epochs) != factor(time, schedule_epochs(settings)) for time in times)


class ResumedSchedule(Schedule):
    """The schedule of some settings from a later epoch on, with its end where it was."""

    def __init__(self, settings: NetworkSettings, start: int) -> None:
        self.schedule, self.start = as_schedule(settings.schedule), start
        self.length = schedule_epochs(settings)

    @property
    def steady(self) -> bool:
        return self.schedule.steady

    def factor(self, epoch: float, epochs: int) -> float:
        return self.schedule.factor(min(self.start + epoch, self.length), self.length)

    def observe(self, loss: float) -> None:
        self.schedule.observe(loss)
