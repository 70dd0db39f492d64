"""Undo: a call that goes on with a network and fails leaves everything as it was before it."""

from __future__ import annotations

import copy
from typing import Any

from barenet.model.network import Network
from barenet.model.snapshot import Snapshot
from barenet.training.callbacks import Callback
from barenet.training.run import Run

__all__ = ["Undo"]


class Undo(Callback):
    """Remember a network when learning begins, and what goes on learning with it."""

    def __init__(self, *others: object) -> None:
        self.others = others
        self.kept: tuple[Network, Snapshot, list[dict[str, Any]]] | None = None

    def on_start(self, run: Run) -> None:
        before = [copy.deepcopy(vars(other)) for other in self.others]
        self.kept = run.network, Snapshot.of(run.network), before

    def back(self) -> None:
        """Put it all back, if learning has begun."""
        if self.kept is None:
            return
        network, snapshot, states = self.kept
        snapshot.restore(network)
        for other, before in zip(self.others, states, strict=True):
            vars(other).clear()
            vars(other).update(before)
