"""Rounds: the epochs of an estimator, run by the same loop as everything else.

scikit-learn's parameters become an optimizer, a penalty, callbacks and an order of the rows; the
arithmetic and the loop know nothing of them.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from barenet.engines import Engine, Job, choose_engine
from barenet.errors import DivergenceError
from barenet.estimators.held_out import Examination
from barenet.estimators.settings import Settings
from barenet.estimators.stopping import BestScore, InverseTime, Patience, Report, Standing
from barenet.estimators.tasks import Tasks
from barenet.model.layers import BatchNorm
from barenet.optimization.optimizers import LBFGS, Optimizer
from barenet.optimization.schedules import as_schedule
from barenet.training.callbacks import Callback, as_callbacks
from barenet.training.guard import caller_stacklevel
from barenet.training.history import History
from barenet.training.loop import Loop
from barenet.training.plan import Plan
from barenet.training.train import check_full_batch

__all__ = ["Rounds"]


class Rounds:
    """A call of `fit`, or of `partial_fit`, once all is checked.

    Attributes
    ----------
    engine : Engine
        Does the arithmetic.
    stochastic : bool
        Whether steps are taken batch by batch; else L-BFGS looks at all rows.
    """

    def __init__(
        self,
        settings: Settings,
        job: Job,
        standing: Standing,
        rng: np.random.RandomState,
        examination: Examination | None,
        undo: Callback | None = None,
    ) -> None:
        check_full_batch(job, settings.schedule)
        self.settings, self.job, self.examination = settings, job, examination
        self.standing, self.rng, self.undo = standing, rng, undo
        self.stochastic = not isinstance(job.optimizer, LBFGS)
        self.engine: Engine = choose_engine(settings.engine, job, settings.threads)

    def go(self, epochs: int, visited: int, tasks: Tasks | None) -> History:
        """Run the epochs, or as many as the rules and callbacks want."""
        examined, judge = self.examination or (None, None)
        plan = Plan(
            epochs=epochs,
            batch_size=self._batch_size(),
            shuffle=self.settings.shuffle and self.stochastic,
            order=_running_order(len(self.job.rows.X), self.rng),
            schedule=copy.deepcopy(as_schedule(self.settings.schedule)),
            held_out={} if examined is None else {"validation": examined},
            judge=judge,
        )
        told = [tasks] if tasks is not None and tasks.wanted else []
        first = [] if self.undo is None else [self.undo]
        loop = Loop(self.engine, plan, [*first, *self._callbacks(visited), *told])
        try:
            loop.start()
        except KeyboardInterrupt:
            warnings.warn(
                "interrupted; what was learned until now is kept", stacklevel=caller_stacklevel()
            )
        except DivergenceError as error:
            if self.standing.snapshot is None:
                error.outcome = "The estimator is as it was before"
                raise
            if isinstance(self.job.optimizer, Optimizer):
                self.job.optimizer.reset()  # what it remembers may be no numbers either
            error.outcome = "Early stopping has put the parameters of the best epoch back"
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
        """Return the last epoch's loss; L-BFGS's is that of where it has arrived."""
        if self.stochastic and len(history):
            return history.loss[-1]
        return self.engine.value_and_gradient()[0]

    def _batch_size(self) -> int:
        n_rows, size = len(self.job.rows.X), self.settings.batch_size
        if not self.stochastic:
            return n_rows
        if isinstance(size, str):
            return min(200, n_rows)
        if size == 1 and any(isinstance(layer, BatchNorm) for layer in self.job.network.layers):
            raise ValueError("batch_size: batch_norm needs batches of 2 rows or more")
        if size > n_rows:
            text = f"batch_size: {size} is more than the {n_rows} rows; it is clipped to them"
            warnings.warn(text, UserWarning, stacklevel=caller_stacklevel())
        return min(int(size), n_rows)

    def _callbacks(self, visited: int) -> list[Callback]:
        settings, standing, optimizer = self.settings, self.standing, self.job.optimizer
        rules: list[Callback] = []
        if isinstance(optimizer, Optimizer):
            kind = settings.learning_rate if _is_plain_sgd(settings) else "constant"
            adaptive = optimizer if kind == "adaptive" else None
            limits = (standing, settings.tol, settings.n_iter_no_change, adaptive)
            rules.append(
                BestScore(f"validation_{self.examination.judge.names[0]}", *limits)
                if settings.early_stopping and self.examination is not None
                else Patience(*limits)
            )
            if kind == "invscaling":
                start, n_rows = settings.learning_rate_init, len(self.job.rows.X)
                rules.append(InverseTime(optimizer, start, settings.power_t, visited, n_rows))
        if settings.verbose:
            rules.append(Report(standing))
        return [*rules, *as_callbacks(settings.callbacks)]


def _is_plain_sgd(settings: Settings) -> bool:
    """Whether `learning_rate` has a say."""
    return settings.optimizer is None and settings.solver == "sgd"


def _running_order(n_rows: int, rng: np.random.RandomState) -> Callable[[int], NDArray[np.intp]]:
    """Shuffle the order of the epoch before, with the numbers that scikit-learn draws.

    Its function for that looks at its arguments for longer than a small epoch takes.
    """
    order = np.arange(n_rows)

    def next_order(_: int) -> NDArray[np.intp]:
        nonlocal order
        places = np.arange(n_rows)
        rng.shuffle(places)
        order = order[places]
        return order

    return next_order
