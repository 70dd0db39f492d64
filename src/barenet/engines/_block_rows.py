"""Block rows: training rows that are not in memory, and the sources that `train` takes for X.

A stream and the rows on workers are such sources, and training uses them only by this interface.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from barenet._messages import some
from barenet.engines._engine import Engine, Job
from barenet.model._array_dataset import ArrayDataset
from barenet.model._network import Network
from barenet.model.losses import Loss
from barenet.optimization.optimizers import LBFGS, Optimizer


class BlockRows(ArrayDataset):
    """Training rows in blocks, with a sample of them in memory."""

    #: Number of rows of each block.
    lengths: Sequence[int]
    #: The sample of rows from which the metrics of the training set are computed.
    sample: ArrayDataset

    @property
    def n_rows(self) -> int:
        return sum(self.lengths)

    @property
    def in_memory(self) -> ArrayDataset:
        return self.sample

    @property
    def layout(self) -> dict[str, Any]:
        """The division of the rows into blocks, which affects the steps."""
        return {"rows of the blocks": some([str(length) for length in self.lengths])}

    def orders(self, seed: int | None, epochs: Sequence[int]) -> Any:
        """Order the rows of each epoch, as an object to slice; don't shuffle without a seed."""
        # `abstractmethod` has no effect in a tuple, whose constructor does not look for it.
        raise NotImplementedError(f"{type(self).__name__}.orders")

    def check_steps(self, optimizer: Optimizer | LBFGS, batch_size: int) -> None:
        """Refuse steps that these rows don't support, before training starts."""

    def make_engine(self, name: str, job: Job, threads: int | None) -> Engine | None:
        """Make a special engine, for rows that are not arrays."""


class RowSource(ABC):
    """Training data that `train` takes in place of X."""

    @abstractmethod
    def make_rows(
        self, network: Network, loss: Loss, y: Any, weight: Any, scale: float
    ) -> BlockRows:
        """Make rows for a network.

        Parameters
        ----------
        network, loss : Network and Loss
            The network and the loss, which determine the type and the shape of the arrays.
        y, weight : object
            The arguments `y` and `sample_weight` of `train`.
        scale : float
            Factor that X is multiplied by.

        Returns
        -------
        BlockRows
            The rows.

        Raises
        ------
        ValueError
            If an argument can't be used with these data.
        """
