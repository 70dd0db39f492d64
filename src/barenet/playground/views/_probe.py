"""The probe: the forward pass of a single point through a network."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.errors import ArgumentError
from barenet.model._network import Network
from barenet.playground.data._prepared_data import PreparedData
from barenet.playground.state import _network_layout as layout
from barenet.playground.state._wire_format import finite
from barenet.playground.views._network_view import NetworkView
from barenet.tables.encoding._column_kinds import NumberColumn

#: Maximum number of outputs that are drawn.
MAX_OUTPUTS = 10


class DrawnLayer(NamedTuple):
    """The part of a dense layer that is drawn."""

    #: The position of the layer in the network.
    position: int
    #: The indices of its inputs and of its neurons.
    inputs: NDArray[np.intp]
    neurons: NDArray[np.intp]


class Point(NamedTuple):
    """A point in the form that the network takes."""

    #: The encoded row, shape (1, n_columns); in units of the data, unless columns are encoded.
    row: NDArray[np.float64]
    #: Shape (1, n_inputs).
    X: NDArray[np.float32]
    #: The scaled target, shape (1,); None for a position without data.
    y: NDArray[Any] | None = None
    is_test: bool = False


def probe(view: NetworkView, row: int, place: tuple[float, ...]) -> dict[str, Any]:
    """Pass a row of the data, a position on the plane or an image through the network."""
    prepared = view.prepared
    point = choose_point(prepared, row, place)
    if point is None:
        return {"layers": []}
    network = view.current()
    drawn = drawn_layers(network, prepared, prepared.max_drawn)
    with np.errstate(all="ignore"):
        answer = _forward(network, point, prepared, drawn)
    if not place:
        answer["truth"] = float(prepared.dataset.y[row])
    return answer


def choose_point(prepared: PreparedData, row: int, place: tuple[float, ...]) -> Point | None:
    """Return a row, a position on the plane, or an image; None if the page still has other data."""
    if len(place) > 2 and prepared.dataset.image_shape is None:
        return None
    if place:
        return _place(prepared, place)
    return _data_point(prepared, row)


def _data_point(prepared: PreparedData, index: int) -> Point:
    dataset = prepared.dataset
    if not 0 <= index < dataset.n_samples:
        raise ArgumentError.of("row", index, f"the index of one of {dataset.n_samples:,} rows")
    target = dataset.y[[index]]
    if prepared.target_scaling is not None:
        target = prepared.target_scaling.transform(target.reshape(1, 1))[0]
    point = _scaled(prepared, np.asarray(dataset.X[[index]], np.float64))
    return point._replace(y=target, is_test=bool(prepared.is_test[index]))


def _place(prepared: PreparedData, place: tuple[float, ...]) -> Point:
    if len(place) not in (2, prepared.dataset.n_features):
        raise ArgumentError.of("place", len(place), "two numbers, or the pixels of an image")
    if len(place) == 2:
        coordinates = np.array([place])
        if prepared.has_input_axes:
            coordinates = prepared.scaling.inverse_transform(coordinates)
        return _scaled(prepared, prepared.plane.rows(coordinates))
    encoded = []
    for placed, pixel in zip(prepared.columns, place, strict=True):
        encoded.append(placed.column.encode(np.array([pixel])))
    return _scaled(prepared, np.column_stack(encoded))


def _scaled(prepared: PreparedData, row: NDArray[np.float64]) -> Point:
    inputs = prepared.features.apply(row)
    return Point(row, prepared.scaling.transform(inputs, np.float32))


def drawn_layers(network: Network, prepared: PreparedData, max_drawn: int) -> list[DrawnLayer]:
    """Return the part of each dense layer that is drawn, with at most so many hidden neurons."""
    neurons = []
    for width in network.sizes[1:-1]:
        n_drawn = min(width, max_drawn)
        neurons.append(np.arange(n_drawn))
    n_outputs = min(network.sizes[-1], MAX_OUTPUTS)
    neurons.append(np.arange(n_outputs))
    inputs = np.array(prepared.drawn_inputs())
    layers = []
    for slot, layer_neurons in zip(layout.weight_slots(network), neurons, strict=True):
        layers.append(DrawnLayer(slot.layer, inputs, layer_neurons))
        inputs = layer_neurons  # of the next layer
    return layers


def _forward(
    network: Network, point: Point, prepared: PreparedData, drawn: list[DrawnLayer]
) -> dict[str, Any]:
    """Return the sums, outputs and largest terms of neurons, and the prediction in target units."""
    raw = _raw_inputs(prepared, point)
    output, caches = network.forward(point.X)
    # The outputs of a layer are the inputs of the next layer.
    layer_inputs = []
    layer_sums = []
    for drawn_layer in drawn:
        X, Z, _, _ = caches[drawn_layer.position]  # inputs and sums, shape (1, n)
        layer_inputs.append(X[0])
        layer_sums.append(Z[0])
    layer_outputs = [*layer_inputs[1:], output[0, :MAX_OUTPUTS]]
    arrays = network.layout.views(network.parameters)
    layers = []
    for drawn_layer, inputs, sums, outputs in zip(
        drawn, layer_inputs, layer_sums, layer_outputs, strict=True
    ):
        weights = arrays[drawn_layer.position]["weights"]
        drawn_weights = weights[drawn_layer.inputs][:, drawn_layer.neurons]
        layer = {
            "sums": finite(sums),
            "outputs": finite(outputs),
            "weights": finite(drawn_weights),
            "bias": finite(arrays[drawn_layer.position]["bias"]),
            "terms": _largest_terms(inputs, weights),
        }
        layers.append(layer)
    drawn_inputs = drawn[0].inputs
    image = finite(raw) if prepared.dataset.image_shape is not None else None
    return {
        "raw": finite(raw[drawn_inputs]),
        "inputs": finite(point.X[0, drawn_inputs]),
        "layers": layers,
        "activation": network.output_activation.name,
        "prediction": finite(prepared.predictions(network, point.X)[0]),
        "image": image,
    }


def _largest_terms(inputs: NDArray[np.floating], weights: NDArray[np.floating]) -> Any:
    """Return the index, weight and value of the inputs that contribute most to each sum."""
    sizes = np.abs(inputs * weights.T)
    order = np.argsort(-sizes)[:, : layout.MAX_DRAWN]
    largest_weights = np.take_along_axis(weights.T, order, axis=1)
    terms = np.stack([order, largest_weights, inputs[order]], axis=-1)
    return finite(terms)


def _raw_inputs(prepared: PreparedData, point: Point) -> NDArray[np.float64]:
    """Return the inputs in units of the data, or of the axes without units, shape (n_inputs,)."""
    if prepared.has_input_axes:
        return np.asarray(point.X[0], np.float64)
    row = point.row.copy()
    for start, column in prepared.columns:
        if isinstance(column, NumberColumn):
            scaled = row[:, start]
            row[:, start] = scaled * column.scale + column.center
    return prepared.features.apply(row)[0]


def by_layer(
    network: Network, vector: NDArray[np.floating], drawn: list[DrawnLayer]
) -> list[dict[str, list[Any]]]:
    """Return the drawn weights and biases, or their derivatives."""
    arrays = network.layout.views(vector)
    layers = []
    for layer in drawn:
        weights = arrays[layer.position]["weights"][layer.inputs][:, layer.neurons]
        bias = arrays[layer.position]["bias"][layer.neurons]
        layers.append({"weights": finite(weights), "bias": finite(bias)})
    return layers
