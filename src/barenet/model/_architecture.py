"""Architecture: lists of layers from widths and names, and checks that they fit."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from barenet._constraints import check_count
from barenet._messages import brief, count_of
from barenet.errors import ArgumentError
from barenet.model._activations import Activation, as_activation, as_hidden_activation
from barenet.model.layers import Layer

#: 4 GiB of float64; a larger network is probably a typing error, and is rejected before memory is
#: allocated.
MAX_PARAMETERS = 2**29

#: Width of the input, width of the output and activation of a dense layer.
DenseSpec: TypeAlias = tuple[int, int, str | Activation]


def dense_specs(sizes: Any, hidden: Any, output: Any) -> list[DenseSpec]:
    """Make dense layers from widths, or from mappings such as ``{"in": 784, "out": 16}``."""
    if not np.iterable(sizes) or isinstance(sizes, str | bytes | Mapping):
        raise ArgumentError.of("sizes", sizes, "a list such as [784, 16, 10]")
    entries = list(sizes)
    if entries and all(isinstance(entry, Mapping) for entry in entries):
        if (hidden, output) != ("relu", "identity"):
            problem = "the layers' own activations are in sizes already"
            raise ArgumentError(problem, argument="hidden, output")
        return [_from_mapping(entry, index) for index, entry in enumerate(entries)]
    if len(entries) < 2:
        raise ArgumentError.of("sizes", entries, "at least an input and an output")
    widths = [check_count(width, "sizes") for width in entries]
    activations = hidden_activations(hidden, len(widths) - 2)
    activations.append(as_activation(output, "output"))
    return list(zip(widths[:-1], widths[1:], activations, strict=True))


def as_layers(layers: Any) -> list[Layer]:
    """Return unused layers as a list."""
    if not np.iterable(layers):
        raise ArgumentError.of("layers", layers, "a list of layers")
    layers = list(layers)
    for index, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            problem = f"expected layers, got {brief(layer)} at {index}"
            raise ArgumentError(problem, argument="layers", value=layer)
        is_bound = vars(layer).keys() & {**layer.parameter_shapes, **layer.statistic_shapes}
        is_repeated = any(layer is previous for previous in layers[:index])
        if is_bound or is_repeated:
            problem = f"layer {index} ({layer!r}) is in use already"
            raise ArgumentError(problem, argument="layers", remedy="make one for each place")
    return layers


def chain_widths(layers: Sequence[Layer]) -> tuple[int, ...]:
    """List the widths from the input to the output, and reject layers that don't fit each other."""
    if not layers:
        raise ArgumentError("a network needs at least one layer", argument="layers")
    sizes: list[int] = []
    for index, layer in enumerate(layers):
        if layer.n_in is not None:
            if not sizes:
                sizes = [layer.n_in]
            if layer.n_in != sizes[-1]:
                problem = f"layer {index} ({layer!r}) takes {layer.n_in} inputs"
                problem += f", and the layers before it give {sizes[-1]}"
                raise ArgumentError(problem, argument="layers")
        if layer.n_out is not None:
            sizes.append(layer.n_out)
    check_size(layers, "layers")
    return tuple(sizes)


def check_size(layers: Sequence[Layer], argument: str) -> None:
    """Reject more parameters than any network of this kind needs."""
    size = 0
    for layer in layers:
        for shape in layer.parameter_shapes.values():
            size += math.prod(shape)
    if size > MAX_PARAMETERS:
        problem = f"{size:,} parameters are more than {MAX_PARAMETERS:,}"
        raise ArgumentError(problem, argument=argument)


def hidden_activations(specs: Any, n_hidden: int, argument: str = "hidden") -> list[Activation]:
    """List the activations of the hidden layers, given one for all or one for each."""
    if isinstance(specs, str | Activation):
        specs = [specs] * n_hidden
    if not isinstance(specs, Sequence):
        raise ArgumentError.of(argument, specs, "an activation, or a list of them")
    if len(specs) != n_hidden:
        problem = f"{len(specs)} activations for {count_of(n_hidden, 'hidden layer')}"
        remedy = "give one for all, or one for each"
        raise ArgumentError(problem, argument=argument, remedy=remedy)
    return [as_hidden_activation(spec, argument) for spec in specs]


def _from_mapping(layer: Mapping[str, Any], index: int) -> DenseSpec:
    """Make a dense layer from ``{"in": 784, "out": 16, "activation": "relu"}``."""
    has_required = {"in", "out"}.issubset(layer)
    has_others = not {"in", "out", "activation"}.issuperset(layer)
    if not has_required or has_others:
        keys = ", ".join(repr(key) for key in layer) or "none"
        problem = f"layer {index} needs the keys 'in', 'out' and 'activation', got {keys}"
        raise ArgumentError(problem, argument="sizes")
    return layer["in"], layer["out"], layer.get("activation", "identity")
