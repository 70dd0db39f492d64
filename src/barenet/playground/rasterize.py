"""Painter: what a network says of every point of the plane, and what each of its neurons does.

The library's own layers compute every value; here they are only made small enough to send.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from barenet.model.network import Network
from barenet.playground.prepared_data import PreparedData
from barenet.playground.run_setup import neuron_layers, predictor

__all__ = ["MOST_DRAWN", "Picture", "drawn_inputs", "feature_pictures", "paint"]

#: Neurons of a layer that are drawn, and inputs.
MAX_DRAWN = 8
#: Points along each side of a neuron's picture.
NEURON_SIDE = 24
#: Points along each side of the output's, for small networks and for large ones.
SIDES = ((2_000, 72), (20_000, 48), (10**9, 32))
LINE_POINTS = 200

Bytes = NDArray[np.int8]


@dataclass(frozen=True, eq=False, kw_only=True)
class Picture:
    """A network as the page draws it.

    Attributes
    ----------
    side : int
        Points along each side of the output; its count for a curve.
    output : ndarray, int8 or float32
        From −127 to 127: for two classes how sure the network is of one, for numbers how far they
        are from the middle of the targets. For more classes, the class of each point and then how
        sure the network is of it. For a curve, what is predicted, in the target's own unit: a
        number, the second of two classes' probability, or the place of a class.
    neurons : ndarray of shape (n_drawn, 24, 24), int8
        Of the drawn neurons of the hidden layers, layer after layer; ±127 is the largest value of
        the neuron, or 1 where that is larger.
    scales : list of float
        What 127 stands for, in each.
    """

    side: int
    output: NDArray[np.generic]
    neurons: Bytes
    scales: list[float]


def rasterize(network: Network, prepared: PreparedData) -> Picture:
    """Draw a network."""
    if prepared.is_curve:
        side, rows = LINE_POINTS, prepared.line(LINE_POINTS)
    else:
        side = next(side for most, side in SIDES if network.n_parameters <= most)
        rows = prepared.grid(side)
    with np.errstate(all="ignore"):
        output = predictor(network, prepared).in_units(network.forward(rows)[0])
        neurons, scales = _neurons(network, prepared)
    return Picture(side=side, output=_output(output, prepared), neurons=neurons, scales=scales)


def drawn_inputs(prepared: PreparedData) -> list[int]:
    """Choose the inputs to draw: the first ones, or of an image the pixels that vary most."""
    count = min(prepared.inputs.n_features, MAX_DRAWN)
    if prepared.dataset.image_shape is None:
        return list(range(count))
    spread = np.std(prepared.training.X, axis=0)
    return sorted(np.argsort(-spread, kind="stable")[:count].tolist())


def feature_pictures(prepared: PreparedData) -> tuple[Bytes, list[float]]:
    """Draw the inputs themselves."""
    chosen = drawn_inputs(prepared)
    rows = prepared.rows(prepared.training)[0][:, chosen]
    least = np.abs(rows).max(axis=0) if len(rows) else np.float32(1.0)
    return _to_bytes(prepared.grid(NEURON_SIDE)[:, chosen], least=least)


def _neurons(network: Network, prepared: PreparedData) -> tuple[Bytes, list[float]]:
    """Follow the rows through the hidden layers, and keep what the drawn neurons say."""
    values = prepared.grid(NEURON_SIDE)
    pictures: list[Bytes] = [np.empty((0, NEURON_SIDE, NEURON_SIDE), np.int8)]
    scales: list[float] = []
    for block in neuron_layers(network)[:-1]:
        for layer in block:
            values, _ = layer.forward(values)
        drawn, largest = _to_bytes(values[:, :MAX_DRAWN], least=np.float32(1.0))
        pictures.append(drawn)
        scales += largest
    return np.concatenate(pictures), scales


def _to_bytes(
    columns: NDArray[np.float32], least: NDArray[np.float32] | np.float32
) -> tuple[Bytes, list[float]]:
    """Make each column a picture, in shares of its largest value."""
    columns = np.nan_to_num(columns, posinf=1e30, neginf=-1e30)
    largest = np.maximum(np.abs(columns).max(axis=0), least)
    shares = columns / np.where(largest > 0, largest, 1.0)
    pictures = np.rint(127 * shares).astype(np.int8)
    return pictures.T.reshape(-1, NEURON_SIDE, NEURON_SIDE), [float(value) for value in largest]


def _output(output: NDArray[np.floating], prepared: PreparedData) -> NDArray[np.generic]:
    """Put what is predicted into numbers from −127 to 127."""
    output = np.nan_to_num(output.astype(np.float64), posinf=1e30, neginf=-1e30)
    if prepared.classes is None:
        numbers = output[:, 0]
        if prepared.is_curve:
            return numbers.astype(np.float32)
        low, high = prepared.span
        middle, reach = (low + high) / 2, (high - low) / 2 or 1.0
        return np.rint(127 * np.clip((numbers - middle) / reach, -1, 1)).astype(np.int8)
    if len(prepared.classes) == 2:
        second = np.clip(output[:, -1], 0, 1)
        if prepared.is_curve:
            return second.astype(np.float32)
        return np.rint(127 * (2 * second - 1)).astype(np.int8)
    if prepared.is_curve:
        return output.argmax(axis=1).astype(np.float32)
    sure = np.rint(127 * np.clip(output.max(axis=1), 0, 1))
    return np.concatenate([output.argmax(axis=1), sure]).astype(np.int8)
