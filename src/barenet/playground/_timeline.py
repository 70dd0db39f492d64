"""The earlier states of a network, to return to, in bounded memory.

States are saved every few epochs. When the memory is full, every second one is removed and the
stride doubles, so that an hour of training takes as much memory as a minute.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from barenet.model._layout import Snapshot
from barenet.model._network import Network
from barenet.optimization.optimizers import LBFGS, Optimizer

__all__ = ["EpochState", "Timeline"]

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
    #: Training loss; NaN if unknown.
    loss: float = math.nan

    @classmethod
    def of(
        cls, epoch: int, network: Network, optimizer: Optimizer | LBFGS, loss: float = math.nan
    ) -> EpochState:
        """Copy a network and its optimizer."""
        if isinstance(optimizer, LBFGS):
            return cls(epoch, Snapshot.of(network), {}, 0, loss)
        moments = {name: moment.copy() for name, moment in optimizer.moments.items()}
        return cls(epoch, Snapshot.of(network), moments, optimizer.n_steps, loss)

    def restore(self, network: Network, optimizer: Optimizer | LBFGS) -> None:
        """Restore a network, and its optimizer unless that is of another kind now."""
        self.snapshot.restore(network)
        if isinstance(optimizer, LBFGS):
            return
        optimizer.reset()
        if set(self.moments) == set(optimizer.moment_names):
            optimizer.moments = {name: moment.copy() for name, moment in self.moments.items()}
            optimizer.n_steps = self.n_steps

    @property
    def n_bytes(self) -> int:
        """Bytes of the arrays."""
        return sum(array.nbytes for array in [*self.snapshot, *self.moments.values()])


class Timeline:
    """States in the order of their epochs; the first one is never removed.

    Training from an earlier state starts a new path. The path that was left is kept, one at a
    time, so that the user can return to it.
    """

    def __init__(self, max_states: int = MAX_STATES, max_bytes: int = MAX_BYTES) -> None:
        self.max_states, self.max_bytes = max_states, max_bytes
        self.states: list[EpochState] = []
        self.stride = 1
        self.path = self.fork = self.n_paths = 0
        self.other: list[EpochState] = []
        self.other_path: int | None = None

    @property
    def epochs(self) -> list[int]:
        """The epochs of the saved states."""
        return [state.epoch for state in self.states]

    def is_due(self, epoch: int) -> bool:
        """Whether an epoch is one of those that are saved."""
        return epoch % self.stride == 0

    def add(self, state: EpochState) -> None:
        """Save a state, and remove those that are not before it."""
        while self.states and self.states[-1].epoch >= state.epoch:
            self.states.pop()
        self.states.append(state)
        limit = max(2, min(self.max_states, self.max_bytes // max(state.n_bytes, 1)))
        if len(self.states) > limit:
            self.stride *= 2
            first, *rest = self.states
            self.states = [first, *(each for each in rest if self.is_due(each.epoch))]

    def at(self, epoch: int) -> EpochState:
        """Find the state nearest to an epoch."""
        return min(self.states, key=lambda state: abs(state.epoch - epoch))

    @property
    def best(self) -> EpochState:
        """The state with the lowest training loss; the first one if no loss is known."""
        known = [each for each in self.states if math.isfinite(each.loss)]
        return min(known, key=lambda state: state.loss) if known else self.states[0]

    def leave(self, epoch: int) -> bool:
        """Start a new path at an epoch, and keep the present one as the other path."""
        if self.states[-1].epoch <= epoch:
            return False
        self.other, self.other_path = self.states, self.path
        self.remove_after(epoch)
        self._start_path(epoch)
        return True

    def swap(self) -> None:
        """Exchange the present path and the other one."""
        assert self.other_path is not None
        self.states, self.other = self.other, self.states
        self.path, self.other_path = self.other_path, self.path

    def clear(self) -> None:
        """Remove all states but the first."""
        self.states, self.other, self.other_path = self.states[:1], [], None
        self._start_path(0)

    def remove_after(self, epoch: int) -> None:
        """Remove the states of this path after an epoch."""
        self.states = [each for each in self.states if each.epoch <= epoch] or self.states[:1]

    def forget_losses(self) -> None:
        """Forget the losses: those of another loss function can't be compared with them."""
        self.states = [replace(each, loss=math.nan) for each in self.states]
        self.other = [replace(each, loss=math.nan) for each in self.other]

    def _start_path(self, fork: int) -> None:
        self.n_paths += 1
        self.path, self.fork = self.n_paths, fork
