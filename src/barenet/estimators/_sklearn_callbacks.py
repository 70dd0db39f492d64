"""Support for scikit-learn's own callbacks, such as its progress bars.

For these callbacks, a fit is a task, and so is each of its epochs.
"""

from functools import partial
from typing import Any

from barenet.training._callbacks import Callback, Run


class TaskReporter(Callback):
    """Reports the fit, and each of its epochs, to the callbacks of scikit-learn."""

    def __init__(self, estimator: Any, fit_task: Any, X: Any, y: Any, sample_weight: Any) -> None:
        self.estimator = estimator
        self.fit_task = fit_task
        self.epoch_task: Any = None
        metadata = {"sample_weight": sample_weight} if sample_weight is not None else None
        self.data = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}

    def on_start(self, run: Run) -> None:
        attributes = partial(self._fitted_attributes, run)
        self.epoch_data = {**self.data, "reconstruction_attributes": attributes}
        self.fit_task.call_on_fit_task_begin(**self.data)
        self._begin_epoch()

    def end(self) -> None:
        """Report the end of the fit, once the estimator has its attributes."""
        self.fit_task.call_on_fit_task_end(**self.data, reconstruction_attributes={})

    def on_epoch(self, run: Run) -> None:
        task = self.epoch_task
        self.epoch_task = None
        if task.call_on_fit_task_end(**self.epoch_data):
            run.stop("a callback of scikit-learn has ended the fit")
        if not run.stop_reason and run.epoch < run.epochs:
            self._begin_epoch()

    def on_end(self, run: Run) -> None:
        if self.epoch_task is not None:  # the run ended within an epoch
            task = self.epoch_task
            self.epoch_task = None
            task.call_on_fit_task_end(estimator=self.estimator)

    def _begin_epoch(self) -> None:
        self.epoch_task = self.fit_task.subcontext(task_name="epoch")
        self.epoch_task.call_on_fit_task_begin(**self.epoch_data)

    def _fitted_attributes(self, run: Run) -> dict[str, Any]:
        """Return the attributes that a copy needs to predict as after this epoch."""
        losses = run.history.loss
        last_loss = losses[-1] if len(run.history) else None
        return {
            "network_": run.network.copy(),
            "n_iter_": len(run.history),
            "loss_": last_loss,
            "loss_curve_": [*self.estimator.loss_curve_, *losses],
        }
