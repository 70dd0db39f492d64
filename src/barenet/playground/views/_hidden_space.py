"""The space of a hidden layer's outputs: training points, a grid of inputs, and the boundary."""

from math import ceil
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.playground._sentences import sentence
from barenet.playground.data._plane import principal_axes
from barenet.playground.state import _network_layout as layout
from barenet.playground.state._wire_format import rounded
from barenet.playground.views._network_view import NetworkView, nan_to_large

Array = NDArray[np.float64]

#: Maximum number of points, and points along each side of the grid of inputs.
MAX_POINTS = 500
SIDE = 19
#: Margin at each edge of the picture.
MARGIN = 0.04


def hidden_space(view: NetworkView, layer: int) -> dict[str, Any]:
    """Project the outputs of a hidden layer, or of the last one if there are fewer layers.

    Positions are fractions of the picture, to the right and down.
    """
    network = view.current()
    prepared = view.prepared
    count = len(network.sizes) - 2
    if count == 0:
        return {"hint": sentence("This network has no hidden layer: add one with +.")}
    if len(prepared.training.y) < 2:
        return {"hint": sentence("This picture needs two training points or more.")}
    layer = min(layer, count - 1)
    all_X, all_y = prepared.training
    step = ceil(len(all_y) / MAX_POINTS)
    X = all_X[::step]
    y = all_y[::step]
    grid = X[:0]
    # The grid is drawn if the inputs are functions of the two axes of the picture.
    if prepared.features.names and not prepared.is_curve:
        grid = prepared.inputs("grid", SIDE)
    rows = np.concatenate([X, grid])
    values = layout.layer_values(network, rows, layer + 1)
    outputs = nan_to_large(values[-1].outputs)
    n_neurons = outputs.shape[1]
    line = np.empty(0)
    if layer == count - 1:
        line = _output_line(view)
    n_points = len(X)
    projection = project(outputs, n_points, line, drawn_before=view.directions, layer=layer)
    line = projection.line
    points = projection.points[:n_points]
    sheet = projection.points[n_points:]
    n_neurons_of_axes = n_neurons
    if len(line):
        n_neurons_of_axes = 2  # each axis has its own range
    low, high = ranges(points, n_neurons_of_axes)

    def places(points: Array) -> list[float | None]:
        fractions = (points - low) / (high - low)
        with_margin = MARGIN + (1 - 2 * MARGIN) * fractions
        across, up = with_margin.T
        return rounded(np.column_stack([across, 1 - up]))

    boundary: list[float | None] = []
    n_wrong = None
    is_in_plane = len(line) == 3  # two weights and a bias
    has_two_classes = prepared.classes is not None and len(prepared.classes) == 2
    if is_in_plane and has_two_classes:
        boundary = places(line_ends(line, low, high))
        sums = points @ line[:2] + line[2]
        is_wrong = (sums > 0) != (y > 0)
        n_wrong = int(is_wrong.sum())
    sheet_places: list[float | None] = []
    if n_neurons > 1:
        sheet_places = places(sheet)
    return {
        "layer": layer,
        "neurons": n_neurons,
        "share": projection.share,
        "across": is_in_plane,
        "ranges": np.column_stack([low, high]).tolist(),
        "points": places(points),
        "sheet": sheet_places,
        "side": SIDE,
        "values": rounded(_values(view, y)),
        "boundary": boundary,
        "wrong": n_wrong,
    }


class Projection(NamedTuple):
    """Outputs that are projected to two dimensions."""

    #: Shape (n_outputs, 2).
    points: Array
    #: The fraction of the variance that the points show.
    share: float
    #: The weights and the bias of the network's output there; empty if it has none.
    line: Array


