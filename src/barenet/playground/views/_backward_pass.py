"""The forward and the backward pass of a single point, with every term of every sum, for playing.

The sums, outputs, deltas and gradients come from the network's own passes, and the step from a copy
of its optimizer. The terms are their products with the network's weights. Only some neurons of a
wide layer are drawn; the terms of the others are one term together.
"""

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.model._activations import ENTRYWISE, Activation, Identity
from barenet.model._array_dataset import validate_arrays
from barenet.model._arrays import Cache
from barenet.model._network import Network, Objective
from barenet.model.layers import Dense
from barenet.model.losses import Loss, SquaredError, as_loss, logits_form
from barenet.optimization.optimizers import Optimizer
from barenet.playground.state import _network_layout as layout
from barenet.playground.state._wire_format import finite
from barenet.playground.views._network_view import NetworkView
from barenet.playground.views._probe import DrawnLayer, by_layer, choose_point, drawn_layers

Array = NDArray[np.float64]

#: The derivative of a loss that is the output minus the target.
DIFFERENCE = "A - Y"


class LayerPass(NamedTuple):
    """A layer of neurons in the forward pass of one row, with all its neurons."""

    drawn: DrawnLayer
    dense: Dense
    #: Shapes (n_in,), (n_out,) and (n_out,).
    inputs: Array
    sums: Array
    outputs: Array
    activation: Activation
    #: The derivative of each output with respect to the sum of its neuron, shape (n_out,); for
    #: softmax, that of output k with respect to sum j, shape (n_out, n_out), in row j and column k.
    slopes: Array

    @property
    def weights(self) -> Array:
        """The weights, shape (n_in, n_out)."""
        return _wide(self.dense.weights)

    @property
    def bias(self) -> Array:
        """The biases, shape (n_out,)."""
        return _wide(self.dense.bias)


def backward_pass(view: NetworkView, row: int, place: tuple[float, ...]) -> dict[str, Any]:
    """Pass a row, a position on the plane or an image forward, and its error backward.

    Without a target, there is only the forward pass.
    """
    prepared = view.prepared
    point = choose_point(prepared, row, place)
    if point is None:
        return {"layers": []}
    network = view.current()
    drawn = drawn_layers(network, prepared, layout.MAX_DRAWN)
    outputs = drawn[-1].neurons
    if point.y is not None and network.sizes[-1] > len(outputs):
        outputs[-1] = max(outputs[-1], int(point.y[0]))  # the class of the point is always drawn
    with np.errstate(all="ignore"):
        passes = _forward(network, point.X, drawn)
        described = [_describe_forward(layer) for layer in passes]
        answer: dict[str, Any] = {
            "inputs": finite(passes[0].inputs[drawn[0].inputs]),
            "layers": described,
            "classes": outputs.tolist(),
            "is_test": point.is_test,
            "target": None,
        }
        if point.y is None:
            return answer
        run_config = view.settings.run_config(len(prepared.training.y))
        loss = as_loss(run_config.loss, network.output_activation)
        data = validate_arrays(network, loss, point.X, point.y).take(dtype=network.dtype)
        objective = Objective(network, loss)
        value, gradient = objective.value_and_gradient(data, training=False)
        output, _ = network.forward(point.X)
        by_output = _wide(loss.gradient(output, data.y)[0])
        rows = len(prepared.training.y)
        if isinstance(run_config.batch_size, int):
            rows = run_config.batch_size
        _add_deltas(described, passes, network.layout.views(gradient), by_output)
        answer |= {
            "target": finite(data.y[0, outputs]),
            "loss": finite(value),
            "loss_name": loss.name,
            "output_gradient": finite(by_output[outputs]),
            "is_difference": is_difference(loss, network.output_activation),
            "rows": rows,
        }
        if point.is_test:
            answer["no_step"] = "test"
        else:
            answer |= _step(view, network, gradient, rows, drawn)
    return answer


def _forward(network: Network, X: NDArray[np.float32], drawn: list[DrawnLayer]) -> list[LayerPass]:
    """Pass one row through the network, and collect the values of each layer of neurons."""
    passes = []
    values = X
    for drawn_layer, dense in zip(drawn, layout.dense_layers(network), strict=True):
        inputs = values
        values, cache = dense.forward(inputs)
        _, sums, _, activation = cache
        layer_pass = LayerPass(
            drawn=drawn_layer,
            dense=dense,
            inputs=_wide(inputs[0]),
            sums=_wide(sums[0]),
            outputs=_wide(values[0]),
            activation=activation,
            slopes=_slopes(cache),
        )
        passes.append(layer_pass)
    return passes


def _wide(values: NDArray[np.floating]) -> Array:
    """Convert to float64, in which the terms are computed."""
    return values.astype(np.float64)


def _slopes(cache: Cache) -> Array:
    """Return the derivatives of a layer's outputs with respect to the sums of its neurons.

    All functions but softmax are elementwise, so the backward pass of ones returns the slopes. That
    of a one at output k returns its derivatives with respect to all sums.
    """
    _, Z, A, activation = cache
    if activation.name not in ENTRYWISE:  # the output activation, such as softmax
        n_outputs = Z.shape[1]
        columns = []
        for d_output in np.eye(n_outputs, dtype=Z.dtype):
            derivatives = activation.backward(Z, A, d_output[None])
            columns.append(derivatives[0])
        return _wide(np.column_stack(columns))
    slopes = activation.backward(Z, A, np.ones_like(Z))
    return _wide(slopes[0])


