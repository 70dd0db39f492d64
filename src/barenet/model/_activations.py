"""Activations: the functions at the end of a layer, and their derivatives.

Where A = f(Z) is applied entry by entry, the chain rule reads dL/dZ = dL/dA · f′(Z).
`ACTIVATIONS` holds every activation by its name.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from barenet._constraints import Configurable, option
from barenet._registry import build, by_name
from barenet.model._arrays import FloatArray, check_result

__all__ = [
    "ACTIVATIONS", "ELU", "GELU", "SELU", "Activation", "Ascending", "Exponential", "Identity",
    "LeakyReLU", "Mish", "ReLU", "SiLU", "Sigmoid", "Softmax", "Softplus", "Tanh",
]  # fmt: skip

#: The constants λ and λα of SELU, which preserve a mean of 0 and a variance of 1.
_SELU = 1.0507009873554805
_SELU_LIMIT = 1.7580993408473766


@dataclass(frozen=True, repr=False)
class Activation(Configurable, ABC):
    """A function f from Z to A, with its derivative.

    An elementwise activation defines `forward` and `derivative`; any other defines `forward` and
    `backward`. `Z` and `A` are the values before and after the activation, and `d_A` is dL/dA; all
    have the shape (n_samples, n_outputs).

    Attributes
    ----------
    default_init : str
        Default initializer of the weights.
    formula, backward_formula : str
        Python expressions that compute A from Z, and dZ from dA, Z and A; they may contain the
        names of the options. `explain`, the exports and the kernels of barenet's own activations
        are printed from them.
    stable_formula, onnx_operator : tuple of str, and str
        The steps that generated code takes where `formula` would overflow or lose digits, each with
        the previous result as Z; and the ONNX operator that computes the same function, if there is
        one.

    Examples
    --------
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

    role: ClassVar[str] = "activation"
    formula: ClassVar[str] = ""
    backward_formula: ClassVar[str] = ""
    stable_formula: ClassVar[tuple[str, ...]] = ()
    onnx_operator: ClassVar[str] = ""
    default_init: ClassVar[str] = "glorot_uniform"

    @abstractmethod
    def forward(self, Z: FloatArray) -> FloatArray:
        """Compute A = f(Z), of the shape and dtype of Z."""

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        """Compute f′(Z), entry by entry, of the shape of Z."""
        raise NotImplementedError(f"{type(self).__name__} has no elementwise derivative")

    def backward(self, Z: FloatArray, A: FloatArray, d_A: FloatArray) -> FloatArray:
        """Compute dL/dZ = dL/dA · f′(Z).

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            dL/dZ.
        """
        return d_A * check_result(self.derivative(Z, A), Z.shape, self, "derivative")


class Identity(Activation):
    """The identity, for outputs of any value: f(z) = z, f′(z) = 1."""

    name = "identity"
    formula = "Z"
    backward_formula = "dA"

    def forward(self, Z: FloatArray) -> FloatArray:
        return Z

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        return np.ones_like(Z)


class Rectifier(Activation):
    """ReLU and its variants, which suppress negative inputs."""

    default_init = "he_uniform"


class ReLU(Rectifier):
    """Rectified linear unit: f(z) = max(0, z); f′(z) = 1 for z > 0, otherwise 0, also at 0."""

    name = "relu"
    formula = "max(0, Z)"
    backward_formula = "dA if Z > 0 else 0"
    onnx_operator = "Relu"

    def forward(self, Z: FloatArray) -> FloatArray:
        return np.clip(Z, 0, np.inf)  # a third of the time of np.maximum, for large arrays

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        return (Z > 0).astype(Z.dtype)


@dataclass(frozen=True)
class LeakyReLU(Rectifier):
    """ReLU without dead neurons: f(z) = z for z > 0, otherwise slope·z.

    Parameters
    ----------
    slope : float, default=0.01
        Derivative for z ≤ 0.
    """

    slope: float = option(0.01)
    name = "leaky_relu"
    formula = "Z if Z > 0 else slope * Z"
    backward_formula = "dA if Z > 0 else slope * dA"

    def forward(self, Z: FloatArray) -> FloatArray:
        return np.where(Z > 0, Z, self.slope * Z)

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        return np.where(Z > 0, 1, self.slope).astype(Z.dtype)


