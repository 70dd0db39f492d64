"""The last update in one neuron, explained by `explain`, and by the numbers of one point.

The update is repeated from the state before it, and compared with the weights of the training.
"""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.errors import ArgumentError
from barenet.insight.explain import Equation, Explanation, explain
from barenet.insight.explain._html import write_fragment
from barenet.model.layers import Dense
from barenet.optimization.optimizers import Optimizer
from barenet.playground._network_layout import parameter_index
from barenet.playground._network_view import NetworkView
from barenet.playground._prepared_data import MAX_NAMES
from barenet.playground._trainer_messages import UpdateRecord
from barenet.playground._wire_format import finite

#: Significant digits; the page is narrow.
PRECISION = 4
#: Maximum number of inputs that are named in the facts.
MAX_NAMED = 16


def explain_update(view: NetworkView, layer: int, neuron: int) -> dict[str, Any]:
    """Explain the last update in a neuron."""
    parameter_index(view.network, layer, -1, neuron)
    update, prepared = view.latest.update, view.prepared
    if update is None:
        raise ArgumentError("there is no update to explain", argument="step", remedy="train first")
    _, y = prepared.training
    rows = update.rows(len(y))
    explanation = _explain(view, update, rows, (layer, neuron))
    summary = step_summary(explanation, neuron)
    row = rows[summary["row"]]
    epoch = view.latest.epoch + (view.latest.batch[0] > 0)
    position = f"batch {update.batch + 1} of {update.n_batches} in epoch {epoch:,}"
    names = prepared.input_names
    if layer == 0 and len(names) <= MAX_NAMED:
        position += f"; the inputs, as scaled, are {', '.join(names)}"
    facts = (position, *explanation.facts, *_agreement(view, explanation, layer, neuron))
    return {
        "layer": layer,
        "neuron": neuron,
        "summary": {
            **summary,
            "target": float(y[row]),
            "epoch": epoch,
            "batch": [update.batch + 1, update.n_batches],
            "learning_rate": update.learning_rate,
        },
        "html": write_fragment(dataclasses.replace(explanation, facts=facts), style=False),
    }


def _explain(
    view: NetworkView, update: UpdateRecord, rows: NDArray[np.intp], neuron: tuple[int, int]
) -> Explanation:
    """Repeat the update from the state before it."""
    X, y = view.prepared.training
    config, network = update.settings.run_config(len(X)), view.network.copy()
    optimizer = config.make_optimizer()
    update.before.restore(network, optimizer)
    if isinstance(optimizer, Optimizer):
        optimizer.learning_rate = update.learning_rate
    layers = [index for index, each in enumerate(network.layers) if isinstance(each, Dense)]
    return explain(
        network,
        X[rows],
        y[rows],
        config.loss,
        optimizer=optimizer,
        penalty=config.make_penalties(),
        seed=update.seed,
        step=update.step,
        neuron=(layers[neuron[0]] + 1, neuron[1] + 1),
        precision=PRECISION,
    )


def step_summary(explanation: Explanation, column: int) -> dict[str, Any]:
    """The numbers of the point that moved the neuron most."""
    Z = _equations(explanation, "Z")[0]
    X, weights, bias = (Z.operands[name].value for name in "XWb")
    gradients = [_equations(explanation, name, derivative=True) for name in "Wb"]
    slopes = gradients[0][0].operands["dZ"].value[:, 0]
    row = int(np.nan_to_num(np.abs(slopes)).argmax())
    outputs = _equations(explanation, "A")[-1].result.value
    output = outputs[row, column if outputs.shape[1] > 1 else 0]
    z, output, slope = finite([float(Z.result.value[row, 0]), float(output), float(slopes[row])])
    after = _after(explanation)
    return {
        "row": row,
        "rows": len(slopes),
        "inputs": finite(X[row, :MAX_NAMES].tolist()),
        "z": z,
        "output": output,
        "slope": slope,
        "gradient": _with_bias(*(each[-1].result.value for each in gradients)),
        "before": _with_bias(weights, bias),
        "after": _with_bias(*after) if after else None,
    }


def _equations(explanation: Explanation, base: str, derivative: bool = False) -> list[Equation]:
    """The equations of the neuron's sum, output, weights or bias, or of their derivatives."""
    names = [(each, each.result.name) for each in explanation.equations]
    key = (base, derivative, None)
    return [each for each, name in names if (name.base, name.d, name.of) == key]


def _after(explanation: Explanation) -> list[NDArray[Any]]:
    """The weights and the bias after the update; empty for L-BFGS."""
    updates = [_equations(explanation, name)[-1:] for name in "Wb"]
    return [each[0].result.value for each in updates if each]


def _with_bias(weights: NDArray[Any], bias: NDArray[Any]) -> list[float | None]:
    return finite([*weights.ravel()[:MAX_NAMES].tolist(), float(bias.ravel()[0])])


def _agreement(view: NetworkView, explanation: Explanation, layer: int, neuron: int) -> list[str]:
    """Compare the training's weights with those of the explanation."""
    dense = [each for each in view.current().layers if isinstance(each, Dense)][layer]
    trained = (dense.weights[:, neuron], dense.bias[neuron])
    pairs = zip(_after(explanation), trained, strict=False)
    errors = [np.abs(new.ravel() - weights).max() for new, weights in pairs]
    if not errors:
        return []
    how = f"within {max(errors):.1g} of" if max(errors) else "exactly"
    return [f"the training's own weights are {how} those computed here"]
