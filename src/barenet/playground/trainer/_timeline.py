"""Earlier states of a network, and the metrics of its epochs, in limited memory.

States are saved every few epochs. When the memory is full, every second state is removed and the
stride doubles, so an hour of training takes as much memory as a minute. The metrics, which the page
draws as learning curves, are thinned out in the same way.
"""

import bisect
import copy
import itertools
import math
from dataclasses import dataclass, replace
from typing import NamedTuple, Self, TypeVar

from barenet.model._network import Network, Snapshot
from barenet.optimization._schedules import Schedule, as_schedule
from barenet.optimization.optimizers import LBFGS, Optimizer
from barenet.playground.state._page_state import NetworkSettings, WeightEdit

MAX_POINTS = 1000
T = TypeVar("T")


class EpochMetrics(NamedTuple):
    """Loss and score (accuracy or R²) on the training rows and on the test rows."""

    #: Completed epochs, with a fraction if the training is paused within an epoch.
    epoch: float
    loss: float
    test_loss: float
    score: float
    test_score: float


#: Versions are unique, even across networks.
VERSIONS = itertools.count()


class LearningCurve:
    """Metrics at an even stride of epochs, and the latest metrics."""

    def __init__(self) -> None:
        self.stride = 1
        self.rows: list[EpochMetrics] = []
        self.version = next(VERSIONS)

    @property
    def newest(self) -> EpochMetrics | None:
        """The last metrics, which may not be on the stride."""
        return self.rows[-1] if self.rows else None

    def add(self, row: EpochMetrics) -> None:
        """Append metrics; for an earlier epoch, they replace the later metrics in a new version."""
        if self.rows and row.epoch <= self.rows[-1].epoch:
            self.cut(row.epoch - 1)
        if self.rows and self.rows[-1].epoch % self.stride:
            self.rows.pop()
        self.rows.append(row)
        if len(self.rows) > MAX_POINTS:
            self.stride *= 2
            earlier_rows = self.rows[:-1]
            self.rows = [earlier for earlier in earlier_rows if earlier.epoch % self.stride == 0]
            self.rows.append(row)  # the latest row may not be on the stride

    def cut(self, epoch: float) -> None:
        """Remove the metrics after an epoch, in a new version."""
        self.rows = [row for row in self.rows if row.epoch <= epoch]
        self.version = next(VERSIONS)


class LowestTestLoss:
    """The epoch with the lowest test loss, even after a return to an earlier epoch.

    It is separate from the learning curve, whose rows are thinned out during training.
    """

    def __init__(self) -> None:
        #: The metrics of each epoch with a lower test loss than all previous epochs.
        self.records: list[EpochMetrics] = []

    @property
    def metrics(self) -> EpochMetrics | None:
        """The metrics of the epoch with the lowest test loss; None if no test loss is known."""
        return self.records[-1] if self.records else None

    def add(self, row: EpochMetrics) -> None:
        """Compare the metrics of an epoch, which replace those of the same and of later epochs."""
        self.cut(row.epoch)
        if self.records and self.records[-1].epoch == row.epoch:
            self.records.pop()
        if not math.isfinite(row.loss) or not math.isfinite(row.test_loss):
            return
        if not self.records or row.test_loss < self.records[-1].test_loss:
            self.records.append(row)

    def cut(self, epoch: float) -> None:
        """Remove the metrics after an epoch."""
        while self.records and self.records[-1].epoch > epoch:
            self.records.pop()

    def thin(self, epochs: list[int]) -> None:
        """Keep the records that are needed to go back to any of the given epochs."""
        record_epochs = [record.epoch for record in self.records]
        needed = {len(self.records) - 1}
        for epoch in epochs:
            n_before = bisect.bisect_right(record_epochs, epoch)
            if n_before > 0:
                needed.add(n_before - 1)
        self.records = [self.records[index] for index in sorted(needed)]


def thin(rows: list[T], limit: int) -> list[T]:
    """Select at most `limit` rows at an even stride, including the last one."""
    stride = math.ceil(len(rows) / limit)
    stride = max(stride, 1)
    from_last = rows[::-1][::stride]
    return from_last[::-1]


AnyOptimizer = Optimizer | LBFGS

MAX_STATES = 512
MAX_BYTES = 2**24


