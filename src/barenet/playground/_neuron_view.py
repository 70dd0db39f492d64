"""One neuron enlarged: its outputs on the plane, and the line on which its sum is 0.

A neuron of a later layer is shown with the lines of the neurons before it, as its own line bends
where it crosses one of them.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.model._activations import Sigmoid, Softmax
from barenet.playground._network_layout import (
    MAX_DRAWN,
    LayerValues,
    Values,
    layer_values,
    parameter_index,
)
from barenet.playground._network_view import NetworkView
from barenet.playground._prepared_data import MAX_NAMES
from barenet.playground._rasterize import nan_to_large
from barenet.playground._wire_format import finite

#: Points along each side.
SIDE = 48
#: Length of the arrow on both sides of the line, as a fraction of the picture.
ARROW = 0.18
#: Corners of a grid cell, clockwise.
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


def neuron_view(view: NetworkView, layer: int, neuron: int) -> dict[str, Any]:
    """Draw a neuron as it is now."""
    parameter_index(view.network, layer, -1, neuron)
    network = view.current()
    values = layer_values(network, view.prepared.inputs("grid", SIDE), layer + 1)
    dense = values[-1].dense
    sums = _square(_margin(values[-1], neuron), SIDE)
    line = contour(sums)
    picture, scale = _picture(values[-1], neuron, is_output=dense is network.layers[-1])
    before = values[-2].sums[:, :MAX_DRAWN].T if layer else np.empty((0, SIDE * SIDE))
    return {
        "layer": layer,
        "neuron": neuron,
        "activation": values[-1].activation.name,
        "weights": finite(dense.weights[:MAX_NAMES, neuron].tolist()),
        "bias": finite([float(dense.bias[neuron])])[0],
        "side": SIDE,
        "picture": picture,
        "scale": scale,
        "positive": float((sums > 0).mean()),
        "line": _rounded(line),
        "arrow": _arrow(sums, line),
        "before": [_rounded(contour(_square(each, SIDE))) for each in before],
    }


def _margin(values: LayerValues, neuron: int) -> Values:
    """A neuron's sum; for softmax, minus the largest of the others."""
    sums = values.sums[:, neuron]
    if not isinstance(values.activation, Softmax):
        return sums
    return sums - np.delete(values.sums, neuron, axis=1).max(axis=1)


def _square(values: Values, side: int) -> Values:
    return nan_to_large(values).reshape(side, side)


def _picture(values: LayerValues, neuron: int, is_output: bool) -> tuple[list[int], float]:
    """Outputs from −127 to 127, and their scale; 0 is the probability 0.5."""
    outputs = nan_to_large(values.outputs[:, neuron])
    if is_output and isinstance(values.activation, Sigmoid | Softmax):
        outputs = 2 * outputs - 1
    scale = max(float(np.abs(outputs).max()), 1.0)
    return np.rint(127 * outputs / scale).astype(int).tolist(), scale


def _arrow(sums: Values, line: NDArray[np.float64]) -> list[float] | None:
    """Position on the line and direction of larger sums: x, y, right, down."""
    down, across = map(np.asarray, np.gradient(sums))
    middles = (line[:, :2] + line[:, 2:]) / 2
    steps = np.column_stack([_values_at(across, middles), _values_at(down, middles)])
    lengths = np.hypot(*steps.T)
    middles, steps = middles[lengths > 0], steps[lengths > 0] / lengths[lengths > 0, None]
    if not len(middles):
        return None
    ahead, behind = middles + ARROW * steps, middles - ARROW * steps
    has_room = (_values_at(sums, ahead) > 0) & (_values_at(sums, behind) < 0)
    distances = np.square(middles - 0.5).sum(axis=1)  # from the middle of the picture
    best = np.lexsort((distances, ~has_room))[0]
    return _rounded(np.concatenate([middles[best], steps[best]]))


def _values_at(values: Values, positions: NDArray[np.float64]) -> Values:
    """Values of a grid at positions in fractions of its side."""
    columns, rows = np.clip(positions * len(values), 0, len(values) - 1).astype(int).T
    return values[rows, columns]


def _rounded(lines: NDArray[np.float64]) -> list[float]:
    return np.round(lines, 4).ravel().tolist()


def contour(values: Values) -> NDArray[np.float64]:
    """Segments along which values on a grid are 0, shape (n_segments, 4), by marching squares.

    The function is interpolated linearly between grid points and extrapolated beyond them, so the
    contour of a linear function is exact.

    Examples
    --------
    >>> lines = contour(np.array([[-1.0, 1.0], [-1.0, 1.0]]))
    >>> lines[:, [0, 2]].tolist()  # a vertical line in the middle, in three pieces
    [[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]]
    """
    side = len(values)
    wide = np.pad(np.asarray(values, np.float64), 1, mode="reflect", reflect_type="odd")
    # The four sides of each cell start at its corners, clockwise.
    starts = np.stack([wide[:-1, :-1], wide[:-1, 1:], wide[1:, 1:], wide[1:, :-1]], axis=-1)
    ends = np.roll(starts, -1, axis=-1)
    row, column, corner = crossings = np.nonzero((starts > 0) != (ends > 0))
    fractions = starts[crossings] / (starts - ends)[crossings]
    sides = np.roll(CORNERS, -1, axis=0) - CORNERS
    within = CORNERS[corner] + fractions[:, None] * sides[corner]
    at = (np.arange(side + 2) - 0.5) / side
    # Crossings come cell by cell, and each two of a cell are the ends of a segment.
    return (np.column_stack([at[column], at[row]]) + within / side).reshape(-1, 4)
