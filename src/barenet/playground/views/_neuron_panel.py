"""The panel of a neuron, with an enlarged picture and its last update.

The outputs of the neuron are drawn on the plane, with the line on which its sum is 0. For a neuron
of a later layer, the lines of the neurons before it are drawn, too, because its own line bends
where it crosses them. The update is repeated from the previous state, explained by `explain` and by
the numbers of a single point, and compared with the weights in training.
"""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.errors import ArgumentError
from barenet.insight.explain import Equation, Explanation, explain
from barenet.insight.explain._html import write_fragment
from barenet.model._activations import Sigmoid, Softmax
from barenet.optimization.optimizers import Optimizer
from barenet.playground.data._prepared_data import MAX_NAMES
from barenet.playground.state import _network_layout as layout
from barenet.playground.state._wire_format import finite, rounded
from barenet.playground.trainer._trainer_messages import UpdateRecord
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


#: Number of significant digits, as the page is narrow.
PRECISION = 4
#: Maximum number of inputs that are named in the facts.
MAX_NAMED = 16


def explain_update(view: NetworkView, layer: int, neuron: int) -> dict[str, Any]:
    """Explain the last update of a neuron."""
    layout.parameter_index(view.network, layer, -1, neuron)
    update = view.latest.update
    prepared = view.prepared
    if update is None:
        raise ArgumentError("there is no update to explain", argument="step", remedy="train first")
    _, y = prepared.training
    rows = update.rows(len(y))
    explanation = _explain(view, update, rows, layer, neuron)
    summary = step_summary(explanation, neuron)
    row = rows[summary["row"]]
    epoch = view.latest.epoch
    if view.latest.batch.done > 0:
        epoch += 1  # the update was in the current, incomplete epoch
    position = f"batch {update.batch + 1} of {update.n_batches} in epoch {epoch:,}"
    names = prepared.input_names
    if layer == 0 and len(names) <= MAX_NAMED:
        position += f"; the inputs, as scaled, are {', '.join(names)}"
    agreement = _agreement(view, explanation, layer, neuron)
    facts = (position, *explanation.facts, *agreement)
    explanation = dataclasses.replace(explanation, facts=facts)
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
        "html": write_fragment(explanation, style=False),
    }


def _explain(
    view: NetworkView, update: UpdateRecord, rows: NDArray[np.intp], layer: int, neuron: int
) -> Explanation:
    """Repeat the update from the state before it."""
    X, y = view.prepared.training
    config = update.settings.run_config(len(X))
    network = view.network.copy()
    optimizer = config.make_optimizer()
    update.before.restore(network, optimizer)
    if isinstance(optimizer, Optimizer):
        optimizer.learning_rate = update.learning_rate
    slot = layout.weight_slots(network)[layer]
    return explain(
        network,
        X[rows],
        y[rows],
        config.loss,
        optimizer=optimizer,
        penalty=config.make_penalties(),
        seed=update.seed,
        step=update.step,
        neuron=(slot.layer + 1, neuron + 1),  # both are counted from 1
        precision=PRECISION,
    )


def step_summary(explanation: Explanation, column: int) -> dict[str, Any]:
    """Collect the numbers of the point that moved the neuron most."""
    Z = _equations(explanation, "Z")[0]
    X = Z.operands["X"].value
    weights_before = Z.operands["W"].value
    bias_before = Z.operands["b"].value
    weight_gradients = _equations(explanation, "W", derivative=True)
    bias_gradients = _equations(explanation, "b", derivative=True)
    dZ = weight_gradients[0].operands["dZ"]
    weights_gradient = weight_gradients[-1].result.value
    bias_gradient = bias_gradients[-1].result.value
    deltas = dZ.value[:, 0]
    sizes = np.nan_to_num(np.abs(deltas))
    row = int(sizes.argmax())
    outputs = _equations(explanation, "A")[-1].result.value
    output = outputs[row, 0]
    if outputs.shape[1] > 1:  # depends on all neurons, as for softmax
        output = outputs[row, column]
    after = None
    updated = _after(explanation)
    if updated:
        weights_after, bias_after = updated
        after = _with_bias(weights_after, bias_after)
    return {
        "row": row,
        "rows": len(deltas),
        "inputs": finite(X[row, :MAX_NAMES]),
        "z": finite(Z.result.value[row, 0]),
        "output": finite(output),
        "slope": finite(deltas[row]),
        "gradient": _with_bias(weights_gradient, bias_gradient),
        "before": _with_bias(weights_before, bias_before),
        "after": after,
    }


def _equations(explanation: Explanation, base: str, derivative: bool = False) -> list[Equation]:
    """Find the equations of a neuron's sum, output, weights or bias, or of their derivatives."""
    equations = []
    for equation in explanation.equations:
        name = equation.result.name
        if name.base == base and name.d == derivative and name.of is None:
            equations.append(equation)
    return equations


def _after(explanation: Explanation) -> list[NDArray[Any]]:
    """Return the weights and the bias after the update; empty for L-BFGS."""
    after = []
    for name in ("W", "b"):
        equations = _equations(explanation, name)
        if equations:
            after.append(equations[-1].result.value)
    return after


def _with_bias(weights: NDArray[Any], bias: NDArray[Any]) -> list[float | None]:
    named_weights = weights.ravel()[:MAX_NAMES]
    return finite([*named_weights, *bias.ravel()])


def _agreement(view: NetworkView, explanation: Explanation, layer: int, neuron: int) -> list[str]:
    """Compare the weights in training with those of the explanation."""
    dense = layout.neuron_layers(view.current())[layer][0]
    trained = (dense.weights[:, neuron], dense.bias[neuron])
    errors = []
    for explained, weights in zip(_after(explanation), trained, strict=False):
        differences = np.abs(explained.ravel() - weights)
        errors.append(differences.max())
    if not errors:
        return []
    largest = max(errors)
    how = f"within {largest:.1g} of" if largest else "exactly"
    return [f"the training's own weights are {how} those computed here"]