@dataclass(frozen=True, eq=False)
class EpochState:
    """A network and its optimizer between two epochs."""

    epoch: int
    snapshot: Snapshot
    optimizer: AnyOptimizer
    #: Metrics of the network; None if unknown.
    metrics: EpochMetrics | None = None

    @classmethod
    def of(
        cls, epoch: int, network: Network, optimizer: AnyOptimizer, metrics: EpochMetrics | None
    ) -> Self:
        """Copy a network and its optimizer."""
        return cls(epoch, Snapshot.of(network), copy.deepcopy(optimizer), metrics)

    def restore(self, network: Network, optimizer: AnyOptimizer) -> None:
        """Restore a network, and its optimizer if it still has the same class."""
        self.snapshot.restore(network)
        optimizer.reset()
        if isinstance(optimizer, Optimizer) and type(optimizer) is type(self.optimizer):
            rate = optimizer.learning_rate  # the learning rate may have been changed
            optimizer.load_state_dict({**self.optimizer.state_dict(), "learning_rate": rate})

    @property
    def loss(self) -> float:
        """The training loss; infinite if it is unknown or not finite."""
        if self.metrics is None or not math.isfinite(self.metrics.loss):
            return math.inf
        return self.metrics.loss

    @property
    def n_bytes(self) -> int:
        """Number of bytes in the arrays."""
        moments = getattr(self.optimizer, "moments", {})  # L-BFGS has no moments
        arrays = [*self.snapshot, *moments.values()]
        return sum(array.nbytes for array in arrays)


class Timeline:
    """States in order of their epochs, and the weights changed by hand in between."""

    def __init__(self, first: EpochState) -> None:
        self.stride = 1
        self.states = [first]
        self.edits: tuple[WeightEdit, ...] = ()
        self.lowest = LowestTestLoss()

    @property
    def last(self) -> int:
        """The last saved epoch."""
        return self.states[-1].epoch

    @property
    def best(self) -> EpochState:
        """The state with the lowest training loss; the first one if no loss is known."""
        return min(self.states, key=lambda state: state.loss)

    def at(self, epoch: int) -> EpochState:
        """Find the state nearest to an epoch."""
        return min(self.states, key=lambda state: abs(state.epoch - epoch))

    def is_due(self, epoch: int) -> bool:
        """Return whether an epoch is one of those to save."""
        return epoch % self.stride == 0

    def add(self, state: EpochState) -> None:
        """Save a state, replacing states of the same or later epochs."""
        self.states = [earlier for earlier in self.states if earlier.epoch < state.epoch]
        self.states.append(state)
        limit = min(MAX_STATES, MAX_BYTES // max(state.n_bytes, 1))
        if len(self.states) > max(limit, 2):
            self.stride *= 2
            self.states = [saved for saved in self.states if self.is_due(saved.epoch)]

    def measure(self, row: EpochMetrics) -> None:
        """Record the metrics of an epoch, which is the latest one."""
        self.lowest.add(row)
        if len(self.lowest.records) > 2 * MAX_STATES:
            self.lowest.thin([state.epoch for state in self.states])

    def leave(self, epoch: int) -> None:
        """Forget later states and edits if the network has gone back; otherwise, keep the edits."""
        if epoch < self.last:
            self.remove_after(epoch)

    def remove_after(self, epoch: int) -> None:
        """Remove the states and edits after an epoch."""
        self.states = [state for state in self.states if state.epoch <= epoch]
        self.edits = tuple(edit for edit in self.edits if edit.epoch <= epoch)

    def forget_metrics(self) -> None:
        """Forget the metrics, which can't be compared between loss functions."""
        self.states = [replace(state, metrics=None) for state in self.states]
        self.lowest = LowestTestLoss()


class ResumedSchedule(Schedule):
    """The schedule of a training that continues after a change, with an unchanged end."""

    role = ""  # It is in no registry and needs no name.

    schedule: Schedule
    length: int

    def __init__(self, settings: NetworkSettings, start: int) -> None:
        self.schedule = as_schedule(settings.schedule)
        self.start = start
        self.length = settings.schedule_epochs
        self.steady = self.schedule.steady

    def factor(self, epoch: float, epochs: int) -> float:
        epoch_of_training = min(self.start + epoch, self.length)
        return self.schedule.factor(epoch_of_training, self.length)

    def observe(self, loss: float) -> None:
        self.schedule.observe(loss)
