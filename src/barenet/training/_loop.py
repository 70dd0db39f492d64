"""The loops of training: `MiniBatchLoop` batch by batch, `LBFGSLoop` on all rows at once."""

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from barenet._constraints import check_count
from barenet._logging import LOGGER
from barenet._metrics import is_maximized
from barenet.engines import ChunkResult, Engine, Job
from barenet.engines._block_rows import BlockRows
from barenet.engines._engine import Chunk, Order, Orders, Rates
from barenet.errors import ArgumentError
from barenet.model._arrays import FloatArray, check_result
from barenet.model._network import Snapshot
from barenet.model._stateful import Stateful
from barenet.model.layers import Dropout
from barenet.optimization._schedules import Constant, Schedule
from barenet.optimization.optimizers._lbfgs import LBFGSState
from barenet.optimization.optimizers._optimizer import euclidean_norm
from barenet.training._callbacks import Callback, Run
from barenet.training._divergence import DivergenceMonitor
from barenet.training._epoch import Epoch, MeasurementInterrupted, TrainingConfig, measure
from barenet.training._history import History

#: Duration of a chunk of batches, in seconds: short enough for a smooth progress bar.
CHUNK_SECONDS = 0.1

#: Number of rows whose loss is checked for divergence after the last step.
ENOUGH = 16

#: The fixed cost of a batch, besides its rows times the parameters; see `Engine.pace`.
OVERHEAD = 10_000

#: The monitor detects divergence from the losses; NumPy's warnings would only repeat that.
IGNORED: dict[str, Any] = {"over": "ignore", "invalid": "ignore", "divide": "ignore"}

#: The networks and estimators that are being trained, by their ids.
IN_TRAINING: dict[int, object] = {}


@dataclass
class ChunkSize:
    """The number of batches in the next chunk, which is to take about a tenth of a second."""

    batches: int

    @classmethod
    def first(cls, engine: Engine, config: TrainingConfig) -> Self:
        """Choose a cautiously small number, from the minimum pace of the engine."""
        work = config.batch_size * engine.job.network.n_parameters + OVERHEAD
        batches = int(engine.pace * CHUNK_SECONDS / work)
        return cls(max(1, batches))

    def adapt(self, n_batches: int, seconds: float) -> None:
        """Choose the next number from the time that a chunk has taken."""
        per_second = n_batches / max(seconds, 1e-9)
        count = int(per_second * CHUNK_SECONDS)
        # A chunk copies all parameters, so up to 8 steps of wide layers may take ten times as long.
        count_of_wide = min(8, int(per_second * 10 * CHUNK_SECONDS))
        most = 4 * max(n_batches, self.batches)
        self.batches = max(1, min(max(count, count_of_wide), most))


