"""Activations: the nonlinear functions that a layer ends with.

Each is two formulas, A = f(Z) and f′(Z). The chain rule then turns the loss's derivative by A
into its derivative by Z: dL/dZ = dL/dA · f′(Z), entry by entry. Softmax is the exception, as each
of its outputs depends on every input of its row.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from barenet.model.arrays import FloatArray
from barenet.registry import build

__all__ = [
    "ACTIVATIONS",
    "ELU",
    "GELU",
    "Activation",
    "Exponential",
    "Identity",
    "LeakyReLU",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "as_activation",
]


class Activation(ABC):
    """A function f from Z to A, with its derivative.

    A subclass that works entry by entry defines `forward` and `derivative`.

    Attributes
    ----------
    name : str
        What the activation is called in `ACTIVATIONS`.

    Examples
    --------
    >>> import numpy as np
    >>> class Sine(Activation):
    ...     name = "sine"
    ...     def forward(self, Z):
    ...         return np.sin(Z)
    ...     def derivative(self, Z, A):
    ...         return np.cos(Z)
    >>> from barenet import Network
    >>> Network.dense([1, 2, 1], hidden=Sine()).layers[0].activation.name
    'sine'
    """

    name: ClassVar[str]

    @abstractmethod
    def forward(self, Z: FloatArray) -> FloatArray:
        """Compute A = f(Z).

        Parameters
        ----------
        Z : ndarray of shape (n_samples, n_outputs), float32 or float64
            The layer's values before the activation.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs), dtype of Z
            A.
        """

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        """Compute f′(Z), entry by entry.

        Parameters
        ----------
        Z : ndarray of shape (n_samples, n_outputs)
            The values before the activation.
        A : ndarray of shape (n_samples, n_outputs)
            The values after it; many derivatives are shorter in A.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            f′(Z).
        """
        raise NotImplementedError(f"{type(self).__name__} has no derivative entry by entry")

    def backward(self, Z: FloatArray, A: FloatArray, d_A: FloatArray) -> FloatArray:
        """Compute dL/dZ = dL/dA · f′(Z).

        Parameters
        ----------
        Z, A : ndarray of shape (n_samples, n_outputs)
            The values before and after the activation.
        d_A : ndarray of shape (n_samples, n_outputs)
            dL/dA.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            dL/dZ.
        """
        return d_A * self.derivative(Z, A)


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

    slope: float = 0.01
    name: ClassVar[str] = "leaky_relu"

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

    alpha: float = 1.0
    name: ClassVar[str] = "elu"

    def forward(self, Z: FloatArray) -> FloatArray:
        return np.where(Z > 0, Z, self.alpha * np.expm1(np.minimum(Z, 0)))

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        return np.where(Z > 0, 1, A + self.alpha).astype(Z.dtype)


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

    def forward(self, Z: FloatArray) -> FloatArray:
        from scipy.special import ndtr

        return Z * ndtr(Z)

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        from scipy.special import ndtr

        density = np.exp(-0.5 * Z * Z) / np.sqrt(2 * np.pi).astype(Z.dtype)
        return ndtr(Z) + Z * density


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

    def forward(self, Z: FloatArray) -> FloatArray:
        return Z * sigmoid(Z)

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        S = sigmoid(Z)
        return S + A * (1 - S)


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

    def forward(self, Z: FloatArray) -> FloatArray:
        return np.tanh(Z)

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        return 1 - A * A


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

    def forward(self, Z: FloatArray) -> FloatArray:
        return sigmoid(Z)

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        return A * (1 - A)


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

    def forward(self, Z: FloatArray) -> FloatArray:
        return np.exp(Z)

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        return A


@dataclass(frozen=True)
class Softmax(Activation):
    """f(z)ᵢ = exp(zᵢ) / Σⱼ exp(zⱼ): probabilities of classes, one row at a time.

    Subtracting the row's greatest z changes nothing in the quotient, and keeps exp from
    overflowing. As ∂aᵢ/∂zⱼ = aᵢ(δᵢⱼ − aⱼ), the chain rule reads

        dL/dzⱼ = Σᵢ dL/daᵢ · aᵢ(δᵢⱼ − aⱼ) = aⱼ (dL/daⱼ − Σᵢ dL/daᵢ · aᵢ).

    Examples
    --------
    >>> import numpy as np
    >>> Softmax().forward(np.array([[1.0, 2.0, 3.0]])).round(4)
    array([[0.09 , 0.2447, 0.6652]])
    """

    name: ClassVar[str] = "softmax"

    def forward(self, Z: FloatArray) -> FloatArray:
        E = np.exp(Z - Z.max(axis=1, keepdims=True))
        return E / E.sum(axis=1, keepdims=True)

    def backward(self, Z: FloatArray, A: FloatArray, d_A: FloatArray) -> FloatArray:
        return A * (d_A - (d_A * A).sum(axis=1, keepdims=True))


def sigmoid(Z: FloatArray) -> FloatArray:
    """Compute 1 / (1 + e⁻ᶻ); where e⁻ᶻ overflows to infinity the quotient is 0, as it should be.

    Parameters
    ----------
    Z : ndarray
        Any float array.

    Returns
    -------
    ndarray
        Values from 0 to 1, of the shape and dtype of Z.
    """
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-Z))


#: Every activation by its name.
ACTIVATIONS: dict[str, type[Activation]] = {
    kind.name: kind
    for kind in (
        Identity, ReLU, LeakyReLU, ELU, GELU, SiLU, Tanh, Sigmoid, Softplus, Exponential, Softmax,
    )
}  # fmt: skip


def as_activation(spec: str | Activation, argument: str = "activation") -> Activation:
    """Turn a name such as ``"leaky_relu:slope=0.2"`` into the activation.

    Parameters
    ----------
    spec : str or Activation
        A name from `ACTIVATIONS`, with options after a colon, or an instance.
    argument : str
        What it was given for, named in errors.

    Returns
    -------
    Activation
        The instance.
    """
    return build(Activation, ACTIVATIONS, spec, argument)
