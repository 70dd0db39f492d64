"""Frozen parameters: those of layers that are not trainable, which no step changes."""

from collections.abc import Sequence

from barenet.model._arrays import FloatArray
from barenet.model._network import Network


def frozen_parts(network: Network) -> tuple[slice, ...]:
    """Return the parts of the parameters that belong to layers that are not trainable.

    >>> network = Network.dense([2, 3, 1])
    >>> network.layers[0].trainable = False
    >>> frozen_parts(network)
    (slice(0, 6, None), slice(6, 9, None))
    """
    parts = []
    for slot in network.layout.slots:
        if not network.layers[slot.layer].trainable:
            parts.append(slice(slot.start, slot.stop))
    return tuple(parts)


class KeptParts:
    """Copies of some parts of vectors, which are restored after each step.

    An optimizer may change a parameter whose gradient is 0, by its momentum or by weight decay.
    """

    def __init__(self, parts: Sequence[slice], vectors: Sequence[FloatArray]) -> None:
        self.parts = parts
        self.vectors = []
        if parts:
            self.vectors = list(vectors)
        self.copies = [vector.copy() for vector in self.vectors]

    def restore(self) -> None:
        """Set these parts of the vectors to their earlier values."""
        for vector, copy in zip(self.vectors, self.copies, strict=True):
            for part in self.parts:
                vector[part] = copy[part]
