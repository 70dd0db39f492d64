"""Stopping: scikit-learn's rules on when a run ends, and how its learning rate changes.

They count epochs that are no better by `tol` than the best one; when there are more of them
than `n_iter_no_change`, the run ends, or goes on with a fifth of the learning rate.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field

from barenet.model.snapshot import Snapshot
from barenet.optimization.optimizers import Optimizer
from barenet.training.callbacks import Callback
from barenet.training.run import Run

__all__ = ["BestScore", "InverseTime", "Patience", "Report", "Standing"]

#: Below this learning rate no fifth of it is tried.
LEAST_RATE = 1e-6


@dataclass
class Standing:
    """What is remembered from one call of `fit` or `partial_fit` to the next.

    Attributes
    ----------
    best : float
        The best epoch's loss, or its score with the sign changed: smaller is better.
    count : int
        Epochs in a row that were no better than that by `tol`.
    scores : list of float
        On the validation rows, epoch by epoch.
    snapshot : Snapshot, optional
        The network of the best score.
    """

    best: float = math.inf
    count: int = 0
    scores: list[float] = field(default_factory=list)
    snapshot: Snapshot | None = None


class Patience(Callback):
    """End the run when the training loss does not get better by `tol` any more."""

    curve = "the loss"

    def __init__(
        self, standing: Standing, tol: float, most: float, adaptive: Optimizer | None = None
    ) -> None:
        self.standing, self.tol, self.most, self.adaptive = standing, tol, most, adaptive

    def on_epoch(self, run: Run) -> None:
        standing, value = self.standing, self.badness(run)
        better = value <= standing.best - self.tol  # what is no number is not
        standing.count = 0 if better else standing.count + 1
        if value < standing.best:
            standing.best = value
            self.note_the_best(run)
        if standing.count > self.most:
            self.lose_patience(run)

    def badness(self, run: Run) -> float:
        """Measure the epoch; smaller is better."""
        return run.history.loss[-1]

    def note_the_best(self, run: Run) -> None:
        """Do something after the best epoch so far."""

    def lose_patience(self, run: Run) -> None:
        """End the run, or make its steps smaller."""
        if self.adaptive is None or self.adaptive.learning_rate <= LEAST_RATE:
            run.stop(f"{self.curve} was no better by {self.tol:g} for {self.most:g} epochs")
        else:
            self.adaptive.learning_rate /= 5
            self.standing.count = 0


class BestScore(Patience):
    """The same for a score on validation rows; and put the best network back at the end."""

    def __init__(
        self,
        curve: str,
        standing: Standing,
        tol: float,
        most: float,
        adaptive: Optimizer | None = None,
    ) -> None:
        super().__init__(standing, tol, most, adaptive)
        self.curve = curve

    def badness(self, run: Run) -> float:
        self.standing.scores.append(run.history[self.curve][-1])
        return -self.standing.scores[-1]

    def note_the_best(self, run: Run) -> None:
        run.history.best_epoch = run.epoch
        self.standing.snapshot = Snapshot.of(run.network)

    def on_end(self, run: Run) -> None:
        if self.standing.snapshot is not None:
            self.standing.snapshot.restore(run.network)


class InverseTime(Callback):
    """Learning rate η / (t + 1)ᵖ, where t counts the rows that were visited."""

    def __init__(
        self, optimizer: Optimizer, start: float, power: float, visited: int, n_rows: int
    ) -> None:
        self.optimizer, self.start, self.power = optimizer, start, power
        self.visited, self.n_rows = visited, n_rows

    def on_epoch(self, run: Run) -> None:
        self.visited += self.n_rows
        self.optimizer.learning_rate = self.start / (self.visited + 1) ** self.power


class Report(Callback):
    """Print a line for each epoch, and why the run has ended."""

    def __init__(self, standing: Standing) -> None:
        self.standing = standing

    def on_epoch(self, run: Run) -> None:
        _print(f"Iteration {run.epoch}, loss = {run.history.loss[-1]:.8f}")
        if self.standing.scores:
            _print(f"Validation score: {self.standing.scores[-1]:.6f}")

    def on_end(self, run: Run) -> None:
        if run.stop_reason:
            _print(f"Stopped: {run.stop_reason}")


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
