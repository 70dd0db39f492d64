"""Activations without a corner: the sigmoid, what is made of it, and their relatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from barenet.model.activations.activation import Activation
from barenet.model.arrays import FloatArray

__all__ = ["GELU", "Exponential", "SiLU", "Sigmoid", "Softplus", "Tanh", "sigmoid"]


@dataclass(frozen=True)
class Sigmoid(Activation):
    """f(z) = 1 / (1 + e⁻ᶻ), f′(z) = f(z)(1 − f(z)): for a probability.

    Examples
    --------
    >>> import numpy as np
    >>> Sigmoid().forward(np.array([[-1.0, 0.0, 1.0]])).round(4)
    array([[0.2689, 0.5 , 0.7311]])
    """

    name: ClassVar[str] = "sigmoid"
    formula: ClassVar[str] = "1 / (1 + exp(-Z))"
    backward_formula: ClassVar[str] = "dA * A * (1 - A)"
    stable_formula: ClassVar[tuple[str, ...]] = ("sigmoid(Z)",)

    def forward(self, Z: FloatArray) -> FloatArray:
        return sigmoid(Z)

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        return A * (1 - A)


@dataclass(frozen=True)
class Tanh(Activation):
    """f(z) = tanh z, f′(z) = 1 − f(z)².

    Examples
    --------
    >>> import numpy as np
    >>> Tanh().forward(np.array([[-1.0, 2.0]])).round(4)
    array([[-0.7616, 0.964 ]])
    """

    name: ClassVar[str] = "tanh"
    formula: ClassVar[str] = "tanh(Z)"
    backward_formula: ClassVar[str] = "dA * (1 - A**2)"

    def forward(self, Z: FloatArray) -> FloatArray:
        return np.tanh(Z)

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        return 1 - A * A


@dataclass(frozen=True)
class Softplus(Activation):
    """f(z) = ln(1 + eᶻ), f′(z) = σ(z): a smooth ReLU, and an output that is always positive.

    Examples
    --------
    >>> import numpy as np
    >>> Softplus().forward(np.array([[-1.0, 2.0]])).round(4)
    array([[0.3133, 2.1269]])
    """

    name: ClassVar[str] = "softplus"
    formula: ClassVar[str] = "ln(1 + exp(Z))"
    backward_formula: ClassVar[str] = "dA * sigmoid(Z)"
    stable_formula: ClassVar[tuple[str, ...]] = ("softplus(Z)",)
    default_init: ClassVar[str] = "he_uniform"

    def forward(self, Z: FloatArray) -> FloatArray:
        return np.logaddexp(Z, Z.dtype.type(0))

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        return sigmoid(Z)


@dataclass(frozen=True)
class Exponential(Activation):
    """f(z) = eᶻ, f′(z) = f(z): for the rate of a count, with the Poisson loss.

    Examples
    --------
    >>> import numpy as np
    >>> Exponential().forward(np.array([[-1.0, 0.0]])).round(4)
    array([[0.3679, 1. ]])
    """

    name: ClassVar[str] = "exponential"
    formula: ClassVar[str] = "exp(Z)"
    backward_formula: ClassVar[str] = "dA * A"

    def forward(self, Z: FloatArray) -> FloatArray:
        return np.exp(Z)

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        return A


@dataclass(frozen=True)
class SiLU(Activation):
    """f(z) = z·σ(z), f′(z) = σ(z) + f(z)(1 − σ(z)); also called swish.

    Examples
    --------
    >>> import numpy as np
    >>> SiLU().forward(np.array([[-1.0, 2.0]])).round(4)
    array([[-0.2689, 1.7616]])
    """

    name: ClassVar[str] = "silu"
    formula: ClassVar[str] = "Z * sigmoid(Z)"
    backward_formula: ClassVar[str] = "dA * (sigmoid(Z) + A * (1 - sigmoid(Z)))"
    default_init: ClassVar[str] = "he_uniform"

    def forward(self, Z: FloatArray) -> FloatArray:
        return Z * sigmoid(Z)

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        S = sigmoid(Z)
        return S + A * (1 - S)


@dataclass(frozen=True)
class GELU(Activation):
    """f(z) = z·Φ(z), f′(z) = Φ(z) + z·φ(z), with the normal distribution's Φ and density φ.

    The exact form, not the approximation by tanh. From Hendrycks and Gimpel, "Gaussian error
    linear units" (2016).

    Examples
    --------
    >>> import numpy as np
    >>> GELU().forward(np.array([[-1.0, 2.0]])).round(4)
    array([[-0.1587, 1.9545]])
    """

    name: ClassVar[str] = "gelu"
    formula: ClassVar[str] = "Z * normal(Z)"
    backward_formula: ClassVar[str] = "dA * (normal(Z) + Z * density(Z))"
    default_init: ClassVar[str] = "he_uniform"

    def forward(self, Z: FloatArray) -> FloatArray:
        from scipy.special import ndtr

        return Z * ndtr(Z)

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        from scipy.special import ndtr

        with np.errstate(over="ignore"):
            density = np.exp(-0.5 * Z * Z) / np.sqrt(2 * np.pi).astype(Z.dtype)
        return ndtr(Z) + Z * density


def sigmoid(Z: FloatArray) -> FloatArray:
    """Compute 1 / (1 + e⁻ᶻ); where e⁻ᶻ overflows to infinity the quotient is 0, as it should be."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-Z))
