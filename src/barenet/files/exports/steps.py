"""Steps: what a network computes when it predicts, each as plain arrays and one formula.

The layers know how to learn; an export needs less. These few kinds are all that the exporters
have to write, and each of them writes every kind. `forward` is the formula that they translate.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from barenet.model.activations import Activation
from barenet.model.arrays import FloatArray

__all__ = [
    "Affine", "Apply", "BinaryToTwoClass", "Normalize", "NormalizeRow", "Scale", "Step", "Unscale",
    "single_error",
]  # fmt: skip


class Step(ABC):
    """One thing that is done to rows.

    Attributes
    ----------
    name : str
        What it is called in exports.
    """

    name: ClassVar[str]

    @abstractmethod
    def forward(self, X: NDArray[Any]) -> NDArray[Any]:
        """Do it."""


@dataclass(frozen=True, eq=False)
class Scale(Step):
    """(X − offset) · factor, in float64, then rounded to the network's dtype.

    Attributes
    ----------
    offset, factor : ndarray of shape (n_inputs,), float64
        One of each for an input.
    dtype : numpy.dtype
        The network's.
    """

    name: ClassVar[str] = "scale"
    offset: NDArray[np.float64]
    factor: NDArray[np.float64]
    dtype: np.dtype[Any]

    @property
    def single_errors(self) -> NDArray[np.float64]:
        """The largest rounding error of each input in float32, in units of its spread."""
        return single_error(self.offset, 1 / self.factor)

    def forward(self, X: NDArray[Any]) -> NDArray[Any]:
        return ((X - self.offset) * self.factor).astype(self.dtype)


@dataclass(frozen=True, eq=False)
class Affine(Step):
    """X W + b.

    Attributes
    ----------
    weights : ndarray of shape (n_in, n_out)
        W.
    bias : ndarray of shape (n_out,)
        b.
    """

    name: ClassVar[str] = "affine"
    weights: FloatArray
    bias: FloatArray

    def forward(self, X: NDArray[Any]) -> NDArray[Any]:
        return X @ self.weights + self.bias


@dataclass(frozen=True, eq=False)
class Apply(Step):
    """f(X).

    Attributes
    ----------
    activation : Activation
        f, one of barenet's own; never the identity.
    """

    name: ClassVar[str] = "apply"
    activation: Activation

    def forward(self, X: NDArray[Any]) -> NDArray[Any]:
        return self.activation.forward(X)


@dataclass(frozen=True, eq=False)
class Normalize(Step):
    """γ · (X − μ) / s + β, column by column: a batch norm with the averages that it has kept.

    Attributes
    ----------
    mean, deviation, gain, bias : ndarray of shape (n_in,)
        μ, s, γ and β.
    """

    name: ClassVar[str] = "normalize"
    mean: FloatArray
    deviation: FloatArray
    gain: FloatArray
    bias: FloatArray

    def forward(self, X: NDArray[Any]) -> NDArray[Any]:
        return self.gain * ((X - self.mean) / self.deviation) + self.bias


@dataclass(frozen=True, eq=False)
class NormalizeRow(Step):
    """γ · (X − μ) / √(σ² + ε) + β, with each row's mean μ and variance σ²: a layer norm.

    Attributes
    ----------
    gain, bias : ndarray of shape (n_in,)
        γ and β.
    epsilon : float
        ε.
    """

    name: ClassVar[str] = "normalize_row"
    gain: FloatArray
    bias: FloatArray
    epsilon: float

    def forward(self, X: NDArray[Any]) -> NDArray[Any]:
        deviation = np.sqrt(X.var(axis=1, keepdims=True) + self.epsilon)
        return self.gain * ((X - X.mean(axis=1, keepdims=True)) / deviation) + self.bias


@dataclass(frozen=True, eq=False)
class BinaryToTwoClass(Step):
    """(1 − p, p) of the one output p: how sure of "no", and how sure of "yes"."""

    name: ClassVar[str] = "both"

    def forward(self, X: NDArray[Any]) -> NDArray[Any]:
        return np.hstack([1 - X, X])


@dataclass(frozen=True, eq=False)
class Unscale(Step):
    """X / factor + offset, in float64: numbers in the units of the target.

    Attributes
    ----------
    offset, factor : ndarray of shape (n_outputs,), float64
        What the target was scaled by.
    """

    name: ClassVar[str] = "unscale"
    offset: NDArray[np.float64]
    factor: NDArray[np.float64]

    def forward(self, X: NDArray[Any]) -> NDArray[Any]:
        return X / self.factor + self.offset


def single_error(center: Any, scale: Any) -> NDArray[np.float64]:
    """Return a bound of the rounding error of numbers in float32.

    Examples
    --------
    >>> single_error(40.7128, 0.01).round(6)  # latitudes in one city
    np.float64(0.000191)
    """
    with np.errstate(over="ignore", invalid="ignore"):
        size = np.asarray(np.abs(center) + np.abs(scale), np.float32)
        # Numbers below the smallest normal one, about 1e-38, may be taken for 0.
        return np.maximum(np.spacing(size) / 2, np.finfo(np.float32).tiny) / np.abs(scale)
