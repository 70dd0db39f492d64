"""The flat vectors of a network: the layout of the layers' arrays in them.

All arithmetic on offsets is here. Gradients, the moments of optimizers and the strengths of
penalties have the same length and layout as the parameters.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from barenet.model._arrays import FloatArray


class Slot(NamedTuple):
    """The position of one array, in C order, in the flat vector."""

    layer: int
    name: str
    shape: tuple[int, ...]
    start: int
    stop: int


class Layout:
    """The positions of all arrays of a network, one after the other."""

    def __init__(self, shapes: Iterable[Mapping[str, tuple[int, ...]]]) -> None:
        self.shapes = [dict(arrays) for arrays in shapes]
        self.slots: list[Slot] = []
        self.size = 0
        for index, arrays in enumerate(self.shapes):
            for name, shape in arrays.items():
                start = self.size
                self.size += math.prod(shape)
                self.slots.append(Slot(index, name, shape, start, self.size))

    def views(self, vector: FloatArray) -> list[dict[str, FloatArray]]:
        """View a flat vector as the arrays of each layer."""
        layers: list[dict[str, FloatArray]] = [{} for _ in self.shapes]
        for layer, name, shape, start, stop in self.slots:
            layers[layer][name] = vector[start:stop].reshape(shape)
        return layers


class InPlaceAssignment:
    """Base of classes whose arrays are views: ``layer.bias = 0`` writes into the existing array."""

    def _is_view(self, name: str) -> bool:
        """Return whether an attribute that is an array is a view."""
        return True

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(vars(self).get(name), np.ndarray) and self._is_view(name):
            vars(self)[name][...] = value
        else:
            super().__setattr__(name, value)
