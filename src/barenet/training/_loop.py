"""What the two loops share: the start and the end of a run, and the end of each epoch.

A subclass takes the steps: `MiniBatchLoop` batch by batch, `LBFGSLoop` on all rows at once.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import numpy as np

from barenet.engines import Engine
from barenet.model._layout import Snapshot
from barenet.model._stateful import Stateful
from barenet.training._callbacks import Callback
from barenet.training._checkpointing import Checkpointer, CheckpointManager, StateDict
from barenet.training._divergence import DivergenceMonitor
from barenet.training._epoch import Epoch, MeasurementInterrupted, measure
from barenet.training._history import History
from barenet.training._metrics import MAXIMIZED
from barenet.training._run import Run, TrainingConfig

#: The networks and estimators that are being trained, by their ids.
IN_TRAINING: dict[int, object] = {}


class Loop(ABC):
    """A run from its first epoch to its last."""

    def __init__(
        self, engine: Engine, config: TrainingConfig, callbacks: Sequence[Callback]
    ) -> None:
        job = engine.job
        self.engine, self.job, self.config, self.callbacks = engine, job, config, callbacks
        self.optimizer: Any = job.optimizer
        self.optimizer_state: Any = job.optimizer
        scores = [] if config.scorer is None else [f"validation_{n}" for n in config.scorer.names]
        measured = ["loss", *config.metrics]
        for part in config.held_out:
            measured += [f"{part}_{name}" for name in ("loss", *config.metrics)]
            measured += scores if part == "validation" else []
        measured += [] if job.optimizer.full_batch else ["learning_rate"]
        self.run = Run(
            network=job.network,
            history=History(engine=engine.name, seed=job.seed, penalized=bool(job.penalties)),
            epochs=config.epochs,
            n_batches=math.ceil(len(job.rows.X) / config.batch_size),
            measured=(*measured, "gradient_norm", "seconds"),
            maximized_metrics=MAXIMIZED.union(scores),
        )
        self.monitor = DivergenceMonitor(self.run, Snapshot.of(job.network))
        rates = np.zeros(0 if job.optimizer.full_batch else self.run.n_batches)
        self.epoch = Epoch(job.rows, job.seed, config, np.arange(len(job.rows.X)), rates)
        self.checkpoints: CheckpointManager | None = None

    def start(
        self, checkpointer: Checkpointer | None = None, state: StateDict | None = None
    ) -> History:
        """Run all epochs, or as many as the callbacks allow; `state` is the one to resume from."""
        with ExitStack() as endings:
            endings.enter_context(exclusive(self.run.network))
            if checkpointer is not None or state is not None:
                self.checkpoints = CheckpointManager(
                    checkpointer, self.engine, self.config, self.callbacks, self._parts()
                )
                endings.enter_context(self.checkpoints.resume(state))
            for callback in reversed(self.callbacks):  # exited in reverse, so called in order
                endings.callback(callback.on_end, self.run)
            endings.push(self._record_stop_reason)
            for callback in self.callbacks:
                callback.on_start(self.run)
            if self.checkpoints is not None:
                self.checkpoints.resume_callbacks(state)
            # The monitor finds a divergence by the losses; NumPy's warnings would repeat it.
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                if not self.run.is_final:
                    with suppress(MeasurementInterrupted):
                        self._run_epochs()
                if self.checkpoints is not None:
                    self.checkpoints.save_end()
                self.monitor.check_end(self._final_loss())
        return self.run.history

    @abstractmethod
    def _run_epochs(self) -> None:
        """Take the steps of all epochs that are left."""

    @abstractmethod
    def _final_loss(self) -> float:
        """Loss after the last step: the history has those before each step."""

    def _finish_epoch(self, loss: float, gradient_norm: float, **more: float) -> None:
        """Check, measure and record an epoch, and call the callbacks."""
        self.monitor.check_epoch(loss, gradient_norm)
        measured = measure(self.engine, self.config, self._is_interrupted)
        values = {"loss": loss, **measured, **more, "gradient_norm": gradient_norm}
        self.monitor.check_measured(values)
        self.config.schedule.observe(values.get("validation_loss", loss))  # never of the test set
        self.run.history.append({**values, "seconds": self.epoch.seconds})
        for callback in self.callbacks:
            callback.on_epoch(self.run)

    def _finish_chunk(self) -> None:
        for callback in self.callbacks:
            callback.on_chunk(self.run)

    def _is_interrupted(self) -> bool:
        """Call the callbacks, and return whether one has stopped the run, to be resumed later."""
        self._finish_chunk()
        return self.run.stop_reason is not None and not self.run.is_final

    def _save_if_due(self) -> None:
        if self.checkpoints is not None:
            self.checkpoints.save_if_due()

    def _parts(self) -> dict[str, Stateful]:
        """The parts with a state, by their keys in a checkpoint."""
        parts = {"run": self.run, "tally": self.epoch, "guard": self.monitor}
        return {**parts, "optimizer": self.optimizer_state, "schedule": self.config.schedule}

    def _record_stop_reason(self, kind: type[BaseException] | None, *_: object) -> None:
        reason = "completed" if kind is None else f"failed with {kind.__name__}"
        self.run.history.stop_reason = self.run.stop_reason or reason


@contextmanager
def exclusive(trained: object, argument: str = "network") -> Iterator[None]:
    """Refuse to train a network or an estimator that is being trained."""
    ticket = object()
    if IN_TRAINING.setdefault(id(trained), ticket) is not ticket:  # reads and writes at once
        raise RuntimeError(f"{argument}: already being trained, in another thread or a callback")
    try:
        yield
    finally:
        del IN_TRAINING[id(trained)]
