"""The flat vectors of a network: the layout of the layers' arrays in them, and the norm.

All arithmetic on offsets is here. Gradients, moments of optimizers and strengths of penalties have
the same length as the parameters, and so the same layout.
"""

import math
from collections.abc import Iterable, Mapping
from itertools import chain
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
        self.layers: list[list[Slot]] = []
        self.size = 0
        for index, arrays in enumerate(shapes):
            self.layers.append([])
            for name, shape in arrays.items():
                start, self.size = self.size, self.size + math.prod(shape)
                self.layers[-1].append(Slot(index, name, shape, start, self.size))
        self.slots = list(chain.from_iterable(self.layers))

    def views(self, vector: FloatArray) -> list[dict[str, FloatArray]]:
        """Views of a flat vector as the arrays of each layer."""
        layers: list[dict[str, FloatArray]] = []
        for slots in self.layers:
            layers.append({})
            for _, name, shape, start, stop in slots:
                layers[-1][name] = vector[start:stop].reshape(shape)
        return layers


class InPlaceAssignment:
    """Base of classes whose arrays are views: ``layer.bias = 0`` writes into the existing array."""

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(vars(self).get(name), np.ndarray):
            vars(self)[name][...] = value
        else:
            super().__setattr__(name, value)


def euclidean_norm(vector: FloatArray) -> float:
    """Compute √(Σ vᵢ²), in float64 if the squares overflow."""
    with np.errstate(over="ignore"):
        square = vector @ vector
    norm = np.sqrt(square) if np.isfinite(square) else np.linalg.norm(vector.astype(float))
    return float(norm)
