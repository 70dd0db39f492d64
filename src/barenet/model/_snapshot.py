"""Snapshot: a copy of everything that training changes in a network."""

from __future__ import annotations

from typing import NamedTuple

from barenet.model._arrays import FloatArray
from barenet.model._network import Network


class Snapshot(NamedTuple):
    """Copies of a network's vectors."""

    parameters: FloatArray
    statistics: FloatArray

    @classmethod
    def of(cls, network: Network) -> Snapshot:
        """Copy a network's vectors."""
        return cls(network.parameters.copy(), network.statistics.copy())

    def update(self, network: Network) -> None:
        """Copy a network's vectors into the same memory."""
        self.parameters[...], self.statistics[...] = network.parameters, network.statistics

    def restore(self, network: Network) -> None:
        """Copy the vectors back into a network."""
        network.parameters, network.statistics = self