def project(
    outputs: Array, n_points: int, line: Array, *, drawn_before: dict[int, Array], layer: int
) -> Projection:
    """Project outputs to two dimensions; the first `n_points` determine the axes.

    Two neurons are the axes themselves. For more neurons, the axes are the direction of the
    output's weights and the direction of the largest variance across it or, without a single
    output, the first two principal components; their signs match those that were drawn before, by
    layer. A single neuron is one axis, and the other axis only separates the points.
    """
    if outputs.shape[1] == 1:
        spread = np.arange(len(outputs)) * 0.618 % 1  # even, by the golden ratio
        points = np.column_stack([outputs[:, 0], spread])
        return Projection(points, share=1.0, line=np.empty(0))
    if outputs.shape[1] == 2:
        return Projection(outputs, share=1.0, line=line)
    axes = principal_axes(outputs[:n_points])
    directions = axes.directions
    centered = outputs - axes.mean
    if len(line):
        weights = line[:-1]
        first = weights / np.linalg.norm(weights)
        # The points without their components along the first direction.
        centered_points = centered[:n_points]
        parts = np.outer(centered_points @ first, first)
        remainder = centered_points - parts
        across = principal_axes(remainder).directions[0]
        directions = np.stack([first, across])
    earlier = drawn_before.get(layer, directions)
    similarity = np.sum(directions * earlier, axis=1, keepdims=True)
    if len(line):
        similarity[0] = 1  # so that the output rises to the right
    directions = np.where(similarity < 0, -directions, directions)
    drawn_before[layer] = directions
    points = centered @ directions.T
    shown = np.square(points[:n_points]).sum()
    total = np.square(centered[:n_points]).sum()
    if len(line):
        weights = line[:-1]
        bias = line[-1] + axes.mean @ weights
        line = np.array([*directions @ weights, bias])
    if total == 0:  # all points are at the same place
        total = 1.0
    return Projection(points, float(shown / total), line)


def ranges(points: Array, n_neurons: int) -> tuple[Array, Array]:
    """Compute ranges of the axes in steps, so that they rarely change; equal for components."""
    low = points.min(axis=0)
    high = points.max(axis=0)
    extent = np.where(high > low, high - low, 1.0)
    # An eighth of the next power of two.
    step = 2.0 ** np.ceil(np.log2(extent)) / 8
    low = step * np.floor(low / step)
    high = step * (np.floor(high / step) + 1)
    if n_neurons == 1:
        low[1] = 0.0
        high[1] = 1.0
    if n_neurons <= 2:
        return low, high
    reach = (high - low).max() / 2
    middle = (low + high) / 2
    return middle - reach, middle + reach


def line_ends(boundary: Array, low: Array, high: Array) -> Array:
    """Return two points of the line w·h + b = 0 outside the ranges, shape (2, 2)."""
    w0, w1, b = boundary
    width, height = high - low
    before = 2 * low - high
    after = 2 * high - low
    beyond = np.array([before, after])
    change_across = abs(w0) * width
    change_up = abs(w1) * height
    is_steep = change_across > change_up
    if is_steep:
        up = beyond[:, 1]
        across = -(w1 * up + b) / w0
    else:
        across = beyond[:, 0]
        up = -(w0 * across + b) / w1
    return np.column_stack([across, up])


def _output_line(view: NetworkView) -> Array:
    """Return the weights and bias of a single output; empty for several, or without direction."""
    last = layout.dense_layers(view.current())[-1]
    weights = last.weights.ravel()
    line = np.array([*weights, *last.bias], np.float64)
    is_single = len(last.bias) == 1
    is_finite = np.isfinite(line).all()
    has_direction = weights.any()
    if not is_single or not is_finite or not has_direction:
        return np.empty(0)
    return line


def _values(view: NetworkView, y: NDArray[Any]) -> NDArray[Any]:
    """Return classes unchanged, and numbers as fractions of the range that is drawn."""
    prepared = view.prepared
    targets = y.reshape(len(y), -1)
    if prepared.target_scaling is not None:
        targets = prepared.target_scaling.inverse_transform(targets)
    return prepared.drawn_values(targets[:, 0])
