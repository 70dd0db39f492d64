"""Penalties: a price on large weights, added to the loss, so that the network stays simple.

Biases are free, as are the gains of norms: they don't make a function wilder.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from barenet.constraints import Configurable, check_number
from barenet.model.arrays import FloatArray
from barenet.model.layout import Layout
from barenet.registry import build


@dataclass(frozen=True)
class Penalty(Configurable, ABC):
    """A price on the size of the weights.

    Attributes
    ----------
    role, name : str
        The argument that it is for, and what it is called in `PENALTIES`.
    formula, derivative_formula : str
        The term for weights W and its derivative, written as Python computes them, for `explain`.
    strength : float or sequence of float
        λ: one for all layers, or one for each layer that has weights.
    normalize_by_batch : bool, default=False
        True for λ over the number of rows in the batch, or the sum of their weights: a price that
        is paid once, however many the rows are. It is scikit-learn's ``alpha``.

    Raises
    ------
    ValueError
        If a strength is negative.

    Examples
    --------
    >>> import numpy as np
    >>> from barenet import L2, Network
    >>> network = Network.dense([2, 1, 1])
    >>> L2([0.1, 0.0]).spread(network.layout, np.dtype("float64"))
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
        if isinstance(self.strength, list | tuple | np.ndarray):
            each = tuple(check_number(value, self.role, part=part, ge=0) for value in self.strength)
            object.__setattr__(self, "strength", each)
        else:
            strength = check_number(self.strength, self.role, part=part, ge=0)
            object.__setattr__(self, "strength", strength)

    @abstractmethod
    def value(self, parameters: FloatArray, strengths: FloatArray) -> float:
        """Compute the price.

        Parameters
        ----------
        parameters, strengths : ndarray of shape (n_parameters,)
            What is learned, and λ for each.

        Returns
        -------
        float
            What is added to the loss.
        """

    @abstractmethod
    def gradient(self, parameters: FloatArray, strengths: FloatArray) -> FloatArray:
        """Compute the derivative of the price by each parameter.

        Parameters
        ----------
        parameters, strengths : ndarray of shape (n_parameters,)
            What is learned, and λ for each.

        Returns
        -------
        ndarray of shape (n_parameters,)
            What is added to the gradient.
        """

    def spread(self, layout: Layout, dtype: np.dtype[np.floating]) -> FloatArray:
        """Write λ for every parameter: the layer's at its weights, 0 elsewhere.

        Parameters
        ----------
        layout : Layout
            The network's.
        dtype : numpy.dtype
            The network's.

        Returns
        -------
        ndarray of shape (n_parameters,)
            The strengths.

        Raises
        ------
        ValueError
            If there are not as many strengths as layers with weights.
        """
        slots = [slot for slot in layout.slots if slot.name == "weights"]
        strength = self.strength
        values = [strength] * len(slots) if isinstance(strength, float) else list(strength)
        if len(values) != len(slots):
            raise ValueError(
                f"penalty: {len(values)} strengths for {len(slots)} layers with weights; "
                "give one for all, or one for each"
            )
        strengths = np.zeros(layout.size, dtype)
        for slot, value in zip(slots, values, strict=True):
            strengths[slot.start : slot.stop] = value
        return strengths


@dataclass(frozen=True)
class L1(Penalty):
    """λ Σ|w|, with the derivative λ sign(w): drives weights to exactly 0.

    Parameters
    ----------
    strength : float or sequence of float
        λ: one for all layers, or one for each layer that has weights.
    normalize_by_batch : bool, default=False
        True for λ over the number of rows in the batch, or the sum of their weights: a price that
        is paid once, however many the rows are. It is scikit-learn's ``alpha``.

    Examples
    --------
    >>> import numpy as np
    >>> L1(0.1).value(np.array([3.0, -1.0]), np.array([0.1, 0.1]))
    0.4
    """

    name: ClassVar[str] = "l1"
    formula: ClassVar[str] = "lam * total(abs(W))"
    derivative_formula: ClassVar[str] = "lam * sign(W)"

    def value(self, parameters: FloatArray, strengths: FloatArray) -> float:
        return float(strengths @ np.abs(parameters))

    def gradient(self, parameters: FloatArray, strengths: FloatArray) -> FloatArray:
        return strengths * np.sign(parameters)


@dataclass(frozen=True)
class L2(Penalty):
    """½ λ Σw², with the derivative λ w: pulls weights towards 0.

    Parameters
    ----------
    strength : float or sequence of float
        λ: one for all layers, or one for each layer that has weights.
    normalize_by_batch : bool, default=False
        True for λ over the number of rows in the batch, or the sum of their weights: a price that
        is paid once, however many the rows are. It is scikit-learn's ``alpha``.

    Examples
    --------
    >>> import numpy as np
    >>> L2(0.1).value(np.array([3.0, -1.0]), np.array([0.1, 0.1]))
    0.5
    """

    name: ClassVar[str] = "l2"
    formula: ClassVar[str] = "0.5 * lam * total(W**2)"
    derivative_formula: ClassVar[str] = "lam * W"

    def value(self, parameters: FloatArray, strengths: FloatArray) -> float:
        return float(0.5 * strengths @ parameters**2)

    def gradient(self, parameters: FloatArray, strengths: FloatArray) -> FloatArray:
        return strengths * parameters


#: Every penalty by its name.
PENALTIES: dict[str, type[Penalty]] = {kind.name: kind for kind in (L1, L2)}


def as_penalties(spec: str | Penalty | Sequence[str | Penalty] | None) -> list[Penalty]:
    """Turn names such as ``"l2:strength=1e-4"`` into penalties."""
    if spec is None:
        return []
    entries = list(spec) if isinstance(spec, list | tuple) else [spec]
    return [build(Penalty, PENALTIES, entry, "penalty") for entry in entries]
