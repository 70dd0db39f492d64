"""The reports of the trainer to the server: the state of a training, and its last update."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from barenet.model._layout import Snapshot
from barenet.playground._learning_curve import EpochMetrics
from barenet.playground._page_state import NetworkSettings, WeightEdit
from barenet.playground._problems import NO_PROBLEM, Problem
from barenet.playground._timeline import EpochState
from barenet.training._epoch import epoch_order


@dataclass(frozen=True, eq=False, kw_only=True)
class UpdateRecord:
    """The last update, recorded so that it can be repeated and explained."""

    #: The network and its optimizer before the update.
    before: EpochState
    settings: NetworkSettings
    #: The learning rate of this update, including the schedule.
    learning_rate: float
    #: Seed of the order of the rows.
    seed: int
    #: Epoch, counted from the start of the training loop.
    epoch: int
    #: Index of the mini-batch in its epoch.
    batch: int
    n_batches: int

    @property
    def step(self) -> int:
        """Number of updates before this one, counted from the start of the training loop."""
        return self.epoch * self.n_batches + self.batch

    def rows(self, n_rows: int) -> NDArray[np.intp]:
        """Indices of the rows of the mini-batch, shape (batch_size,)."""
        order = epoch_order(n_rows, seed=self.seed, epoch=self.epoch)
        size = self.settings.batch_rows(n_rows)
        return order[self.batch * size : (self.batch + 1) * size]


@dataclass(frozen=True, eq=False, kw_only=True)
class Status:
    """The position of a training, as the page shows it."""

    #: Epochs done.
    epoch: int = 0
    #: Mini-batches done of the current epoch, and mini-batches of an epoch.
    batch: tuple[int, int] = (0, 1)
    playing: bool = False
    #: The reason why it has stopped, or a problem.
    problem: Problem = NO_PROBLEM
    #: Epochs per second.
    speed: float = 0.0
    #: Epochs to which it can return; while paused.
    saved: list[int] | None = None
    edits: tuple[WeightEdit, ...] = ()
    #: Number of the network's path; training from an earlier epoch begins a new path.
    path: int = 0
    #: Epoch at which this path and the other one part.
    fork: int = 0
    #: Last epoch of this path; later than `epoch` if the network has gone back in time.
    last: int = 0
    #: Number of the path to which the user can return.
    other_path: int | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class ProgressReport:
    """The state of a training."""

    status: Status
    snapshot: Snapshot
    #: Metrics of the epochs since the last report.
    rows: list[EpochMetrics] = field(default_factory=list)
    #: Metrics of the present network, if they are known.
    current: EpochMetrics | None = None
    #: The last update, while paused.
    update: UpdateRecord | None = None
