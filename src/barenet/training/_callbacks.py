"""Callbacks: functions that are called during a run, and may end it.

`Run` holds its progress; early stopping, time limits and user-defined functions are callbacks.
"""

import inspect
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar, TypeAlias

import numpy as np

from barenet._constraints import Configurable, DeclaredAttributes, check_duration, option
from barenet._messages import count_of, suggestion
from barenet.errors import ArgumentError
from barenet.model._network import Network, Snapshot
from barenet.model._stateful import Stateful
from barenet.training._history import History, curve_rows, spelled_curve

__all__ = ["Callback", "EarlyStopping", "LambdaCallback", "Run", "TimeLimit"]


#: The methods of a callback that a run calls.
EVENTS = ("on_start", "on_chunk", "on_epoch", "on_end")


@dataclass(eq=False)
class Run(Stateful, DeclaredAttributes):
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
        Names of the curves for which greater is better.
    epoch : int
        The current epoch, counted from 1.
    batch : int
        Finished batches of the current epoch.
    chunk_limit : int, optional
        Maximum number of batches between two calls of ``on_chunk``, which a callback may set; None
        for as many as fit in about 0.1 s.
    ahead_limit : float
        Maximum number of epochs that are run at once if all callbacks are ``history_only``. A
        callback that may end the run can set it. No more epochs are run than fit in about 0.1 s.
    stop_reason : str, optional
        The reason to end the run; None while it continues.
    is_final : bool
        Whether the run can't be resumed; a run that was only interrupted can.
    is_ahead : bool
        Whether the network has already taken the steps of epochs that are not recorded yet.

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
    ahead_limit: float = math.inf
    stop_reason: str | None = None
    is_final: bool = False
    is_ahead: bool = False

    def stop(self, reason: str, *, resumable: bool = False) -> None:
        """End the run after the current chunk or epoch.

        Parameters
        ----------
        reason : str
            The reason, which the history records; only the first call counts.
        resumable : bool, default=False
            True for a reason outside training, such as a signal. The run can then be resumed from
            its checkpoint.
        """
        if not resumable and not self.is_final:
            self.is_final = True
            self.stop_reason = reason
        self.stop_reason = self.stop_reason or reason

    @property
    def finished(self) -> bool:
        """Whether there is nothing to resume, after the last epoch or a final stop."""
        return self.is_final or len(self.history) >= self.epochs

    def state_dict(self) -> dict[str, Any]:
        # A checkpoint counts epochs from 0.
        best_epoch = self.history.best_epoch
        if best_epoch is not None:
            best_epoch -= 1
        stop_reason = self.stop_reason if self.is_final else None
        state = {
            "epoch": self.epoch - 1,
            "batch": self.batch,
            "stop_reason": stop_reason,
            "best_epoch": best_epoch,
            "parameters": self.network.parameters,
            "statistics": self.network.statistics,
        }
        for name, curve in self.history.items():
            state[f"curve_{name}"] = np.array(curve)
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.epoch = state["epoch"] + 1
        self.batch = state["batch"]
        self.stop_reason = state["stop_reason"]
        self.is_final = self.stop_reason is not None
        Snapshot(state["parameters"], state["statistics"]).restore(self.network)
        self.history.clear()
        for name in self.measured:
            key = f"curve_{name}"
            if key in state:
                self.history[name] = state[key].tolist()
        best_epoch = state["best_epoch"]
        if best_epoch is not None:
            best_epoch += 1
        self.history.best_epoch = best_epoch


class Callback(Stateful):
    """Base class of callbacks; a subclass overrides the methods that it needs.

    Each takes the current `run`; another method whose name begins with ``on_`` is an error at the
    start of a run, which would never call it. A callback with a state overrides `state_dict` and
    `load_state_dict`, too; the state is loaded after `on_start`.

    Attributes
    ----------
    history_only : bool
        Whether `on_epoch` reads only ``run.history``, and `on_chunk` may be called after several
        epochs. Short epochs are then run several at a time, which is faster. The default is False
        for a class that overrides either method.
    shows_progress : bool, default=False
        Whether it shows the progress of a run, which replaces the default progress bar.

    Examples
    --------
    >>> class Halve(Callback):
    ...     def on_epoch(self, run):
    ...         run.network.parameters *= 0.5
    """

    history_only: bool = True
    shows_progress: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # The nearest class that has stated whether its methods read only the history.
        declaring: Any = cls
        for base in cls.__mro__:
            if "history_only" in vars(base):
                declaring = base
                break
        is_epoch_inherited = cls.on_epoch == declaring.on_epoch
        is_chunk_inherited = cls.on_chunk == declaring.on_chunk
        cls.history_only &= is_epoch_inherited and is_chunk_inherited

    def on_start(self, run: Run) -> None:
        """Called before the first epoch."""

    def on_chunk(self, run: Run) -> None:
        """Called after each chunk of batches, about 0.1 s of work."""

    def on_epoch(self, run: Run) -> None:
        """Called after each epoch, whose measurements are in ``run.history``."""

    def on_end(self, run: Run) -> None:
        """Called at the end of a run for which `on_start` was called, also after an error."""


