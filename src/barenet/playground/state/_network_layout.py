"""The layout of a network on the page: layers of neurons, with their values and weights."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.errors import ArgumentError
from barenet.model._activations import Activation
from barenet.model._layout import Slot
from barenet.model._network import Network
from barenet.model.layers import Dense, Layer

#: Maximum number of drawn inputs, and drawn neurons of a layer; below, for networks on images.
MAX_DRAWN = 8
MAX_DRAWN_ON_IMAGES = 64
#: Maximum number of weights; more can't be drawn, and would delay every picture.
MAX_PARAMETERS = 500_000


Values = NDArray[np.floating]


class LayerValues(NamedTuple):
    """Sums and outputs of a layer of neurons at all points, shape (n_points, n_neurons)."""

    dense: Dense
    sums: Values
    outputs: Values
    activation: Activation


def neuron_layers(network: Network) -> list[list[Layer]]:
    """Group the layers: each dense layer with the layers after it.

    Examples
    --------
    >>> [len(group) for group in neuron_layers(Network.dense([2, 3, 1], dropout=0.5))]
    [2, 1]
    """
    groups: list[list[Layer]] = []
    for layer in network.layers:
        if isinstance(layer, Dense) or not groups:
            groups.append([])
        groups[-1].append(layer)
    return groups


def layer_values(network: Network, values: Values, count: int) -> list[LayerValues]:
    """Compute the values of the first `count` layers of neurons."""
    computed = []
    for dense, *others in neuron_layers(network)[:count]:
        assert isinstance(dense, Dense) and dense.activation is not None
        with np.errstate(all="ignore"):
            values, cache = dense.forward(values)
            sums = cache[1]  # the cache has the inputs, the sums, the outputs and the activation
            activation = dense.activation
            for layer in others:
                if layer.activation is not None:
                    sums = values
                    activation = layer.activation
                values, _ = layer.forward(values)
        computed.append(LayerValues(dense, sums, values, activation))
    return computed


def check_size(network: Network) -> None:
    """Reject a network that is too large to be drawn."""
    if network.n_parameters > MAX_PARAMETERS:
        problem = f"{network.n_parameters:,} weights are more than {MAX_PARAMETERS:,}"
        raise ArgumentError(problem, argument="hidden")


def weight_slots(network: Network) -> list[Slot]:
    """Return the positions of dense layers' weights in the parameter vector; biases follow them."""
    return [slot for slot in network.layout.slots if slot.name == "weights"]


def describe(network: Network, max_drawn: int) -> dict[str, Any]:
    """Describe the layers for the page, and how many neurons of each hidden layer are drawn."""
    layers = []
    for slot in weight_slots(network):
        n_in, n_out = slot.shape
        layers.append({"n_in": n_in, "n_out": n_out, "start": slot.start})
    drawn = [min(width, max_drawn) for width in network.sizes[1:-1]]
    return {"layout": layers, "drawn": drawn}


def parameter_index(network: Network, layer: int, row: int, column: int) -> int:
    """Return the index of a weight in the parameter vector; row −1 stands for the bias."""
    slots = weight_slots(network)
    if not 0 <= layer < len(slots):
        raise ArgumentError.of("layer", layer, f"0 to {len(slots) - 1}")
    n_in, n_out = slots[layer].shape
    if not (-1 <= row < n_in and 0 <= column < n_out):
        problem = f"layer {layer} has none from {row} to {column}"
        raise ArgumentError(problem, argument="weight")
    if row < 0:
        row = n_in  # the bias follows the weights
    return slots[layer].start + row * n_out + column