@dataclass(frozen=True)
class LearnedReLU(LeakyReLU):
    """The activation of a hidden layer that `Network.dense` turns into a `PReLU`."""

    slope: float = option(0.25)
    name = "prelu"


@dataclass(frozen=True)
class ELU(Rectifier):
    """Exponential linear unit: f(z) = z for z > 0, otherwise α(eᶻ − 1); f′(z) = 1 or f(z) + α.

    From Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by
    exponential linear units" (2016).

    Parameters
    ----------
    alpha : float, default=1.0
        Minus the limit of f(z) for z → −∞.
    """

    alpha: float = option(1.0)
    name = "elu"
    formula = "Z if Z > 0 else alpha * (exp(Z) - 1)"
    backward_formula = "dA if Z > 0 else dA * (A + alpha)"
    stable_formula = ("Z if Z > 0 else alpha * expm1(min(0, Z))",)

    def forward(self, Z: FloatArray) -> FloatArray:
        return np.where(Z > 0, Z, self.alpha * np.expm1(np.minimum(Z, 0)))

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        return np.where(Z > 0, 1, A + self.alpha).astype(Z.dtype)


class SELU(Activation):
    """Scaled exponential linear unit: f(z) = 1.05070 z for z > 0, otherwise 1.75810 (eᶻ − 1).

    It keeps the mean 0 and the variance 1 of its inputs from layer to layer. f′(z) = 1.05070 or
    f(z) + 1.75810. From Klambauer and others, "Self-normalizing neural networks" (2017).
    """

    name = "selu"
    formula = f"{_SELU} * Z if Z > 0 else {_SELU_LIMIT} * (exp(Z) - 1)"
    backward_formula = f"{_SELU} * dA if Z > 0 else dA * (A + {_SELU_LIMIT})"
    stable_formula = (f"{_SELU} * Z if Z > 0 else {_SELU_LIMIT} * expm1(min(0, Z))",)
    default_init = "lecun_normal"

    def forward(self, Z: FloatArray) -> FloatArray:
        return np.where(Z > 0, _SELU * Z, _SELU_LIMIT * np.expm1(np.minimum(Z, 0)))

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        return np.where(Z > 0, _SELU, A + _SELU_LIMIT).astype(Z.dtype)


class Sigmoid(Activation):
    """Logistic sigmoid, for a probability: f(z) = 1 / (1 + e⁻ᶻ), f′(z) = f(z)(1 − f(z))."""

    name = "sigmoid"
    formula = "1 / (1 + exp(-Z))"
    backward_formula = "dA * A * (1 - A)"
    stable_formula = ("sigmoid(Z)",)

    def forward(self, Z: FloatArray) -> FloatArray:
        return sigmoid(Z)

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        return A * (1 - A)


class Tanh(Activation):
    """Hyperbolic tangent: f(z) = tanh z, f′(z) = 1 − f(z)²."""

    name = "tanh"
    formula = "tanh(Z)"
    backward_formula = "dA * (1 - A**2)"

    def forward(self, Z: FloatArray) -> FloatArray:
        return np.tanh(Z)

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        return 1 - A * A


class Softplus(Rectifier):
    """Smooth ReLU, whose output is positive: f(z) = ln(1 + eᶻ), f′(z) = σ(z)."""

    name = "softplus"
    formula = "ln(1 + exp(Z))"
    backward_formula = "dA * sigmoid(Z)"
    stable_formula = ("softplus(Z)",)

    def forward(self, Z: FloatArray) -> FloatArray:
        return np.logaddexp(Z, Z.dtype.type(0))

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        return sigmoid(Z)


class Exponential(Activation):
    """Exponential, for the rate of a count with the Poisson loss: f(z) = eᶻ, f′(z) = f(z)."""

    name = "exponential"
    formula = "exp(Z)"
    backward_formula = "dA * A"

    def forward(self, Z: FloatArray) -> FloatArray:
        return np.exp(Z)

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        return A


