"""The earlier states of a network, to return to, in bounded memory.

States are saved every few epochs. When the memory is full, every second one is removed and the
stride doubles, so that an hour of training takes as much memory as a minute.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from barenet.model._network import Network, Snapshot
from barenet.optimization.optimizers import LBFGS, Optimizer
from barenet.playground._learning_curve import EpochMetrics
from barenet.playground._page_state import WeightEdit

AnyOptimizer = Optimizer | LBFGS

MAX_STATES = 512
MAX_BYTES = 2**24


@dataclass(frozen=True, eq=False)
class EpochState:
    """A network and its optimizer between two epochs."""

    epoch: int
    snapshot: Snapshot
    #: The optimizer's moments, and the number of its steps.
    moments: dict[str, NDArray[np.floating]]
    n_steps: int
    #: Metrics of the network; None if unknown.
    metrics: EpochMetrics | None = None

    @classmethod
    def of(
        cls, epoch: int, network: Network, optimizer: AnyOptimizer, metrics: EpochMetrics | None
    ) -> EpochState:
        """Copy a network and its optimizer."""
        moments = copy.deepcopy(getattr(optimizer, "moments", {}))  # L-BFGS has none
        return cls(epoch, Snapshot.of(network), moments, getattr(optimizer, "n_steps", 0), metrics)

    def restore(self, network: Network, optimizer: AnyOptimizer) -> None:
        """Restore a network, and its optimizer unless that is of another kind now."""
        self.snapshot.restore(network)
        optimizer.reset()
        if isinstance(optimizer, Optimizer) and {*self.moments} == {*optimizer.moment_names}:
            optimizer.moments, optimizer.n_steps = copy.deepcopy(self.moments), self.n_steps

    @property
    def loss(self) -> float:
        """Training loss; infinite if it is unknown or not finite."""
        loss = self.metrics.loss if self.metrics else math.inf
        return loss if math.isfinite(loss) else math.inf

    @property
    def n_bytes(self) -> int:
        """Bytes of the arrays."""
        return sum(array.nbytes for array in [*self.snapshot, *self.moments.values()])


@dataclass(eq=False)
class TrainingPath:
    """States in the order of their epochs, and the weights changed by hand on the way."""

    number: int
    states: list[EpochState]
    edits: tuple[WeightEdit, ...] = ()

    def until(self, epoch: int, number: int) -> TrainingPath:
        """Copy the part up to an epoch, under another number."""
        states = [state for state in self.states if state.epoch <= epoch]
        return TrainingPath(
            number, states, tuple(edit for edit in self.edits if edit.epoch <= epoch)
        )


class Timeline:
    """The path of a network, and one other path to which the user can return.

    Training from an earlier state starts a new path; the path that was left is the other one.
    """

    def __init__(self, first: EpochState) -> None:
        self.stride = 1
        self.path = TrainingPath(0, [first])
        self.other: TrainingPath | None = None
        self.fork = self.n_paths = 0

    @property
    def states(self) -> list[EpochState]:
        """The saved states of the present path."""
        return self.path.states

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
        """Whether an epoch is one of those that are saved."""
        return epoch % self.stride == 0

    def add(self, state: EpochState) -> None:
        """Save a state, and remove those that are not before it."""
        while self.states and self.last >= state.epoch:
            self.states.pop()
        self.states.append(state)
        limit = max(2, min(MAX_STATES, MAX_BYTES // max(state.n_bytes, 1)))
        if len(self.states) > limit:
            self.stride *= 2
            self.path.states = [each for each in self.states if self.is_due(each.epoch)]

    def leave(self, epoch: int) -> None:
        """Start a new path at an epoch before the last one, and keep the present one."""
        if epoch < self.last:
            self.other = self.path
            self._fork_at(epoch)

    def swap(self) -> None:
        """Exchange the present path and the other one."""
        if self.other is not None:
            self.path, self.other = self.other, self.path

    def clear(self) -> None:
        """Keep only the first state and its edits."""
        self.other = None
        self._fork_at(0)

    def remove_after(self, epoch: int) -> None:
        """Remove the states and edits of this path after an epoch."""
        self.path = self.path.until(epoch, self.path.number)

    def forget_metrics(self) -> None:
        """Forget the metrics, which those of another loss function can't be compared with."""
        for path in filter(None, (self.path, self.other)):
            path.states = [replace(state, metrics=None) for state in path.states]

    def _fork_at(self, epoch: int) -> None:
        self.n_paths += 1
        self.fork, self.path = epoch, self.path.until(epoch, self.n_paths)