class LambdaCallback(Callback, DeclaredAttributes):
    """Call a function after each epoch.

    Parameters
    ----------
    function : callable
        Takes the `Run`; it ends the run by ``run.stop(reason)``, or returns True or the reason.

    Examples
    --------
    >>> good_enough = LambdaCallback(lambda run: run.history.loss[-1] < 0.01)
    """

    def __init__(self, function: Callable[[Run], object]) -> None:
        self.function = function
        _check_function(self.function, "function")

    def on_epoch(self, run: Run) -> None:
        result = self.function(run)
        if isinstance(result, str):
            if result:
                run.stop(result)
        elif isinstance(result, bool | np.bool_) and result:
            name = getattr(self.function, "__name__", "<lambda>")
            if name == "<lambda>":  # or an object without a name, such as a partial
                name = "a callback"
            run.stop(f"{name} returned True")


class TimeLimit(Callback, DeclaredAttributes):
    """End the run after some time; it can be resumed from its checkpoint.

    Parameters
    ----------
    seconds : float or str
        The time limit: a number of seconds, or a text such as ``"90s"``, ``"10min"`` or ``"1.5h"``.
        It is counted from the start of the run or from its resumption.

    Attributes
    ----------
    deadline : float
        The time at which the run ends, on the clock of ``time.perf_counter``.

    Examples
    --------
    >>> TimeLimit(60).seconds, TimeLimit("10min").seconds
    (60.0, 600.0)
    """

    history_only = True
    seconds: float
    deadline: float

    def __init__(self, seconds: float | str) -> None:
        self.seconds = check_duration(seconds, "seconds")
        self.deadline = math.inf

    @property
    def reason(self) -> str:
        """The reason that a run was ended for."""
        return f"the time limit of {self.seconds:g} s was reached"

    def start(self) -> None:
        """Count from now on, so that the copies for several networks end at the same time."""
        self.deadline = time.perf_counter() + self.seconds

    def on_start(self, run: Run) -> None:
        if self.deadline == math.inf:
            self.start()
        else:
            self.on_chunk(run)

    def on_chunk(self, run: Run) -> None:
        if time.perf_counter() >= self.deadline:
            run.stop(self.reason, resumable=True)

    def on_end(self, run: Run) -> None:
        self.deadline = math.inf

    def __getstate__(self) -> dict[str, Any]:
        """Return the time that is left, as another process has another clock."""
        return {**vars(self), "deadline": self.deadline - time.perf_counter()}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        vars(self).update(state)
        self.deadline += time.perf_counter()


def started_limits(time_limit: float | str | None) -> tuple[TimeLimit, ...]:
    """Make the callback of a time limit that counts from now on; none without a limit."""
    if time_limit is None:
        return ()
    limit = TimeLimit(check_duration(time_limit, "time_limit"))
    limit.start()
    return (limit,)


