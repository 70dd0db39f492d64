"""Callbacks, invoked during training: early stopping, time limits and user-defined functions."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, TypeAlias

import numpy as np

from barenet._constraints import Configurable, check_number, option, option_values
from barenet.errors import ArgumentError, count_of
from barenet.model._arrays import Shape
from barenet.model._network import Snapshot
from barenet.training._history import curve_rows
from barenet.training._run import Callback, Run


class LambdaCallback(Callback):
    """Call a function after each epoch.

    Parameters
    ----------
    function : callable
        Takes the `Run`; the run ends if it returns True, or a reason to record as text. It may
        call ``run.stop(reason)`` as well.

    Examples
    --------
    >>> good_enough = LambdaCallback(lambda run: run.history.loss[-1] < 0.01)
    """

    def __init__(self, function: Callable[[Run], object]) -> None:
        self.function = function

    def on_epoch(self, run: Run) -> None:
        reason = self.function(run)
        if isinstance(reason, str | bool | np.bool_) and reason:
            name = getattr(self.function, "__name__", "<lambda>").replace("<lambda>", "a callback")
            run.stop(reason if isinstance(reason, str) else f"{name} returned True")


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
            run.stop(f"the time limit of {self.seconds:g} s was reached", resumable=True)


@dataclass(eq=False)
class EarlyStopping(Callback, Configurable):
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
    >>> X = np.linspace(-1, 1, 20).reshape(-1, 1)
    >>> history = train(
    ...     Network.dense([1, 8, 1]), X, X[:, 0] ** 2, epochs=500,
    ...     validation_data=(X, -X[:, 0]), callbacks=[EarlyStopping(patience=3)],
    ... )
    >>> len(history) - history.best_epoch
    3
    """

    monitor: str = "validation_loss"
    _: KW_ONLY
    patience: int = option(10, ge=1, integer=True)
    minimum_delta: float = option(0.0, ge=0)
    restore_best: bool = True
    best, waited = math.inf, 0
    snapshot: Snapshot | None = field(default=None, init=False)
    _shapes: list[Shape] | None = field(default=None, init=False)

    def on_start(self, run: Run) -> None:
        self.best, self.waited, self.snapshot = math.inf, 0, None
        self._shapes = [vector.shape for vector in Snapshot.of(run.network)]
        found = {"argument": "monitor", "value": self.monitor}
        if self.monitor not in run.measured:
            problem = f"{self.monitor!r} is not measured in this run; there are "
            raise ArgumentError(problem + ", ".join(run.measured), **found)
        if curve_rows(self.monitor)[0] == "test":
            problem = f"{self.monitor!r} is of the test set, which must not decide when to stop"
            remedy = "pass a validation set, and monitor its curve"
            raise ArgumentError(problem, **found, remedy=remedy)

    def on_epoch(self, run: Run) -> None:
        value = run.history[self.monitor][-1]
        value = -value if self.monitor in run.maximized_metrics else value
        self.waited += 1
        if value < self.best - self.minimum_delta:
            self.best, self.waited = value, 0
            if self.restore_best:
                run.history.best_epoch = run.epoch
            self.snapshot = Snapshot.of(run.network)
        if self.waited >= self.patience:
            run.stop(f"{self.monitor} has not improved for {count_of(self.patience, 'epoch')}")

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
        _, *options = (f"{name}={value}" for name, value in option_values(self).items())
        return f"EarlyStopping({self.monitor!r}, {', '.join(options)})"

    def on_end(self, run: Run) -> None:
        if self.restore_best and self.snapshot is not None:
            self.snapshot.restore(run.network)


#: A callback, a function of the run, or several of them.
Callbacks: TypeAlias = "_Entry | Sequence[_Entry]"
_Entry: TypeAlias = Callback | Callable[[Run], object]
