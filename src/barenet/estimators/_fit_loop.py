"""The epochs of a call of `fit`, run by the training loop that `train` uses.

scikit-learn's parameters become a configuration, callbacks and an order of the rows.
"""

from __future__ import annotations

import copy
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from barenet.engines import Engine, Job, choose_engine
from barenet.errors import DivergenceError
from barenet.estimators._early_stopping import (
    InverseScalingRate,
    LossPatience,
    ScorePatience,
    StoppingState,
    ValidationSet,
)
from barenet.estimators._sklearn_callbacks import SklearnCallbackAdapter
from barenet.model._layout import Snapshot
from barenet.model._network import Network
from barenet.optimization._schedules import as_schedule
from barenet.optimization.optimizers import Optimizer
from barenet.training._callbacks import Callback
from barenet.training._config import TrainingConfig
from barenet.training._divergence import caller_stacklevel
from barenet.training._history import History
from barenet.training._run import Run
from barenet.training._train import as_callbacks, check_batch_size, check_full_batch, make_loop


class Rollback(Callback):
    """Restores a network, and the objects trained with it, when a call that continues it fails."""

    def __init__(self, *others: object) -> None:
        self.others = others
        self.saved: tuple[Network, Snapshot, list[dict[str, Any]]] | None = None

    def on_start(self, run: Run) -> None:
        states = [copy.deepcopy(vars(other)) for other in self.others]
        self.saved = run.network, Snapshot.of(run.network), states

    def restore(self) -> None:
        """Restore everything as it was when the training began, if it has begun."""
        if self.saved is None:
            return
        network, snapshot, states = self.saved
        snapshot.restore(network)
        for other, state in zip(self.others, states, strict=True):
            vars(other).clear()
            vars(other).update(state)


class FitLoop:
    """A call of `fit` or `partial_fit` after all checks."""

    def __init__(
        self,
        estimator: Any,
        job: Job,
        state: StoppingState,
        rng: np.random.RandomState,
        validation: ValidationSet | None,
        rollback: Rollback | None = None,
    ) -> None:
        check_full_batch(job, estimator.schedule)
        self.estimator, self.job, self.validation = estimator, job, validation
        self.state, self.rng, self.rollback = state, rng, rollback
        #: Whether steps are taken batch by batch; L-BFGS uses all rows.
        self.stochastic = not job.optimizer.full_batch
        self.engine: Engine = choose_engine(estimator.engine, job, estimator.threads)

    def run(self, epochs: int, n_visited: int, adapter: SklearnCallbackAdapter | None) -> History:
        """Run the epochs, or fewer if a callback ends the run."""
        rows, scorer = self.validation or (None, None)
        config = TrainingConfig(
            epochs=epochs,
            batch_size=check_batch_size(self.estimator.batch_size, self.job, auto=200),
            shuffle=self.estimator.shuffle and self.stochastic,
            order=_running_order(len(self.job.rows.X), self.rng),
            schedule=copy.deepcopy(as_schedule(self.estimator.schedule)),
            held_out={} if rows is None else {"validation": rows},
            scorer=scorer,
        )
        before = [] if self.rollback is None else [self.rollback]
        after = [adapter] if adapter is not None and adapter.wanted else []
        loop = make_loop(self.engine, config, [*before, *self._callbacks(n_visited), *after])
        try:
            loop.start()
        except KeyboardInterrupt:
            message = "interrupted; the estimator keeps the epochs until now"
            warnings.warn(message, stacklevel=caller_stacklevel())
        except DivergenceError as error:
            if self.state.snapshot is None:
                error.outcome = "The estimator is as it was before"
                raise
            self.job.optimizer.reset()  # its moments may not be finite either
            error.outcome = "Early stopping has restored the parameters of the best epoch"
            warnings.warn(str(error), RuntimeWarning, stacklevel=caller_stacklevel())
        return loop.run.history

    def warn_unless_converged(self, history: History) -> None:
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

    def loss(self, history: History) -> float:
        """The loss of the last epoch; for L-BFGS, of the final parameters."""
        if self.stochastic and len(history):
            return history.loss[-1]
        return self.engine.value_and_gradient()[0]

    def _callbacks(self, n_visited: int) -> list[Callback]:
        given, optimizer = self.estimator, self.job.optimizer
        callbacks: list[Callback] = []
        if isinstance(optimizer, Optimizer):
            is_sgd = given.optimizer is None and given.solver == "sgd"
            rate = given.learning_rate if is_sgd else "constant"
            adaptive = optimizer if rate == "adaptive" else None
            patience = (self.state, given.tol, given.n_iter_no_change, adaptive)
            if given.early_stopping and self.validation is not None:
                curve = f"validation_{self.validation.scorer.names[0]}"
                callbacks.append(ScorePatience(curve, *patience))
            else:
                callbacks.append(LossPatience(*patience))
            if rate == "invscaling":
                inverse = (given.learning_rate_init, given.power_t, n_visited)
                rows = self.job.rows
                callbacks.append(InverseScalingRate(optimizer, *inverse, len(rows.X)))
        if given.verbose:
            callbacks.append(_Verbose(self.state))
        return [*callbacks, *as_callbacks(given.callbacks)]


class _Verbose(Callback):
    """Prints a line for each epoch, and why the run has ended."""

    def __init__(self, state: StoppingState) -> None:
        self.state = state

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
