"""The epochs of a call of `fit`, run by the training loop that `train` uses.

scikit-learn's parameters become a configuration, callbacks and an order of the rows.
"""

import copy
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from barenet.engines import Job, choose_engine
from barenet.errors import DivergenceError
from barenet.estimators._early_stopping import InverseScalingRate, Patience, StoppingState
from barenet.estimators._scoring import ValidationScorer
from barenet.optimization._schedules import as_schedule
from barenet.optimization.optimizers import Optimizer
from barenet.training._callbacks import Callback
from barenet.training._divergence import caller_stacklevel
from barenet.training._history import History
from barenet.training._loop import LBFGSLoop, MiniBatchLoop
from barenet.training._run import Run, Scorer, TrainingConfig
from barenet.training._train import as_callbacks, check_batch_size


def run_epochs(
    estimator: Any,
    job: Job,
    scorer: ValidationScorer | None,
    epochs: int,
    rng: np.random.RandomState,
    observer: Callback | None,
) -> tuple[History, float]:
    """Run the epochs, or fewer if a callback ends the run; return the curves and the last loss."""
    engine = choose_engine(estimator.engine, job, estimator.threads)
    config = TrainingConfig(
        epochs=epochs,
        batch_size=check_batch_size(estimator.batch_size, job, auto=200),
        shuffle=estimator.shuffle and not job.optimizer.full_batch,
        order=_running_order(len(job.rows.X), rng),
        schedule=copy.deepcopy(as_schedule(estimator.schedule)),
        held_out={} if scorer is None else {"validation": scorer.rows},
        scorer=scorer or Scorer(),
    )
    callbacks = _callbacks(estimator, job, scorer) + ([observer] if observer else [])
    loop = (LBFGSLoop if job.optimizer.full_batch else MiniBatchLoop)(engine, config, callbacks)
    try:
        loop.start()
    except KeyboardInterrupt:
        message = "interrupted; the estimator keeps the epochs until now"
        warnings.warn(message, stacklevel=caller_stacklevel())
    except DivergenceError as error:
        if estimator._stopping_state.snapshot is None:
            error.outcome = "The estimator is as it was before"
            raise
        job.optimizer.reset()  # its moments may not be finite either
        error.outcome = "Early stopping has restored the parameters of the best epoch"
        warnings.warn(str(error), RuntimeWarning, stacklevel=caller_stacklevel())
    history = loop.run.history
    if job.optimizer.full_batch or not len(history):
        return history, engine.value_and_gradient()[0]  # of the final parameters
    return history, history.loss[-1]


def warn_unless_converged(history: History) -> None:
    """Warn if the epochs were too few."""
    reason = history.stop_reason
    if reason == "completed":
        text = f"not converged in {len(history)} iterations; "
        text += "allow more by max_iter (or max_fun), or scale the data"
    elif reason.startswith("no step"):
        text = f"{reason}, after {len(history)} iterations; scaling the data may help"
    else:
        return
    warnings.warn(text, ConvergenceWarning, stacklevel=caller_stacklevel())


def _callbacks(estimator: Any, job: Job, scorer: ValidationScorer | None) -> list[Callback]:
    """The rules of the parameters, and then the user's callbacks."""
    optimizer, state = job.optimizer, estimator._stopping_state
    callbacks: list[Callback] = []
    if isinstance(optimizer, Optimizer):
        is_sgd = estimator.optimizer is None and estimator.solver == "sgd"
        rate = estimator.learning_rate if is_sgd else "constant"
        adaptive = optimizer if rate == "adaptive" else None
        score = f"validation_{scorer.names[0]}" if scorer and estimator.early_stopping else None
        patience = estimator.n_iter_no_change
        callbacks.append(Patience(state, estimator.tol, patience, adaptive, score))
        if rate == "invscaling":
            initial, power = estimator.learning_rate_init, estimator.power_t
            n_rows = len(job.rows.X)
            callbacks.append(InverseScalingRate(optimizer, initial, power, estimator.t_, n_rows))
    if estimator.verbose:
        callbacks.append(_Verbose(state))
    return [*callbacks, *as_callbacks(estimator.callbacks)]


@dataclass(eq=False)
class _Verbose(Callback):
    """Prints a line for each epoch, and why the run has ended."""

    state: StoppingState

    def on_epoch(self, run: Run) -> None:
        sys.stdout.write(f"Iteration {run.epoch}, loss = {run.history.loss[-1]:.8f}\n")
        if self.state.scores:
            sys.stdout.write(f"Validation score: {self.state.scores[-1]:.6f}\n")

    def on_end(self, run: Run) -> None:
        if run.stop_reason:
            sys.stdout.write(f"Stopped: {run.stop_reason}\n")


def _running_order(n_rows: int, rng: np.random.RandomState) -> Callable[[int], NDArray[np.intp]]:
    """Shuffle the order of the epoch before, with the random numbers that scikit-learn draws.

    Its `shuffle` checks its arguments for longer than a small epoch takes.
    """
    order = np.arange(n_rows)

    def next_order(_: int) -> NDArray[np.intp]:
        nonlocal order
        places = np.arange(n_rows)
        rng.shuffle(places)
        order = order[places]
        return order

    return next_order
