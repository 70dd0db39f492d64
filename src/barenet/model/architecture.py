"""Architecture: from sizes and names to layers that fit each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from barenet.errors import brief
from barenet.model.activations import Activation, as_activation
from barenet.model.initializers import Initializer
from barenet.model.layers import ActivationLayer, BatchNorm, Dense, Dropout, Layer
from barenet.model.layout import Layout
from barenet.model.validation import check_count, check_flag, check_share

__all__ = ["chain_widths", "check_size", "dense_layers", "layer_list"]

#: 4 GiB of float64: more is a slip of the keyboard, and is refused before memory is asked for.
MOST_PARAMETERS = 2**29


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
    """Make dense layers, with batch norm in each hidden one and dropout after it if asked for.

    Examples
    --------
    >>> dense_layers([2, 3, 1], "relu", "sigmoid", rate=0.5)
    [Dense(2, 3, 'relu'), Dropout(rate=0.5), Dense(3, 1, 'sigmoid')]
    """
    check_share(rate, "dropout")
    batch_norm = check_flag(batch_norm, "batch_norm")
    entries = _as_list(sizes, argument)
    if entries and all(isinstance(entry, Mapping) for entry in entries):
        if (hidden, output) != ("relu", "identity"):
            raise ValueError(
                f"hidden, output: the layers' own activations are in {argument} already"
            )
        triples = [_from_mapping(entry, index, argument) for index, entry in enumerate(entries)]
    else:
        triples = _from_widths(entries, hidden, output, argument)
    layers: list[Layer] = []
    for n_in, n_out, activation in triples[:-1]:
        if batch_norm:
            activation = as_activation(activation)
            usual = activation.default_init if init is None else init
            layers.append(Dense(n_in, n_out, init=usual, bias_init=bias_init))
            layers += [BatchNorm(n_out), ActivationLayer(activation)]
        else:
            layers.append(Dense(n_in, n_out, activation, init=init, bias_init=bias_init))
        layers += [Dropout(rate)] if rate > 0 else []
    layers += [Dense(*last, init=init, bias_init=bias_init) for last in triples[-1:]]
    check_size(layers, argument)
    return layers


def chain_widths(layers: Sequence[Layer]) -> tuple[int, ...]:
    """Follow the widths from the input to the output, and refuse layers that don't fit.

    Examples
    --------
    >>> chain_widths([Dense(2, 3), Dropout(0.1), Dense(3, 1)])
    (2, 3, 1)
    """
    if not layers:
        raise ValueError("layers: a network needs at least one layer")
    _check_each(layers)
    sizes: list[int] = []
    width: int | None = None
    for index, layer in enumerate(layers):
        if layer.n_in is not None and width not in (None, layer.n_in):
            raise ValueError(
                f"layers: layer {index} ({layer!r}) takes {layer.n_in} inputs, "
                f"and the layers before it give {width}"
            )
        width = layer.n_in if width is None else width
        sizes += [width] if width is not None and not sizes else []
        if layer.n_out is not None:
            width = layer.n_out
            sizes.append(width)
    check_size(layers, "layers")
    return tuple(sizes)


def check_size(layers: Sequence[Layer], argument: str) -> None:
    """Refuse more parameters than any network of this kind has."""
    size = Layout(layer.parameter_shapes for layer in layers).size
    if size > MOST_PARAMETERS:
        raise ValueError(f"{argument}: {size:,} parameters are more than {MOST_PARAMETERS:,}")


def layer_list(layers: Any) -> list[Layer]:
    """Take any series of layers; a layer by itself is none."""
    if not hasattr(layers, "__iter__"):
        raise ValueError(f"layers: expected a list of layers, got {brief(layers)}")
    return list(layers)


def _from_widths(
    widths: list[Any],
    hidden: str | Activation | Sequence[str | Activation],
    output: str | Activation,
    argument: str,
) -> list[tuple[int, int, str | Activation]]:
    """Pair each width with the next, and each pair with its activation."""
    if len(widths) < 2:
        raise ValueError(f"{argument}: expected at least an input and an output, got {widths!r}")
    for width in widths:
        check_count(width, argument)
    n_hidden = len(widths) - 2
    if not isinstance(hidden, str | Activation | Sequence):
        raise ValueError(f"hidden: expected an activation, or a list of them, got {brief(hidden)}")
    names = [hidden] * n_hidden if isinstance(hidden, str | Activation) else list(hidden)
    if len(names) != n_hidden:
        raise ValueError(
            f"hidden: {len(names)} activations for {n_hidden} hidden layers; "
            "give one for all, or one for each"
        )
    activations = [as_activation(name, "hidden") for name in names]
    return list(
        zip(widths[:-1], widths[1:], [*activations, as_activation(output, "output")], strict=True)
    )


def _from_mapping(
    layer: Mapping[str, Any], index: int, argument: str
) -> tuple[int, int, str | Activation]:
    """Read ``{"in": 784, "out": 16, "activation": "relu"}``."""
    if not {"in", "out"} <= set(layer) <= {"in", "out", "activation"}:
        raise ValueError(
            f"{argument}: layer {index} needs the keys 'in', 'out' and 'activation', "
            f"got {', '.join(map(repr, layer)) or 'none'}"
        )
    return layer["in"], layer["out"], layer.get("activation", "identity")


def _as_list(sizes: Any, argument: str) -> list[Any]:
    """Take any series: a list, a tuple, an array."""
    single = not hasattr(sizes, "__iter__") or getattr(sizes, "ndim", 1) == 0
    if single or isinstance(sizes, str | bytes | Mapping):
        raise ValueError(f"{argument}: expected a list such as [784, 16, 10], got {brief(sizes)}")
    return list(sizes)


def _check_each(layers: Sequence[Layer]) -> None:
    """Refuse what is not a layer, and a layer that is in use already."""
    seen: set[int] = set()
    for index, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            raise ValueError(f"layers: expected layers, got {brief(layer)} at {index}")
        if layer.is_bound or id(layer) in seen:
            raise ValueError(
                f"layers: layer {index} ({layer!r}) is in use already; make one for each place"
            )
        seen.add(id(layer))