def _describe_forward(layer: LayerPass) -> dict[str, Any]:
    """Return the terms of each drawn neuron's sum, and what becomes of the sum."""
    drawn_inputs = layer.drawn.inputs
    neurons = layer.drawn.neurons
    products = layer.inputs[:, None] * layer.weights
    drawn_products = products[drawn_inputs][:, neurons]
    n_others = len(layer.inputs) - len(drawn_inputs)
    others = None
    if n_others > 0:
        all_products = layer.sums - layer.bias
        others = finite(all_products[neurons] - drawn_products.sum(axis=0))
    drawn_weights = layer.weights[drawn_inputs][:, neurons]
    values = {
        "bias": layer.bias,
        "sums": layer.sums,
        "outputs": layer.outputs,
    }
    description: dict[str, Any] = {name: finite(array[neurons]) for name, array in values.items()}
    return {
        **description,
        "weights": finite(drawn_weights),
        "products": finite(drawn_products),
        "others": others,
        "n_others": n_others,
        "activation": layer.activation.name,
    }


def _add_deltas(
    described: Sequence[dict[str, Any]],
    passes: Sequence[LayerPass],
    gradients: Sequence[dict[str, NDArray[np.floating]]],
    by_output: Array,
) -> None:
    """Add the terms of each delta, dL/dz, and the gradients of the weights and biases."""
    for place, (layer, description) in enumerate(zip(passes, described, strict=True)):
        position = layer.drawn.position
        neurons = layer.drawn.neurons
        deltas = _wide(gradients[position]["bias"])
        slopes = layer.slopes
        terms = None
        others = None
        errors = by_output
        if place + 1 < len(passes):
            after = passes[place + 1]
            deltas_after = _wide(gradients[after.drawn.position]["bias"])
            errors = after.weights @ deltas_after
            all_terms = after.weights * deltas_after
            drawn_terms = all_terms[neurons][:, after.drawn.neurons]
            terms = finite(drawn_terms)
            if len(deltas_after) > len(after.drawn.neurons):
                others = finite(errors[neurons] - drawn_terms.sum(axis=1))
        elif slopes.ndim == 2:  # softmax: each sum changes all outputs
            mixed_terms = slopes * by_output
            terms = finite(mixed_terms[neurons][:, neurons])
            errors = mixed_terms.sum(axis=1)
            undrawn_terms = np.delete(mixed_terms, neurons, axis=1)
            if undrawn_terms.any():
                others = finite(undrawn_terms.sum(axis=1)[neurons])
            slopes = slopes[:, neurons]
        weights = gradients[position]["weights"][layer.drawn.inputs][:, neurons]
        description |= {
            "back_terms": terms,
            "back_others": others,
            "errors": finite(errors[neurons]),
            "slopes": finite(slopes[neurons]),
            "deltas": finite(deltas[neurons]),
            "gradients": finite(weights),
            "bias_gradients": finite(deltas[neurons]),
        }


def is_difference(loss: Loss, activation: Activation) -> bool:
    """Return whether dL/dz of an output is the output minus the target.

    It is for the cross-entropy of a sigmoid or a softmax, and for half of the squared error of an
    output without an activation.

    Examples
    --------
    >>> from barenet.losses import BinaryCrossEntropy, SquaredError
    >>> from barenet.model._activations import Sigmoid
    >>> [is_difference(loss, Sigmoid()) for loss in (BinaryCrossEntropy(), SquaredError())]
    [True, False]
    """
    by_sum, is_on_logits = logits_form(loss, activation)
    if is_on_logits:
        return by_sum.derivative_formula == DIFFERENCE
    is_half_of_square = isinstance(loss, SquaredError) and loss.factor == 0.5
    return is_half_of_square and isinstance(activation, Identity)


def _step(
    view: NetworkView,
    network: Network,
    gradient: NDArray[np.floating],
    rows: int,
    drawn: list[DrawnLayer],
) -> dict[str, Any]:
    """Take the next step of the optimizer with the share of this point alone, on copies.

    The share is the gradient divided by the number of rows in a batch. Without a step, `no_step`
    is the reason: the network is learning, or the optimizer needs all rows at once.
    """
    next_step = view.next_step()
    if next_step is None:
        return {"no_step": "learning"}
    optimizer = copy.deepcopy(next_step.optimizer)
    if not isinstance(optimizer, Optimizer):
        return {"no_step": "full_batch"}
    optimizer.layout = network.layout
    share = gradient / rows
    stepped = network.parameters.copy()
    optimizer.step(stepped, share, next_step.learning_rate)
    change = stepped.astype(np.float64) - network.parameters
    shares = by_layer(network, share, drawn)
    after = by_layer(network, stepped, drawn)
    changes = by_layer(network, change, drawn)
    layers = []
    for layer_shares, layer_after, layer_changes in zip(shares, after, changes, strict=True):
        layers.append({"shares": layer_shares, "after": layer_after, "changes": layer_changes})
    return {
        "no_step": "",
        "optimizer": optimizer.name,
        "learning_rate": next_step.learning_rate,
        "steps": layers,
    }
