"""Dropout: silence random inputs while learning, so that no neuron relies on a single one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from barenet.model.arrays import FloatArray
from barenet.model.layers.layer import Layer
from barenet.model.randomness import uniforms
from barenet.model.validation import check_share

__all__ = ["Dropout"]


class Dropout(Layer):
    """Set each input to 0 with probability `rate` while training; pass it on when predicting.

    What is kept is divided by 1 − rate, so that the mean stays as it is and nothing needs to be
    done when predicting. From Srivastava and others, "Dropout: a simple way to prevent neural
    networks from overfitting" (2014).

    Parameters
    ----------
    rate : float, default=0.5
        Share of the inputs to silence, from 0 up to but not including 1.

    Raises
    ------
    ValueError
        If the rate is anything else.

    Examples
    --------
    >>> import numpy as np
    >>> output, _ = Dropout(0.5).forward(np.ones((1, 6)), training=True, rng_key=1)
    >>> output
    array([[2., 2., 2., 0., 0., 2.]])
    """

    name: ClassVar[str] = "dropout"

    def __init__(self, rate: float = 0.5) -> None:
        self.rate = check_share(rate, "rate")

    def forward(
        self, X: FloatArray, *, training: bool = False, rng_key: int = 0
    ) -> tuple[FloatArray, FloatArray | None]:
        """Compute X · M, with a mask M of 0 and 1 / (1 − rate); X itself when predicting.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_in)
            The output of the layer before.
        training : bool
            True to drop.
        rng_key : int
            Fixes the mask: entry i is a function of the key and i.

        Returns
        -------
        output : ndarray of shape (n_samples, n_in)
            What is left.
        mask : ndarray of shape (n_samples, n_in), or None
            M, for `backward`.
        """
        if not training or self.rate == 0:
            return X, None
        keep = uniforms(rng_key, X.shape) >= self.rate
        mask = keep.astype(X.dtype) / X.dtype.type(1 - self.rate)
        return X * mask, mask

    def backward(
        self, cache: FloatArray | None, d_output: FloatArray, out: Mapping[str, FloatArray]
    ) -> FloatArray:
        """Compute dL/dX = dL/d(output) · M: what was silenced has no part in the loss.

        Parameters
        ----------
        cache : ndarray of shape (n_samples, n_in), or None
            The mask.
        d_output : ndarray of shape (n_samples, n_in)
            dL/d(output).
        out : mapping of str to ndarray
            Empty: there are no parameters.

        Returns
        -------
        ndarray of shape (n_samples, n_in)
            dL/dX.
        """
        return d_output if cache is None else d_output * cache

    def config(self) -> dict[str, Any]:
        """Describe the layer as plain data.

        Returns
        -------
        dict
            ``"layer"``, its name, and its arguments.
        """
        return {"layer": self.name, "rate": self.rate}
