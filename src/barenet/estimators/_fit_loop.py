"""The epochs of a call of `fit`, which use the same training loop as `train`.

scikit-learn's parameters are converted to a configuration, callbacks and an order of the rows. By
its rules for early stopping, the run ends after more than `n_iter_no_change` epochs in a row that
don't improve on the best by `tol`, or continues with a fifth of the learning rate.
"""

import copy
import math
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from barenet._messages import count_of
from barenet._train import check_batch_size
from barenet.callbacks import Callback, LambdaCallback, Run
from barenet.engines import Job, choose_engine
from barenet.engines._engine import Orders
from barenet.errors import DivergenceError, caller_stacklevel
from barenet.estimators._scoring import ValidationScorer
from barenet.model._network import Snapshot
from barenet.optimization._schedules import as_schedule
from barenet.optimizers import Optimizer
from barenet.training._callbacks import as_callbacks
from barenet.training._epoch import TrainingConfig
from barenet.training._history import History
from barenet.training._loop import exclusive, make_loop

#: The learning rate of "adaptive" is not divided below this.
LOWEST_RATE = 1e-6

#: scikit-learn's message, so that programs and searches find it.
NOT_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed."
)


@dataclass(eq=False)
class Patience(Callback):
    """End the run when the training loss, or a score of the validation rows, stops improving.

    With an `adaptive` optimizer, first divide its learning rate by 5. The network with the best
    score is restored at the end. Another call of `fit` or `partial_fit` continues with the state.
    """

    tol: float = 0.0
    limit: float = math.inf
    adaptive: Optimizer | None = None
    #: The curve of the score; None for the training loss.
    score: str | None = None
    #: The loss of the best epoch, or its negative score.
    best: float = math.inf
    #: Epochs in a row that did not improve by `tol`.
    n_epochs_no_change: int = 0
    #: Scores of the validation rows, epoch by epoch.
    scores: list[float] = field(default_factory=list)
    #: The network with the best score.
    snapshot: Snapshot | None = None

    def __post_init__(self) -> None:
        self.history_only = self.adaptive is None and self.score is None

    def on_start(self, run: Run) -> None:
        self._limit_epochs_ahead(run)

    def on_epoch(self, run: Run) -> None:
        if self.score:
            score = run.history[self.score][-1]
            self.scores.append(score)
            value = -score  # less is better, as for a loss
        else:
            value = run.history["loss"][-1]
        if value <= self.best - self.tol:
            self.n_epochs_no_change = 0
        else:  # or NaN
            self.n_epochs_no_change += 1
        if value < self.best:
            self.best = value
            if self.score:
                run.history.best_epoch = run.epoch
                self.snapshot = Snapshot.of(run.network)
        self._limit_epochs_ahead(run)
        if self.n_epochs_no_change <= self.limit:
            return
        if self.adaptive is None or self.adaptive.learning_rate <= LOWEST_RATE:
            problem = f"{self.score or 'the loss'} has not improved by {self.tol:g}"
            if self.adaptive is not None:
                problem += " at the lowest learning rate"
            run.stop(f"{problem} for more than {count_of(int(self.limit), 'epoch')}")
        else:
            self.adaptive.learning_rate /= 5
            self.n_epochs_no_change = 0

    def _limit_epochs_ahead(self, run: Run) -> None:
        """Limit the epochs that are computed ahead to those after which the run may end."""
        run.ahead_limit = self.limit + 1 - self.n_epochs_no_change

    def on_end(self, run: Run) -> None:
        if self.score and self.snapshot is not None:
            self.snapshot.restore(run.network)


def run_epochs(
    estimator: Any,
    job: Job,
    scorer: ValidationScorer | None,
    incremental: bool,
    rng: np.random.RandomState,
    observer: Callback | None,
) -> tuple[History, float]:
    """Run one epoch, or all unless a callback stops the run; return the curves and last loss."""
    engine = choose_engine(estimator.engine, job, estimator.threads)
    shuffle = estimator.shuffle and not job.optimizer.full_batch
    epochs = 1 if incremental else int(estimator.max_iter)
    batch_size = check_batch_size(estimator.batch_size, job, auto=200)
    row_orders = RunningOrders(len(job.rows.X), rng) if shuffle else None
    schedule = as_schedule(copy.deepcopy(estimator.schedule))
    held_out = {}
    if scorer is not None:
        held_out["validation"] = scorer.rows
    callbacks = _callbacks(estimator, job, scorer, incremental)
    if observer is not None:
        callbacks.append(observer)
    config = TrainingConfig(
        epochs=epochs,
        batch_size=batch_size,
        shuffle=shuffle,
        row_orders=row_orders,
        schedule=schedule,
        held_out=held_out,
        averages_by_rows=True,
        scorer=scorer,
        callbacks=callbacks,
    )
    loop = make_loop(engine, config)
    try:
        with exclusive(job.network), loop.session():
            loop.advance(epochs)
    except KeyboardInterrupt:
        message = "interrupted; the estimator keeps the epochs until now"
        warnings.warn(message, stacklevel=caller_stacklevel())
    except DivergenceError as error:
        if estimator._patience.snapshot is None:
            error.outcome = f"{NOT_FINITE} The estimator is as it was before"
            raise
        job.optimizer.reset()  # the optimizer's moments may not be finite either
        error.outcome = "Early stopping has restored the parameters of the best epoch"
        warnings.warn(str(error), RuntimeWarning, stacklevel=caller_stacklevel())
    history = loop.run.history
    if not incremental:
        _warn_unless_converged(history)
    if job.optimizer.full_batch or not len(history):
        return history, engine.value_and_gradient()[0]  # the loss of the final parameters
    return history, history.loss[-1]


