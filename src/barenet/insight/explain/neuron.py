"""Neuron: what a step of training does in one neuron, and what comes to it from the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any, NamedTuple

from barenet.constraints import check_number
from barenet.errors import brief
from barenet.insight.explain.cut import cut
from barenet.insight.explain.document import Equation, Quantity, Step
from barenet.insight.explain.name import Name
from barenet.model.activations import Softmax
from barenet.model.layers import Activate, BatchNorm, Dense, Dropout, Layer
from barenet.model.network import Network

__all__ = ["Neuron", "find_neuron", "steps_of"]


class Neuron(NamedTuple):
    """Where a neuron is.

    Attributes
    ----------
    layers : range
        Its dense layer, counted from 0, and those behind it that leave every column to itself: a
        batch norm, an activation of its own, a dropout.
    column : int
        Which of the layer's columns, counted from 0.
    """

    layers: range
    column: int


def find_neuron(network: Network, said: Sequence[int]) -> Neuron:
    """Find a neuron.

    Examples
    --------
    >>> find_neuron(Network.dense([2, 4, 1], dropout=0.5), (1, 3))
    Neuron(layers=range(0, 2), column=2)
    """
    layer, number = _two_numbers(said)
    dense = [place for place, each in enumerate(network.layers, 1) if isinstance(each, Dense)]
    if layer not in dense:
        numbers = ", ".join(map(str, dense))
        raise ValueError(f"neuron: layer {layer} has no neurons; those of {numbers} have")
    first, end = layer - 1, layer
    size = network.layers[first].n_out or 0
    check_number(number, f"neuron: of layer {layer}", ge=1, le=size, integer=True)
    while end < len(network.layers) and _leaves_apart(network.layers[end]):
        end += 1
    return Neuron(range(first, end), number - 1)


def _two_numbers(said: Any) -> tuple[int, int]:
    """Return a layer and a number, or say what came instead."""
    if isinstance(said, tuple | list) and len(said) == 2:
        layer, number = said
        if all(isinstance(each, Integral) and not isinstance(each, bool) for each in said):
            return int(layer), int(number)
    raise ValueError(
        f"neuron: expected its layer and its number, such as (1, 2), got {brief(said)}"
    )


def _leaves_apart(layer: Layer) -> bool:
    """Tell if no column of a layer's output depends on another column of its input."""
    elementwise = type(layer) is Activate and not isinstance(layer.activation, Softmax)
    return elementwise or type(layer) in (BatchNorm, Dropout)


def steps_of(steps: Sequence[Step], neuron: Neuron) -> Iterator[Step]:
    """Take the neuron's part of a training step."""
    numbers = {str(layer + 1) for layer in neuron.layers}
    seen: set[Name] = set()
    for step in steps:
        mine = [each for each in step.equations if _root(each.result.name).index in numbers]
        if not mine and (step.equations or step.given):
            continue  # what is said in words alone goes for all
        equations = tuple(cut(each, neuron.column) for each in mine)
        given = tuple(_new(step, equations, seen))
        yield replace(step, given=given, equations=equations)


def _new(step: Step, equations: Sequence[Equation], seen: set[Name]) -> Iterator[Quantity]:
    """Find what is needed and was not there before; the settings of a step are told in any case."""
    yield from (each for each in step.given if each.value.ndim == 0)
    seen |= {each.name for each in step.given if each.value.ndim == 0}
    for equation in equations:
        for operand in equation.operands.values():
            if operand.name not in seen:
                seen.add(operand.name)
                yield operand
        seen.add(equation.result.name)


def _root(name: Name) -> Name:
    """Find the parameter that something is remembered of."""
    return name if name.of is None else name.of
