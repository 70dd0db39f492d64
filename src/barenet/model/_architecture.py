"""Architecture: lists of layers from widths and names, and checks that layers fit each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from barenet._constraints import check_count, check_flag, check_number
from barenet.errors import ArgumentError, brief
from barenet.model._activations import Activation, as_activation
from barenet.model._initializers import Initializer
from barenet.model._layout import Layout
from barenet.model.layers import ActivationLayer, BatchNorm, Dense, Dropout, Layer

#: 4 GiB of float64; more is probably a typing error, and is rejected before memory is allocated.
MAX_PARAMETERS = 2**29

#: Width of the input, width of the output and activation of a dense layer.
DenseSpec: TypeAlias = tuple[int, int, str | Activation]


def dense_layers(
    sizes: Sequence[int] | Sequence[Mapping[str, Any]],
    hidden: str | Activation | Sequence[str | Activation],
    output: str | Activation,
    *,
    init: str | Initializer | None = None,
    bias_init: str | Initializer = "zeros",
    batch_norm: bool = False,
    rate: float = 0.0,
    argument: str = "sizes",
) -> list[Layer]:
    """Build dense layers, the hidden ones optionally with batch norm and followed by dropout.

    Examples
    --------
    >>> dense_layers([2, 3, 1], "relu", "sigmoid", rate=0.5)
    [Dense(2, 3, 'relu'), Dropout(rate=0.5), Dense(3, 1, 'sigmoid')]
    """
    check_number(rate, "dropout", ge=0, lt=1)
    batch_norm = check_flag(batch_norm, "batch_norm")
    specs = _dense_specs(sizes, hidden, output, argument)
    layers: list[Layer] = []
    for n_in, n_out, activation in specs[:-1]:
        if batch_norm:
            activation = as_activation(activation)
            weights_init = activation.default_init if init is None else init
            layers.append(Dense(n_in, n_out, init=weights_init, bias_init=bias_init))
            layers += [BatchNorm(n_out), ActivationLayer(activation)]
        else:
            layers.append(Dense(n_in, n_out, activation, init=init, bias_init=bias_init))
        layers += [Dropout(rate)] if rate > 0 else []
    layers += [Dense(*last, init=init, bias_init=bias_init) for last in specs[-1:]]
    check_size(layers, argument)
    return layers


def as_layers(layers: Any) -> list[Layer]:
    """Return unused layers as a list."""
    if not hasattr(layers, "__iter__"):
        raise ArgumentError.of("layers", layers, "a list of layers")
    layers = list(layers)
    for index, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            problem = f"expected layers, got {brief(layer)} at {index}"
            raise ArgumentError(problem, argument="layers", value=layer)
        if layer.is_bound or any(layer is other for other in layers[:index]):
            problem = f"layer {index} ({layer!r}) is in use already"
            raise ArgumentError(problem, argument="layers", remedy="make one for each place")
    return layers


def chain_widths(layers: Sequence[Layer]) -> tuple[int, ...]:
    """Widths from the input to the output of layers, which have to fit each other.

    Examples
    --------
    >>> chain_widths([Dense(2, 3), Dropout(0.1), Dense(3, 1)])
    (2, 3, 1)
    """
    if not layers:
        raise ArgumentError("a network needs at least one layer", argument="layers")
    sizes: list[int] = []
    width: int | None = None
    for index, layer in enumerate(layers):
        if layer.n_in is not None and width not in (None, layer.n_in):
            raise ArgumentError(
                f"layer {index} ({layer!r}) takes {layer.n_in} inputs, "
                f"and the layers before it give {width}",
                argument="layers",
            )
        width = layer.n_in if width is None else width
        sizes += [width] if width is not None and not sizes else []
        if layer.n_out is not None:
            width = layer.n_out
            sizes.append(width)
    check_size(layers, "layers")
    return tuple(sizes)


def check_size(layers: Sequence[Layer], argument: str) -> None:
    """Reject more parameters than any network of this kind has."""
    size = Layout(layer.parameter_shapes for layer in layers).size
    if size > MAX_PARAMETERS:
        problem = f"{size:,} parameters are more than {MAX_PARAMETERS:,}"
        raise ArgumentError(problem, argument=argument)


def _dense_specs(
    sizes: Any,
    hidden: str | Activation | Sequence[str | Activation],
    output: str | Activation,
    argument: str,
) -> list[DenseSpec]:
    """Dense layers from widths, or from mappings such as ``{"in": 784, "out": 16}``."""
    single = not hasattr(sizes, "__iter__") or getattr(sizes, "ndim", 1) == 0
    if single or isinstance(sizes, str | bytes | Mapping):
        raise ArgumentError.of(argument, sizes, "a list such as [784, 16, 10]")
    entries = list(sizes)
    if not entries or not all(isinstance(entry, Mapping) for entry in entries):
        return _from_widths(entries, hidden, output, argument)
    if (hidden, output) != ("relu", "identity"):
        problem = f"the layers' own activations are in {argument} already"
        raise ArgumentError(problem, argument="hidden, output")
    return [_from_mapping(entry, index, argument) for index, entry in enumerate(entries)]


def _from_widths(
    widths: list[Any],
    hidden: str | Activation | Sequence[str | Activation],
    output: str | Activation,
    argument: str,
) -> list[DenseSpec]:
    """Combine each width with the next, and with an activation."""
    if len(widths) < 2:
        raise ArgumentError.of(argument, widths, "at least an input and an output")
    for width in widths:
        check_count(width, argument)
    if not isinstance(hidden, str | Activation | Sequence):
        raise ArgumentError.of("hidden", hidden, "an activation, or a list of them")
    n_hidden = len(widths) - 2
    names = [hidden] * n_hidden if isinstance(hidden, str | Activation) else list(hidden)
    if len(names) != n_hidden:
        problem = f"{len(names)} activations for {n_hidden} hidden layers"
        remedy = "give one for all, or one for each"
        raise ArgumentError(problem, argument="hidden", remedy=remedy)
    activations = [as_activation(name, "hidden") for name in names]
    activations.append(as_activation(output, "output"))
    return list(zip(widths[:-1], widths[1:], activations, strict=True))


def _from_mapping(layer: Mapping[str, Any], index: int, argument: str) -> DenseSpec:
    """A dense layer from ``{"in": 784, "out": 16, "activation": "relu"}``."""
    if not {"in", "out"} <= set(layer) <= {"in", "out", "activation"}:
        raise ArgumentError(
            f"layer {index} needs the keys 'in', 'out' and 'activation', "
            f"got {', '.join(map(repr, layer)) or 'none'}",
            argument=argument,
        )
    return layer["in"], layer["out"], layer.get("activation", "identity")
