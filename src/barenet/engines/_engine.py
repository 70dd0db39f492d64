"""Engine: the interface of the engines that compute the steps, with their jobs and results.

The training loop passes an engine the batches of a chunk, and the engine returns a loss and a
gradient norm for each. All engines compute the same steps; they differ only in speed.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import Configurable, option, option_names
from barenet.errors import ArgumentError
from barenet.model._activations import ACTIVATIONS
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray
from barenet.model._network import Network
from barenet.model._parameter_limits import ParameterLimits
from barenet.model._randomness import epoch_orders
from barenet.model.layers import LAYERS
from barenet.model.losses import LOSSES, Loss
from barenet.model.losses._scikit_learn import LOSSES_OF_SCIKIT_LEARN
from barenet.optimization._penalties import PENALTIES, Penalty
from barenet.optimization.optimizers import LBFGS, OPTIMIZERS, Optimizer
from barenet.optimization.optimizers._optimizer import CLIPPINGS, Clipping

#: Row indices in the order of the visits, shape (n_rows,), and one such order for each epoch.
Order: TypeAlias = NDArray[np.intp]
Orders: TypeAlias = Sequence[Order] | NDArray[np.intp]
#: Orders the rows of some epochs, given the number of rows, the seed (None to not shuffle) and the
#: epochs.
RowOrders: TypeAlias = Callable[[int, int | None, Sequence[int]], Orders]
#: The learning rate of each batch.
Rates: TypeAlias = NDArray[np.float64]

#: Types of the options of layers, activations and losses on which a program depends.
NUMBERS = (int, float, bool, tuple)


#: Registries that a user may add classes to, even before this module is imported.
REGISTRIES = (LAYERS, ACTIVATIONS, LOSSES, OPTIMIZERS, PENALTIES, CLIPPINGS)
#: The classes of layers, activations, losses and rules that are barenet's own, not a user's.
BUILT_IN_PARTS: set[type] = set(LOSSES_OF_SCIKIT_LEARN)
for _registry in REGISTRIES:
    for _part in _registry.values():
        if _part.__module__.startswith("barenet."):
            BUILT_IN_PARTS.add(_part)


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
    #: Determines the random numbers of each step.
    seed: int = option(0, ge=0, le=2**32 - 1, integer=True)
    #: The parts of the parameters that no step changes: those of the layers that are not trainable
    #: when the job is made.
    frozen: tuple[slice, ...] = field(default=(), init=False)
    #: The limits of the parameters in the network's precision, if it has any.
    limits: ParameterLimits | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        network = self.network
        object.__setattr__(self, "frozen", frozen_parts(network))
        super().__post_init__()
        if network._limits is not None:
            if self.optimizer.full_batch:
                problem = "L-BFGS doesn't keep the limits of the network's parameters"
                raise ArgumentError(problem, argument="optimizer", remedy="use another one")
            object.__setattr__(self, "limits", network._limits.astype(network.dtype))

    @cached_property
    def structure(self) -> tuple[Any, ...]:
        """All that programs depend on, besides the rows and the numbers that are passed to them.

        Networks of one structure can be computed by the same program. The options of the optimizer,
        the limit of clipping and the strengths of penalties are such numbers.
        """
        network = self.network
        structure: list[Any] = [
            network.dtype,
            type(self.optimizer),
            getattr(self.optimizer, "average", 0) > 0,
            type(self.clipping),
            self.limits is not None,
            tuple(part.start for part in self.frozen),
            tuple((type(penalty), penalty.normalize_by_batch) for penalty in self.penalties),
        ]
        parts: list[Any] = [self.loss]
        for layer in network.layers:
            parts.append(layer)
            if layer.activation is not None:
                parts.append(layer.activation)
        for part in parts:
            part_type: Any = type(part)
            structure.append(part_type)
            for name in option_names(part_type):
                option = getattr(part, name, None)
                if type(option) in NUMBERS:
                    structure.append((name, option))
        return tuple(structure)

    def clear_frozen(self, vector: FloatArray) -> None:
        """Set the entries of frozen parameters to 0, as of a gradient."""
        for part in self.frozen:
            vector[part] = 0

    def strengths(self, penalty: Penalty, dtype: np.dtype[np.floating]) -> FloatArray:
        """Expand the strength of a penalty to all parameters; 0 for frozen ones."""
        strengths = penalty.expand(self.network.layout, dtype)
        self.clear_frozen(strengths)
        return strengths

    @cached_property
    def penalty_terms(self) -> list[tuple[Penalty, FloatArray]]:
        """The penalties with their strengths in the network's precision."""
        dtype = self.network.dtype
        return [(penalty, self.strengths(penalty, dtype)) for penalty in self.penalties]


def frozen_parts(network: Network) -> tuple[slice, ...]:
    """Return the parts of the parameters that belong to layers that are not trainable.

    >>> network = Network.dense([2, 3, 1])
    >>> network.layers[0].trainable = False
    >>> frozen_parts(network)
    (slice(0, 6, None), slice(6, 9, None))
    """
    parts = [
        slice(slot.start, slot.stop)
        for slot in network.layout.slots
        if not network.layers[slot.layer].trainable
    ]
    return tuple(parts)


