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
        """Copy a network's vectors."""
        return cls(network.parameters.copy(), network.statistics.copy())

    def renew(self, network: Network) -> None:
        """Copy a network's vectors into the same memory."""
        self.parameters[...], self.statistics[...] = network.parameters, network.statistics

    def restore(self, network: Network) -> None:
        """Give a network these vectors back."""
        network.parameters, network.statistics = self