@dataclass(eq=False)
class EarlyStopping(Callback, Configurable):
    """End the run when a monitored curve has stopped improving.

    Parameters
    ----------
    monitor : str, default="validation_loss"
        A curve of the training or the validation set; ``"val_loss"`` is ``"validation_loss"``.
        Accuracy, R² and an estimator's scores are maximized, all others minimized.
    patience : int, default=10
        Epochs without improvement after which the run ends.
    minimum_delta : float, default=0.0
        Minimum change that counts as an improvement.
    restore_best : bool, default=True
        Restore the parameters of the best epoch at the end, also after an error.

    Attributes
    ----------
    best : float
        The best value so far; its negative for a maximized curve.
    waited : int
        Epochs since the best value.
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
    best = math.inf
    waited = 0
    snapshot: Snapshot | None = field(default=None, init=False, repr=False)
    _curve: str = field(default="", init=False, repr=False)
    _shapes: Any = field(default=None, init=False, repr=False)

    def on_start(self, run: Run) -> None:
        self.best = math.inf
        self.waited = 0
        self.snapshot = None
        self._shapes = _shapes_of(run.network)
        name = spelled_curve(self.monitor, run.measured)
        if name not in run.measured:
            curves = ", ".join(run.measured)
            hint = suggestion(name, run.measured) or ";"
            problem = f"{self.monitor!r} is not measured in this run{hint} there are {curves}"
            raise ArgumentError(problem, argument="monitor", value=name)
        if curve_rows(name)[0] == "test":
            problem = f"{name!r} is of the test set, which must not decide when to stop"
            remedy = "pass a validation set, and monitor its curve"
            raise ArgumentError(problem, argument="monitor", value=name, remedy=remedy)
        self._curve = name

    def on_epoch(self, run: Run) -> None:
        value = run.history[self._curve][-1]
        if self._curve in run.maximized_metrics:
            value = -value
        self.waited += 1
        if value < self.best - self.minimum_delta:
            self.best = value
            self.waited = 0
            if self.restore_best:
                run.history.best_epoch = run.epoch
                self.snapshot = Snapshot.of(run.network)
        if self.waited >= self.patience:
            run.stop(f"{self._curve} has not improved for {count_of(self.patience, 'epoch')}")

    def state_dict(self) -> dict[str, Any]:
        state: dict[str, Any] = {"best": self.best, "waited": self.waited}
        if self.snapshot is not None:
            state.update(self.snapshot._asdict())
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        snapshot = None
        if "parameters" in state:
            snapshot = Snapshot(state["parameters"].copy(), state["statistics"].copy())
            if self._shapes not in (None, _shapes_of(snapshot)):
                raise ValueError("parameters: the best ones are of another network")
        self.best = float(state["best"])
        self.waited = int(state["waited"])
        self.snapshot = snapshot

    def on_end(self, run: Run) -> None:
        if self.restore_best and self.snapshot is not None:
            self.snapshot.restore(run.network)


def _shapes_of(vectors: Network | Snapshot) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the shapes of the parameters and of the statistics."""
    return vectors.parameters.shape, vectors.statistics.shape


#: A callback, a function of the run, or several of them.
Callbacks: TypeAlias = (
    Callback | Callable[[Run], object] | Sequence[Callback | Callable[[Run], object]]
)


def as_callbacks(callbacks: Callbacks) -> list[Callback]:
    """Turn functions into callbacks that call them after each epoch."""
    if not isinstance(callbacks, Sequence):
        callbacks = [callbacks]
    converted: list[Callback] = []
    for callback in callbacks:
        if isinstance(callback, Callback):
            _check_methods(callback)
            converted.append(callback)
        else:
            _check_function(callback, "callbacks")
            converted.append(LambdaCallback(callback))
    return converted


def _check_methods(callback: Callback) -> None:
    """Reject methods that a run doesn't call, or can't call with only the run."""
    kind = type(callback).__name__
    for name in _event_methods(callback):
        method = getattr(callback, name)
        if name not in EVENTS:
            problem = f"{kind}.{name} would never be called, only {', '.join(EVENTS)}"
            remedy = "give it one of these names, or one that doesn't begin with on_"
            raise ArgumentError(problem, argument="callbacks", value=callback, remedy=remedy)
        if not callable(method):
            raise ArgumentError.of("callbacks", method, f"a method {kind}.{name}")
        _check_signature(method, "callbacks", f"{kind}.{name}: ")
        if name in vars(callback):
            # The attribute of the class doesn't take account of a method of this object alone.
            callback.history_only = False


def _event_methods(callback: object) -> list[str]:
    """Return the names of the methods that seem to be called during a run."""
    return [
        name
        for name in dir(callback)
        if name in EVENTS or (name.startswith("on_") and callable(getattr(callback, name)))
    ]


def _check_function(function: Any, argument: str) -> None:
    """Reject what is not a function of the run, such as another library's callback."""
    expected = "a Callback or a function of the run"
    if isinstance(function, type):
        remedy = f"pass an instance: {function.__name__}(...)"
        raise ArgumentError.of(argument, function, expected, remedy=remedy)
    if _event_methods(function):
        remedy = "derive its class from barenet.callbacks.Callback"
        raise ArgumentError.of(argument, function, expected, remedy=remedy)
    if not callable(function):
        raise ArgumentError.of(argument, function, expected)
    _check_signature(function, argument)


def _check_signature(function: Callable[..., object], argument: str, place: str = "") -> None:
    """Reject a function that doesn't take only the run, such as Keras' ``f(epoch, logs=None)``.

    A single parameter may have any name but that of a part of the run, such as ``epoch``.
    """
    try:
        signature = inspect.signature(function)
    except ValueError:  # a function written in C has no signature
        return
    names = [
        parameter.name
        for parameter in signature.parameters.values()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    is_of_run = "logs" not in names
    if names and names[0] != "run":
        is_of_run = len(names) == 1 and names[0] not in Run.__dataclass_fields__
    try:
        signature.bind(None)
    except TypeError:
        is_of_run = False
    if not is_of_run:
        problem = f"{place}expected a function of the run, got one of {signature}"
        remedy = "take the run: epoch is run.epoch, and logs is run.history.last()"
        raise ArgumentError(problem, argument=argument, value=function, remedy=remedy)
