"""Portrait: one neuron large: what it says of the plane, and the line on which its sum is 0.

Of a neuron in a later layer, the lines of the neurons before it go with it, as its own line bends
where it crosses one of them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.model.activations import Activation, Sigmoid, Softmax
from barenet.model.layers import Dense, Layer
from barenet.model.network import Network
from barenet.playground.contour import contour
from barenet.playground.evaluation import finite
from barenet.playground.network_view import NetworkView
from barenet.playground.rasterize import MAX_DRAWN
from barenet.playground.run_setup import neuron_layers
from barenet.playground.step_summary import MOST_WEIGHTS

__all__ = ["portray"]

#: Points along each side, for small networks and for large ones.
SIDES = ((20_000, 48), (10**9, 24))
#: What the arrow needs on both sides of the line, as a share of the picture.
ARROW = 0.18

Values = NDArray[np.floating]


class LayerValues(NamedTuple):
    """What a layer of neurons makes of the plane: its sums, and what it says."""

    sums: Values
    outputs: Values
    activation: Activation


def neuron_view(view: NetworkView, layer: int, neuron: int) -> dict[str, Any]:
    """Draw a neuron as it is now."""
    view.index_of(layer, -1, neuron)
    network = view.current()
    dense = neuron_layers(network)[layer][0]
    assert isinstance(dense, Dense)
    side = next(side for most, side in SIDES if network.n_parameters <= most)
    with np.errstate(all="ignore"):
        said = _follow(network, view.prepared.grid(side), layer)
    mine = said[-1]
    sums = _square(_margin(mine, neuron), side)
    line = contour(sums)
    picture, scale = _picture(mine, neuron, last=dense is network.layers[-1])
    before = said[-2].sums[:, :MAX_DRAWN].T if layer else np.empty((0, side * side))
    return {
        "layer": layer,
        "neuron": neuron,
        "activation": mine.activation.name,
        "weights": finite(dense.weights[:MOST_WEIGHTS, neuron].tolist()),
        "bias": finite([float(dense.bias[neuron])])[0],
        "side": side,
        "picture": picture,
        "scale": scale,
        "above": float((sums > 0).mean()),
        "line": _rounded(line),
        "arrow": _arrow(sums, line),
        "before": [_rounded(contour(_square(each, side))) for each in before],
    }


def _follow(network: Network, values: Values, layer: int) -> list[LayerValues]:
    """Follow the rows through the layers of neurons, up to one of them."""
    said = []
    for block in neuron_layers(network)[: layer + 1]:
        sums, activation = values, None
        for each in block:
            sums, values, activation = _through(each, values, sums, activation)
        assert activation is not None
        said.append(LayerValues(sums, values, activation))
    return said


def _through(
    layer: Layer, values: Values, sums: Values, activation: Activation | None
) -> tuple[Values, Values, Activation | None]:
    """Go through a layer; the sums are what the last activation was given."""
    output, cache = layer.forward(values)
    if isinstance(layer, Dense):
        return cache.Z, output, layer.activation
    if layer.activation is not None:
        return values, output, layer.activation
    return sums, output, activation


def _margin(said: LayerValues, neuron: int) -> Values:
    """A neuron's sum; of a class among several, how far it is ahead of all others."""
    sums = said.sums[:, neuron]
    if not isinstance(said.activation, Softmax):
        return sums
    return sums - np.delete(said.sums, neuron, axis=1).max(axis=1)


def _square(values: Values, side: int) -> Values:
    return np.nan_to_num(values.astype(np.float64), posinf=1e30, neginf=-1e30).reshape(side, side)


def _picture(said: LayerValues, neuron: int, last: bool) -> tuple[list[int], float]:
    """Put what a neuron says into numbers from −127 to 127; 0 is one half of a probability."""
    values = np.nan_to_num(said.outputs[:, neuron].astype(np.float64), posinf=1e30, neginf=-1e30)
    if last and isinstance(said.activation, Sigmoid | Softmax):
        values = 2 * values - 1
    scale = max(float(np.abs(values).max()), 1.0)
    return np.rint(127 * values / scale).astype(int).tolist(), scale


def _arrow(sums: Values, line: NDArray[np.float64]) -> list[float] | None:
    """Where to draw an arrow across the line, and where it points: to larger sums.

    It is near the middle of the picture, and where there is room for it on both sides, if that is
    anywhere.
    """
    down, across = (np.asarray(slope) for slope in np.gradient(sums))
    middles = (line[:, :2] + line[:, 2:]) / 2
    found = []
    for place in sorted(middles, key=lambda middle: float(np.square(middle - 0.5).sum())):
        step = np.array([_at(across, place), _at(down, place)])
        if not (length := float(np.hypot(*step))):
            continue
        step /= length
        found.append([*place, *step])
        if _at(sums, place + ARROW * step) > 0 > _at(sums, place - ARROW * step):
            break
    else:
        found = found[:1]
    return [round(float(each), 4) for each in found[-1]] if found else None


def _at(values: Values, place: NDArray[np.float64]) -> float:
    """Read a grid at a place in shares of its side."""
    column, row = (int(np.clip(each * len(values), 0, len(values) - 1)) for each in place)
    return float(values[row, column])


def _rounded(lines: NDArray[np.float64]) -> list[float]:
    return np.round(lines, 4).ravel().tolist()
