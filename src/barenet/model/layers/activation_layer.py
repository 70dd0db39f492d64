"""ActivationLayer: an activation on its own, for where a norm stands between it and the weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

from barenet.model.activations import Activation, Identity, as_activation
from barenet.model.arrays import FloatArray
from barenet.model.layers.layer import Layer
from barenet.registry import spec_of

__all__ = ["ActivateCache", "ActivationLayer"]


class ActivateCache(NamedTuple):
    """What `ActivationLayer.backward` needs: the values before and after the activation."""

    Z: FloatArray
    A: FloatArray
    activation: Activation


class ActivationLayer(Layer):
    """A = f(Z).

    Parameters
    ----------
    activation : str or Activation
        The function f, a name from `ACTIVATIONS` or an instance.

    Examples
    --------
    >>> from barenet import ActivationLayer, BatchNorm, Dense, Network
    >>> Network([Dense(2, 3), BatchNorm(3), ActivationLayer("relu"), Dense(3, 1)]).n_parameters
    19
    """

    name: ClassVar[str] = "activate"
    activation: Activation

    def __init__(self, activation: str | Activation) -> None:
        self.activation = as_activation(activation)

    def forward(
        self, X: FloatArray, *, training: bool = False, rng_key: int = 0, logits: bool = False
    ) -> tuple[FloatArray, ActivateCache]:
        """Compute A = f(X).

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_in)
            The output of the layer before.
        training, rng_key : bool, int
            Not used here.
        logits : bool
            True to pass X on, for a loss that has the activation inside it.

        Returns
        -------
        A : ndarray of shape (n_samples, n_in)
            The layer's output.
        cache : ActivateCache
            What `backward` needs.
        """
        activation = Identity() if logits else self.activation
        A = activation.forward(X)
        return A, ActivateCache(X, A, activation)

    def backward(
        self, cache: ActivateCache, d_output: FloatArray, out: Mapping[str, FloatArray]
    ) -> FloatArray:
        """Compute dL/dX = dL/dA · f′(X).

        Parameters
        ----------
        cache : ActivateCache
            From `forward`.
        d_output : ndarray of shape (n_samples, n_in)
            dL/dA.
        out : mapping of str to ndarray
            Empty: there are no parameters.

        Returns
        -------
        ndarray of shape (n_samples, n_in)
            dL/dX.
        """
        Z, A, activation = cache
        return activation.backward(Z, A, d_output)

    def config(self) -> dict[str, Any]:
        """Describe the layer as plain data.

        Returns
        -------
        dict
            ``"layer"``, its name, and its arguments.
        """
        return {"layer": self.name, "activation": spec_of(self.activation)}
