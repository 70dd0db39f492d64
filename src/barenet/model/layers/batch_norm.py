"""BatchNorm: bring each feature to mean 0 and variance 1, over the rows of the batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np

from barenet.model.arrays import FloatArray
from barenet.model.layers.layer import Layer
from barenet.model.validation import check_count, check_positive, check_share

__all__ = ["BatchNorm", "BatchNormCache"]


class BatchNormCache(NamedTuple):
    """What `BatchNorm.backward` needs."""

    normalized: FloatArray
    deviation: FloatArray
    training: bool


class BatchNorm(Layer):
    """output = γ · (X − μ) / √(σ² + ε) + β, with each feature's mean μ and variance σ².

    While training, μ and σ² are the batch's own, and running averages of them are kept; when
    predicting, the running averages are used, so that a row's output does not depend on the rows
    beside it. From Ioffe and Szegedy, "Batch normalization" (2015).

    Parameters
    ----------
    n_in : int
        Number of features.
    momentum : float, default=0.9
        Share of the old running average that is kept at each step.
    epsilon : float, default=1e-5
        Added to the variance, to divide by something where a feature is constant.

    Attributes
    ----------
    gain : ndarray of shape (n_in,)
        γ, a view into the network's parameters.
    bias : ndarray of shape (n_in,)
        β, a view into the network's parameters.
    mean : ndarray of shape (n_in,)
        Running average of μ, a view into the network's statistics.
    variance : ndarray of shape (n_in,)
        Running average of the unbiased σ², a view into the network's statistics.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from barenet import BatchNorm, Network
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
        self.momentum = check_share(momentum, "momentum")
        self.epsilon = check_positive(epsilon, "epsilon")

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        return {"gain": (self.n_in,), "bias": (self.n_in,)}

    @property
    def statistic_shapes(self) -> dict[str, tuple[int, ...]]:
        return {"mean": (self.n_in,), "variance": (self.n_in,)}

    def forward(
        self, X: FloatArray, *, training: bool = False, rng_key: int = 0
    ) -> tuple[FloatArray, BatchNormCache]:
        """Normalize, and while training keep the running averages.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_in)
            The output of the layer before.
        training : bool
            True to take mean and variance from X, False to take the running averages.
        rng_key : int
            Not used here.

        Returns
        -------
        output : ndarray of shape (n_samples, n_in)
            The normalized features, scaled and shifted.
        cache : BatchNormCache
            What `backward` needs.
        """
        mean, variance = (X.mean(axis=0), X.var(axis=0)) if training else (self.mean, self.variance)
        if training:
            self._keep_averages(mean, variance, len(X))
        deviation = np.sqrt(variance + self.epsilon)
        normalized = (X - mean) / deviation
        return self.gain * normalized + self.bias, BatchNormCache(normalized, deviation, training)

    def backward(
        self, cache: BatchNormCache, d_output: FloatArray, out: Mapping[str, FloatArray]
    ) -> FloatArray:
        """Compute dL/dγ, dL/dβ and dL/dX from dL/d(output).

        Write N for the normalized X, s for √(σ² + ε), and dN = dL/d(output) · γ. A row moves its
        own output, and through μ and σ² every row's. With ∂μ/∂xᵢ = 1/n and
        ∂s/∂xᵢ = (xᵢ − μ)/(n s) = Nᵢ/n, each column's chain rule gives::

            dxᵢ = (dNᵢ − mean(dN) − Nᵢ · mean(dN · N)) / s.

        When predicting, μ and σ² are constants: dxᵢ = dNᵢ / s.

        Parameters
        ----------
        cache : BatchNormCache
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
        N, deviation, training = cache
        np.sum(d_output * N, axis=0, out=out["gain"])
        np.sum(d_output, axis=0, out=out["bias"])
        dN = d_output * self.gain
        if training:
            dN = dN - dN.mean(axis=0) - N * (dN * N).mean(axis=0)
        return dN / deviation

    def initialize(self, rng: np.random.RandomState) -> None:
        """Start from γ = 1, β = 0, mean 0 and variance 1; nothing is drawn.

        Parameters
        ----------
        rng : numpy.random.RandomState
            Not used here.
        """
        self.gain, self.bias, self.mean, self.variance = 1, 0, 0, 1  # type: ignore[assignment]

    def config(self) -> dict[str, Any]:
        """Describe the layer as plain data.

        Returns
        -------
        dict
            ``"layer"``, its name, and its arguments.
        """
        return {
            "layer": self.name,
            "n_in": self.n_in,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
        }

    def _keep_averages(self, mean: FloatArray, variance: FloatArray, n_samples: int) -> None:
        """Move the running averages towards the batch's mean and unbiased variance."""
        if n_samples == 1:
            return  # One row has no variance to learn of.
        unbiased = variance * (n_samples / (n_samples - 1))
        self.mean = self.momentum * self.mean + (1 - self.momentum) * mean
        self.variance = self.momentum * self.variance + (1 - self.momentum) * unbiased
