"""Explanation: what the update just taken did in one neuron, as `explain` writes it for a browser.

It is of the batch that was really taken, with the weights and the optimizer as they were before it;
what comes out is held against what the training made of it.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data.column_types import NumberColumn
from barenet.data.encoding import TableEncoding
from barenet.data.generated import GENERATED
from barenet.insight.explain import Explanation, explain
from barenet.insight.explain.html import write_fragment
from barenet.model.layers import Dense
from barenet.model.network import Network
from barenet.optimization.optimizers import Optimizer, as_optimizer
from barenet.playground.blueprint import batch_size, blocks, penalties
from barenet.playground.lane import Lane
from barenet.playground.material import Material
from barenet.playground.progress import Progress
from barenet.playground.update import Update
from barenet.playground.walk import MOST_WEIGHTS, walk

__all__ = ["explain_update", "in_units"]

#: Significant digits; the page is narrow.
DIGITS = 4
#: Inputs that are named.
MOST_NAMES = 16


def explain_update(lane: Lane, layer: int, neuron: int) -> dict[str, Any]:
    """Tell what the last update did in a neuron."""
    lane.index_of(layer, -1, neuron)
    progress = lane.latest
    if progress.update is None:
        raise ValueError("step: take one first; then it can be told in numbers")
    network, dense = _place(lane, layer)
    update = progress.update
    page = _explain(lane, update, network, (dense + 1, neuron + 1))
    told = walk(page, neuron)
    facts = [_which(lane, progress, update, layer), *page.facts]
    page = dataclasses.replace(page, facts=(*facts, *_agreement(page, lane, layer, neuron)))
    return {
        "layer": layer,
        "neuron": neuron,
        "walk": {**told, **_setting(lane, progress, update, told["row"], layer)},
        "html": write_fragment(page.blocks, style=False),
    }


def _setting(
    lane: Lane, progress: Progress, update: Update, row: int, layer: int
) -> dict[str, Any]:
    """Say which update it was, and what is true of a point of its batch."""
    design, material = update.design, lane.material
    _, y = material.rows(material.training)
    taken = update.rows(len(y), batch_size(design, material))
    return {
        "target": float(y[taken[row]]),
        "raw": [] if layer else in_units(material, material.training.X[taken[row]]),
        "epoch": _epoch(progress),
        "batch": [update.batch + 1, update.n_batches],
        "rate": update.learning_rate,
    }


def in_units(material: Material, inputs: NDArray[np.float64]) -> list[float | None]:
    """Bring a point's inputs back into the units of its table."""
    if material.dataset.name in GENERATED or material.dataset.image_shape is not None:
        return []
    values = inputs.tolist()
    model = material.model
    if model is None or not isinstance(encoding := model.predictor.preprocessing, TableEncoding):
        names = material.features or ("x1",) * len(values)
        pairs = zip(names, values, strict=True)
        return [v if name in ("x1", "x2") else None for name, v in pairs][:MOST_WEIGHTS]
    raw: list[float | None] = []
    for column in encoding.used:
        said: list[float | None] = [None] * len(column.outputs)
        if isinstance(column, NumberColumn):
            said[0] = values[len(raw)] * column.scale + column.center
        raw += said
    return raw[:MOST_WEIGHTS]


def _epoch(progress: Progress) -> int:
    """Tell of which epoch the last update was, counted from 1."""
    return progress.epoch + (progress.batch[0] > 0)


def _place(lane: Lane, layer: int) -> tuple[Network, int]:
    """Copy the network, and find the dense layer of a layer of neurons in it."""
    network = lane.network.copy()
    dense = blocks(network)[layer][0]
    return network, next(i for i, each in enumerate(network.layers) if each is dense)


def _explain(lane: Lane, update: Update, network: Network, neuron: tuple[int, int]) -> Explanation:
    """Take the update once more, from what there was before it."""
    design, material = update.design, lane.material
    optimizer = as_optimizer(design.optimizer_spec)
    update.before.restore(network, optimizer)
    if isinstance(optimizer, Optimizer):
        optimizer.learning_rate = update.learning_rate
    X, y = material.rows(material.training)
    rows = update.rows(len(X), batch_size(design, material))
    return explain(
        network,
        X[rows],
        y[rows],
        design.loss or None,
        optimizer=optimizer,
        penalty=penalties(design),
        seed=update.seed,
        step=update.step,
        neuron=neuron,
        precision=DIGITS,
    )


def _which(lane: Lane, progress: Progress, update: Update, layer: int) -> str:
    """Say which update it was, and what the columns of the input are."""
    said = f"batch {update.batch + 1} of {update.n_batches} in epoch {_epoch(progress):,}"
    names = lane.material.inputs.feature_names
    if layer > 0 or len(names) > MOST_NAMES:
        return said
    return f"{said}; the inputs, as scaled, are {', '.join(names)}"


def _agreement(page: Explanation, lane: Lane, layer: int, neuron: int) -> list[str]:
    """Say how near the training's own weights are to those of the explanation."""
    network = lane.current()
    dense = blocks(network)[layer][0]
    assert isinstance(dense, Dense)
    trained = {"W": dense.weights[:, neuron], "b": dense.bias[neuron]}
    new = (each.result for each in page.equations if each.assigns and not each.result.name.d)
    told = {each.name.base: each for each in new}
    apart = [np.abs(told[n].value.ravel() - trained[n]).max() for n in trained if n in told]
    if not apart:
        return []
    if not max(apart):
        return ["the training's own weights are exactly those computed here"]
    return [f"the training's own weights are within {max(apart):.1g} of those computed here"]
