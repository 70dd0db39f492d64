"""Callbacks, invoked during training: early stopping, time limits and user-defined functions."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from barenet._constraints import check_count, check_number
from barenet.errors import ArgumentError
from barenet.model._layout import Snapshot
from barenet.model._stateful import Stateful
from barenet.training._history import curve_rows
from barenet.training._run import Run


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


class LambdaCallback(Callback):
    """Call a function after each epoch.

    Parameters
    ----------
    function : callable
        Takes the `Run`; the run ends if it returns True.

    Examples
    --------
    >>> good_enough = LambdaCallback(lambda run: run.history.loss[-1] < 0.01)
    """

    def __init__(self, function: Callable[[Run], object]) -> None:
        self.function = function

    def on_epoch(self, run: Run) -> None:
        result = self.function(run)
        if isinstance(result, bool | np.bool_) and result:
            run.stop("a callback returned True")


class TimeLimit(Callback):
    """End the run after some time; it can be resumed from its checkpoint.

    Parameters
    ----------
    seconds : float
        The time, counted from the start of the run or from where it was resumed.

    Attributes
    ----------
    deadline : float
        The end, on the clock of ``time.perf_counter``.

    Examples
    --------
    >>> TimeLimit(60).seconds
    60.0
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = check_number(seconds, "seconds", gt=0)
        self.deadline = math.inf

    def on_start(self, run: Run) -> None:
        self.deadline = time.perf_counter() + self.seconds

    def on_chunk(self, run: Run) -> None:
        if time.perf_counter() >= self.deadline:
            run.stop(f"{self.seconds:g} seconds were over", resumable=True)


class EarlyStopping(Callback):
    """End the run when a monitored curve has stopped improving.

    Parameters
    ----------
    monitor : str, default="validation_loss"
        A curve of the training or the validation set. Accuracy, R² and an estimator's scores are
        maximized, all others minimized.
    patience : int, default=10
        Epochs without improvement after which the run ends.
    minimum_delta : float, default=0.0
        Smallest change that counts as an improvement.
    restore_best : bool, default=True
        Restore the parameters of the best epoch at the end, also after an error.

    Attributes
    ----------
    best : float
        The best value so far; its negative for a maximized curve.
    waited : int
        Epochs since then.
    snapshot : Snapshot, optional
        The network in the best epoch.

    Raises
    ------
    ValueError
        If a setting is out of its range; when the run starts, if the curve is not measured, or
        is one of the test set.

    Examples
    --------
    >>> from barenet import Network, train
    >>> import numpy as np
    >>> X = np.linspace(-1, 1, 20).reshape(-1, 1)
    >>> history = train(
    ...     Network.dense([1, 8, 1]), X, X[:, 0] ** 2, epochs=500,
    ...     validation_data=(X, -X[:, 0]), callbacks=[EarlyStopping(patience=3)],
    ... )
    >>> len(history) - history.best_epoch
    3
    """

    def __init__(
        self,
        monitor: str = "validation_loss",
        *,
        patience: int = 10,
        minimum_delta: float = 0.0,
        restore_best: bool = True,
    ) -> None:
        self.monitor = monitor
        self.patience = check_count(patience, "patience")
        self.minimum_delta = check_number(minimum_delta, "minimum_delta", ge=0)
        self.restore_best = restore_best
        self.best, self.waited = math.inf, 0
        self.snapshot: Snapshot | None = None
        self._shapes: list[tuple[int, ...]] | None = None

    def on_start(self, run: Run) -> None:
        self.best, self.waited, self.snapshot = math.inf, 0, None
        self._shapes = [vector.shape for vector in Snapshot.of(run.network)]
        if self.monitor not in run.measured:
            problem = f"{self.monitor!r} is not measured in this run"
            problem += f"; there are {', '.join(run.measured)}"
            raise ArgumentError(problem, argument="monitor", value=self.monitor)
        if curve_rows(self.monitor)[0] == "test":
            raise ArgumentError(
                f"{self.monitor!r} is of the test set, which must not decide when to stop",
                argument="monitor",
                value=self.monitor,
                remedy="pass a validation set, and monitor its curve",
            )

    def on_epoch(self, run: Run) -> None:
        value = run.history[self.monitor][-1]
        value = -value if self.monitor in run.maximized_metrics else value
        if value < self.best - self.minimum_delta:
            self.best, self.waited = value, 0
            if self.restore_best:
                run.history.best_epoch = run.epoch
            self.snapshot = Snapshot.of(run.network)
            return
        self.waited += 1
        if self.waited >= self.patience:
            run.stop(f"{self.monitor} has not improved for {self.patience} epochs")

    def state_dict(self) -> dict[str, Any]:
        vectors = {} if self.snapshot is None else self.snapshot._asdict()
        return {"best": self.best, "waited": self.waited, **vectors}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        snapshot = None
        if "parameters" in state:
            snapshot = Snapshot(state["parameters"].copy(), state["statistics"].copy())
            if self._shapes not in (None, [vector.shape for vector in snapshot]):
                raise ValueError("parameters: the best ones are of another network")
        self.best, self.waited = float(state["best"]), int(state["waited"])
        self.snapshot = snapshot

    def __repr__(self) -> str:
        return (
            f"EarlyStopping({self.monitor!r}, patience={self.patience}, "
            f"minimum_delta={self.minimum_delta}, restore_best={self.restore_best})"
        )

    def on_end(self, run: Run) -> None:
        if self.restore_best and self.snapshot is not None:
            self.snapshot.restore(run.network)


#: A callback, a function of the run, or several of them.
Callbacks: TypeAlias = "_Entry | Sequence[_Entry]"
_Entry: TypeAlias = Callback | Callable[[Run], object]
