"""Activations that pass what is positive, and hold back what is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from barenet.constraints import option
from barenet.model.activations.activation import Activation
from barenet.model.arrays import FloatArray

__all__ = ["ELU", "Identity", "LeakyReLU", "ReLU"]


@dataclass(frozen=True)
class Identity(Activation):
    """f(z) = z, f′(z) = 1: for outputs that may be any number.

    Examples
    --------
    >>> import numpy as np
    >>> Identity().forward(np.array([[-1.0, 2.0]]))
    array([[-1., 2.]])
    """

    name: ClassVar[str] = "identity"
    formula: ClassVar[str] = "Z"
    backward_formula: ClassVar[str] = "dA"

    def forward(self, Z: FloatArray) -> FloatArray:
        return Z

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        return np.ones_like(Z)


@dataclass(frozen=True)
class ReLU(Activation):
    """f(z) = max(0, z), f′(z) = 1 for z > 0 and else 0.

    At z = 0, where there is no derivative, 0 is taken, as everybody does.

    Examples
    --------
    >>> import numpy as np
    >>> ReLU().forward(np.array([[-1.0, 2.0]]))
    array([[0., 2.]])
    """

    name: ClassVar[str] = "relu"
    formula: ClassVar[str] = "max(0, Z)"
    backward_formula: ClassVar[str] = "dA if Z > 0 else 0"
    onnx_operator: ClassVar[str] = "Relu"
    default_init: ClassVar[str] = "he_uniform"

    def forward(self, Z: FloatArray) -> FloatArray:
        return np.maximum(Z, 0)

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        return (Z > 0).astype(Z.dtype)


@dataclass(frozen=True)
class LeakyReLU(Activation):
    """f(z) = z for z > 0 and else slope·z: a ReLU that never goes silent.

    Parameters
    ----------
    slope : float, default=0.01
        Derivative for z ≤ 0.

    Examples
    --------
    >>> import numpy as np
    >>> LeakyReLU(slope=0.1).forward(np.array([[-1.0, 2.0]]))
    array([[-0.1, 2. ]])
    """

    slope: float = option(0.01)
    name: ClassVar[str] = "leaky_relu"
    formula: ClassVar[str] = "Z if Z > 0 else slope * Z"
    backward_formula: ClassVar[str] = "dA if Z > 0 else slope * dA"
    default_init: ClassVar[str] = "he_uniform"

    def forward(self, Z: FloatArray) -> FloatArray:
        return np.where(Z > 0, Z, self.slope * Z)

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        return np.where(Z > 0, 1, self.slope).astype(Z.dtype)


@dataclass(frozen=True)
class ELU(Activation):
    """f(z) = z for z > 0 and else α(eᶻ − 1); f′(z) = 1 or f(z) + α.

    From Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by
    exponential linear units" (2016).

    Parameters
    ----------
    alpha : float, default=1.0
        −α is the value that very negative z tend to.

    Examples
    --------
    >>> import numpy as np
    >>> ELU().forward(np.array([[-1.0, 2.0]])).round(4)
    array([[-0.6321, 2. ]])
    """

    alpha: float = option(1.0)
    name: ClassVar[str] = "elu"
    formula: ClassVar[str] = "Z if Z > 0 else alpha * (exp(Z) - 1)"
    backward_formula: ClassVar[str] = "dA if Z > 0 else dA * (A + alpha)"
    stable_formula: ClassVar[tuple[str, ...]] = ("Z if Z > 0 else alpha * expm1(min(Z, 0))",)
    default_init: ClassVar[str] = "he_uniform"

    def forward(self, Z: FloatArray) -> FloatArray:
        return np.where(Z > 0, Z, self.alpha * np.expm1(np.minimum(Z, 0)))

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        return np.where(Z > 0, 1, A + self.alpha).astype(Z.dtype)
