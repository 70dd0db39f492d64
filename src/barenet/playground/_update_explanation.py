"""The last update in one neuron, explained by `explain`.

The update is repeated from the state before it, and compared with the weights of the training.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data._column_types import NumberColumn
from barenet.data._encoding import TableEncoding
from barenet.data._generated import GENERATED
from barenet.errors import ArgumentError
from barenet.insight.explain import Explanation, explain
from barenet.insight.explain._html import write_fragment
from barenet.model._network import Network
from barenet.model.layers import Dense
from barenet.optimization.optimizers import Optimizer
from barenet.playground._data_view import MAX_NAMES
from barenet.playground._network_layout import neuron_layers, parameter_index
from barenet.playground._network_view import NetworkView
from barenet.playground._prepared_data import PreparedData
from barenet.playground._progress_report import UpdateRecord
from barenet.playground._run_setup import batch_rows
from barenet.playground._step_summary import step_summary

__all__ = ["explain_update", "raw_inputs"]

#: Significant digits; the page is narrow.
PRECISION = 4
#: Maximum number of inputs that are named in the facts.
MAX_NAMED = 16


def explain_update(view: NetworkView, layer: int, neuron: int) -> dict[str, Any]:
    """Explain the last update in a neuron."""
    parameter_index(view.network, layer, -1, neuron)
    update = view.latest.update
    if update is None:
        raise ArgumentError("there is no update to explain", argument="step", remedy="train first")
    network, dense = _dense_layer(view.network.copy(), layer)
    explanation = _explain(view.prepared, update, network, (dense + 1, neuron + 1))
    summary = step_summary(explanation, neuron)
    epoch = view.latest.epoch + (view.latest.batch[0] > 0)
    facts = (
        _place(view.prepared, update, epoch, layer),
        *explanation.facts,
        *_agreement(explanation, view.current(), layer, neuron),
    )
    target, raw = _point(view.prepared, update, summary["row"], layer)
    return {
        "layer": layer,
        "neuron": neuron,
        "summary": {
            **summary,
            "target": target,
            "raw": raw,
            "epoch": epoch,
            "batch": [update.batch + 1, update.n_batches],
            "learning_rate": update.learning_rate,
        },
        "html": write_fragment(dataclasses.replace(explanation, facts=facts).page, style=False),
    }


def _point(
    prepared: PreparedData, update: UpdateRecord, row: int, layer: int
) -> tuple[float, list[float | None]]:
    """The target of a point of the mini-batch, and for the first layer its raw inputs."""
    _, y = prepared.rows(prepared.training)
    rows = update.rows(len(y), batch_rows(update.settings, prepared))
    raw = [] if layer else raw_inputs(prepared, prepared.training.X[rows[row]])
    return float(y[rows[row]]), raw


def raw_inputs(prepared: PreparedData, inputs: NDArray[np.float64]) -> list[float | None]:
    """Undo the encoding of a point's inputs; None for those that are no column of the table."""
    if prepared.dataset.name in GENERATED or prepared.dataset.image_shape is not None:
        return []
    values = inputs.tolist()
    model = prepared.model
    if model is None or not isinstance(encoding := model.predictor.preprocessing, TableEncoding):
        names = prepared.features.names or ("x1",) * len(values)
        pairs = zip(names, values, strict=True)
        return [v if name in ("x1", "x2") else None for name, v in pairs][:MAX_NAMES]
    raw: list[float | None] = []
    for column in encoding.used:
        own: list[float | None] = [None] * len(column.outputs)
        if isinstance(column, NumberColumn):
            own[0] = values[len(raw)] * column.scale + column.center
        raw += own
    return raw[:MAX_NAMES]


def _dense_layer(network: Network, layer: int) -> tuple[Network, int]:
    """A network, and the index of the dense layer of a layer of neurons."""
    dense = neuron_layers(network)[layer][0]
    return network, next(i for i, each in enumerate(network.layers) if each is dense)


def _explain(
    prepared: PreparedData, update: UpdateRecord, network: Network, neuron: tuple[int, int]
) -> Explanation:
    """Repeat the update from the state before it."""
    X, y = prepared.rows(prepared.training)
    config = update.settings.run_config(len(X))
    optimizer = config.make_optimizer()
    update.before.restore(network, optimizer)
    if isinstance(optimizer, Optimizer):
        optimizer.learning_rate = update.learning_rate
    rows = update.rows(len(X), batch_rows(update.settings, prepared))
    return explain(
        network,
        X[rows],
        y[rows],
        config.loss,
        optimizer=optimizer,
        penalty=config.make_penalties(),
        seed=update.seed,
        step=update.step,
        neuron=neuron,
        precision=PRECISION,
    )


def _place(prepared: PreparedData, update: UpdateRecord, epoch: int, layer: int) -> str:
    """The number of the update, and the names of the inputs."""
    place = f"batch {update.batch + 1} of {update.n_batches} in epoch {epoch:,}"
    names = prepared.inputs.feature_names
    if layer > 0 or len(names) > MAX_NAMED:
        return place
    return f"{place}; the inputs, as scaled, are {', '.join(names)}"


def _agreement(explanation: Explanation, trained: Network, layer: int, neuron: int) -> list[str]:
    """Compare the training's weights with those of the explanation."""
    dense = neuron_layers(trained)[layer][0]
    assert isinstance(dense, Dense)
    weights = {"W": dense.weights[:, neuron], "b": dense.bias[neuron]}
    results = [each.result for each in explanation.equations if each.assigns]
    new = {each.name.base: each.value for each in results if not each.name.d}
    errors = [np.abs(new[n].ravel() - weights[n]).max() for n in weights if n in new]
    if not errors:
        return []
    if not max(errors):
        return ["the training's own weights are exactly those computed here"]
    return [f"the training's own weights are within {max(errors):.1g} of those computed here"]
