"""Layout: which part of a flat vector belongs to which layer, and under which name.

All arithmetic on offsets is here. A gradient, an optimizer's moments and a penalty's strengths
have the length of the parameters, so one layout serves them all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from barenet.model.arrays import FloatArray

__all__ = ["InPlaceAssignment", "Layout", "Slot"]


class Slot(NamedTuple):
    """One array's place in the flat vector.

    Attributes
    ----------
    layer : int
        The layer's position in the network.
    name : str
        What the array is called in the layer.
    shape : tuple of int
        The array's shape; it lies in the vector in C order.
    start, stop : int
        Where it begins and ends.
    """

    layer: int
    name: str
    shape: tuple[int, ...]
    start: int
    stop: int


class Layout:
    """The places of all arrays of a network, one after the other.

    Attributes
    ----------
    slots : list of Slot
        All places, in order.
    size : int
        Length of the flat vector.

    Examples
    --------
    >>> import numpy as np
    >>> layout = Layout([{"weights": (2, 1), "bias": (1,)}])
    >>> layout.views(np.array([1.0, 2.0, 3.0]))[0]["bias"]
    array([3.])
    """

    def __init__(self, shapes: Iterable[Mapping[str, tuple[int, ...]]]) -> None:
        self.slots: list[Slot] = []
        self.size = 0
        self.n_layers = 0
        for index, arrays in enumerate(shapes):
            self.n_layers = index + 1
            for name, shape in arrays.items():
                start, self.size = self.size, self.size + math.prod(shape)
                self.slots.append(Slot(index, name, shape, start, self.size))

    def views(self, vector: FloatArray) -> list[dict[str, FloatArray]]:
        """See a flat vector as the arrays of each layer."""
        layers: list[dict[str, FloatArray]] = [{} for _ in range(self.n_layers)]
        for index, name, shape, start, stop in self.slots:
            layers[index][name] = vector[start:stop].reshape(shape)
        return layers


class InPlaceAssignment:
    """An owner of arrays that others see: ``layer.bias = 0`` writes into the array it has."""

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(vars(self).get(name), np.ndarray):
            vars(self)[name][...] = value
        else:
            super().__setattr__(name, value)
