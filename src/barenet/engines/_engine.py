"""The interface of an engine, where the arithmetic of training runs.

The training loop passes an engine the batches of a chunk, and the engine returns a loss and a
gradient norm for each. All engines compute the same; they differ in speed.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import Configurable, option
from barenet.errors import ArgumentError
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray
from barenet.model._network import Network
from barenet.model.losses import Loss
from barenet.optimization._penalties import Penalty
from barenet.optimization.optimizers import LBFGS, Optimizer
from barenet.optimization.optimizers._optimizer import Clipping

#: Row indices, and a learning rate for each batch of them.
Order = NDArray[np.intp]
Rates = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Job(Configurable):
    """Network, training set, loss and optimizer: all that stays the same from step to step."""

    #: Its parameters are changed in place.
    network: Network
    rows: ArrayDataset
    loss: Loss
    optimizer: Optimizer | LBFGS
    penalties: Sequence[Penalty] = field(default=())
    clipping: Clipping | None = None
    #: Decides the random numbers of each step.
    seed: int = option(0, ge=0, le=2**32 - 1, integer=True)


class ChunkResult(NamedTuple):
    """Losses and gradient norms of the batches of a chunk, each of shape (n_batches,)."""

    #: Before the step of the batch, with the penalties.
    losses: NDArray[np.float64]
    #: Euclidean, before clipping.
    gradient_norms: NDArray[np.float64]


class UnsupportedJobError(ArgumentError):
    """A job that an engine can't run."""


class Engine(ABC):
    """One implementation of the arithmetic, created with a job and a maximum of threads.

    Attributes
    ----------
    name : str
        The key in `ENGINES`.
    pace : float
        Rows times parameters that it can certainly process in a second; 0 if unknown.
    row_orders : callable, optional
        Orders the rows for some epochs as the training loop does, but faster.
    """

    name: ClassVar[str]
    job: Job
    pace: ClassVar[float] = 0.0
    row_orders: Callable[[int, int, Sequence[int]], Order] | None = None

    @abstractmethod
    def __init__(self, job: Job, threads: int | None = None) -> None:
        """Raises UnsupportedJobError for a job that it can't run.

        By default as many threads as are worth starting; the bits do not depend on them.
        """

    @abstractmethod
    def run(self, order: Order, batch_size: int, rates: Rates, first_step: int) -> ChunkResult:
        """Take one step for each batch of a chunk.

        `order` has the row indices of all batches, the last of which may be smaller; for several
        epochs, it has shape (n_epochs, n_rows). `rates` has the learning rate of each step, and
        `first_step` is the number of steps before the chunk, which decides its random numbers. No
        later call changes the arrays of the result.
        """

    @abstractmethod
    def value_and_gradient(self) -> tuple[float, FloatArray]:
        """Loss of the training set with the penalties, and its gradient, shape (n_parameters,)."""

    def raw_parameters(self) -> FloatArray:
        """The parameters that steps are taken from, which the network's are an average of.

        Both begin from the network's parameters, and again where these have been changed since.
        """
        optimizer, parameters = self.job.optimizer, self.job.network.parameters
        assert isinstance(optimizer, Optimizer)
        optimizer.prepare(parameters)
        raw, average = optimizer.moments["raw"], optimizer.moments["average"]
        if not np.array_equal(average, parameters):
            raw[:] = average[:] = parameters
        return raw

    def close(self, *, reusable: bool = True) -> None:
        """Let go of memory, which other jobs may reuse unless NaN may have come into it."""

    @abstractmethod
    def evaluate(self, rows: ArrayDataset) -> tuple[float, FloatArray]:
        """Loss of any rows without penalties, and the outputs, shape (n_rows, n_outputs)."""
