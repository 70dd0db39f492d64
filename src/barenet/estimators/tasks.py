"""Tasks: what scikit-learn's own callbacks are told of a fit.

A fit is a task, and so is each of its epochs. Its progress bars and score monitors, which came
with scikit-learn 1.9, are told when a task begins and when it ends.
"""

from __future__ import annotations

from typing import Any

from barenet.training.callbacks import Callback
from barenet.training.run import Run

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # before 1.9 there is nobody to tell

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing."""

    def with_callbacks(method: Any) -> Any:
        """Return the method as it is."""
        return method


__all__ = ["CallbackSupportMixin", "Tasks", "with_callbacks"]


class Tasks(Callback):
    """Tells of the fit, and of each epoch.

    Attributes
    ----------
    wanted : bool
        Whether there is a callback that wants to know of epochs.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator
        self.wanted = bool(getattr(estimator, "_skl_callbacks", ()))
        self.whole: Any = None
        self.epoch: Any = None
        self.data: dict[str, Any] = {}
        if hasattr(estimator, "_init_callback_context"):
            most = int(estimator.max_iter)
            self.whole = estimator._init_callback_context(max_subtasks=most)

    def begin(self, X: Any, y: Any, sample_weight: Any) -> None:
        """Tell that the fit begins."""
        if self.whole is not None:
            metadata = None if sample_weight is None else {"sample_weight": sample_weight}
            self.data = {"estimator": self.estimator, "X": X, "y": y, "metadata": metadata}
            self.whole.call_on_fit_task_begin(**self.data)

    def end(self) -> None:
        """Tell that the estimator is fitted."""
        if self.whole is not None:
            self.whole.call_on_fit_task_end(**self.data, reconstruction_attributes={})

    def on_start(self, run: Run) -> None:
        self._begin_epoch(run)

    def on_epoch(self, run: Run) -> None:
        epoch, self.epoch = self.epoch, None
        if epoch.call_on_fit_task_end(
            **self.data, reconstruction_attributes=lambda: self._as_it_stands(run)
        ):
            run.stop("a callback of scikit-learn's asked for it")
        if not run.stop_reason and run.epoch < run.epochs:
            self._begin_epoch(run)

    def on_end(self, run: Run) -> None:
        if self.epoch is not None:  # the run was ended before that epoch was
            epoch, self.epoch = self.epoch, None
            epoch.call_on_fit_task_end(estimator=self.estimator)

    def _begin_epoch(self, run: Run) -> None:
        self.epoch = self.whole.subcontext(task_name="epoch")
        self.epoch.call_on_fit_task_begin(
            **self.data, reconstruction_attributes=lambda: self._as_it_stands(run)
        )

    def _as_it_stands(self, run: Run) -> dict[str, Any]:
        """What a copy of the estimator needs, to predict as if the fit had ended here."""
        return {
            "network_": run.network.copy(),
            "n_iter_": len(run.history),
            "loss_": run.history.loss[-1] if len(run.history) else None,
            "loss_curve_": [*self.estimator.loss_curve_, *run.history.loss],
        }
