"""The log of a training, as a model file keeps it: how it went, in a bounded number of lines.

A run of a hundred thousand epochs must not make a large file. So long curves are thinned here; the
history beside the model has every epoch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from barenet.constraints import check_flag, check_number
from barenet.errors import brief, some
from barenet.files.plain import check_list, check_mapping, check_text, check_whole
from barenet.training.history import History, finite_or_none

__all__ = ["MOST_EPOCHS", "TrainingLog"]

#: Most epochs that are kept of a run: what a picture of the curves can show.
MOST_EPOCHS = 500

#: Significant digits of a number: as many as anybody reads, in half of the bytes.
DIGITS = 6

#: Curves that are another one each time that the same run is repeated.
NEVER_THE_SAME = ("seconds",)


@dataclass(frozen=True, kw_only=True)
class TrainingLog:
    """How a training went.

    Attributes
    ----------
    n_epochs : int
        How many there were.
    epochs : tuple of int
        Those that are kept, counted from 1, in order.
    curves : mapping of str to tuple of float
        A number for each of them, by name; NaN for what was not finite.
    engine : str
        What has computed.
    seed : int
        The run's seed.
    stopped_because : str
        ``"completed"``, or what ended it before.
    best_epoch : int, optional
        The epoch whose parameters the network has, counted from 1; None for the last.
    penalized : bool
        Whether the losses of the training rows have penalties in them.

    Examples
    --------
    >>> history = History({"loss": [1 / (1 + epoch) for epoch in range(100_000)]})
    >>> log = TrainingLog.of(history)
    >>> log.n_epochs, len(log.epochs) <= MOST_EPOCHS, log.at(log.kept)
    (100000, True, {'loss': 1e-05})
    >>> log
    <TrainingLog: 100,000 epochs, seed 0; loss>
    """

    n_epochs: int
    epochs: tuple[int, ...]
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    engine: str = ""
    seed: int = 0
    stopped_because: str = ""
    best_epoch: int | None = None
    penalized: bool = False

    def __repr__(self) -> str:
        return f"<TrainingLog: {self.description()}; {some([*self.curves])}>"

    def description(self) -> str:
        """The length of the training, how it ended, and the restored epoch."""
        reason = self.stopped_because
        reason = "" if reason in ("", "completed") else f" ({reason})"
        best = "" if self.best_epoch is None else f", kept the best, epoch {self.best_epoch}"
        engine = f", {self.engine} engine" if self.engine else ""
        epochs = f"{self.n_epochs:,} epoch{'s' * (self.n_epochs != 1)}"
        return f"{epochs}{reason}{best}{engine}, seed {self.seed}"

    def __post_init__(self) -> None:
        store = partial(object.__setattr__, self)  # of Python's own types, as JSON has no others
        store("n_epochs", check_whole(self.n_epochs, "n_epochs", least=1))
        store("seed", check_whole(self.seed, "seed"))
        check_text(self.engine, "engine")
        check_text(self.stopped_because, "stopped_because")
        kept = check_whole(self.kept, "best_epoch", least=1)
        store("penalized", check_flag(self.penalized, "penalized"))
        store("best_epoch", None if self.best_epoch is None else kept)
        epochs = check_list(self.epochs, "history: epoch")
        store("epochs", tuple(check_whole(epoch, "history: epoch", 1) for epoch in epochs))
        _check_epochs(self.epochs, self.n_epochs, kept)
        curves = check_mapping(self.curves, "history").items()
        store("curves", {name: self._checked(curve, name) for name, curve in curves})

    def _checked(self, curve: Sequence[float], name: str) -> tuple[float, ...]:
        """Look at a curve, which may have holes."""
        what = f"history: {name}"
        numbers = check_list(curve, what, len(self.epochs))
        return tuple(math.nan if v is None or v != v else check_number(v, what) for v in numbers)

    @property
    def kept(self) -> int:
        """The epoch whose parameters the network has, counted from 1."""
        return self.n_epochs if self.best_epoch is None else self.best_epoch

    def at(self, epoch: int) -> dict[str, float]:
        """Say what was measured in an epoch."""
        place = self.epochs.index(epoch)
        return {name: curve[place] for name, curve in self.curves.items()}

    @classmethod
    def of(cls, history: History) -> TrainingLog:
        """Take down a run."""
        n_epochs, best = len(history), history.best_epoch
        epochs = _kept_epochs(n_epochs, n_epochs if best is None else best)
        curves = {name: c for name, c in history.curves.items() if name not in NEVER_THE_SAME}
        return cls(
            n_epochs=n_epochs,
            epochs=epochs,
            curves={
                name: tuple(_rounded(curve[epoch - 1]) for epoch in epochs)
                for name, curve in curves.items()
            },
            engine=history.engine,
            seed=history.seed,
            stopped_because=history.stop_reason,
            best_epoch=best,
            penalized=history.penalized,
        )

    def only_ends(self) -> TrainingLog:
        """Forget all epochs but the one that the network is of, and the last."""
        epochs = tuple(sorted({self.kept, self.n_epochs}))
        places = [self.epochs.index(epoch) for epoch in epochs]
        curves = {name: tuple(curve[at] for at in places) for name, curve in self.curves.items()}
        return replace(self, epochs=epochs, curves=curves)

    def to_dict(self) -> dict[str, Any]:
        """Give all of it as plain data."""
        curves = {name: [finite_or_none(v) for v in curve] for name, curve in self.curves.items()}
        return {
            "engine": self.engine,
            "seed": self.seed,
            "n_epochs": self.n_epochs,
            "best_epoch": None if self.best_epoch is None else self.best_epoch - 1,
            "penalized": self.penalized,
            "stopped_because": self.stopped_because,
            "history": {"epoch": [epoch - 1 for epoch in self.epochs], **curves},
        }

    @classmethod
    def from_dict(cls, plain: Any) -> TrainingLog:
        """Make it again from plain data."""
        history = check_mapping(plain["history"], "history")
        epochs, best = check_list(history["epoch"], "history: epoch"), plain["best_epoch"]
        return cls(
            n_epochs=plain["n_epochs"],
            epochs=tuple(check_whole(epoch, "history: epoch") + 1 for epoch in epochs),
            curves={name: curve for name, curve in history.items() if name != "epoch"},
            engine=plain["engine"],
            seed=plain["seed"],
            stopped_because=plain["stopped_because"],
            best_epoch=None if best is None else check_whole(best, "best_epoch") + 1,
            penalized=plain["penalized"],
        )


def _kept_epochs(n_epochs: int, best: int) -> tuple[int, ...]:
    """Choose the epochs that are kept."""
    if n_epochs <= MOST_EPOCHS:
        return tuple(range(1, n_epochs + 1))
    half = MOST_EPOCHS // 2 - 1
    evenly = np.linspace(0, n_epochs - 1, half).round().astype(int) + 1
    by_powers = np.geomspace(1, n_epochs, half).round().astype(int)
    return tuple(sorted({*evenly.tolist(), *by_powers.tolist(), best}))


def _check_epochs(epochs: Sequence[int], n_epochs: int, best: int) -> None:
    if len(epochs) > MOST_EPOCHS:
        raise ValueError(
            f"history: epoch: expected {MOST_EPOCHS} epochs at most, got {len(epochs):,}"
        )
    rising = all(before < after for before, after in pairwise(epochs))
    if not (rising and {best, n_epochs} <= set(epochs) and epochs[-1] == n_epochs):
        needed = " and ".join(map(str, sorted({best, n_epochs})))
        raise ValueError(
            f"history: epoch: expected rising numbers from 1 to {n_epochs:,}, {needed} among "
            f"them, got {brief(list(epochs))}"
        )


def _rounded(number: float) -> float:
    return float(f"{number:.{DIGITS}g}") if math.isfinite(number) else math.nan
