"""Sheet: what is written while a step is explained: each quantity under its name, once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.engines import Job
from barenet.expressions import Expression
from barenet.insight.explain.differences import Differences
from barenet.insight.explain.document import Equation, Quantity
from barenet.insight.explain.name import Name
from barenet.insight.explain.trace import LayerTrace, Trace
from barenet.model.layers import ActivationLayer, BatchNorm, Dense, LayerNorm

__all__ = ["Sheet"]

#: The letters of a layer's arrays; one of a user's own is called what it is called there.
_LETTERS: dict[type, dict[str, str]] = {
    Dense: {"weights": "W", "bias": "b"},
    BatchNorm: {"gain": "gamma", "bias": "beta", "mean": "mubar", "variance": "Vbar"},
    LayerNorm: {"gain": "gamma", "bias": "beta"},
}


class Sheet:
    """The quantities of a step, so far."""

    def __init__(self, job: Job, trace: Trace, differences: Differences) -> None:
        self.job, self.trace, self.differences = job, trace, differences
        self.known: dict[Name, Quantity] = {}

    def __getitem__(self, name: Name) -> Quantity:
        return self.known[name]

    @property
    def n_samples(self) -> int:
        """Rows in the step."""
        return len(self.trace.y)

    def note(self, name: Name, value: Any, *, by_sample: bool = False) -> Quantity:
        """Write a quantity down, in place of what had its name before."""
        self.known[name] = Quantity.of(name, value, by_sample=by_sample)
        return self.known[name]

    def equation(
        self,
        result: Quantity,
        text: str | None,
        operands: Mapping[str, Quantity] | None = None,
        *,
        numbers: Mapping[str, float] | None = None,
        assigns: bool = False,
        differences: NDArray[np.float64] | None = None,
    ) -> Equation:
        """Write down how a quantity comes from others."""
        formula = None if text is None else Expression.parse(text, **(numbers or {}))
        names = formula.names if formula else frozenset()
        used = {name: each for name, each in (operands or {}).items() if name in names}
        if differences is not None:
            differences = differences.reshape(result.value.shape)
            differences.flags.writeable = False
        return Equation(result, formula, used, assigns, differences)

    def derive(
        self, name: Name, text: str, operands: Mapping[str, Quantity], like: Any = None
    ) -> Equation:
        """Write down what a hand would, on the way to what the code computes at once."""
        value = Expression.parse(text).evaluate({key: each.value for key, each in operands.items()})
        shaped = value if like is None else value.reshape(np.shape(like))
        return self.equation(self.note(name, shaped), text, operands)

    def name_of(self, layer: int, array: str) -> Name:
        """Find out what a layer's array is called."""
        letters = _LETTERS.get(type(self.trace.network.layers[layer]), {})
        return Name(letters.get(array, array), str(layer + 1))

    def ends_in_the_loss(self, step: LayerTrace) -> bool:
        """Tell if a layer has left its activation to the loss."""
        return self.trace.logits and step.index == len(self.trace.layers) - 1

    @property
    def taken(self) -> Name:
        """What the loss is computed from, in the code."""
        last = self.trace.layers[-1]
        if not self.trace.logits:
            return Name("A", str(last.index + 1))
        bare = (
            type(last.layer) is ActivationLayer
        )  # whose input is what comes before its activation
        return Name("A", str(last.index)) if bare else Name("Z", str(last.index + 1))
