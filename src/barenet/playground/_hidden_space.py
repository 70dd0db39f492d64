"""The space of a hidden layer's outputs: training points, the plane of the inputs, the boundary."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.playground import _network_layout as layout
from barenet.playground._network_view import NetworkView, nan_to_large
from barenet.playground._plane import principal_axes
from barenet.playground._wire_format import rounded

Array = NDArray[np.float64]

#: Maximum number of points, and points along each side of the plane of the inputs.
MAX_POINTS, SIDE = 500, 19
#: Free room at each edge of the picture.
MARGIN = 0.04


def hidden_space(view: NetworkView, layer: int) -> dict[str, Any]:
    """The outputs of a hidden layer for training points; of the last one if there are fewer.

    Places are fractions of the picture: to the right, and down.
    """
    network, prepared = view.current(), view.prepared
    count = len(network.sizes) - 2
    if count == 0:
        return {"hint": "This network has no hidden layer: add one with +."}
    if len(prepared.training[1]) < 2:
        return {"hint": "This picture needs two training points or more."}
    layer = min(layer, count - 1)
    X, y = (rows[:: -(-len(rows) // MAX_POINTS) or 1] for rows in prepared.training)
    # The grid is drawn for inputs that are functions of the picture's two axes.
    sheet = prepared.inputs("grid", SIDE) if prepared.features.names else X[:0]
    rows = np.concatenate([X, sheet if not prepared.is_curve else X[:0]])
    outputs = nan_to_large(layout.layer_values(network, rows, layer + 1)[-1].outputs)
    line = _output_line(view) if layer == count - 1 else np.empty(0)
    points, share, line = project(outputs, len(X), view.directions, layer, line)
    low, high = ranges(points[: len(X)], outputs.shape[1] if not len(line) else 2)

    def places(points: Array) -> Array:
        across, up = (MARGIN + (1 - 2 * MARGIN) * (points - low) / (high - low)).T
        return np.column_stack([across, 1 - up])

    has_boundary = len(line) == 3 and len(prepared.classes or ()) == 2
    ends = line_ends(line, low, high) if has_boundary else points[:0]
    sums = points[: len(X)] @ line[:2] + line[2] if has_boundary else np.zeros(len(X))
    return {
        "layer": layer,
        "neurons": outputs.shape[1],
        "share": share,
        "across": len(line) == 3,
        "ranges": [[float(a), float(b)] for a, b in zip(low, high, strict=True)],
        "points": rounded(places(points[: len(X)])),
        "sheet": rounded(places(points[len(X) :])) if outputs.shape[1] > 1 else [],
        "side": SIDE,
        "values": rounded(_values(view, y)),
        "boundary": rounded(places(ends)),
        "wrong": int(((sums > 0) != (y > 0)).sum()) if has_boundary else None,
    }


def project(
    outputs: Array, n_points: int, known: dict[int, Array], layer: int, line: Array
) -> tuple[Array, float, Array]:
    """Outputs in two dimensions, the share of the variance of the first points that they hold, and
    the weights and the bias of the output there.

    Two neurons are the axes themselves. For more, the axes are the direction of the output's
    weights and that of the greatest variance across it or, without a single output, the first two
    principal components; their signs are those of the known ones. One neuron is one axis; the
    other only separates the points.
    """
    if outputs.shape[1] == 1:
        spread = np.arange(len(outputs)) * 0.618 % 1
        return np.column_stack([outputs[:, 0], spread]), 1.0, line[:0]
    if outputs.shape[1] == 2:
        return outputs, 1.0, line
    mean, directions, _ = principal_axes(outputs[:n_points])
    centered = outputs - mean
    if len(line):
        first = line[:-1] / np.linalg.norm(line[:-1])
        rest = centered[:n_points] - np.outer(centered[:n_points] @ first, first)
        directions = np.stack([first, principal_axes(rest)[1][0]])
    similarity = np.sum(directions * known.get(layer, directions), axis=1, keepdims=True)
    similarity[: bool(len(line))] = 1  # the output rises to the right
    known[layer] = directions = np.where(similarity < 0, -directions, directions)
    points = centered @ directions.T
    shown, total = (np.square(each[:n_points]).sum() for each in (points, centered))
    line = np.array([*directions @ line[:-1], line[-1] + mean @ line[:-1]]) if len(line) else line
    return points, float(shown / (total or 1.0)), line


def ranges(points: Array, n_neurons: int) -> tuple[Array, Array]:
    """Ranges of the axes in steps, so that they seldom change; of one length for components."""
    low, high = points.min(axis=0), points.max(axis=0)
    step = 2.0 ** np.ceil(np.log2(np.where(high > low, high - low, 1.0))) / 8
    low, high = step * np.floor(low / step), step * (np.floor(high / step) + 1)
    if n_neurons == 1:
        low[1], high[1] = 0.0, 1.0
    if n_neurons <= 2:
        return low, high
    reach = (high - low).max() / 2
    return (low + high) / 2 - reach, (low + high) / 2 + reach


def line_ends(boundary: Array, low: Array, high: Array) -> Array:
    """Two points of the line w·h + b = 0 beyond the ranges, shape (2, 2)."""
    steep = int(abs(boundary[0]) * (high - low)[0] > abs(boundary[1]) * (high - low)[1])
    along = np.array([2 * low - high, 2 * high - low])[:, steep]
    other = -(boundary[steep] * along + boundary[2]) / boundary[1 - steep]
    return np.column_stack([other, along] if steep else [along, other])


def _output_line(view: NetworkView) -> Array:
    """Weights and bias of a single output; empty if there are several, or no direction."""
    last = layout.neuron_layers(view.current())[-1][0]
    found = np.array([*last.weights.ravel(), *last.bias], np.float64)
    has_direction = len(last.bias) == 1 and np.isfinite(found).all() and found[:-1].any()
    return found if has_direction else found[:0]


def _values(view: NetworkView, y: NDArray[Any]) -> NDArray[Any]:
    """The classes; numbers as fractions of the range that is drawn."""
    prepared, scaling = view.prepared, view.prepared.target_scaling
    targets = y.reshape(len(y), -1)
    targets = targets if scaling is None else scaling.inverse_transform(targets)
    return prepared.drawn_values(targets[:, prepared.output])
