"""The schedule of a training that continues after its settings were changed, or back in time."""

from barenet.optimization._schedules import Schedule, as_schedule
from barenet.playground._page_state import NetworkSettings


class ResumedSchedule(Schedule):
    """The schedule of some settings from a later epoch on, with its end where it was."""

    role = ""  # It is in no registry and needs no name.

    def __init__(self, settings: NetworkSettings, start: int) -> None:
        self.schedule, self.start = as_schedule(settings.schedule), start
        self.length, self.steady = settings.schedule_epochs, self.schedule.steady

    def factor(self, epoch: float, epochs: int) -> float:
        return self.schedule.factor(min(self.start + epoch, self.length), self.length)

    def observe(self, loss: float) -> None:
        self.schedule.observe(loss)
