"""What a loss is: one number for a batch, and its derivative by the network's output.

A loss is written for one sample; the batch's loss is the mean over its samples, weighted by the
sample weights where there are any: L = Σᵢ wᵢ ℓᵢ / Σᵢ wᵢ.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from barenet.constraints import Configurable
from barenet.model.activations import Activation
from barenet.model.arrays import FloatArray

__all__ = ["Loss"]


class Loss(Configurable, ABC):
    """The distance between what a network says and what it should say.

    Attributes
    ----------
    role, name : str
        The argument that it is for, and what it is called in `LOSSES`.
    outputs : tuple of str, optional
        Output activations that it can be computed from; None if from any.
    formula, derivative_formula : str
        Loss of one output and its derivative, from the network's output A and the target Y,
        written as Python computes them, for `explain`. Where the activation is inside, the
        derivative is that by the logit.

    Examples
    --------
    >>> import numpy as np
    >>> class FourthPower(Loss):
    ...     name = "fourth_power"
    ...     def per_sample(self, output, y):
    ...         return ((output - y) ** 4).sum(axis=1)
    ...     def derivative(self, output, y):
    ...         return 4 * (output - y) ** 3
    >>> FourthPower().value(np.array([[3.0]]), np.array([[1.0]]))
    16.0
    """

    role: ClassVar[str] = "loss"
    formula: ClassVar[str] = ""
    derivative_formula: ClassVar[str] = ""
    outputs: ClassVar[tuple[str, ...] | None] = None

    @abstractmethod
    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        """Compute ℓᵢ for each sample, summed over its outputs.

        Parameters
        ----------
        output : ndarray of shape (n_samples, n_outputs)
            What the network says.
        y : ndarray of shape (n_samples, n_outputs)
            What it should say.

        Returns
        -------
        ndarray of shape (n_samples,)
            The loss of each sample.
        """

    @abstractmethod
    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        """Compute ∂ℓᵢ/∂outputᵢⱼ.

        Parameters
        ----------
        output, y : ndarray of shape (n_samples, n_outputs)
            As for `per_sample`.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            The derivative of each sample's own loss.
        """

    def value(
        self, output: FloatArray, y: FloatArray, sample_weight: FloatArray | None = None
    ) -> float:
        """Compute L = Σᵢ wᵢ ℓᵢ / Σᵢ wᵢ.

        Parameters
        ----------
        output, y : ndarray of shape (n_samples, n_outputs)
            What the network says, and what it should say.
        sample_weight : ndarray of shape (n_samples,), optional
            How much each sample counts; by default all the same.

        Returns
        -------
        float
            The loss; 0 where all weights are 0.
        """
        _check_shapes(output, y)
        losses = self.per_sample(output, y)
        if sample_weight is None:
            return float(losses.sum() / len(losses))
        return float(losses @ _shares(sample_weight))

    def gradient(
        self, output: FloatArray, y: FloatArray, sample_weight: FloatArray | None = None
    ) -> FloatArray:
        """Compute ∂L/∂output: each sample's derivative times its share wᵢ / Σᵢ wᵢ.

        Parameters
        ----------
        output, y : ndarray of shape (n_samples, n_outputs)
            What the network says, and what it should say.
        sample_weight : ndarray of shape (n_samples,), optional
            How much each sample counts; by default all the same.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            What ``network.backward`` starts from.
        """
        _check_shapes(output, y)
        derivative = self.derivative(output, y)
        if sample_weight is None:
            return derivative / len(derivative)
        return derivative * _shares(sample_weight)[:, None]

    def check_targets(self, y: FloatArray) -> None:
        """Refuse targets that the loss has no meaning for.

        Parameters
        ----------
        y : ndarray of shape (n_samples, n_outputs)
            The targets.

        Raises
        ------
        ValueError
            If a target is outside of what the loss is defined for.
        """

    def on_logits(self, activation: Activation) -> Loss | None:
        """Return the same loss with the output activation inside it, if it has such a form.

        Parameters
        ----------
        activation : Activation
            The network's output activation.

        Returns
        -------
        Loss or None
            A loss to be computed from the logits (the values before the output activation),
            stable where the two apart would overflow or lose digits.
        """
        return None


def _check_shapes(output: FloatArray, y: FloatArray) -> None:
    """Refuse shapes that NumPy would broadcast to a matrix of every output against every target."""
    if output.shape != y.shape:
        raise ValueError(
            f"y: expected the shape of the output, {output.shape}, got {y.shape}; "
            "class indices become rows by one_hot(y, n_classes), numbers by y.reshape(-1, 1)"
        )


def _shares(sample_weight: FloatArray) -> FloatArray:
    """Weights as shares of their sum; a batch without any weight has no loss."""
    largest = sample_weight.max(initial=0)
    if largest == 0:
        return np.zeros_like(sample_weight)
    relative = sample_weight / largest  # as the sum of the weights themselves may overflow
    return relative / relative.sum()