class Loop(ABC):
    """A run from its first epoch to its last; a subclass takes the steps."""

    def __init__(self, engine: Engine, config: TrainingConfig) -> None:
        job = engine.job
        rows = job.rows
        if isinstance(rows, BlockRows):
            rows.check_steps(job.optimizer, config.batch_size)
        self.engine = engine
        self.job = job
        self.config = config
        #: The callbacks that `session` has started.
        self.callbacks: list[Callback] = []
        #: Whether the engine is used again after the session, which then doesn't close it.
        self.keeps_engine = False
        self.optimizer: Any = job.optimizer
        self.optimizer_state: Any = job.optimizer
        self.n_rows = rows.n_rows
        self.run = _new_run(engine, config, self.n_rows)
        before = Snapshot(job.network.parameters.copy(), job.network.statistics.copy())
        self.monitor = DivergenceMonitor(self.run, before, job.loss)
        n_rates = 0 if job.optimizer.full_batch else self.run.n_batches
        self.epoch = Epoch(rows, config, rates=np.zeros(n_rates))
        self.chunk = ChunkSize.first(engine, config)

    @property
    def parts(self) -> dict[str, Stateful]:
        """The parts of the run that have a state, by name; callbacks keep their own state."""
        return {
            "run": self.run,
            "epoch": self.epoch,
            "monitor": self.monitor,
            "optimizer": self.optimizer_state,
            "schedule": self.config.schedule,
        }

    def orders_of(self, epochs: range) -> Orders:
        """Return the row indices of epochs, counted from 0, shape (n_epochs, n_rows)."""
        rows = self.job.rows
        seed = self.job.seed if self.config.shuffle else None
        if isinstance(rows, BlockRows):
            return rows.orders(seed, epochs)
        row_orders = self.config.row_orders or self.engine.row_orders
        return row_orders(self.n_rows, seed, epochs)

    @contextmanager
    def session(self, *savers: Callback) -> Iterator[None]:
        """Start the callbacks, those that save the run last; then check the last step and end."""
        try:
            for callback in (*self.config.callbacks, *savers):
                self.callbacks.append(callback)
                callback.on_start(self.run)
            yield
            with np.errstate(**IGNORED):
                self.monitor.check_end(self._final_loss())
            if not self.keeps_engine:
                self.engine.close()
        except BaseException as error:
            self._end(error)
            raise
        self._end(None)

    @abstractmethod
    def advance(self, until: int) -> History:
        """Run until this number of epochs is finished, or a callback stops the run."""

    def _final_loss(self) -> float:
        """Compute a loss after the last step, to check the final parameters."""
        n_rows = min(ENOUGH, self.config.batch_size)
        return self.engine.final_loss(n_rows)

    def _finish_epoch(self, loss: float, gradient_norm: float, **more: float) -> None:
        """Check, measure and record an epoch, and call the callbacks."""
        self.monitor.check_epoch(loss, gradient_norm)
        measured = measure(self.engine, self.config, self._is_interrupted)
        values = {"loss": loss, **measured, **more, "gradient_norm": gradient_norm}
        self.monitor.check_measured(values)
        self.config.schedule.observe(values.get("validation_loss", loss))  # never the test loss
        self.run.history.append({**values, "seconds": self.epoch.seconds})
        for callback in self.callbacks:
            callback.on_epoch(self.run)

    def _finish_chunk(self) -> None:
        for callback in self.callbacks:
            callback.on_chunk(self.run)

    def _is_interrupted(self) -> bool:
        """Call the callbacks, and return whether one has interrupted the run."""
        self._finish_chunk()
        return self.run.stop_reason is not None and not self.run.is_final

    def _end(self, error: BaseException | None) -> None:
        """Record why the run ended, and call `on_end` of each callback, even if another fails."""
        if error is None:
            reason = "completed"
        elif type(error) is KeyboardInterrupt:
            reason = "interrupted"
        else:
            reason = f"failed with {type(error).__name__}"
        history = self.run.history
        history.stop_reason = self.run.stop_reason or reason
        is_stopped = self.run.stop_reason is not None or reason == "interrupted"
        history.resumable = is_stopped and not self.run.finished
        last_loss = history.loss[-1] if len(history) else math.nan
        words = "%d epochs on the %s engine, loss %.4g: %s"
        LOGGER.info(words, len(history), history.engine, last_loss, history.stop_reason)
        with ExitStack() as endings:
            for callback in reversed(self.callbacks):  # the stack exits in reverse order
                endings.callback(callback.on_end, self.run)


def _new_run(engine: Engine, config: TrainingConfig, n_rows: int) -> Run:
    """Make the run before its first epoch, with the names of its curves."""
    job = engine.job
    measures = ["loss", *config.metrics]
    names = list(measures)
    for part in config.held_out:
        names.extend(f"{part}_{measure_name}" for measure_name in measures)
    scores = []
    if config.scorer:
        scores = [f"validation_{name}" for name in config.scorer.names]
    names += scores
    if not job.optimizer.full_batch:
        names.append("learning_rate")
    names += ["gradient_norm", "seconds"]
    maximized = set(scores)
    if config.metrics:
        maximized.update(name for name in names if is_maximized(name))
    return Run(
        network=job.network,
        history=History(engine=engine.name, seed=job.seed, penalized=bool(job.penalties)),
        epochs=config.epochs,
        n_batches=math.ceil(n_rows / config.batch_size),
        measured=tuple(names),
        maximized_metrics=frozenset(maximized),
    )


