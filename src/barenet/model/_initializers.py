"""Initializers: the initial parameters of a layer.

All initializers draw from NumPy's RandomState. Its stream is frozen, so a seed gives the same
network with every version of NumPy. Weights are drawn neuron by neuron.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.random import RandomState

from barenet._constraints import Configurable, option
from barenet._registry import build, by_name
from barenet.model._arrays import FloatArray, Shape

__all__ = [
    "INITIALIZERS", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Initializer",
    "LeCunNormal", "LeCunUniform", "Normal", "Orthogonal", "Uniform", "Zeros",
]  # fmt: skip


@dataclass(frozen=True, repr=False)
class Initializer(Configurable, ABC):
    """A distribution of the initial values of an array of parameters.

    Examples
    --------
    >>> class Halves(Initializer):
    ...     name = "halves"
    ...     def draw(self, rng, shape, n_inputs, n_outputs):
    ...         return np.full(shape, 0.5)
    >>> from barenet.layers import Dense
    >>> Dense(2, 1, init=Halves()).init.draw(None, (1, 2), 2, 1)
    array([[0.5, 0.5]])
    """

    role: ClassVar[str] = "init"

    @abstractmethod
    def draw(self, rng: RandomState, shape: Shape, n_inputs: int, n_outputs: int) -> FloatArray:
        """Draw an array of the given shape, float64.

        Parameters
        ----------
        rng : numpy.random.RandomState
            Source of the random numbers.
        shape : tuple of int
            (n_outputs, n_inputs) for weights, (n_outputs,) for a bias.
        n_inputs, n_outputs : int
            Size of the layer, which determines the scale.
        """


class Zeros(Initializer):
    """All zeros, for biases. If weights were zero, all neurons of a layer would stay equal."""

    name = "zeros"

    def draw(self, rng: RandomState, shape: Shape, n_inputs: int, n_outputs: int) -> FloatArray:
        return np.zeros(shape)


@dataclass(frozen=True)
class Normal(Initializer):
    """Normal distribution around 0.

    Parameters
    ----------
    std : float, default=0.1
        Standard deviation.
    """

    std: float = option(0.1, ge=0)
    name = "normal"

    def draw(self, rng: RandomState, shape: Shape, n_inputs: int, n_outputs: int) -> FloatArray:
        return rng.standard_normal(shape) * self.std


@dataclass(frozen=True)
class Uniform(Initializer):
    """Uniform distribution from −limit to limit.

    Parameters
    ----------
    limit : float, default=0.1
        Largest absolute value.
    """

    limit: float = option(0.1, ge=0)
    name = "uniform"

    def draw(self, rng: RandomState, shape: Shape, n_inputs: int, n_outputs: int) -> FloatArray:
        return rng.uniform(-self.limit, self.limit, shape)


class VarianceScaling(Initializer):
    """Variance `scale` / n for n neurons, so that signals keep their variance.

    The sum of n products of independent numbers has n times the variance of one of them; weights of
    variance scale / n compensate for that.

    Attributes
    ----------
    scale, distribution : float and str
        2 compensates for ReLU, which halves the variance; 1 otherwise. "normal" or "uniform".
    fan : {"in", "average"}
        n: the number of inputs, for the forward pass, or the mean of inputs and outputs, a
        compromise with the backward pass.
    """

    scale: ClassVar[float]
    fan: ClassVar[Literal["in", "average"]]
    distribution: ClassVar[Literal["normal", "uniform"]]

    def draw(self, rng: RandomState, shape: Shape, n_inputs: int, n_outputs: int) -> FloatArray:
        n: float = n_inputs
        if self.fan == "average":
            n = (n_inputs + n_outputs) / 2
        variance = self.scale / n
        if self.distribution == "normal":
            return rng.standard_normal(shape) * np.sqrt(variance)
        limit = np.sqrt(3 * variance)  # the variance of a uniform distribution is limit²/3
        return rng.uniform(-limit, limit, shape)


class GlorotUniform(VarianceScaling):
    """Uniform, of variance 2 / (n_inputs + n_outputs): for tanh, sigmoid and softmax.

    From Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks" (2010).
    """

    name = "glorot_uniform"
    scale = 1.0
    fan = "average"
    distribution = "uniform"


class GlorotNormal(VarianceScaling):
    """Normal, of variance 2 / (n_inputs + n_outputs): for tanh, sigmoid and softmax."""

    name = "glorot_normal"
    scale = 1.0
    fan = "average"
    distribution = "normal"


class HeUniform(VarianceScaling):
    """Uniform, of variance 2 / n_inputs: for ReLU and its variants.

    From He, Zhang, Ren and Sun, "Delving deep into rectifiers" (2015).
    """

    name = "he_uniform"
    scale = 2.0
    fan = "in"
    distribution = "uniform"


class HeNormal(VarianceScaling):
    """Normal, of variance 2 / n_inputs: for ReLU and its variants."""

    name = "he_normal"
    scale = 2.0
    fan = "in"
    distribution = "normal"


class LeCunUniform(VarianceScaling):
    """Uniform, of variance 1 / n_inputs: keeps the variance of the forward signal.

    From LeCun, Bottou, Orr and Müller, "Efficient backprop" (1998).
    """

    name = "lecun_uniform"
    scale = 1.0
    fan = "in"
    distribution = "uniform"


class LeCunNormal(VarianceScaling):
    """Normal, of variance 1 / n_inputs: keeps the variance of the forward signal."""

    name = "lecun_normal"
    scale = 1.0
    fan = "in"
    distribution = "normal"


@dataclass(frozen=True)
class Orthogonal(Initializer):
    """Orthogonal rows of length `gain`; orthogonal columns if there are fewer columns than rows.

    The Q of a QR decomposition of normal draws, with the signs of R's diagonal, which makes it
    uniform over all rotations. From Saxe, McClelland and Ganguli, "Exact solutions to the
    nonlinear dynamics of learning in deep linear neural networks" (2014).

    Parameters
    ----------
    gain : float, default=1.0
        Length of the vectors.
    """

    gain: float = option(1.0, ge=0)
    name = "orthogonal"

    def draw(self, rng: RandomState, shape: Shape, n_inputs: int, n_outputs: int) -> FloatArray:
        rows, columns = shape
        Q, R = np.linalg.qr(rng.standard_normal((max(shape), min(shape))))
        Q = Q * np.sign(np.diag(R))
        if rows < columns:
            Q = Q.T
        return self.gain * Q


#: Every initializer by its name; Glorot's, He's and LeCun's are uniform by default.
INITIALIZERS: dict[str, type[Initializer]] = by_name(
    Zeros, Normal, Uniform, GlorotUniform, GlorotNormal, HeUniform, HeNormal, LeCunUniform,
    LeCunNormal, Orthogonal,
)  # fmt: skip
INITIALIZERS |= {"glorot": GlorotUniform, "he": HeUniform, "lecun": LeCunUniform}


def as_initializer(spec: str | Initializer, argument: str = "init") -> Initializer:
    """Build an initializer from a name such as ``"normal:std=0.1"``."""
    return build(Initializer, INITIALIZERS, spec, argument)
