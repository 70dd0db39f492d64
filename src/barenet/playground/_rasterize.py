"""Pictures: the points of the data, a network's output over the plane, and its neurons' outputs.

The library's layers compute the values, which are scaled to bytes here.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.model._network import Network
from barenet.playground._network_layout import MAX_DRAWN, layer_values
from barenet.playground._prepared_data import PreparedData

#: Maximum number of points of the data that are drawn.
MAX_POINTS = 1500
#: Points along each side of a neuron's picture.
NEURON_SIDE = 24
#: Points along each side of the output's picture, for small networks and for large ones.
SIDES = ((2_000, 72), (20_000, 48), (10**9, 32))
LINE_POINTS = 200

Bytes = NDArray[np.int8]


class Picture(NamedTuple):
    """A network as the page draws it."""

    #: Points along each side of the output, or of a curve.
    side: int
    #: Values from −127 to 127: for two classes the certainty of one, for numbers the position in
    #: the range of the targets; for more classes, the class of each point and then its certainty.
    #: For a curve, float32 predictions: a number, the second class's probability, or a class.
    output: NDArray[np.generic]
    #: Outputs of the drawn hidden neurons, shape (n_drawn, 24, 24).
    neurons: Bytes
    #: The value of 127 in each of them.
    scales: list[float]


def rasterize(network: Network, prepared: PreparedData) -> Picture:
    """Draw a network."""
    side = next(side for limit, side in SIDES if network.n_parameters <= limit)
    place: Any = ("line", LINE_POINTS) if prepared.is_curve else ("grid", side)
    with np.errstate(all="ignore"):
        output = prepared.outputs(network, *place)
        return Picture(place[1], _as_bytes(output, prepared), *_neuron_pictures(network, prepared))


def point_arrays(prepared: PreparedData, limit: int = MAX_POINTS) -> dict[str, NDArray[Any]]:
    """Positions and values of some points, and the pictures of the inputs."""
    chosen = slice(None, None, -(-len(prepared.points) // limit) or 1)
    y = prepared.dataset.y.astype(float)
    if prepared.classes is None:
        low, high = prepared.target_range
        y = (y - low) / ((high - low) or 1.0)
    inputs, scales = input_pictures(prepared)
    return {
        "positions": prepared.plane.positions(prepared.points[chosen]),
        "values": y[chosen].astype(np.float32),
        "tests": prepared.is_test[chosen].astype(np.uint8),
        "inputs": inputs,
        "scales": np.array(scales, np.float32),
    }


def input_pictures(prepared: PreparedData) -> tuple[Bytes, list[float]]:
    """Draw the inputs themselves."""
    chosen = prepared.drawn_inputs()
    rows = prepared.training[0][:, chosen]
    minimum = np.abs(rows).max(axis=0) if len(rows) else 1.0
    return _scaled(prepared.inputs("grid", NEURON_SIDE)[:, chosen], minimum)


def nan_to_large(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Replace NaN and infinities by finite numbers that can be drawn."""
    return np.nan_to_num(values.astype(np.float64), posinf=1e30, neginf=-1e30)


def _neuron_pictures(network: Network, prepared: PreparedData) -> tuple[Bytes, list[float]]:
    inputs = prepared.inputs("grid", NEURON_SIDE)
    drawn = [layer.outputs[:, :MAX_DRAWN] for layer in layer_values(network, inputs, -1)]
    return _scaled(np.concatenate([inputs[:, :0], *drawn], axis=1), 1.0)


def _scaled(columns: NDArray[np.float32], minimum: Any) -> tuple[Bytes, list[float]]:
    """Scale each column to a picture; the scale is its largest value, or a minimum."""
    columns = np.nan_to_num(columns, posinf=1e30, neginf=-1e30)
    scales = np.maximum(np.abs(columns).max(axis=0), minimum)
    fractions = columns / np.where(scales > 0, scales, 1.0)
    pictures = np.rint(127 * fractions).astype(np.int8)
    return pictures.T.reshape(-1, NEURON_SIDE, NEURON_SIDE), [float(value) for value in scales]


def _as_bytes(output: NDArray[np.floating], prepared: PreparedData) -> NDArray[np.generic]:
    """Encode the output of all points as `Picture.output`."""
    output = nan_to_large(output)
    n_classes = len(prepared.classes or ())
    if n_classes > 2:
        classes = output.argmax(axis=1)
        if prepared.is_curve:
            return classes.astype(np.float32)
        certainty = np.rint(127 * np.clip(output.max(axis=1), 0, 1))
        return np.concatenate([classes, certainty]).astype(np.int8)
    values = np.clip(output[:, -1], 0, 1) if n_classes else output[:, prepared.output]
    if prepared.is_curve:
        return values.astype(np.float32)
    low, high = (0.0, 1.0) if n_classes else prepared.target_range
    middle, reach = (low + high) / 2, (high - low) / 2 or 1.0
    return np.rint(127 * np.clip((values - middle) / reach, -1, 1)).astype(np.int8)
