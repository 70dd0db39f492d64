"""What an engine is: the place where the arithmetic of training runs.

The training loop decides what is done, an engine does it: it is handed a slice of batches, and
gives back a loss and a gradient norm for each. All engines compute the same; they differ in speed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.model.array_dataset import ArrayDataset
from barenet.model.arrays import FloatArray
from barenet.model.losses import Loss
from barenet.model.network import Network
from barenet.optimization.clipping import Clipping
from barenet.optimization.optimizers import LBFGS, Optimizer
from barenet.optimization.penalties import Penalty

__all__ = ["ChunkResult", "Engine", "Job"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """What is trained, on what, and how: all that stays the same from step to step.

    Attributes
    ----------
    network : Network
        Its parameters are changed in place.
    rows : ArrayDataset
        The training rows with their targets and weights.
    loss : Loss
        What is made small.
    optimizer : Optimizer or LBFGS
        How a gradient becomes a step; it remembers its moments.
    penalties : sequence of Penalty
        Added to the loss.
    clipping : Clipping, optional
        Limit to each gradient.
    seed : int
        Fixes what is random in each step.
    """

    network: Network
    rows: ArrayDataset
    loss: Loss
    optimizer: Optimizer | LBFGS
    penalties: Sequence[Penalty] = field(default=())
    clipping: Clipping | None = None
    seed: int = 0


class ChunkResult(NamedTuple):
    """What a slice of batches gave.

    Attributes
    ----------
    losses : ndarray of shape (n_batches,), float64
        Each batch's loss with the penalties, before its step.
    gradient_norms : ndarray of shape (n_batches,), float64
        Euclidean norm of each gradient, before clipping.
    """

    losses: NDArray[np.float64]
    gradient_norms: NDArray[np.float64]


class Engine(ABC):
    """One way to do a job's arithmetic.

    Parameters
    ----------
    job : Job
        What to do.
    threads : int, optional
        The most threads that it may use; by default what pays. The bits do not depend on it.

    Attributes
    ----------
    name : str
        What the engine is called in `ENGINES`.
    """

    name: ClassVar[str]

    def __init__(self, job: Job, threads: int | None = None) -> None:
        self.job, self.threads = job, threads

    @classmethod
    def refusal(cls, job: Job) -> str | None:
        """Say why the engine can't do a job.

        Parameters
        ----------
        job : Job
            What is to be done.

        Returns
        -------
        str or None
            The reason; None if it can.
        """
        return None

    @abstractmethod
    def run(
        self,
        order: NDArray[np.intp],
        batch_size: int,
        rates: NDArray[np.float64],
        first_step: int,
    ) -> ChunkResult:
        """Take one step for each batch of a slice.

        Parameters
        ----------
        order : ndarray of int of shape (n_rows,)
            Row numbers in the order of their visit; each batch takes the next `batch_size` of them,
            the last one what is left.
        batch_size : int
            Rows in a batch.
        rates : ndarray of shape (n_batches,), float64
            The learning rate of each step.
        first_step : int
            The number of steps taken before in the run; it fixes what is random.

        Returns
        -------
        ChunkResult
            A loss and a gradient norm for each batch, in arrays that no later call changes.
        """

    @abstractmethod
    def value_and_gradient(self) -> tuple[float, FloatArray]:
        """Compute the loss of all rows, with the penalties, and its gradient.

        Returns
        -------
        value : float
            The loss.
        gradient : ndarray of shape (n_parameters,)
            Its derivative by each parameter.
        """

    @abstractmethod
    def evaluate(self, rows: ArrayDataset) -> tuple[float, FloatArray]:
        """Compute the loss of any rows, without penalties, as when predicting.

        Parameters
        ----------
        rows : ArrayDataset
            The training rows, or others.

        Returns
        -------
        value : float
            The loss.
        output : ndarray of shape (n_rows, n_outputs)
            What the network says, after its output activation.
        """