def _warn_unless_converged(history: History) -> None:
    """Warn if there were too few epochs."""
    reason = history.stop_reason
    count = f"{len(history)} iterations"
    if reason.startswith("completed"):
        problem = f"not converged in {count}; allow more by max_iter"
    elif reason.startswith("the maximum of"):  # evaluations of L-BFGS
        problem = f"not converged, as {reason}; allow more by max_fun"
    elif reason.startswith("no step"):  # of L-BFGS makes the loss smaller
        problem = f"{reason}, after {count}"
    else:
        return
    message = f"{problem}; scaling the data may help"
    warnings.warn(message, ConvergenceWarning, stacklevel=caller_stacklevel())


def _callbacks(
    estimator: Any, job: Job, scorer: ValidationScorer | None, incremental: bool
) -> list[Callback]:
    """Return the callbacks for the parameters, and then the user's callbacks."""
    optimizer = job.optimizer
    callbacks: list[Callback] = []
    if isinstance(optimizer, Optimizer):
        is_sgd = estimator.optimizer is None and estimator.solver == "sgd"
        adaptive = None
        if is_sgd and estimator.learning_rate == "adaptive":
            adaptive = optimizer
        score = None
        if scorer is not None and estimator.early_stopping:
            score = f"validation_{scorer.names[0]}"
        patience: Patience = estimator._patience
        estimator._patience = replace(
            patience,
            tol=estimator.tol,
            limit=estimator.n_iter_no_change,
            adaptive=adaptive,
            score=score,
            scores=list(patience.scores),
        )
        callbacks.append(estimator._patience)
        if is_sgd and estimator.learning_rate == "invscaling":
            callbacks.append(_inverse_scaling(estimator, optimizer, len(job.rows.X)))
    if estimator.verbose:
        n_before = len(estimator.loss_curve_) if incremental else 0
        callbacks.append(_printer(n_before, scorer))
    callbacks += as_callbacks(estimator.callbacks)
    return callbacks


def _printer(n_before: int, scorer: ValidationScorer | None) -> Callback:
    """Print the same lines as scikit-learn's `verbose`, for programs that parse them."""

    def print_epoch(run: Run) -> None:
        lines = f"Iteration {n_before + run.epoch}, loss = {run.history.loss[-1]:.8f}\n"
        if scorer is not None:
            score = run.history[f"validation_{scorer.names[0]}"][-1]
            lines += f"Validation score: {score:f}\n"
        sys.stdout.write(lines)

    return LambdaCallback(print_epoch)


def _inverse_scaling(estimator: Any, optimizer: Optimizer, n_rows: int) -> Callback:
    """Compute the learning rate η / (t + 1)ᵖ, where t counts the rows visited."""

    def update(run: Run) -> None:
        t = estimator.t_ + run.epoch * n_rows
        optimizer.learning_rate = estimator.learning_rate_init / (t + 1) ** estimator.power_t

    return LambdaCallback(update)


class RunningOrders:
    """Shuffles the order of the previous epoch, with the random numbers that scikit-learn draws."""

    def __init__(self, n_rows: int, rng: np.random.RandomState) -> None:
        self.order = np.arange(n_rows)
        self.rng = rng

    def __call__(self, n_rows: int, seed: int | None, epochs: Sequence[int]) -> Orders:
        """Order the rows for epochs; the orders depend on the generator, not on the run's seed."""
        orders = np.empty((len(epochs), n_rows), np.intp)
        for row in orders:
            # The checks in scikit-learn's `shuffle` take longer than a small epoch.
            self.order = self.order[self.rng.permutation(n_rows)]
            row[:] = self.order
        return orders
