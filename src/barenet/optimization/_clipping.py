"""Clipping: a limit on the size of the gradient, against outlying batches."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from barenet._constraints import Configurable, option
from barenet._registry import build, by_name
from barenet.model._arrays import FloatArray
from barenet.model._layout import euclidean_norm


@dataclass(frozen=True)
class Clipping(Configurable, ABC):
    """A limit on the size of the `gradient`, a flat vector, which is clipped in place.

    Attributes
    ----------
    formula : str
        The clipped gradient from g, its norm and the limit c, as a Python expression, for
        `explain`.
    limit : float
        The largest size that is not clipped.

    Examples
    --------
    >>> gradient = np.array([3.0, -0.5])
    >>> ClipValue(limit=1.0).clip(gradient)
    >>> gradient
    array([ 1. , -0.5])
    >>> ClipNorm(limit=0.5).clip(gradient := np.array([3.0, -4.0]))
    >>> gradient
    array([ 0.3, -0.4])
    """

    role: ClassVar[str] = "clip"
    formula: ClassVar[str] = ""
    limit: float = option(gt=0)

    @abstractmethod
    def clip(self, gradient: FloatArray) -> None:
        """Clip the gradient in place."""


class ClipValue(Clipping):
    """Clip each entry to ±limit."""

    name = "value"
    formula = "clip(g, -c, c)"

    def clip(self, gradient: FloatArray) -> None:
        np.clip(gradient, -self.limit, self.limit, out=gradient)


class ClipNorm(Clipping):
    """Scale a longer gradient to the length `limit`, in the same direction.

    From Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks"
    (2013).
    """

    name = "norm"
    formula = "g * c / norm if norm > c else g"

    def clip(self, gradient: FloatArray) -> None:
        norm = euclidean_norm(gradient)
        if norm > self.limit:
            gradient *= self.limit / norm


#: Every clipping by its name.
CLIPPINGS: dict[str, type[Clipping]] = by_name(ClipValue, ClipNorm)


def as_clipping(spec: str | Clipping | None) -> Clipping | None:
    """Build a clipping from a name such as ``"norm:limit=1"``."""
    return None if spec is None else build(Clipping, CLIPPINGS, spec, "clip")
