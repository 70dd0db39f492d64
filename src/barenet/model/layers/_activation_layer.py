"""ActivationLayer: an activation as a layer, for use after a normalization layer."""

from typing import ClassVar

from barenet.model._activations import IDENTITY, Activation, as_activation
from barenet.model._arrays import Arrays, Cache, FloatArray, Forward
from barenet.model.layers._layer import Layer


class ActivationLayer(Layer):
    """A = f(Z).

    Parameters
    ----------
    activation : str or Activation
        The function f, a name from `ACTIVATIONS` or an instance.

    Examples
    --------
    >>> from barenet import Network
    >>> from barenet.layers import ActivationLayer, BatchNorm, Dense
    >>> Network([Dense(2, 3), BatchNorm(3), ActivationLayer("relu"), Dense(3, 1)]).n_parameters
    19
    """

    name: ClassVar[str] = "activate"
    activation: Activation

    def __init__(self, activation: str | Activation) -> None:
        self.activation = as_activation(activation)

    def forward(
        self, X: FloatArray, *, training: bool = False, rng_key: int = 0, logits: bool = False
    ) -> Forward:
        """Compute A = f(X); X itself for ``logits``."""
        activation = IDENTITY if logits else self.activation
        A = activation.forward(X)
        return A, (X, A, activation)

    def backward(self, cache: Cache, d_output: FloatArray, out: Arrays) -> FloatArray:
        """Compute dL/dX = dL/dA · f′(X)."""
        Z, A, activation = cache
        return activation.backward(Z, A, d_output)
