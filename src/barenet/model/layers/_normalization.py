"""Normalization layers: features, or rows, of mean 0 and variance 1, then scaled and shifted."""

from typing import ClassVar

import numpy as np

from barenet._constraints import check_count, check_number, checks_arguments
from barenet.model._arrays import Arrays, Cache, FloatArray, Forward
from barenet.model.layers._layer import Layer


class Normalization(Layer):
    """Normalization along an axis: output = γ · (X − μ) / √(σ² + ε) + β.

    Attributes
    ----------
    gain, bias : ndarray of shape (n_in,)
        γ and β, views into the network's parameters.
    """

    _axis: ClassVar[int]
    n_in: int
    gain: FloatArray
    bias: FloatArray

    @checks_arguments
    def __init__(self, n_in: int, *, epsilon: float = 1e-5) -> None:
        self.n_in = check_count(n_in, "n_in")
        self.epsilon = check_number(epsilon, "epsilon", gt=0)
        self.parameter_shapes = {"gain": (self.n_in,), "bias": (self.n_in,)}

    def _normalize(
        self, X: FloatArray, mean: FloatArray, variance: FloatArray, constant: bool = False
    ) -> Forward:
        """Compute the output; cache N = (X − μ)/s, s, and whether μ and σ² are constant."""
        deviation = np.sqrt(variance + self.epsilon)
        normalized = (X - mean) / deviation
        return self.gain * normalized + self.bias, (normalized, deviation, constant)

    def backward(self, cache: Cache, d_output: FloatArray, out: Arrays) -> FloatArray:
        """Compute dL/dγ, dL/dβ and dL/dX from dL/d(output).

        Write N for the normalized X, s for √(σ² + ε), and dN = dL/d(output) · γ. An entry affects
        its own output directly, and every other one along the axis, of length n, through μ and σ².
        With ∂μ/∂xᵢ = 1/n and ∂s/∂xᵢ = (xᵢ − μ)/(n s) = Nᵢ/n, the chain rule gives::

            dxᵢ = (dNᵢ − mean(dN) − Nᵢ · mean(dN · N)) / s.

        Where μ and σ² are constants, dxᵢ = dNᵢ / s.
        """
        N, deviation, constant = cache
        np.sum(d_output * N, axis=0, out=out["gain"])
        np.sum(d_output, axis=0, out=out["bias"])
        dN = d_output * self.gain
        if not constant:
            mean = dN.mean(axis=self._axis, keepdims=True)
            dN = dN - mean - N * (dN * N).mean(axis=self._axis, keepdims=True)
        return dN / deviation

    def initialize(self, rng: np.random.RandomState) -> None:
        """Set γ = 1 and β = 0."""
        self.gain[...] = 1
        self.bias[...] = 0


class BatchNorm(Normalization):
    """Batch norm: output = γ · (X − μ) / √(σ² + ε) + β, with each feature's mean μ and variance σ².

    While training, μ and σ² are those of the batch, and running averages of them are updated. For
    prediction, the running averages are used, so a row's output does not depend on the rows beside
    it. From Ioffe and Szegedy, "Batch normalization" (2015).

    Parameters
    ----------
    n_in : int
        Number of features.
    momentum : float, default=0.9
        Fraction of the old running average that is kept at each step.
    epsilon : float, default=1e-5
        ε, which prevents a division by 0.

    Attributes
    ----------
    mean, variance : ndarray of shape (n_in,)
        Running averages of μ and of the unbiased σ², views into the network's statistics.

    Examples
    --------
    >>> from barenet import Network
    >>> from barenet.layers import BatchNorm
    >>> network = Network([BatchNorm(1)])
    >>> output, _ = network.forward(np.array([[1.0], [2.0], [3.0]]), training=True)
    >>> output.round(3).ravel()
    array([-1.225,  0.   ,  1.225], dtype=float32)
    """

    name: ClassVar[str] = "batch_norm"
    _axis: ClassVar[int] = 0
    mean: FloatArray
    variance: FloatArray

    @checks_arguments
    def __init__(self, n_in: int, *, momentum: float = 0.9, epsilon: float = 1e-5) -> None:
        super().__init__(n_in, epsilon=epsilon)
        self.momentum = check_number(momentum, "momentum", ge=0, lt=1)
        self.statistic_shapes = {"mean": (self.n_in,), "variance": (self.n_in,)}

    def forward(self, X: FloatArray, *, training: bool = False, rng_key: int = 0) -> Forward:
        """Normalize; while training, update the running averages."""
        if not training:
            return self._normalize(X, self.mean, self.variance, constant=True)
        mean = X.mean(axis=0)
        variance = X.var(axis=0)
        n = len(X)
        if n > 1:  # the unbiased variance of a single row is undefined
            unbiased = variance * (n / (n - 1))
            self.mean[...] = self.momentum * self.mean + (1 - self.momentum) * mean
            self.variance[...] = self.momentum * self.variance + (1 - self.momentum) * unbiased
        return self._normalize(X, mean, variance)

    def initialize(self, rng: np.random.RandomState) -> None:
        """Set γ = 1, β = 0, mean 0 and variance 1."""
        super().initialize(rng)
        self.mean[...] = 0
        self.variance[...] = 1


class LayerNorm(Normalization):
    """Layer norm: output = γ · (X − μ) / √(σ² + ε) + β, with each row's mean μ and variance σ².

    Training and prediction are the same, for any batch size. From Ba, Kiros and Hinton, "Layer
    normalization" (2016).

    Parameters
    ----------
    n_in : int
        Number of features.
    epsilon : float, default=1e-5
        ε, which prevents a division by 0.
    """

    name: ClassVar[str] = "layer_norm"
    _axis: ClassVar[int] = 1

    def forward(self, X: FloatArray, *, training: bool = False, rng_key: int = 0) -> Forward:
        """Normalize each row."""
        mean = X.mean(axis=1, keepdims=True)
        variance = X.var(axis=1, keepdims=True)
        return self._normalize(X, mean, variance)
