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

#: Points along each side, for small networks and for large ones.
SIDES = ((20_000, 48), (10**9, 24))
#: Length of the arrow on both sides of the line, as a fraction of the picture.
ARROW = 0.18


def neuron_view(view: NetworkView, layer: int, neuron: int) -> dict[str, Any]:
    """Draw a neuron as it is now."""
    parameter_index(view.network, layer, -1, neuron)
    network = view.current()
    side = next(side for limit, side in SIDES if network.n_parameters <= limit)
    values = layer_values(network, view.prepared.grid(side), layer + 1)
    dense = values[-1].dense
    sums = _square(_margin(values[-1], neuron), side)
    line = contour(sums)
    picture, scale = _picture(values[-1], neuron, is_output=dense is network.layers[-1])
    before = values[-2].sums[:, :MAX_DRAWN].T if layer else np.empty((0, side * side))
    return {
        "layer": layer,
        "neuron": neuron,
        "activation": values[-1].activation.name,
        "weights": finite(dense.weights[:MAX_NAMES, neuron].tolist()),
        "bias": finite([float(dense.bias[neuron])])[0],
        "side": side,
        "picture": picture,
        "scale": scale,
        "positive": float((sums > 0).mean()),
        "line": _rounded(line),
        "arrow": _arrow(sums, line),
        "before": [_rounded(contour(_square(each, side))) for each in before],
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
    down, across = (np.asarray(slope) for slope in np.gradient(sums))
    middles = (line[:, :2] + line[:, 2:]) / 2
    found = []  # from the middle of the picture outwards, to the first one with room on both sides
    for position in sorted(middles, key=lambda middle: float(np.square(middle - 0.5).sum())):
        step = np.array([_value_at(across, position), _value_at(down, position)])
        if not (length := float(np.hypot(*step))):
            continue
        step /= length
        found.append([*position, *step])
        ahead, behind = position + ARROW * step, position - ARROW * step
        if _value_at(sums, ahead) > 0 > _value_at(sums, behind):
            break
    else:
        found = found[:1]
    return [round(float(each), 4) for each in found[-1]] if found else None


def _value_at(values: Values, position: NDArray[np.float64]) -> float:
    """Value of a grid at a position in fractions of its side."""
    column, row = (int(np.clip(each * len(values), 0, len(values) - 1)) for each in position)
    return float(values[row, column])


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
    at = (np.arange(side + 2) - 0.5) / side
    positive = (wide > 0).astype(int)
    corners = positive[:-1, :-1] + positive[1:, :-1] + positive[:-1, 1:] + positive[1:, 1:]
    lines = []
    for row, column in np.argwhere((corners > 0) & (corners < 4)):
        ends = _crossings(wide[row : row + 2, column : column + 2])
        x, y = at[column], at[row]
        positions = [(x + across / side, y + down / side) for across, down in ends]
        lines += [(*positions[i], *positions[i + 1]) for i in range(0, len(positions), 2)]
    return np.array(lines, np.float64).reshape(-1, 4)


def _crossings(cell: Values) -> list[tuple[float, float]]:
    """Crossings of a cell's sides; each two in sequence are a segment."""
    (a, b), (d, c) = cell.tolist()
    found = []
    for start, end, place in (
        (a, b, lambda t: (t, 0.0)),
        (b, c, lambda t: (1.0, t)),
        (c, d, lambda t: (1.0 - t, 1.0)),
        (d, a, lambda t: (0.0, 1.0 - t)),
    ):
        if (start > 0) != (end > 0):
            found.append(place(start / (start - end)))
    return found
