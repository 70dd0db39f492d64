"""Job: all that an engine computes with, and the result of its steps.

The training loop passes an engine the batches of a chunk, and the engine returns a loss and a
gradient norm for each. All engines compute the same; they differ in speed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import Configurable, option
from barenet.model._array_dataset import ArrayDataset
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
