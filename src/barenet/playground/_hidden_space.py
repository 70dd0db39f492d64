"""The space of a hidden layer's outputs: training points, the plane of the inputs, the boundary."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.playground import _network_layout as layout
from barenet.playground._network_view import NetworkView, nan_to_large
from barenet.playground._plane import principal_axes
from barenet.playground._wire_format import finite, rounded

#: Maximum number of points, and points along each side of the plane of the inputs.
MAX_POINTS, SIDE = 500, 19


def hidden_space(view: NetworkView, layer: int) -> dict[str, Any]:
    """The outputs of a hidden layer for training points; of the last one if there are fewer."""
    network, prepared = view.current(), view.prepared
    count = len(layout.layer_offsets(network)) - 1
    if count == 0:
        return {"hint": "This network has no hidden layer: add one with +."}
    layer = min(layer, count - 1)
    X, y = (rows[:: -(-len(rows) // MAX_POINTS) or 1] for rows in prepared.training)
    # Of inputs that are functions of the picture's two axes.
    sheet = prepared.inputs("grid", SIDE) if prepared.features.names else X[:0]
    rows = np.concatenate([X, sheet if not prepared.is_curve else X[:0]])
    outputs = nan_to_large(layout.layer_values(network, rows, layer + 1)[-1].outputs)
    points, share = project(outputs, len(X))
    return {
        "layer": layer,
        "neurons": outputs.shape[1],
        "share": share,
        "points": rounded(points[: len(X)]),
        "sheet": rounded(points[len(X) :]),
        "side": SIDE,
        "values": rounded(_values(view, y)),
        "boundary": _boundary(view, layer, count),
    }


def project(outputs: NDArray[np.float64], n_points: int) -> tuple[NDArray[np.float64], float]:
    """Outputs in two dimensions, and the share of the variance of the first points that they hold.

    Two neurons are the axes themselves; of more, the first two principal components are.
    """
    if outputs.shape[1] <= 2:
        return outputs, 1.0
    mean, directions, shares = principal_axes(outputs[:n_points])
    return (outputs - mean) @ directions.T, float(shares.sum())


def _boundary(view: NetworkView, layer: int, count: int) -> list[float | None]:
    """Weights and bias of the line w·h + b = 0 between two classes; empty if there is none."""
    last = layout.neuron_layers(view.current())[-1][0]
    classes = view.prepared.classes or ()
    if layer < count - 1 or len(classes) != 2 or last.weights.shape != (2, 1):
        return []
    return finite([*last.weights[:, 0].tolist(), float(last.bias[0])])


def _values(view: NetworkView, y: NDArray[Any]) -> NDArray[Any]:
    """The classes; numbers as fractions of the range that is drawn."""
    prepared, scaling = view.prepared, view.prepared.target_scaling
    if prepared.classes is not None:
        return y
    targets = y.reshape(len(y), -1)
    targets = targets if scaling is None else scaling.inverse_transform(targets)
    low, high = prepared.target_range
    return (targets[:, prepared.output] - low) / ((high - low) or 1.0)
