"""What an activation is: a function that a layer ends with, and its derivative.

The chain rule turns the loss's derivative by A = f(Z) into its derivative by Z. Where f works
entry by entry, that is dL/dZ = dL/dA · f′(Z).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from barenet.constraints import Configurable
from barenet.model.arrays import FloatArray

__all__ = ["Activation"]


class Activation(Configurable, ABC):
    """A function f from Z to A, with its derivative.

    A subclass that works entry by entry defines `forward` and `derivative`.

    Attributes
    ----------
    role, name : str
        The argument that it is for, and what it is called in `ACTIVATIONS`.
    default_init : str
        The initializer of weights before it, if nothing is said: Glorot's, or He's for what loses
        half of the signal.
    formula, backward_formula : str
        A from Z, and dZ from dA, Z and A, written as Python computes them; the options by their
        names. `explain` and the exports need them.
    stable_formula : tuple of str
        For exports, where `formula` would overflow or cancel: its steps, each from the Z of the
        one before.
    onnx_operator : str
        ONNX operator that computes the same, if there is one.

    Examples
    --------
    >>> import numpy as np
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
        """Compute A = f(Z).

        Parameters
        ----------
        Z : ndarray of shape (n_samples, n_outputs), float32 or float64
            The layer's values before the activation.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs), dtype of Z
            A.
        """

    def derivative(self, Z: FloatArray, A: FloatArray) -> FloatArray:
        """Compute f′(Z), entry by entry.

        Parameters
        ----------
        Z : ndarray of shape (n_samples, n_outputs)
            The values before the activation.
        A : ndarray of shape (n_samples, n_outputs)
            The values after it; many derivatives are shorter in A.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            f′(Z).
        """
        raise NotImplementedError(f"{type(self).__name__} has no derivative entry by entry")

    def backward(self, Z: FloatArray, A: FloatArray, d_A: FloatArray) -> FloatArray:
        """Compute dL/dZ = dL/dA · f′(Z).

        Parameters
        ----------
        Z, A : ndarray of shape (n_samples, n_outputs)
            The values before and after the activation.
        d_A : ndarray of shape (n_samples, n_outputs)
            dL/dA.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            dL/dZ.
        """
        return d_A * self.derivative(Z, A)
