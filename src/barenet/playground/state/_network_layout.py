"""The layout of a network on the page: layers of neurons, with their values and weights."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.errors import ArgumentError
from barenet.model._activations import Activation
from barenet.model._layout import Slot
from barenet.model._network import Network
from barenet.model.layers import Dense

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


def dense_layers(network: Network) -> list[Dense]:
    """Return the dense layers, each a layer of neurons; dropout between them drops nothing here.

    Examples
    --------
    >>> len(dense_layers(Network.dense([2, 3, 1], dropout=0.5)))
    2
    """
    return [layer for layer in network.layers if isinstance(layer, Dense)]


def layer_values(network: Network, values: Values, count: int) -> list[LayerValues]:
    """Compute the values of the first `count` layers of neurons."""
    computed = []
    for dense in dense_layers(network)[:count]:
        with np.errstate(all="ignore"):
            outputs, (_, sums, _, activation) = dense.forward(values)
        computed.append(LayerValues(dense, sums, outputs, activation))
        values = outputs
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
