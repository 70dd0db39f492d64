"""Clipping: a limit to how large a gradient may be, against the one bad batch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from barenet.constraints import Configurable, option
from barenet.model.arrays import FloatArray
from barenet.registry import build


@dataclass(frozen=True)
class Clipping(Configurable, ABC):
    """A limit to the gradient.

    Attributes
    ----------
    role, name : str
        The argument that it is for, and what it is called in `CLIPPINGS`.
    formula : str
        The clipped gradient from g, its norm and the limit c, written as Python computes it, for
        `explain`.
    limit : float
        The greatest size that is left alone.

    Raises
    ------
    ValueError
        If the limit is not above 0.

    Examples
    --------
    >>> as_clipping("norm:limit=1")
    ClipNorm(limit=1.0)
    """

    role: ClassVar[str] = "clip"
    formula: ClassVar[str] = ""
    limit: float = option(gt=0)

    @abstractmethod
    def clip(self, gradient: FloatArray) -> None:
        """Cut the gradient down to the limit, in place.

        Parameters
        ----------
        gradient : ndarray of shape (n_parameters,)
            The derivative of the loss by each parameter.
        """


@dataclass(frozen=True)
class ClipValue(Clipping):
    """Cut each entry off at ±limit.

    Parameters
    ----------
    limit : float
        Greatest absolute value of an entry.

    Examples
    --------
    >>> import numpy as np
    >>> gradient = np.array([3.0, -0.5])
    >>> ClipValue(1.0).clip(gradient)
    >>> gradient
    array([ 1. , -0.5])
    """

    name: ClassVar[str] = "value"
    formula: ClassVar[str] = "clip(g, -c, c)"

    def clip(self, gradient: FloatArray) -> None:
        np.clip(gradient, -self.limit, self.limit, out=gradient)


@dataclass(frozen=True)
class ClipNorm(Clipping):
    """Shorten the whole gradient to the length `limit`, and keep its direction.

    From Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks"
    (2013).

    Parameters
    ----------
    limit : float
        Greatest Euclidean norm.

    Examples
    --------
    >>> import numpy as np
    >>> gradient = np.array([3.0, -4.0])
    >>> ClipNorm(1.0).clip(gradient)
    >>> gradient
    array([ 0.6, -0.8])
    """

    name: ClassVar[str] = "norm"
    formula: ClassVar[str] = "g * c / norm if norm > c else g"

    def clip(self, gradient: FloatArray) -> None:
        norm = euclidean_norm(gradient)
        if norm > self.limit:
            gradient *= self.limit / norm


def euclidean_norm(vector: FloatArray) -> float:
    """Compute √(Σ vᵢ²), also where the squares would overflow."""
    with np.errstate(over="ignore"):
        square = vector @ vector
    return (
        float(np.sqrt(square))
        if np.isfinite(square)
        else float(np.linalg.norm(vector.astype(float)))
    )


#: Every clipping by its name.
CLIPPINGS: dict[str, type[Clipping]] = {kind.name: kind for kind in (ClipValue, ClipNorm)}


def as_clipping(spec: str | Clipping | None) -> Clipping | None:
    """Turn a name such as ``"norm:limit=1"`` into the clipping."""
    return None if spec is None else build(Clipping, CLIPPINGS, spec, "clip")
