"""The history of a training in a model file, with a bounded number of epochs.

A run of a hundred thousand epochs must not make a large file; the history beside the model has
every epoch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from barenet._constraints import Count, convert
from barenet.errors import ArgumentError, some
from barenet.training._history import History, finite_or_none

#: Maximum number of epochs: as many as a plot of the curves can show.
MOST_EPOCHS = 500

#: Significant digits of a number.
DIGITS = 6

#: Curves that differ when the same run is repeated.
NOT_REPRODUCIBLE = ("seconds",)

#: The types of the fields but the curves, for values of unknown origin.
TYPES: dict[str, Any] = {
    "n_epochs": Count,
    "epochs": tuple[Count, ...],
    "engine": str,
    "seed": Count,
    "stop_reason": str,
    "best_epoch": Count | None,
    "penalized": bool,
}


@dataclass(frozen=True, kw_only=True)
class TrainingLog:
    """The history of a training, for a model card.

    Attributes
    ----------
    n_epochs : int
        Number of epochs of the training.
    epochs : tuple of int
        The epochs in the log, in order, counted from 1.
    curves : mapping of str to tuple of float
        A number for each of them, by name; NaN if it was not finite.
    engine : str
        The engine.
    seed : int
        The seed of the run.
    stop_reason : str
        ``"completed"``, or why the run stopped before.
    best_epoch : int, optional
        The epoch whose parameters were restored, counted from 1.
    penalized : bool
        Whether the training losses include penalties.

    Examples
    --------
    >>> history = History({"loss": [1 / (1 + epoch) for epoch in range(100_000)]})
    >>> log = TrainingLog.from_history(history)
    >>> log.n_epochs, len(log.epochs) <= MOST_EPOCHS, log.at(log.selected_epoch)
    (100000, True, {'loss': 1e-05})
    >>> log
    <TrainingLog: 100,000 epochs, seed 0; loss>
    """

    n_epochs: int
    epochs: tuple[int, ...]
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    engine: str = ""
    seed: int = 0
    stop_reason: str = ""
    best_epoch: int | None = None
    penalized: bool = False

    def __post_init__(self) -> None:
        for name, kind in TYPES.items():
            object.__setattr__(self, name, convert(getattr(self, name), kind, name))
        curves = convert(self.curves, Mapping[str, tuple[object, ...]], "history")
        object.__setattr__(self, "curves", {name: _curve(c, name) for name, c in curves.items()})
        self._check_epochs()

    def _check_epochs(self) -> None:
        required = {self.selected_epoch, self.n_epochs}
        increasing = all(before < after for before, after in pairwise((0, *self.epochs)))
        last = max((*self.epochs, 0))
        if len(self.epochs) > MOST_EPOCHS or not increasing or last != self.n_epochs:
            expected = f"at most {MOST_EPOCHS} increasing numbers from 1 to {self.n_epochs:,}"
            raise ArgumentError.of("history", [*self.epochs], expected, part="epoch")
        if not required <= set(self.epochs):
            expected = f"{self.selected_epoch} among the numbers"
            raise ArgumentError.of("history", [*self.epochs], expected, part="epoch")
        for name, curve in self.curves.items():
            if len(curve) != len(self.epochs):
                expected = f"a list of {len(self.epochs)} numbers"
                raise ArgumentError.of("history", [*curve], expected, part=name)

    def __repr__(self) -> str:
        return f"<TrainingLog: {self.description()}; {some([*self.curves])}>"

    def description(self) -> str:
        """The length of the training, how it ended, and the restored epoch."""
        completed = self.stop_reason in ("", "completed")
        reason = "" if completed else f" ({self.stop_reason})"
        best = "" if self.best_epoch is None else f", kept the best, epoch {self.best_epoch}"
        engine = f", {self.engine} engine" if self.engine else ""
        epochs = f"{self.n_epochs:,} epoch{'s' * (self.n_epochs != 1)}"
        return f"{epochs}{reason}{best}{engine}, seed {self.seed}"

    @property
    def selected_epoch(self) -> int:
        """The epoch whose parameters the network has, counted from 1."""
        return self.n_epochs if self.best_epoch is None else self.best_epoch

    def at(self, epoch: int) -> dict[str, float]:
        """The measures of an epoch by name."""
        place = self.epochs.index(epoch)
        return {name: curve[place] for name, curve in self.curves.items()}

    @classmethod
    def from_history(cls, history: History) -> TrainingLog:
        """Log a history."""
        n_epochs, best = len(history), history.best_epoch
        epochs = _logged_epochs(n_epochs, n_epochs if best is None else best)
        return cls(
            n_epochs=n_epochs,
            epochs=epochs,
            curves={
                name: tuple(_rounded(curve[epoch - 1]) for epoch in epochs)
                for name, curve in history.curves.items()
                if name not in NOT_REPRODUCIBLE
            },
            engine=history.engine,
            seed=history.seed,
            stop_reason=history.stop_reason,
            best_epoch=best,
            penalized=history.penalized,
        )

    def shortened(self) -> TrainingLog:
        """The log of the last and the selected epoch alone."""
        epochs = tuple(sorted({self.selected_epoch, self.n_epochs}))
        places = [self.epochs.index(epoch) for epoch in epochs]
        curves = {name: tuple(curve[at] for at in places) for name, curve in self.curves.items()}
        return replace(self, epochs=epochs, curves=curves)

    def to_dict(self) -> dict[str, Any]:
        """JSON, with epochs counted from 0."""
        curves = {name: [finite_or_none(v) for v in curve] for name, curve in self.curves.items()}
        return {
            "engine": self.engine,
            "seed": self.seed,
            "n_epochs": self.n_epochs,
            "best_epoch": None if self.best_epoch is None else self.best_epoch - 1,
            "penalized": self.penalized,
            "stopped_because": self.stop_reason,
            "history": {"epoch": [epoch - 1 for epoch in self.epochs], **curves},
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> TrainingLog:
        """The log of the JSON of `to_dict`."""
        history = convert(plain["history"], Mapping[str, tuple[object, ...]], "history")
        epochs = convert(history["epoch"], tuple[Count, ...], "history", "epoch")
        best = convert(plain["best_epoch"], Count | None, "best_epoch")
        return cls(
            n_epochs=plain["n_epochs"],
            epochs=tuple(epoch + 1 for epoch in epochs),
            curves={name: curve for name, curve in history.items() if name != "epoch"},
            engine=plain["engine"],
            seed=plain["seed"],
            stop_reason=plain["stopped_because"],
            best_epoch=None if best is None else best + 1,
            penalized=plain["penalized"],
        )


def _curve(numbers: Sequence[Any], name: str) -> tuple[float, ...]:
    """The numbers of a curve; None becomes NaN."""
    missing = [number is None or number != number for number in numbers]
    return tuple(
        math.nan if gap else convert(number, float, "history", name)
        for number, gap in zip(numbers, missing, strict=True)
    )


def _logged_epochs(n_epochs: int, best: int) -> tuple[int, ...]:
    """The epochs of a log: all, or some that are evenly and logarithmically spaced."""
    if n_epochs <= MOST_EPOCHS:
        return tuple(range(1, n_epochs + 1))
    half = MOST_EPOCHS // 2 - 1
    evenly = np.linspace(0, n_epochs - 1, half).round().astype(int) + 1
    by_powers = np.geomspace(1, n_epochs, half).round().astype(int)
    return tuple(sorted({*evenly.tolist(), *by_powers.tolist(), best}))


def _rounded(number: float) -> float:
    return float(f"{number:.{DIGITS}g}") if math.isfinite(number) else math.nan
