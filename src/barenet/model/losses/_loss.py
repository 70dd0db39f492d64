"""Loss: one number for a batch, and its derivative with respect to the network's output.

A loss is defined for one sample; the loss of a batch is the mean over its samples, weighted by the
sample weights if there are any: L = Σᵢ wᵢ ℓᵢ / Σᵢ wᵢ.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from barenet._constraints import Configurable
from barenet.errors import ArgumentError
from barenet.model._arrays import FloatArray, Weights, check_result


@dataclass(frozen=True, repr=False)
class Loss(Configurable, ABC):
    """The distance between predictions and targets.

    Its methods take the network's `output` and the targets `y`, each of shape (n_samples,
    n_outputs), and optionally the weights of the samples, `sample_weight` of shape (n_samples,).

    Attributes
    ----------
    on_logits : mapping of str to type
        The same loss as a function of the logits (the values before the activation), with the same
        options, for each output activation. It is numerically stable where the separate loss and
        activation would overflow or lose digits. A loss with such forms is defined only for these
        activations.
    activations : tuple of str
        The output activations that any other loss is defined for; empty for all.
    outputs_per_target : int
        Outputs for each target: 1, or more for several quantiles or a mean with its variance. In
        that case, `y` repeats the columns of the targets as often, one block after the other.
    of_differences : bool
        Whether the loss depends only on the differences between outputs and targets. By default,
        `Task` and the commands train a network with such a loss on standardized targets.
    formula, derivative_formula : str
        Loss of one output and its derivative, from the network's output A and the target Y, as
        Python expressions, for `explain`. On logits, the derivative is with respect to the logit.
    logits_formula, logits_derivative_formula : str
        The same loss on logits and its derivative, from the logit Z and the target Y, without
        overflow and without the loss of digits. Kernels and the JAX engine are printed from them.

    Examples
    --------
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
    logits_formula: ClassVar[str] = ""
    logits_derivative_formula: ClassVar[str] = ""
    on_logits: ClassVar[Mapping[str, type["Loss"]]] = {}
    activations: ClassVar[tuple[str, ...]] = ()
    outputs_per_target: ClassVar[int] = 1
    of_differences: ClassVar[bool] = False

    @abstractmethod
    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        """Compute ℓᵢ for each sample, summed over its outputs, shape (n_samples,)."""

    @abstractmethod
    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        """Compute ∂ℓᵢ/∂outputᵢⱼ, shape (n_samples, n_outputs)."""

    def value(self, output: FloatArray, y: FloatArray, sample_weight: Weights = None) -> float:
        """Compute L = Σᵢ wᵢ ℓᵢ / Σᵢ wᵢ.

        Returns
        -------
        float
            The loss; 0 where all weights are 0.
        """
        _check_shapes(output, y)
        losses = check_result(self.per_sample(output, y), output.shape[:1], self, "per_sample")
        if sample_weight is None:
            return float(losses.sum() / len(losses))
        return float(losses @ _relative_weights(sample_weight))

    def gradient(
        self, output: FloatArray, y: FloatArray, sample_weight: Weights = None
    ) -> FloatArray:
        """Compute ∂L/∂output: each sample's derivative times wᵢ / Σᵢ wᵢ.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            The argument of ``network.backward``.
        """
        _check_shapes(output, y)
        derivative = check_result(self.derivative(output, y), output.shape, self, "derivative")
        if sample_weight is None:
            return derivative / len(derivative)
        return derivative * _relative_weights(sample_weight)[:, None]

    def check_targets(self, y: FloatArray) -> None:
        """Reject targets that the loss is not defined for, with a ValueError."""

    def point(self, output: FloatArray) -> FloatArray:
        """Select the outputs that predict the targets themselves, which metrics are computed from.

        Returns
        -------
        ndarray of shape (n_samples, n_targets)
            One output for each target: the output itself, the middle one of several quantiles, or
            the mean.
        """
        n_targets = output.shape[1] // self.outputs_per_target
        middle = (self.outputs_per_target - 1) // 2
        first = middle * n_targets
        return output[:, first : first + n_targets]


class BinaryLoss(Loss):
    """A loss of independent probabilities, one for each output."""

    #: Whether each row belongs to exactly one class.
    _exclusive: ClassVar[bool] = False

    def check_targets(self, y: FloatArray) -> None:
        """Reject targets that are not probabilities, or don't sum to 1 for exclusive classes."""
        if ((y < 0) | (y > 1)).any():
            problem = f"{self.name} needs targets from 0 to 1, got {y.min():g} to {y.max():g}"
            raise ArgumentError(problem, argument="y")
        if self._exclusive and not np.allclose(y.sum(axis=1), 1, atol=1e-3):
            problem = f"{self.name} needs rows that sum to 1 (one class each)"
            remedy = "for several labels at once use a sigmoid output and binary_cross_entropy"
            raise ArgumentError(problem, argument="y", remedy=remedy)


class CategoricalLoss(BinaryLoss):
    """A loss of the probabilities of classes that exclude each other."""

    _exclusive = True


def clip_probabilities(p: FloatArray) -> FloatArray:
    """Move probabilities that were rounded to 0 or 1 to values with a finite logarithm."""
    limits = np.finfo(p.dtype)
    return np.clip(p, limits.tiny, 1 - limits.eps)


def _check_shapes(output: FloatArray, y: FloatArray) -> None:
    """Reject shapes that NumPy would broadcast to every output against every target."""
    if output.shape != y.shape:
        problem = f"expected the shape of the output, {output.shape}, got {y.shape}"
        remedy = "convert class indices by one_hot(y, n_classes), numbers by y.reshape(-1, 1)"
        raise ArgumentError(problem, argument="y", remedy=remedy)


def _relative_weights(sample_weight: FloatArray) -> FloatArray:
    """Divide weights by their sum; all 0 if all weights are 0."""
    largest = sample_weight.max(initial=0)
    if largest == 0:
        return np.zeros_like(sample_weight)
    relative = sample_weight / largest  # the sum of the unscaled weights may overflow
    return relative / relative.sum()
