"""scikit-learn's rules for early stopping and for the learning rate of its solver "sgd".

They count epochs that are not better than the best one by `tol`; after more than `n_iter_no_change`
of them, the run ends, or continues with a fifth of the learning rate.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from barenet.errors import ArgumentError
from barenet.model._array_dataset import ArrayDataset
from barenet.model._layout import Snapshot
from barenet.optimization.optimizers import Optimizer
from barenet.training._run import Callback, Run

#: The learning rate of "adaptive" is not divided below this.
LOWEST_RATE = 1e-6


def split_validation(
    rows: ArrayDataset, fraction: float, strata: NDArray[Any] | None, rng: np.random.RandomState
) -> tuple[ArrayDataset, ArrayDataset]:
    """Split rows into a training set and a validation set.

    Examples
    --------
    >>> rows = ArrayDataset(np.arange(10.0).reshape(10, 1), np.zeros((10, 1)), None)
    >>> training, validation = split_validation(rows, 0.2, None, np.random.RandomState(0))
    >>> len(training.X), validation.X.ravel().tolist()
    (8, [2.0, 8.0])
    """
    try:
        training, validation = train_test_split(
            np.arange(len(rows.X)), test_size=fraction, stratify=strata, random_state=rng
        )
    except ValueError as error:
        raise ArgumentError(str(error), argument="validation_fraction") from error
    if len(validation) < 2:
        raise ArgumentError(
            f"The validation set is too small, {len(validation)} of {len(rows.X)} rows",
            argument="validation_fraction",
            remedy="take a larger fraction, or more rows",
        )
    for index, purpose in ((training, "training"), (validation, "validation")):
        if rows.sample_weight is not None and not rows.sample_weight[index].any():
            raise ArgumentError(
                f"all {len(index)} {purpose} rows have weight 0",
                argument="sample_weight",
                remedy="give validation_data, another random_state, or weights to more of the rows",
            )
    return rows.take(training), rows.take(validation)


@dataclass
class StoppingState:
    """The progress of early stopping, from one call of `fit` or `partial_fit` to the next."""

    #: The loss of the best epoch, or its negative score.
    best: float = math.inf
    #: Epochs in a row that were not better by `tol`.
    n_epochs_no_change: int = 0
    #: Scores of the validation rows, epoch by epoch.
    scores: list[float] = field(default_factory=list)
    #: The network of the best score.
    snapshot: Snapshot | None = None


@dataclass(eq=False)
class Patience(Callback):
    """End the run when the training loss, or a score of the validation rows, is no longer better.

    With an `adaptive` optimizer, divide its learning rate by 5 first. The network of the best score
    is restored at the end.
    """

    state: StoppingState
    tol: float
    patience: float
    adaptive: Optimizer | None = None
    #: The curve of the score; None for the training loss.
    score: str | None = None

    def on_epoch(self, run: Run) -> None:
        state, value = self.state, run.history[self.score or "loss"][-1]
        if self.score:
            state.scores.append(value)
            value = -value
        better = value <= state.best - self.tol  # False for NaN
        state.n_epochs_no_change = 0 if better else state.n_epochs_no_change + 1
        if value < state.best:
            state.best = value
            if self.score:
                run.history.best_epoch, state.snapshot = run.epoch, Snapshot.of(run.network)
        if state.n_epochs_no_change <= self.patience:
            return
        if self.adaptive is None or self.adaptive.learning_rate <= LOWEST_RATE:
            curve = self.score or "the loss"
            run.stop(f"{curve} was no better by {self.tol:g} for {self.patience:g} epochs")
        else:
            self.adaptive.learning_rate /= 5
            state.n_epochs_no_change = 0

    def on_end(self, run: Run) -> None:
        if self.score and self.state.snapshot is not None:
            self.state.snapshot.restore(run.network)


@dataclass(eq=False)
class InverseScalingRate(Callback):
    """Learning rate η / (t + 1)ᵖ, where t counts the rows visited."""

    optimizer: Optimizer
    initial: float
    power: float
    n_visited: int
    n_rows: int

    def on_epoch(self, run: Run) -> None:
        self.n_visited += self.n_rows
        self.optimizer.learning_rate = self.initial / (self.n_visited + 1) ** self.power
