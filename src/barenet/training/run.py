"""Run: a training run while it goes on, as callbacks see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from barenet.model.network import Network
from barenet.model.snapshot import Snapshot
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
    measured : tuple of str
        Names of the curves that the history will have.
    maximized_metrics : frozenset of str
        Those of them that are better the greater they are.
    epoch : int
        The current one, counted from 1.
    batch : int
        Batches done in the current epoch.
    chunk_limit : int, optional
        Most batches until callbacks look up again, 1 or more. A callback may set it, and it holds
        until it is changed; None for as many as take about 0.1 s.
    stop_reason : str, optional
        Why the run is to end; None to go on.
    is_final : bool
        Whether that is for good; a run that was only interrupted can be resumed.

    Examples
    --------
    >>> from barenet import Network, train
    >>> def stop_at_once(run):
    ...     run.stop(f"loss {run.history.loss[-1]:.1f} after {run.n_batches} batches")
    >>> network = Network.dense([1, 1], init="zeros")
    >>> train(network, [[1.0], [1.0]], [1.0, 1.0], batch_size=1, callbacks=stop_at_once)
    <History: 1 epochs, loss 0.499 → 0.499, loss 0.5 after 2 batches>
    """

    network: Network
    history: History
    epochs: int
    n_batches: int
    measured: tuple[str, ...] = ()
    maximized_metrics: frozenset[str] = frozenset()
    epoch: int = 1
    batch: int = 0
    chunk_limit: int | None = None
    stop_reason: str | None = None
    is_final: bool = False

    def stop(self, reason: str, *, resumable: bool = False) -> None:
        """End the run after the current slice or epoch.

        Parameters
        ----------
        reason : str
            Written into the history; the first one counts.
        resumable : bool, default=False
            True if the reason has nothing to do with what was learned, such as a signal: resumed
            from its checkpoint, the run goes on.
        """
        if not resumable and not self.is_final:
            self.is_final, self.stop_reason = True, reason
        self.stop_reason = self.stop_reason or reason

    @property
    def finished(self) -> bool:
        """Whether there is nothing to go on with: stopped for good, or after the last epoch."""
        return self.is_final or len(self.history) >= self.epochs

    def state_dict(self) -> dict[str, Any]:
        """Say where it stands, with all numbers that were learned and measured.

        Returns
        -------
        dict
            Numbers, text and arrays by name.
        """
        history = self.history
        return {
            "epoch": self.epoch - 1,  # a checkpoint counts epochs from 0
            "batch": self.batch,
            "stop_reason": self.stop_reason if self.is_final else None,
            "best_epoch": None if history.best_epoch is None else history.best_epoch - 1,
            "parameters": self.network.parameters,
            "statistics": self.network.statistics,
            **{f"curve_{name}": np.array(curve) for name, curve in history.curves.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Stand there again.

        Parameters
        ----------
        state : mapping
            What `state_dict` returned, then or in another process.
        """
        self.epoch, self.batch = state["epoch"] + 1, state["batch"]
        self.stop_reason, self.is_final = state["stop_reason"], state["stop_reason"] is not None
        Snapshot(state["parameters"], state["statistics"]).restore(self.network)
        curves = {name: f"curve_{name}" for name in self.measured if f"curve_{name}" in state}
        self.history.curves = {name: state[key].tolist() for name, key in curves.items()}
        best = state["best_epoch"]
        self.history.best_epoch = None if best is None else best + 1
