"""Penalties: regularization terms on the weights, added to the loss.

They don't apply to biases or to the gains of normalization layers, which don't make a function less
smooth.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from barenet._constraints import Configurable, check_number
from barenet._registry import build, by_name
from barenet.errors import ArgumentError
from barenet.model._arrays import FloatArray, check_result
from barenet.model._layout import Layout

__all__ = ["L1", "L2", "Penalty"]


@dataclass(frozen=True, repr=False)
class Penalty(Configurable, ABC):
    """A regularization term on the weights.

    Its methods take all `parameters` of a network, and λ for each of them as `strengths`.

    Attributes
    ----------
    formula, derivative_formula : str
        The term for weights W and its derivative, as Python expressions, for `explain`.
    strength : float or sequence of float
        λ: one for all layers, or one for each layer that has weights.
    normalize_by_batch : bool, default=False
        True to divide λ by the number of rows in the batch, or the sum of their weights, as
        scikit-learn does with ``alpha``.

    Examples
    --------
    >>> from barenet import Network
    >>> from barenet.penalties import L2
    >>> network = Network.dense([2, 1, 1])
    >>> L2([0.1, 0.0]).expand(network.layout, np.dtype("float64"))
    array([0.1, 0.1, 0. , 0. , 0. ])
    """

    role: ClassVar[str] = "penalty"
    formula: ClassVar[str] = ""
    derivative_formula: ClassVar[str] = ""
    strength: float | Sequence[float]
    normalize_by_batch: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "normalize_by_batch", bool(self.normalize_by_batch))
        part = f"{self.name}'s strength"
        strength: Any
        if isinstance(self.strength, list | tuple | np.ndarray):
            strengths = [
                check_number(number, self.role, part=part, ge=0) for number in self.strength
            ]
            strength = tuple(strengths)
        else:
            strength = check_number(self.strength, self.role, part=part, ge=0)
        object.__setattr__(self, "strength", strength)

    @abstractmethod
    def value(self, parameters: FloatArray, strengths: FloatArray) -> float:
        """Compute the term that is added to the loss."""

    @abstractmethod
    def gradient(self, parameters: FloatArray, strengths: FloatArray) -> FloatArray:
        """Compute the term that is added to the gradient, shape (n_parameters,)."""

    def expand(self, layout: Layout, dtype: np.dtype[np.floating]) -> FloatArray:
        """Expand λ to all parameters: the layer's at its weights, 0 elsewhere.

        Parameters
        ----------
        layout, dtype : Layout and numpy.dtype
            Layout and dtype of the network's parameters.

        Returns
        -------
        ndarray of shape (n_parameters,)
            The strengths.

        Raises
        ------
        ValueError
            If the number of strengths differs from the number of layers with weights.
        """
        slots = [slot for slot in layout.slots if slot.name == "weights"]
        strengths = np.zeros(layout.size, dtype)
        if isinstance(self.strength, float):
            for slot in slots:
                strengths[slot.start : slot.stop] = self.strength
            return strengths
        if len(self.strength) != len(slots):
            problem = f"{len(self.strength)} strengths for {len(slots)} layers with weights"
            remedy = "give one for all, or one for each"
            raise ArgumentError(problem, argument=self.role, remedy=remedy)
        for slot, strength in zip(slots, self.strength, strict=True):
            strengths[slot.start : slot.stop] = strength
        return strengths


class L1(Penalty):
    """L1 penalty, which drives weights to exactly 0: λ Σ|w|, with the derivative λ sign(w).

    Parameters
    ----------
    strength : float or sequence of float
        λ: one for all layers, or one for each layer that has weights.
    normalize_by_batch : bool, default=False
        True to divide λ by the number of rows in the batch, or the sum of their weights.
    """

    name = "l1"
    formula = "lam * total(abs(W))"
    derivative_formula = "lam * sign(W)"

    def value(self, parameters: FloatArray, strengths: FloatArray) -> float:
        return float(strengths @ np.abs(parameters))

    def gradient(self, parameters: FloatArray, strengths: FloatArray) -> FloatArray:
        return strengths * np.sign(parameters)


class L2(Penalty):
    """L2 penalty, which pulls weights towards 0: ½ λ Σw², with the derivative λ w.

    Parameters
    ----------
    strength : float or sequence of float
        λ: one for all layers, or one for each layer that has weights.
    normalize_by_batch : bool, default=False
        True to divide λ by the number of rows in the batch, or the sum of their weights.

    Examples
    --------
    >>> L2(0.1).value(np.array([3.0, -1.0]), np.array([0.1, 0.1]))
    0.5
    """

    name = "l2"
    formula = "0.5 * lam * total(W**2)"
    derivative_formula = "lam * W"

    def value(self, parameters: FloatArray, strengths: FloatArray) -> float:
        return float(0.5 * strengths @ parameters**2)

    def gradient(self, parameters: FloatArray, strengths: FloatArray) -> FloatArray:
        return strengths * parameters


#: Every penalty by its name.
PENALTIES: dict[str, type[Penalty]] = by_name(L1, L2)


def as_penalties(spec: str | Penalty | Sequence[str | Penalty]) -> list[Penalty]:
    """Build penalties from names such as ``"l2:strength=1e-4"``."""
    specs = spec if isinstance(spec, list | tuple) else [spec]
    return [build(Penalty, PENALTIES, entry, "penalty") for entry in specs]


def add_penalties(
    terms: Sequence[tuple[Penalty, FloatArray]],
    parameters: FloatArray,
    loss: float,
    gradient: FloatArray,
    inverse_weight: float,
) -> float:
    """Add penalties with their strengths to a gradient in place, and return the loss with them."""
    for penalty, strengths in terms:
        if penalty.normalize_by_batch:
            strengths = strengths * inverse_weight
        value = penalty.value(parameters, strengths)
        term = penalty.gradient(parameters, strengths)
        loss += float(check_result(value, (), penalty, "value"))
        gradient += check_result(term, gradient.shape, penalty, "gradient")
    return loss
