"""Snapshot: all that learning changes in a network, to go back to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from barenet.model.arrays import FloatArray

if TYPE_CHECKING:
    from barenet.model.network import Network

__all__ = ["Snapshot"]


class Snapshot(NamedTuple):
    """A network's vectors, as they were.

    Attributes
    ----------
    parameters, statistics : ndarray
        Copies.
    """

    parameters: FloatArray
    statistics: FloatArray

    @classmethod
    def of(cls, network: Network) -> Snapshot:
        """Copy a network's vectors.

        Parameters
        ----------
        network : Network
            As it is now.

        Returns
        -------
        Snapshot
            The copies.
        """
        return cls(network.parameters.copy(), network.statistics.copy())

    def renew(self, network: Network) -> None:
        """Copy a network's vectors into the same memory.

        Parameters
        ----------
        network : Network
            The same one, as it is now.
        """
        self.parameters[...], self.statistics[...] = network.parameters, network.statistics

    def restore(self, network: Network) -> None:
        """Give a network these vectors back.

        Parameters
        ----------
        network : Network
            Of the same layers.
        """
        network.parameters, network.statistics = self