def user_defined_part(job: Job) -> object | None:
    """Return the first part of a job whose class is a user's; None if all are built in."""
    layers = job.network.layers
    activations = [layer.activation for layer in layers]
    for part in (*layers, *activations, job.loss, job.optimizer, job.clipping, *job.penalties):
        if part is not None and type(part) not in BUILT_IN_PARTS:
            return part
    return None


class ChunkResult(NamedTuple):
    """Losses and gradient norms of the batches of a chunk, each of shape (n_batches,)."""

    #: Losses before the step of each batch, including the penalties.
    losses: NDArray[np.float64]
    #: Euclidean norms of the gradients, before clipping.
    gradient_norms: NDArray[np.float64]


@dataclass(eq=False)
class Chunk:
    """The batches of a chunk: an engine, the arguments of its `run`, and the result."""

    engine: "Engine"
    orders: Orders
    batch_size: int
    rates: Rates
    first_step: int
    result: ChunkResult = field(init=False)

    def run(self) -> None:
        """Run the engine for the result."""
        self.result = self.engine.run(self.orders, self.batch_size, self.rates, self.first_step)


class Engine(ABC):
    """Computes the steps of a job.

    Parameters
    ----------
    job : Job
        Network, training set, loss and optimizer.

    Attributes
    ----------
    name : str
        The key in `ENGINES`.
    pace : float
        Minimum number of rows times parameters that it processes in a second; 0 if unknown.
    may_lose_workers : bool
        Whether a call may fail in the middle of a run, because its workers are other processes.
    row_orders : callable
        Orders the rows for epochs; see `RowOrders`.
    """

    name: ClassVar[str]
    pace: ClassVar[float] = 0.0
    may_lose_workers: ClassVar[bool] = False
    row_orders: RowOrders = staticmethod(epoch_orders)
    job: Job

    @abstractmethod
    def run(self, orders: Orders, batch_size: int, rates: Rates, first_step: int) -> ChunkResult:
        """Take one step for each batch of a chunk.

        Parameters
        ----------
        orders : sequence of ndarray of shape (n_rows,)
            Row indices of all batches, for one epoch or several; the last batch of each may be
            smaller.
        batch_size : int
            Rows in a batch.
        rates : ndarray of shape (n_batches,)
            The learning rate of each step.
        first_step : int
            Number of steps before the chunk, which determines its random numbers.

        Returns
        -------
        ChunkResult
            Losses and gradient norms; no later call changes the arrays.
        """

    @abstractmethod
    def value_and_gradient(
        self, batch: Order | None = None, step: int = 0
    ) -> tuple[float, FloatArray]:
        """Compute the loss of a batch with the penalties, and its gradient.

        Parameters
        ----------
        batch : ndarray of shape (batch_size,), optional
            Row indices; by default all rows.
        step : int, default=0
            Number of earlier steps, which determines the random numbers.

        Returns
        -------
        float, and ndarray of shape (n_parameters,)
            The loss and the gradient, which the next call for a batch may overwrite.
        """

    @abstractmethod
    def evaluate(self, rows: ArrayDataset) -> tuple[float, FloatArray]:
        """Compute the loss of any rows without penalties, and the outputs.

        Parameters
        ----------
        rows : ArrayDataset
            The rows.

        Returns
        -------
        float, and ndarray of shape (n_rows, n_outputs)
            The loss and the outputs.
        """

    def final_loss(self, n_rows: int) -> float:
        """Compute the loss of the last rows of the training set, to check the final parameters.

        Parameters
        ----------
        n_rows : int
            Maximum number of rows.

        Returns
        -------
        float
            The loss, without penalties.
        """
        loss, _ = self.evaluate(self.job.rows.in_memory.select(slice(-n_rows, None)))
        return loss

    def raw_parameters(self) -> FloatArray:
        """Return the parameters that steps are taken from, whose average the network holds.

        Both start from the network's parameters, and start again from them if they have been
        changed since.

        Returns
        -------
        ndarray of shape (n_parameters,)
            The parameters, which the next steps change.
        """
        optimizer = self.job.optimizer
        parameters = self.job.network.parameters
        assert isinstance(optimizer, Optimizer)
        optimizer.prepare(parameters)
        raw = optimizer.moments["raw"]
        average = optimizer.moments["average"]
        if not np.array_equal(average, parameters):
            raw[:] = parameters
            average[:] = parameters
        return raw

    def take_job(self, job: Job) -> bool:
        """Take another job in place of the last one, which is faster than a new engine.

        Parameters
        ----------
        job : Job
            The other job.

        Returns
        -------
        bool
            Whether the engine has taken it. An engine that can't, which is the default, keeps the
            last one.
        """
        return False

    def close(self, *, reusable: bool = True) -> None:
        """Release the memory, which other jobs may reuse.

        Parameters
        ----------
        reusable : bool, default=True
            False if the memory may contain NaN.
        """
