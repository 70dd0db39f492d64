"""LayerNorm: normalize each row to mean 0 and variance 1, independently of the other rows."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import numpy as np

from barenet._constraints import check_count, check_number
from barenet.model._arrays import Arrays, FloatArray, Shape
from barenet.model.layers._layer import Layer


class LayerNormCache(NamedTuple):
    """The normalized rows, and √(σ² + ε)."""

    normalized: FloatArray
    deviation: FloatArray


class LayerNorm(Layer):
    """output = γ · (X − μ) / √(σ² + ε) + β, with each row's mean μ and variance σ².

    Training and prediction are the same, for any batch size. From Ba, Kiros and Hinton, "Layer
    normalization" (2016).

    Parameters
    ----------
    n_in : int
        Number of features.
    epsilon : float, default=1e-5
        Added to the variance, so that a constant row does not divide by 0.

    Attributes
    ----------
    gain, bias : ndarray of shape (n_in,)
        γ and β, views into the network's parameters.

    Examples
    --------
    >>> from barenet import Network
    >>> from barenet.layers import LayerNorm
    >>> Network([LayerNorm(3)]).predict([[1.0, 2.0, 3.0]]).round(3)
    array([[-1.225, 0. , 1.225]], dtype=float32)
    """

    name: ClassVar[str] = "layer_norm"
    n_in: int
    gain: FloatArray
    bias: FloatArray

    def __init__(self, n_in: int, *, epsilon: float = 1e-5) -> None:
        self.n_in = check_count(n_in, "n_in")
        self.epsilon = check_number(epsilon, "epsilon", gt=0)

    @property
    def parameter_shapes(self) -> dict[str, Shape]:
        return {"gain": (self.n_in,), "bias": (self.n_in,)}

    def forward(
        self, X: FloatArray, *, training: bool = False, rng_key: int = 0
    ) -> tuple[FloatArray, LayerNormCache]:
        """Normalize each row."""
        deviation = np.sqrt(X.var(axis=1, keepdims=True) + self.epsilon)
        normalized = (X - X.mean(axis=1, keepdims=True)) / deviation
        return self.gain * normalized + self.bias, LayerNormCache(normalized, deviation)

    def backward(self, cache: LayerNormCache, d_output: FloatArray, out: Arrays) -> FloatArray:
        """Compute dL/dγ, dL/dβ and dL/dX from dL/d(output).

        As in `BatchNorm.backward`, with means over each row instead of each column: with N for the
        normalized X, s for √(σ² + ε), and dN = dL/d(output) · γ::

            dxⱼ = (dNⱼ − mean(dN) − Nⱼ · mean(dN · N)) / s.
        """
        N, deviation = cache
        np.sum(d_output * N, axis=0, out=out["gain"])
        np.sum(d_output, axis=0, out=out["bias"])
        dN = d_output * self.gain
        mean, projection = dN.mean(axis=1, keepdims=True), (dN * N).mean(axis=1, keepdims=True)
        return (dN - mean - N * projection) / deviation

    def initialize(self, rng: np.random.RandomState) -> None:
        """Set γ = 1 and β = 0."""
        self.gain, self.bias = 1, 0  # type: ignore[assignment]