class MiniBatchLoop(Loop):
    """Epochs of shuffled mini-batches, one step of the optimizer for each.

    An engine takes the steps of a chunk of batches at a time, short enough that callbacks are
    called, and checkpoints saved, about ten times a second.
    """

    def advance(self, until: int) -> History:
        with np.errstate(**IGNORED):
            for chunk in self.chunks(until):
                chunk.run()
        return self.run.history

    def chunks(self, until: int) -> Iterator[Chunk]:
        """Yield the chunks up to an epoch; the caller computes the result of each."""
        run = self.run
        finished = 0
        if run.batch:  # a resumed run, or one that has advanced before
            finished = len(run.history)
        with suppress(MeasurementInterrupted):
            while finished < until and not run.stop_reason:
                count = self._epochs_of_chunk(until - finished)
                if count > 1:
                    yield from self._run_ahead(finished, count)
                else:
                    yield from self._run_epoch(finished)
                finished = len(run.history)

    def _epochs_of_chunk(self, remaining: int) -> int:
        """Count the epochs of the next chunk: 1 if anything reads or changes the network between.

        It is also 1 if an epoch takes several chunks.
        """
        run = self.run
        config = self.config
        is_within_epoch = run.batch not in (0, run.n_batches)
        if is_within_epoch or run.chunk_limit or config.schedule.follows_loss:
            return 1
        if config.metrics or config.held_out:  # a scorer has a validation set, too
            return 1
        if not all(callback.history_only for callback in self.callbacks):
            return 1
        return int(min(self.chunk.batches // run.n_batches, remaining, run.ahead_limit))

    def _run_ahead(self, first: int, count: int) -> Iterator[Chunk]:
        """Run whole epochs as one chunk, then record them.

        If a loss is suspicious, or a callback ends the run at an earlier epoch, the epochs are
        repeated from the snapshot, which gives the same bits.
        """
        run = self.run
        epoch = self.epoch
        before = _copy_state(self.optimizer)
        epochs = range(first, first + count)
        orders = self.orders_of(epochs)
        rates = self._rates_of(epochs)
        size = self.config.batch_size
        n_batches = run.n_batches
        first_step = first * n_batches
        epoch.rates = rates[-1]
        epoch.started = time.perf_counter()
        chunk = Chunk(self.engine, orders, size, rates.ravel(), first_step)
        yield chunk
        result = chunk.result
        losses_by_epoch = result.losses.reshape(count, n_batches)
        norms_by_epoch = result.gradient_norms.reshape(count, n_batches)
        # A checkpoint contains the rates and the results of the current epoch, here the last one.
        epoch.results = [ChunkResult(losses_by_epoch[-1], norms_by_epoch[-1])]
        losses = epoch.mean_loss(losses_by_epoch, orders)
        norms = norms_by_epoch.sum(axis=1) / n_batches
        if self.monitor.is_suspicious(result.losses, norms):
            yield from self._repeat_one_by_one(before, epochs, orders)
            return
        run.is_ahead = True
        seconds = epoch.seconds
        self.chunk.adapt(rates.size, seconds)
        curves = {
            "loss": losses.tolist(),
            "learning_rate": rates[:, -1].tolist(),
            "gradient_norm": norms.tolist(),
            "seconds": [seconds / count] * count,
        }
        self._record(curves, count)
        run.is_ahead = False
        recorded = len(run.history) - first
        if recorded < count:
            self._repeat_until(recorded, before, orders, rates, first_step)
        self.monitor.snapshot.update(run.network)
        self._finish_chunk()

    def _repeat_one_by_one(
        self, before: dict[str, Any], epochs: range, orders: Orders
    ) -> Iterator[Chunk]:
        """Repeat epochs with a suspicious loss, each with the checks of `_run_epoch`."""
        self.engine.close(reusable=False)  # the engine's memory may contain NaN
        self._rewind(before)
        for index, epoch in enumerate(epochs):
            if not self.run.stop_reason:
                yield from self._run_epoch(epoch, orders[index : index + 1])

    def _repeat_until(
        self, recorded: int, before: dict[str, Any], orders: Orders, rates: Rates, first_step: int
    ) -> None:
        """Repeat the recorded epochs alone, as a callback has ended the run at the last of them."""
        self._rewind(before)
        rates_of_recorded = rates[:recorded].ravel()
        size = self.config.batch_size
        self.engine.run(orders[:recorded], size, rates_of_recorded, first_step)

    def _rates_of(self, epochs: range) -> Rates:
        """Compute the scheduled learning rate of each batch, shape (n_epochs, n_batches)."""
        schedule = self.config.schedule
        learning_rate = self.optimizer.learning_rate
        n_batches = self.run.n_batches
        rates = np.empty((len(epochs), n_batches))
        for rates_of_epoch, epoch in zip(rates, epochs, strict=True):
            if schedule.steady:
                rates_of_epoch[:] = learning_rate * self._factor(epoch)
                continue
            for batch in range(n_batches):
                rates_of_epoch[batch] = learning_rate * self._factor(epoch + batch / n_batches)
        return rates

    def _factor(self, epoch: float) -> float:
        """Compute the factor on the learning rate at a time, counted in epochs."""
        schedule = self.config.schedule
        factor = schedule.factor(epoch, self.config.epochs)
        number = float(check_result(factor, (), schedule, "factor"))
        if not math.isfinite(number):
            part = f"{type(schedule).__name__}.factor"
            raise ArgumentError.of("schedule", factor, "a finite number", part=part)
        return number

    def _record(self, curves: Mapping[str, list[float]], count: int) -> None:
        """Record epochs, and call the callbacks for each, until one stops the run."""
        run = self.run
        run.batch = run.n_batches
        watching = [
            callback
            for callback in self.callbacks
            if type(callback).on_epoch is not Callback.on_epoch
        ]
        if not watching:
            for name, values in curves.items():
                run.history.setdefault(name, []).extend(values)
            run.epoch = len(run.history)
            return
        for index in range(count):
            run.epoch = len(run.history) + 1
            run.history.append({name: values[index] for name, values in curves.items()})
            for callback in watching:
                callback.on_epoch(run)
            if run.stop_reason:
                return

    def _rewind(self, optimizer_state: dict[str, Any]) -> None:
        """Return to the parameters of the snapshot."""
        self.monitor.snapshot.restore(self.run.network)
        self.optimizer.load_state_dict(optimizer_state)

    def _run_epoch(self, index: int, orders: Orders | None = None) -> Iterator[Chunk]:
        """Run the batches of an epoch, or the remaining ones of a resumed epoch, chunk by chunk."""
        run = self.run
        epoch = self.epoch
        is_resumed = run.epoch == index + 1 and run.batch > 0
        if not is_resumed:  # a callback may have changed the rate of a resumed epoch
            self._start_epoch(index)
        if orders is None:
            orders = self.orders_of(range(index, index + 1))
        [order] = orders
        while run.batch < run.n_batches and not run.stop_reason:
            started = time.perf_counter()  # taking a slice of the order reads rows in blocks
            chunk = self._next_chunk(index, order)
            yield chunk
            self.chunk.adapt(len(chunk.rates), time.perf_counter() - started)
            self.monitor.check_chunk(chunk.result.losses)
            epoch.results.append(chunk.result)
            run.batch += len(chunk.rates)
            self._finish_chunk()
        if run.batch == run.n_batches:
            losses, norms = epoch.joined()
            loss = float(epoch.mean_loss(losses, order))
            norm = float(norms.sum()) / run.n_batches
            self._finish_epoch(loss, norm, learning_rate=float(epoch.rates[-1]))

    def _start_epoch(self, index: int) -> None:
        """Go to the first batch of an epoch, and schedule its learning rates."""
        self.run.epoch = index + 1
        self.run.batch = 0
        self.epoch.rates = self._rates_of(range(index, index + 1))[0]
        self.epoch.results = []
        self.epoch.started = time.perf_counter()

    def _next_chunk(self, index: int, order: Order) -> Chunk:
        """Make the next chunk of an epoch: as many batches as take about a tenth of a second."""
        run = self.run
        size = self.config.batch_size
        count = self.chunk.batches
        if run.chunk_limit is not None:
            count = min(count, check_count(run.chunk_limit, "chunk_limit"))
        end = min(run.batch + count, run.n_batches)
        rows = order[run.batch * size : end * size]
        step = index * run.n_batches + run.batch
        return Chunk(self.engine, [rows], size, self.epoch.rates[run.batch : end], step)


class LBFGSLoop(Loop):
    """The iterations of L-BFGS, each of which is an epoch."""

    def __init__(self, engine: Engine, config: TrainingConfig) -> None:
        check_full_batch(engine.job, config.schedule)
        super().__init__(engine, config)
        self.optimizer_state = LBFGSState()

    def advance(self, until: int) -> History:
        run = self.run
        self.epoch.started = time.perf_counter()
        if not run.stop_reason and len(run.history) < until:
            with np.errstate(**IGNORED), suppress(MeasurementInterrupted):
                self._minimize(until)
        return run.history

    def _minimize(self, until: int) -> None:
        """Continue the search, or start it."""
        run = self.run
        ending = self.optimizer.minimize(
            self.engine.value_and_gradient,
            run.network.parameters,
            until - len(run.history),
            self._finish_iteration,
            self.optimizer_state,
        )
        if not len(run.history):  # converged before the first iteration
            loss, gradient = self.engine.value_and_gradient()
            self._finish_iteration(loss, gradient)
        if ending not in ("completed", "stopped"):  # a callback that stops gives its own reason
            run.stop(ending)

    def _finish_iteration(self, loss: float, gradient: FloatArray) -> bool:
        """Record an iteration, and return whether to stop."""
        run = self.run
        if run.batch > 0:  # the last iteration is finished
            run.epoch += 1
        run.batch = 0
        self.monitor.check_chunk(np.array([loss]))
        run.batch = 1
        self._finish_chunk()
        self._finish_epoch(loss, euclidean_norm(gradient))
        self.epoch.started = time.perf_counter()
        return run.stop_reason is not None

    def _is_interrupted(self) -> bool:
        """Call the callbacks, but always finish an iteration that has begun."""
        self._finish_chunk()
        return False

    def _final_loss(self) -> float:
        """Compute the loss of all rows, which updates the running averages of batch norms."""
        loss, _ = self.engine.value_and_gradient()
        return loss


def _copy_state(part: Stateful) -> dict[str, Any]:
    """Copy the state of a part, with its arrays."""
    copy = {}
    for name, value in part.state_dict().items():
        if isinstance(value, np.ndarray):
            value = value.copy()
        copy[name] = value
    return copy


def make_loop(engine: Engine, config: TrainingConfig) -> Loop:
    """Make the loop of the job's optimizer."""
    if engine.job.optimizer.full_batch:
        return LBFGSLoop(engine, config)
    return MiniBatchLoop(engine, config)


def check_full_batch(job: Job, schedule: Schedule | None = None) -> None:
    """Check that every evaluation has the same loss function, and that nothing changes the steps.

    L-BFGS takes no dropout, and no clipping or schedule, as a line search chooses its steps.
    """
    if not job.optimizer.full_batch:
        return
    for layer in job.network.layers:
        if isinstance(layer, Dropout) and layer.rate > 0:
            problem = "lbfgs can't be used with dropout, which changes every step"
            raise ArgumentError(problem, argument="optimizer")
    problem = "lbfgs chooses the length of its steps itself"
    if job.clipping is not None:
        raise ArgumentError(problem, argument="clip")
    if not isinstance(schedule, Constant | None):
        raise ArgumentError(problem, argument="schedule")


@contextmanager
def exclusive(trained: object, argument: str = "network") -> Iterator[None]:
    """Refuse to train a network or an estimator that is already being trained."""
    ticket = object()
    # setdefault reads and writes atomically
    if IN_TRAINING.setdefault(id(trained), ticket) is not ticket:
        raise RuntimeError(f"{argument}: already being trained, in another thread or a callback")
    try:
        yield
    finally:
        del IN_TRAINING[id(trained)]
