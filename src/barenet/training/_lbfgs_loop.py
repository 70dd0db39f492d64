"""Training with L-BFGS: SciPy takes the steps on all rows at once, and an epoch is an iteration."""

import time
from collections.abc import Sequence

import numpy as np

from barenet.engines import Engine, Job
from barenet.engines._threads import scipy_on_one_thread
from barenet.errors import ArgumentError
from barenet.model._arrays import FloatArray
from barenet.model._layout import euclidean_norm
from barenet.model.layers import Dropout
from barenet.optimization._schedules import Constant, Schedule
from barenet.optimization.optimizers import LBFGS
from barenet.optimization.optimizers._lbfgs import LBFGSHistory
from barenet.training._callbacks import Callback
from barenet.training._loop import Loop
from barenet.training._run import TrainingConfig


class LBFGSLoop(Loop):
    """The iterations of L-BFGS."""

    optimizer: LBFGS
    optimizer_state: LBFGSHistory

    def __init__(
        self, engine: Engine, config: TrainingConfig, callbacks: Sequence[Callback]
    ) -> None:
        check_full_batch(engine.job, config.schedule)
        super().__init__(engine, config, callbacks)
        self.optimizer_state = LBFGSHistory()

    def _run_epochs(self) -> None:
        run = self.run
        if len(run.history) >= run.epochs:
            return
        with scipy_on_one_thread():
            ending = self.optimizer.minimize(
                self.engine.value_and_gradient,
                run.network.parameters,
                run.epochs,
                self._finish_iteration,
                None if self.checkpoints is None else self.optimizer_state,
            )
        if not len(run.history):  # converged before the first iteration
            self._finish_iteration(*self.engine.value_and_gradient())
        if ending not in ("completed", "stopped"):  # a callback that stops gives its own reason
            run.stop(ending)

    def _finish_iteration(self, loss: float, gradient: FloatArray) -> bool:
        """Record an iteration, and return whether to stop."""
        run = self.run
        run.epoch, run.batch = run.epoch + run.batch, 0  # the epoch after a finished one
        self.monitor.check_chunk(np.array([loss]))
        run.batch = 1
        self._finish_chunk()
        self._finish_epoch(loss, euclidean_norm(gradient))
        self.epoch.started = time.perf_counter()
        if run.stop_reason is None:
            self._save_if_due()
        return run.stop_reason is not None

    def _is_interrupted(self) -> bool:
        """Call the callbacks; an iteration that has begun is always finished."""
        super()._is_interrupted()
        return False

    def _final_loss(self) -> float:
        return self.engine.value_and_gradient()[0]


def check_full_batch(job: Job, schedule: Schedule | None = None) -> None:
    """Check that L-BFGS gets the same function in every evaluation, and sets its own steps."""
    if not job.optimizer.full_batch:
        return
    if any(isinstance(layer, Dropout) and layer.rate > 0 for layer in job.network.layers):
        raise ArgumentError(
            "lbfgs can't be used with dropout, which changes every step", argument="optimizer"
        )
    if job.clipping is not None or not isinstance(schedule, Constant | None):
        argument = "clip" if job.clipping is not None else "schedule"
        raise ArgumentError("lbfgs chooses the length of its steps itself", argument=argument)
