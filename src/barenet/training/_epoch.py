"""An epoch: its mini-batches, the learning rate of each step, and its results."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import Configurable, check_count, checks_arguments, option
from barenet._metrics import Metric
from barenet.engines import ChunkResult, Engine, Job
from barenet.engines._engine import Rates, RowOrders
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray
from barenet.model._stateful import Stateful
from barenet.optimization._schedules import Constant, Schedule
from barenet.training._callbacks import Callback

#: Multiplications between two calls of the callbacks while a network is measured, which take a few
#: tenths of a second.
MAX_MULTIPLICATIONS = 2**31

#: Rows are measured in multiples of this number, which engines process at a time.
ROW_MULTIPLE = 4096


@checks_arguments
def batches(
    X: NDArray[Any],
    y: NDArray[Any],
    *,
    batch_size: int = 32,
    rng: np.random.Generator | int | None = None,
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Split the rows into mini-batches, for a user-defined training loop.

    Parameters
    ----------
    X, y : ndarray of shape (n_samples, n_features) and (n_samples, ...)
        The samples and their targets.
    batch_size : int, default=32
        Rows in a batch; the last batch has the rest.
    rng : numpy.random.Generator or int, optional
        Shuffles the rows; by default they keep their order. `train` orders them by seed and epoch.

    Yields
    ------
    X_batch, y_batch : ndarray of shape (batch_size, n_features) and (batch_size, ...)
        The next samples and their targets.

    Raises
    ------
    ValueError
        If X and y differ in length, or the size is not a whole number of 1 or more.

    Examples
    --------
    >>> X, y = np.arange(10).reshape(5, 2), np.arange(5)
    >>> [y_batch.tolist() for _, y_batch in batches(X, y, batch_size=2)]
    [[0, 1], [2, 3], [4]]
    """
    batch_size = check_count(batch_size, "batch_size")
    X = np.asarray(X)
    y = np.asarray(y)
    if len(X) != len(y):
        raise ValueError(f"y: has {len(y)} rows, and X has {len(X)}")
    order = np.arange(len(X))
    if rng is not None:
        order = np.random.default_rng(rng).permutation(len(X))
    for start in range(0, len(X), batch_size):
        indices = order[start : start + batch_size]
        yield X[indices], y[indices]


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingConfig(Configurable):
    """Epochs, batches, schedule and measurements of a run, all checked."""

    epochs: int = option(ge=1, integer=True)
    batch_size: int
    shuffle: bool = True
    #: Orders the rows of arrays for epochs, instead of `Engine.row_orders`.
    row_orders: RowOrders | None = None
    schedule: Schedule = field(default_factory=Constant)
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    #: Validation and test sets, by their names in `EVALUATION_SETS`.
    held_out: Mapping[str, ArrayDataset] = field(default_factory=dict)
    callbacks: Sequence[Callback] = ()
    #: Whether the loss of an epoch averages its batches by their rows, not by their weights.
    averages_by_rows: bool = False
    #: Computes the scores of the validation set's outputs, by their `names`; greater is better.
    scorer: Any = None


@dataclass(eq=False)
class Epoch(Stateful):
    """The current epoch: its learning rates, the results of its chunks, and its duration."""

    rows: ArrayDataset
    config: TrainingConfig
    #: The learning rate of each batch; none for L-BFGS.
    rates: Rates
    results: list[ChunkResult] = field(default_factory=list)
    #: The start of the epoch, on the clock of ``time.perf_counter``.
    started: float = field(default_factory=time.perf_counter)

    def joined(self) -> ChunkResult:
        """Concatenate the results of the chunks."""
        if not self.results:
            return ChunkResult(np.zeros(0), np.zeros(0))
        if len(self.results) > 1:
            losses = np.concatenate([result.losses for result in self.results])
            norms = np.concatenate([result.gradient_norms for result in self.results])
            self.results = [ChunkResult(losses, norms)]
        return self.results[0]

    def mean_loss(self, losses: FloatArray, orders: Any) -> FloatArray:
        """Average the losses of the batches of one or more epochs by the weights of their rows.

        With one order of the rows and losses of shape (n_batches,), return the mean loss of the
        epoch; with n orders and losses of shape (n, n_batches), the n mean losses.
        """
        rows = self.rows
        if self.config.averages_by_rows:
            rows = rows._replace(sample_weight=None)
        weights = rows.batch_weights(self.config.batch_size, orders)
        if rows.sample_weight is None:
            total: float | FloatArray = float(rows.n_rows)
        else:
            total = weights.sum(axis=-1)
        means: FloatArray = np.vecdot(losses, weights) / total
        return means

    @property
    def seconds(self) -> float:
        """Time since the start of the epoch."""
        return time.perf_counter() - self.started

    def state_dict(self) -> dict[str, Any]:
        return {**self.joined()._asdict(), "rates": self.rates, "seconds": self.seconds}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.results = [ChunkResult(state["losses"], state["gradient_norms"])]
        self.rates[:] = state["rates"]
        self.started = time.perf_counter() - state["seconds"]


class MeasurementInterrupted(Exception):  # noqa: N818
    """Raised to end the run before its epoch is measured."""


def measure(
    engine: Engine, config: TrainingConfig, is_interrupted: Callable[[], bool]
) -> dict[str, float]:
    """Compute the metrics of the training set, and loss and metrics of the held-out sets.

    The loss of the training set is left out, because its curve is the mean over the batches.
    """
    values: dict[str, float] = {}
    if config.metrics:
        rows = engine.job.rows.in_memory
        _, output = _evaluate(engine, rows, is_interrupted)
        values.update(_metrics_of(engine.job, config, rows, output))
    for part, rows in config.held_out.items():
        loss, output = _evaluate(engine, rows, is_interrupted)
        values[f"{part}_loss"] = loss
        for name, value in _metrics_of(engine.job, config, rows, output).items():
            values[f"{part}_{name}"] = value
        if config.scorer and part == "validation":
            for name, score in config.scorer(output).items():
                values[f"validation_{name}"] = score
    return values


def _metrics_of(
    job: Job, config: TrainingConfig, rows: ArrayDataset, output: FloatArray
) -> dict[str, float]:
    """Compute the metrics of rows from their outputs."""
    indices = rows.row_indices()
    actual = job.loss.point(rows.y[indices])
    predicted = job.loss.point(output)
    weight = rows.sample_weight
    if weight is not None:
        weight = weight[indices]
    return {name: metric(predicted, actual, weight) for name, metric in config.metrics.items()}


def _evaluate(
    engine: Engine, rows: ArrayDataset, is_interrupted: Callable[[], bool]
) -> tuple[float, FloatArray]:
    """Compute the loss and the outputs, in blocks of rows if the network is large."""
    most = MAX_MULTIPLICATIONS // max(1, engine.job.network.n_parameters)
    size = max(1, most // ROW_MULTIPLE) * ROW_MULTIPLE
    if rows.n_rows <= size:
        return engine.evaluate(rows)
    results = []
    for start in range(0, rows.n_rows, size):
        if is_interrupted():
            raise MeasurementInterrupted
        block = rows.select(slice(start, start + size))
        results.append(engine.evaluate(block))
    losses, outputs = zip(*results, strict=True)
    return float(np.array(losses) @ rows.batch_shares(size)), np.concatenate(outputs)
