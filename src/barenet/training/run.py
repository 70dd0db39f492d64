"""Run: a training run while it goes on, as callbacks see it."""

from __future__ import annotations

from dataclasses import dataclass

from barenet.model.network import Network
from barenet.training.history import History

__all__ = ["Run"]


@dataclass(eq=False)
class Run:
    """Where a run stands.

    Attributes
    ----------
    network : Network
        What is trained; its parameters change from step to step.
    history : History
        The epochs so far.
    epochs : int
        The epochs that were asked for.
    n_batches : int
        Batches in an epoch.
    epoch : int
        The current one, counted from 0.
    batch : int
        Batches done in the current epoch.
    stop_reason : str, optional
        Why the run is to end; None to go on.
    """

    network: Network
    history: History
    epochs: int
    n_batches: int
    epoch: int = 0
    batch: int = 0
    stop_reason: str | None = None

    def stop(self, reason: str) -> None:
        """End the run after the current slice or epoch.

        Parameters
        ----------
        reason : str
            Written into the history; the first one counts.
        """
        self.stop_reason = self.stop_reason or reason