class SiLU(Rectifier):
    """Sigmoid linear unit, or swish: f(z) = z·σ(z), f′(z) = σ(z) + f(z)(1 − σ(z))."""

    name = "silu"
    formula = "Z * sigmoid(Z)"
    backward_formula = "dA * (sigmoid(Z) + A * (1 - sigmoid(Z)))"

    def forward(self, Z: FloatArray) -> FloatArray:
        return Z * sigmoid(Z)

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        S = sigmoid(Z)
        return S + A * (1 - S)


class Mish(Rectifier):
    """Mish: f(z) = z·t with t = tanh(ln(1 + eᶻ)); f′(z) = t + z·σ(z)(1 − t²).

    From Misra, "Mish: a self regularized non-monotonic activation function" (2019).
    """

    name = "mish"
    formula = "Z * tanh(softplus(Z))"
    backward_formula = "dA * (tanh(softplus(Z)) + Z * sigmoid(Z) * (1 - tanh(softplus(Z))**2))"

    def forward(self, Z: FloatArray) -> FloatArray:
        return Z * np.tanh(np.logaddexp(Z, Z.dtype.type(0)))

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        T = np.tanh(np.logaddexp(Z, Z.dtype.type(0)))
        return T + Z * sigmoid(Z) * (1 - T * T)


class GELU(Rectifier):
    """Gaussian error linear unit: f(z) = z·Φ(z), f′(z) = Φ(z) + z·φ(z), for the normal Φ and φ.

    From Hendrycks and Gimpel, "Gaussian error linear units" (2016), in the exact form.
    """

    name = "gelu"
    formula = "Z * normal(Z)"
    backward_formula = "dA * (normal(Z) + Z * density(Z))"

    def forward(self, Z: FloatArray) -> FloatArray:
        return Z * normal(Z)

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        sqrt_2_pi = np.sqrt(2 * np.pi).astype(Z.dtype)
        with np.errstate(over="ignore"):  # z² may overflow, and its exponential is 0
            density = np.exp(-0.5 * Z * Z) / sqrt_2_pi
        return normal(Z) + Z * density


def normal(Z: FloatArray) -> FloatArray:
    """Distribution function of the normal distribution: Φ(z) = erfc(−z / √2) / 2."""
    try:
        from scipy.special import ndtr
    except ImportError:  # SciPy is missing in a browser; this is slower
        erfc = np.frompyfunc(math.erfc, 1, 1)  # it returns an array of Python's floats
        upper_tail = erfc(-Z.astype(np.float64) / math.sqrt(2))
        return np.asarray(0.5 * upper_tail, Z.dtype)
    return ndtr(Z)


class Softmax(Activation):
    """Softmax, for class probabilities: f(z)ᵢ = exp(zᵢ) / Σⱼ exp(zⱼ), row by row.

    Subtracting the largest z of the row leaves the quotient unchanged and prevents overflow. As
    ∂aᵢ/∂zⱼ = aᵢ(δᵢⱼ − aⱼ), the chain rule reads::

        dL/dzⱼ = Σᵢ dL/daᵢ · aᵢ(δᵢⱼ − aⱼ) = aⱼ (dL/daⱼ − Σᵢ dL/daᵢ · aᵢ).
    """

    name = "softmax"
    formula = "exp(Z) / over_outputs(exp(Z))"
    backward_formula = "A * (dA - over_outputs(dA * A))"
    stable_formula = ("exp(Z - max_outputs(Z))", "Z / over_outputs(Z)")
    onnx_operator = "Softmax"

    def forward(self, Z: FloatArray) -> FloatArray:
        E = np.exp(Z - Z.max(axis=1, keepdims=True))
        return E / E.sum(axis=1, keepdims=True)

    def backward(self, Z: FloatArray, A: FloatArray, d_A: FloatArray) -> FloatArray:
        return A * (d_A - (d_A * A).sum(axis=1, keepdims=True))


