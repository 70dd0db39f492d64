"""A training run: its progress, the callbacks that follow it, and its configuration."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import Configurable, option
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray
from barenet.model._network import Network, Snapshot
from barenet.model._stateful import Stateful
from barenet.optimization._schedules import Constant, Schedule
from barenet.training._history import History
from barenet.training._metrics import Metric


class Scorer:
    """Scores the network's outputs for the validation set, greater is better; this one has none."""

    names: tuple[str, ...] = ()

    def __call__(self, output: FloatArray) -> Mapping[str, float]:
        """Compute a number for each name."""
        return {}


@dataclass(eq=False)
class Run(Stateful):
    """A training run in progress.

    Attributes
    ----------
    network : Network
        The network that is trained.
    history : History
        The finished epochs.
    epochs : int
        The maximum number of epochs.
    n_batches : int
        Batches in an epoch.
    measured : tuple of str
        Names of the curves of the history.
    maximized_metrics : frozenset of str
        Names of curves that are better the greater they are.
    epoch : int
        The current epoch, counted from 1.
    batch : int
        Finished batches of the current epoch.
    chunk_limit : int, optional
        Maximum number of batches between two calls of ``on_chunk``, set by a callback; None for as
        many as take about 0.1 s.
    stop_reason : str, optional
        Why the run is to end; None while it continues.
    is_final : bool
        Whether the run can't be resumed; one that was only interrupted can.

    Examples
    --------
    >>> from barenet import Network, train
    >>> def stop_at_once(run):
    ...     run.stop(f"loss {run.history.loss[-1]:.1f} after {run.n_batches} batches")
    >>> network = Network.dense([1, 1], init="zeros")
    >>> train(network, [[1.0], [1.0]], [1.0, 1.0], batch_size=1, callbacks=stop_at_once)
    <History: 1 epoch, loss 0.499 → 0.499, loss 0.5 after 2 batches>
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
        """End the run after the current chunk or epoch.

        Parameters
        ----------
        reason : str
            The reason, for the history; the first one counts.
        resumable : bool, default=False
            True for a reason outside the training, such as a signal: the run continues when it is
            resumed from its checkpoint.
        """
        if not resumable and not self.is_final:
            self.is_final, self.stop_reason = True, reason
        self.stop_reason = self.stop_reason or reason

    @property
    def finished(self) -> bool:
        """Whether there is nothing to resume: stopped for good, or after the last epoch."""
        return self.is_final or len(self.history) >= self.epochs

    def state_dict(self) -> dict[str, Any]:
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
        self.epoch, self.batch = state["epoch"] + 1, state["batch"]
        self.stop_reason, self.is_final = state["stop_reason"], state["stop_reason"] is not None
        Snapshot(state["parameters"], state["statistics"]).restore(self.network)
        curves = {name: f"curve_{name}" for name in self.measured if f"curve_{name}" in state}
        self.history.curves = {name: state[key].tolist() for name, key in curves.items()}
        best = state["best_epoch"]
        self.history.best_epoch = None if best is None else best + 1


class Callback(Stateful):
    """Base class of callbacks; a subclass overrides the methods that it needs.

    Each takes the current `run`. A callback with a state overrides `state_dict` and
    `load_state_dict`, too; the state is loaded after `on_start`.

    Examples
    --------
    >>> class Halve(Callback):
    ...     def on_epoch(self, run):
    ...         run.network.parameters *= 0.5
    """

    def on_start(self, run: Run) -> None:
        """Called before the first epoch."""

    def on_chunk(self, run: Run) -> None:
        """Called after each chunk of batches, about 0.1 s of work."""

    def on_epoch(self, run: Run) -> None:
        """Called after each epoch, whose measurements are in ``run.history``."""

    def on_end(self, run: Run) -> None:
        """Called after the last epoch, or after an error."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingConfig(Configurable):
    """Epochs, batches, schedule and measurements of a run, all checked."""

    epochs: int = option(ge=1, integer=True)
    batch_size: int
    shuffle: bool = True
    #: Returns the order of the shuffled rows, given the number of finished epochs; by default the
    #: order is a function of the seed and the epoch.
    order: Callable[[int], NDArray[np.intp]] | None = None
    schedule: Schedule = field(default_factory=Constant)
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    #: Validation and test sets, by their names in `HELD_OUT`.
    held_out: Mapping[str, ArrayDataset] = field(default_factory=dict)
    callbacks: Sequence[Callback] = ()
    #: Scores the validation set, beside the metrics.
    scorer: Scorer = field(default_factory=Scorer)
