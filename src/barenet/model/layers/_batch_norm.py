"""BatchNorm: normalize each feature to mean 0 and variance 1 over the batch."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import numpy as np

from barenet._constraints import check_count, check_number
from barenet.model._arrays import Arrays, FloatArray, Shape
from barenet.model.layers._layer import Layer


class BatchNormCache(NamedTuple):
    """The normalized features, √(σ² + ε), and whether the batch's own mean and σ² were used."""

    normalized: FloatArray
    deviation: FloatArray
    training: bool


class BatchNorm(Layer):
    """output = γ · (X − μ) / √(σ² + ε) + β, with each feature's mean μ and variance σ².

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
        Added to the variance, so that a constant feature does not divide by 0.

    Attributes
    ----------
    gain, bias : ndarray of shape (n_in,)
        γ and β, views into the network's parameters.
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
    n_in: int
    gain: FloatArray
    bias: FloatArray
    mean: FloatArray
    variance: FloatArray

    def __init__(self, n_in: int, *, momentum: float = 0.9, epsilon: float = 1e-5) -> None:
        self.n_in = check_count(n_in, "n_in")
        self.momentum = check_number(momentum, "momentum", ge=0, lt=1)
        self.epsilon = check_number(epsilon, "epsilon", gt=0)

    @property
    def parameter_shapes(self) -> dict[str, Shape]:
        return {"gain": (self.n_in,), "bias": (self.n_in,)}

    @property
    def statistic_shapes(self) -> dict[str, Shape]:
        return {"mean": (self.n_in,), "variance": (self.n_in,)}

    def forward(
        self, X: FloatArray, *, training: bool = False, rng_key: int = 0
    ) -> tuple[FloatArray, BatchNormCache]:
        """Normalize; while training, update the running averages."""
        mean, variance = (X.mean(axis=0), X.var(axis=0)) if training else (self.mean, self.variance)
        if training and len(X) > 1:  # a single row has no variance
            unbiased = variance * (len(X) / (len(X) - 1))
            self.mean = self.momentum * self.mean + (1 - self.momentum) * mean
            self.variance = self.momentum * self.variance + (1 - self.momentum) * unbiased
        deviation = np.sqrt(variance + self.epsilon)
        normalized = (X - mean) / deviation
        return self.gain * normalized + self.bias, BatchNormCache(normalized, deviation, training)

    def backward(self, cache: BatchNormCache, d_output: FloatArray, out: Arrays) -> FloatArray:
        """Compute dL/dγ, dL/dβ and dL/dX from dL/d(output).

        Write N for the normalized X, s for √(σ² + ε), and dN = dL/d(output) · γ. A row affects its
        own output directly, and every row's through μ and σ². With ∂μ/∂xᵢ = 1/n and
        ∂s/∂xᵢ = (xᵢ − μ)/(n s) = Nᵢ/n, the chain rule gives for each column::

            dxᵢ = (dNᵢ − mean(dN) − Nᵢ · mean(dN · N)) / s.

        For prediction, μ and σ² are constants: dxᵢ = dNᵢ / s.
        """
        N, deviation, training = cache
        np.sum(d_output * N, axis=0, out=out["gain"])
        np.sum(d_output, axis=0, out=out["bias"])
        dN = d_output * self.gain
        if training:
            dN = dN - dN.mean(axis=0) - N * (dN * N).mean(axis=0)
        return dN / deviation

    def initialize(self, rng: np.random.RandomState) -> None:
        """Set γ = 1, β = 0, mean 0 and variance 1."""
        self.gain, self.bias, self.mean, self.variance = 1, 0, 0, 1  # type: ignore[assignment]
