"""Timeline: what a network was at earlier epochs, to go back to, in memory that is bounded.

Epochs are kept at an even stride. When the memory is full every second one is forgotten and the
stride doubles, so that an hour of training takes as much room as a minute.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from barenet.model.network import Network
from barenet.model.snapshot import Snapshot
from barenet.optimization.optimizers import LBFGS, Optimizer

__all__ = ["Moment", "Timeline"]

MOST_MOMENTS = 512
MAX_BYTES = 2**24


@dataclass(frozen=True, eq=False)
class EpochState:
    """A network and its optimizer between two epochs.

    Attributes
    ----------
    epoch : int
        Epochs done.
    snapshot : Snapshot
        The network's vectors.
    moments : dict of str to ndarray
        What the optimizer remembers.
    n_steps : int
        The steps that it has taken.
    loss : float
        The training loss; NaN if unknown.
    """

    epoch: int
    snapshot: Snapshot
    moments: dict[str, NDArray[np.floating]]
    n_steps: int
    loss: float = math.nan

    @classmethod
    def of(
        cls,
        epoch: int,
        network: Network,
        optimizer: Optimizer | LBFGS,
        loss: float = math.nan,
    ) -> EpochState:
        """Copy a network and its optimizer as they are."""
        if isinstance(optimizer, LBFGS):
            return cls(epoch, Snapshot.of(network), {}, 0, loss)
        moments = {name: epoch_state.copy() for name, epoch_state in optimizer.moments.items()}
        return cls(epoch, Snapshot.of(network), moments, optimizer.n_steps, loss)

    def restore(self, network: Network, optimizer: Optimizer | LBFGS) -> None:
        """Make a network and its optimizer what they were."""
        self.snapshot.restore(network)
        if isinstance(optimizer, LBFGS):
            return
        optimizer.reset()
        if set(self.moments) == set(optimizer.moment_names):
            optimizer.moments = {
                name: epoch_state.copy() for name, epoch_state in self.moments.items()
            }
            optimizer.n_steps = self.n_steps

    @property
    def n_bytes(self) -> int:
        """Bytes of its arrays."""
        arrays = [*self.snapshot, *self.moments.values()]
        return sum(array.nbytes for array in arrays)


class Timeline:
    """Moments in the order of their epochs; the first one is never forgotten.

    Training on from an earlier moment starts a new path. The path that was left is kept, one at a
    time, so that it can be returned to.
    """

    def __init__(self, most_moments: int = MOST_MOMENTS, most_bytes: int = MAX_BYTES) -> None:
        self.most_moments, self.most_bytes = most_moments, most_bytes
        self.moments: list[EpochState] = []
        self.stride = 1
        self.path = self.fork = self.paths = 0
        self.other: list[EpochState] = []
        self.other_path: int | None = None

    @property
    def epochs(self) -> list[int]:
        """The epochs that can be gone back to."""
        return [epoch_state.epoch for epoch_state in self.moments]

    def wants(self, epoch: int) -> bool:
        """Tell if an epoch is one of those that are kept."""
        return epoch % self.stride == 0

    def add(self, epoch_state: EpochState) -> None:
        """Keep a moment, and forget those that are not before it."""
        while self.moments and self.moments[-1].epoch >= epoch_state.epoch:
            self.moments.pop()
        self.moments.append(epoch_state)
        most = max(2, min(self.most_moments, self.most_bytes // max(epoch_state.n_bytes, 1)))
        if len(self.moments) > most:
            self.stride *= 2
            first = self.moments[0]
            rest = [each for each in self.moments[1:] if self.wants(each.epoch)]
            self.moments = [first, *rest]

    def at(self, epoch: int) -> EpochState:
        """Find the moment nearest to an epoch."""
        return min(self.moments, key=lambda epoch_state: abs(epoch_state.epoch - epoch))

    @property
    def best(self) -> EpochState:
        """The moment with the lowest training loss; the first one if no loss is known."""
        known = [each for each in self.moments if math.isfinite(each.loss)]
        return min(known, key=lambda epoch_state: epoch_state.loss) if known else self.moments[0]

    def leave(self, epoch: int) -> bool:
        """Start a new path at an epoch, and keep the present one as the other path."""
        if self.moments[-1].epoch <= epoch:
            return False
        self.other, self.other_path = self.moments, self.path
        self.forget_after(epoch)
        self._number(epoch)
        return True

    def swap(self) -> None:
        """Return to the other path, and keep this one instead."""
        assert self.other_path is not None
        self.moments, self.other = self.other, self.moments
        self.path, self.other_path = self.other_path, self.path

    def clear(self) -> None:
        """Forget everything but the first moment."""
        self.moments, self.other, self.other_path = self.moments[:1], [], None
        self._number(0)

    def forget_after(self, epoch: int) -> None:
        """Forget the moments of this path after an epoch."""
        self.moments = [each for each in self.moments if each.epoch <= epoch] or self.moments[:1]

    def forget_losses(self) -> None:
        """Forget the losses, which can't be compared with those of another loss function."""
        self.moments = [replace(each, loss=math.nan) for each in self.moments]
        self.other = [replace(each, loss=math.nan) for each in self.other]

    def _number(self, fork: int) -> None:
        """Give the path a new number."""
        self.paths += 1
        self.path, self.fork = self.paths, fork
