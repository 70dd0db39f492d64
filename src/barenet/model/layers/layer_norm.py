"""LayerNorm: bring each row to mean 0 and variance 1, whatever the other rows are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np

from barenet.model.arrays import FloatArray
from barenet.model.layers.layer import Layer
from barenet.model.validation import check_count, check_positive

__all__ = ["LayerNorm", "LayerNormCache"]


class LayerNormCache(NamedTuple):
    """What `LayerNorm.backward` needs."""

    normalized: FloatArray
    deviation: FloatArray


class LayerNorm(Layer):
    """output = γ · (X − μ) / √(σ² + ε) + β, with each row's mean μ and variance σ².

    The same while training and predicting, and for any batch size. From Ba, Kiros and Hinton,
    "Layer normalization" (2016).

    Parameters
    ----------
    n_in : int
        Number of features.
    epsilon : float, default=1e-5
        Added to the variance, to divide by something where a row is constant.

    Attributes
    ----------
    gain : ndarray of shape (n_in,)
        γ, a view into the network's parameters.
    bias : ndarray of shape (n_in,)
        β, a view into the network's parameters.

    Examples
    --------
    >>> from barenet import LayerNorm, Network
    >>> Network([LayerNorm(3)]).predict([[1.0, 2.0, 3.0]]).round(3)
    array([[-1.225, 0. , 1.225]], dtype=float32)
    """

    name: ClassVar[str] = "layer_norm"
    n_in: int
    gain: FloatArray
    bias: FloatArray

    def __init__(self, n_in: int, *, epsilon: float = 1e-5) -> None:
        self.n_in = check_count(n_in, "n_in")
        self.epsilon = check_positive(epsilon, "epsilon")

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        return {"gain": (self.n_in,), "bias": (self.n_in,)}

    def forward(
        self, X: FloatArray, *, training: bool = False, rng_key: int = 0
    ) -> tuple[FloatArray, LayerNormCache]:
        """Normalize each row.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_in)
            The output of the layer before.
        training, rng_key : bool, int
            Not used here.

        Returns
        -------
        output : ndarray of shape (n_samples, n_in)
            The normalized rows, scaled and shifted.
        cache : LayerNormCache
            What `backward` needs.
        """
        deviation = np.sqrt(X.var(axis=1, keepdims=True) + self.epsilon)
        normalized = (X - X.mean(axis=1, keepdims=True)) / deviation
        return self.gain * normalized + self.bias, LayerNormCache(normalized, deviation)

    def backward(
        self, cache: LayerNormCache, d_output: FloatArray, out: Mapping[str, FloatArray]
    ) -> FloatArray:
        """Compute dL/dγ, dL/dβ and dL/dX from dL/d(output).

        As in `BatchNorm.backward`, with the means over each row in place of each column: write N
        for the normalized X, s for √(σ² + ε), and dN = dL/d(output) · γ; then::

            dxⱼ = (dNⱼ − mean(dN) − Nⱼ · mean(dN · N)) / s.

        Parameters
        ----------
        cache : LayerNormCache
            From `forward`.
        d_output : ndarray of shape (n_samples, n_in)
            dL/d(output).
        out : mapping of str to ndarray
            dL/dγ is written to ``out["gain"]``, dL/dβ to ``out["bias"]``.

        Returns
        -------
        ndarray of shape (n_samples, n_in)
            dL/dX.
        """
        N, deviation = cache
        np.sum(d_output * N, axis=0, out=out["gain"])
        np.sum(d_output, axis=0, out=out["bias"])
        dN = d_output * self.gain
        mean, projection = dN.mean(axis=1, keepdims=True), (dN * N).mean(axis=1, keepdims=True)
        return (dN - mean - N * projection) / deviation

    def initialize(self, rng: np.random.RandomState) -> None:
        """Start from γ = 1 and β = 0; nothing is drawn.

        Parameters
        ----------
        rng : numpy.random.RandomState
            Not used here.
        """
        self.gain, self.bias = 1, 0  # type: ignore[assignment]

    def config(self) -> dict[str, Any]:
        """Describe the layer as plain data.

        Returns
        -------
        dict
            ``"layer"``, its name, and its arguments.
        """
        return {"layer": self.name, "n_in": self.n_in, "epsilon": self.epsilon}
