"""Quantity table: the quantities of a step by their names, and the equations between them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._expressions import Expression
from barenet.insight.explain._document import Equation, Quantity
from barenet.insight.explain._name import Name
from barenet.insight.explain._neuron import Neuron
from barenet.insight.explain._recorded_step import Differences, RecordedLayer, RecordedStep
from barenet.model._layout import Slot
from barenet.model.layers import ActivationLayer, BatchNorm, Dense, LayerNorm, PReLU
from barenet.model.losses import logits_form

#: The letters of a layer's arrays; a user-defined array has its own name.
_LETTERS: dict[type, dict[str, str]] = {
    Dense: {"weights": "W", "bias": "b"},
    BatchNorm: {"gain": "gamma", "bias": "beta", "mean": "mubar", "variance": "Vbar"},
    LayerNorm: {"gain": "gamma", "bias": "beta"},
    PReLU: {"slopes": "alpha"},
}


class QuantityTable:
    """The quantities of a step, as they are collected."""

    def __init__(self, step: RecordedStep, limit: int, neuron: Neuron | None) -> None:
        self.step, self.differences = step, Differences(step, limit, neuron)
        self.rows, self.network = step.job.rows, step.after.network
        self.loss, self.logits = logits_form(step.job.loss, self.network.output_activation)
        self._quantities: dict[Name, Quantity] = {}

    def __getitem__(self, name: Name) -> Quantity:
        return self._quantities[name]

    def add(self, name: Name, value: Any, *, by_sample: bool = False) -> Quantity:
        """Add a quantity, in place of an earlier one of the same name."""
        self._quantities[name] = Quantity.of(name, value, by_sample=by_sample)
        return self._quantities[name]

    @property
    def parameters(self) -> Iterator[tuple[Name, Slot]]:
        """The name and the place of every array of parameters."""
        for slot in self.network.layout.slots:
            yield self.name_of(slot.layer, slot.name), slot

    def name_of(self, layer: int, array: str) -> Name:
        """The name of a layer's array."""
        letters = _LETTERS.get(type(self.network.layers[layer]), {})
        return Name(letters.get(array, array), str(layer + 1))

    def ends_in_loss(self, layer: RecordedLayer) -> bool:
        """Whether the loss computes the activation of a layer."""
        return self.logits and layer.index == len(self.step.layers) - 1

    @property
    def loss_input(self) -> Name:
        """The name of the loss's input: the output of the network, or its logits."""
        last = self.step.layers[-1]
        if self.logits and type(last.layer) is ActivationLayer:  # the logits are its input
            return Name("A", str(last.index))
        return Name("Z" if self.logits else "A", str(last.index + 1))


class Formulas:
    """Writes equations whose letters stand for quantities of a table, or for numbers."""

    def __init__(
        self, table: QuantityTable, names: Mapping[str, Name], numbers: Mapping[str, float]
    ) -> None:
        self.table, self.names, self.numbers = table, names, numbers

    def name_of(self, letter: str) -> Name:
        """The quantity of a letter."""
        return self.names.get(letter, Name(letter))

    def equation(
        self,
        letter: str | Name,
        value: Any,
        text: str | None = None,
        *,
        by_sample: bool = False,
        differences: NDArray[np.float64] | None = None,
    ) -> Equation:
        """Add a quantity with its formula to the table."""
        formula, operands = None, {}
        if text:
            formula = Expression.parse(text, **self.numbers)
            letters = [each for each in re.findall(r"[A-Za-z]\w*", text) if each in formula.names]
            operands = {each: self.table[self.name_of(each)] for each in letters}
        name = self.name_of(letter) if isinstance(letter, str) else letter
        result = self.table.add(name, value, by_sample=by_sample)
        if differences is not None:
            differences = differences.reshape(result.value.shape)
            differences.flags.writeable = False
        return Equation(result, formula, operands, differences)
