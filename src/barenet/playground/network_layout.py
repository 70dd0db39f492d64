"""Blocks: a network's layers as the page draws them, one layer of neurons each."""

from __future__ import annotations

from barenet.model.layers import Dense, Layer
from barenet.model.network import Network

__all__ = ["MOST_PARAMETERS", "blocks"]

#: More weights cannot be drawn, and would make every picture late.
MAX_PARAMETERS = 500_000


def neuron_layers(network: Network) -> list[list[Layer]]:
    """Part a network into what the page draws as one layer of neurons each.

    Examples
    --------
    >>> [len(block) for block in blocks(Network.dense([2, 3, 1], dropout=0.5))]
    [2, 1]
    """
    parts: list[list[Layer]] = []
    for layer in network.layers:
        if isinstance(layer, Dense) or not parts:
            parts.append([])
        parts[-1].append(layer)
    return parts
