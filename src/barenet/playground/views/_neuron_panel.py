"""The panel of a neuron, with an enlarged picture.

The outputs of the neuron are drawn on the plane, with the line on which its sum is 0. For a neuron
of a later layer, the lines of the neurons before it are drawn, too, because its own line bends
where it crosses them.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.model._activations import Sigmoid, Softmax
from barenet.playground.data._prepared_data import MAX_NAMES
from barenet.playground.state import _network_layout as layout
from barenet.playground.state._wire_format import finite, rounded
from barenet.playground.views._network_view import NetworkView, nan_to_large

#: Points along each side.
SIDE = 48
#: Length of the arrow on each side of the line, as a fraction of the picture.
ARROW = 0.18
#: Corners of a grid cell, clockwise.
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


def neuron_view(view: NetworkView, layer: int, neuron: int) -> dict[str, Any]:
    """Draw a neuron as it is now."""
    layout.parameter_index(view.network, layer, -1, neuron)
    network = view.current()
    inputs = view.prepared.inputs("grid", SIDE)
    values = layout.layer_values(network, inputs, layer + 1)
    dense = values[-1].dense
    sums = _square(_margin(values[-1], neuron))
    line = contour(sums)
    is_output = dense is network.layers[-1]
    picture, scale = _picture(values[-1], neuron, is_output)
    before: list[Any] = []
    if layer > 0:
        before.extend(
            rounded(contour(_square(sums_before)))
            for sums_before in values[-2].sums[:, : layout.MAX_DRAWN].T
        )
    return {
        "layer": layer,
        "neuron": neuron,
        "activation": values[-1].activation.name,
        "weights": finite(dense.weights[:MAX_NAMES, neuron]),
        "bias": finite(dense.bias[neuron]),
        "side": SIDE,
        "picture": picture,
        "sums": rounded(sums, 3),
        "scale": scale,
        "positive": float((sums > 0).mean()),
        "line": rounded(line),
        "arrow": _arrow(sums, line),
        "before": before,
    }


def _margin(values: layout.LayerValues, neuron: int) -> layout.Values:
    """Return the sum of a neuron; for softmax, minus the largest sum of the other neurons."""
    sums = values.sums[:, neuron]
    if not isinstance(values.activation, Softmax):
        return sums
    others = np.delete(values.sums, neuron, axis=1)
    return sums - others.max(axis=1)


def _square(values: layout.Values) -> layout.Values:
    return nan_to_large(values).reshape(SIDE, SIDE)


def _picture(values: layout.LayerValues, neuron: int, is_output: bool) -> tuple[list[int], float]:
    """Scale outputs to −127 … 127, and return the scale; 0 stands for the probability 0.5."""
    outputs = nan_to_large(values.outputs[:, neuron])
    if is_output and isinstance(values.activation, Sigmoid | Softmax):
        outputs = 2 * outputs - 1
    scale = max(float(np.abs(outputs).max()), 1.0)
    picture = np.rint(127 * outputs / scale).astype(int)
    return picture.tolist(), scale


def _arrow(sums: layout.Values, line: NDArray[np.float64]) -> list[float | None] | None:
    """Find a position on the line, and the direction of increasing sums: x, y, right, down."""
    down, across = np.asarray(np.gradient(sums))
    starts = line[:, :2]
    ends = line[:, 2:]
    middles = (starts + ends) / 2
    slopes_across = _values_at(across, middles)
    slopes_down = _values_at(down, middles)
    steps = np.column_stack([slopes_across, slopes_down])
    lengths = np.hypot(*steps.T)
    has_direction = lengths > 0
    middles = middles[has_direction]
    steps = steps[has_direction] / lengths[has_direction, None]
    if not len(middles):
        return None
    ahead = _values_at(sums, middles + ARROW * steps)
    behind = _values_at(sums, middles - ARROW * steps)
    has_room = (ahead > 0) & (behind < 0)
    distances = np.square(middles - 0.5).sum(axis=1)  # from the middle of the picture
    best = np.lexsort((distances, ~has_room))[0]  # the nearest with room, else the nearest
    arrow = np.concatenate([middles[best], steps[best]])
    return rounded(arrow)


def _values_at(values: layout.Values, positions: NDArray[np.float64]) -> layout.Values:
    """Look up values of a grid at positions, given as fractions of its side."""
    side = len(values)
    places = np.clip(positions * side, 0, side - 1)
    columns, rows = places.astype(int).T
    return values[rows, columns]


def contour(values: layout.Values) -> NDArray[np.float64]:
    """Find segments on which values of a grid are 0, shape (n_segments, 4), by marching squares.

    The values are interpolated linearly between grid points and extrapolated outside them, so the
    contour of a linear function is exact.

    Examples
    --------
    >>> lines = contour(np.array([[-1.0, 1.0], [-1.0, 1.0]]))
    >>> lines[:, [0, 2]].tolist()  # a vertical line in the middle, in three segments
    [[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]]
    """
    side = len(values)
    wide = np.pad(np.asarray(values, np.float64), 1, mode="reflect", reflect_type="odd")
    # The four sides of each cell begin at its corners, clockwise.
    above_left = wide[:-1, :-1]
    above_right = wide[:-1, 1:]
    below_right = wide[1:, 1:]
    below_left = wide[1:, :-1]
    starts = np.stack([above_left, above_right, below_right, below_left], axis=-1)
    ends = np.roll(starts, -1, axis=-1)
    changes_sign = (starts > 0) != (ends > 0)
    crossings = np.nonzero(changes_sign)
    row, column, corner = crossings
    fractions = starts[crossings] / (starts - ends)[crossings]
    sides = np.roll(CORNERS, -1, axis=0) - CORNERS
    within_cells = CORNERS[corner] + fractions[:, None] * sides[corner]
    at = (np.arange(side + 2) - 0.5) / side
    cells = np.column_stack([at[column], at[row]])
    points = cells + within_cells / side
    # Crossings are listed cell by cell, and each pair in a cell is the two ends of a segment.
    return points.reshape(-1, 4)