class Ascending(Activation):
    """Ascending outputs, for quantiles that never cross: a₁ = z₁ and aⱼ = aⱼ₋₁ + ln(1 + exp zⱼ).

    As zⱼ is in aⱼ and all that follow, with the factor σ(zⱼ), the chain rule reads::

        dL/dz₁ = Σᵢ dL/daᵢ,    dL/dzⱼ = σ(zⱼ) Σ dL/daᵢ for i ≥ j.
    """

    name = "ascending"
    formula = "sum_outputs(Z if index_outputs(Z) < 1 else softplus(Z))"
    backward_formula = (
        "(over_outputs(dA) - sum_outputs(dA) + dA) * (1 if index_outputs(Z) < 1 else sigmoid(Z))"
    )

    def forward(self, Z: FloatArray) -> FloatArray:
        steps = np.logaddexp(Z, Z.dtype.type(0))
        is_first = np.arange(Z.shape[1]) == 0
        terms = np.where(is_first, Z, steps)
        return terms.cumsum(axis=1)

    def backward(self, Z: FloatArray, A: FloatArray, d_A: FloatArray) -> FloatArray:
        sums_from_last = d_A[:, ::-1].cumsum(axis=1)
        d_Z = sums_from_last[:, ::-1]
        d_Z[:, 1:] *= sigmoid(Z[:, 1:])
        return d_Z


def sigmoid(Z: FloatArray) -> FloatArray:
    """Compute 1 / (1 + e⁻ᶻ); the quotient is 0 where e⁻ᶻ overflows to infinity."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-Z))


def softplus(Z: FloatArray) -> FloatArray:
    """Compute ln(1 + eᶻ) = −ln σ(−z), without overflow."""
    return np.maximum(Z, 0) + np.log1p(np.exp(-np.abs(Z)))


def hides_overflow(activation: Activation, n_outputs: int) -> bool:
    """Return whether outputs stay finite where Z has overflowed to ∞ or −∞, as in σ(∞) = 1."""
    overflowed = np.empty((2, n_outputs))
    overflowed[0] = -np.inf
    overflowed[1] = np.inf
    with np.errstate(all="ignore"):
        outputs = activation.forward(overflowed)
    return bool(np.isfinite(outputs).all())


def activate(activation: Activation, Z: FloatArray) -> FloatArray:
    """Compute A = f(Z), with NaN where f would hide an overflow of Z."""
    A = check_result(activation.forward(Z), Z.shape, activation, "forward")
    if hides_overflow(activation, Z.shape[1]):
        return A + (Z - Z)  # This is NaN where Z is infinite, and A elsewhere.
    return A


def log_softmax(Z: FloatArray) -> FloatArray:
    """Compute ln softmax(z) of each row, without overflow."""
    Z = Z - Z.max(axis=1, keepdims=True)
    return Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))


#: The activation of logits.
IDENTITY = Identity()

#: Every activation by its name.
ACTIVATIONS: dict[str, type[Activation]] = by_name(
    Identity, ReLU, LeakyReLU, ELU, SELU, GELU, SiLU, Mish, Tanh, Sigmoid, Softplus, Exponential,
    Softmax, Ascending,
)  # fmt: skip

#: The elementwise activations of barenet, for which kernels and scripts are generated.
ENTRYWISE: dict[str, type[Activation]] = {}
for _name, _kind in ACTIVATIONS.items():
    if _kind.derivative is not Activation.derivative:
        ENTRYWISE[_name] = _kind


def as_activation(spec: str | Activation, argument: str = "activation") -> Activation:
    """Turn a name such as ``"leaky_relu:slope=0.2"`` into the activation."""
    return build(Activation, ACTIVATIONS, spec, argument)


def as_hidden_activation(spec: str | Activation, argument: str = "activation") -> Activation:
    """Turn a name into the activation of a hidden layer, for which "prelu" is a name, too."""
    registry: dict[str, type[Activation]] = {**ACTIVATIONS, "prelu": LearnedReLU}
    return build(Activation, registry, spec, argument)
