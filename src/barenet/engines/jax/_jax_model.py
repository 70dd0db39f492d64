"""The network, the loss and the penalties of a job as functions of JAX arrays."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from barenet.engines._engine import Job
from barenet.engines.jax import _jax_library as library
from barenet.engines.jax._jax_layers import Arrays, Rows, layer_function
from barenet.engines.jax._printed_functions import (
    activation_function,
    loss_function,
    printed_function,
)
from barenet.engines.jax._sparse_batches import dense_batch
from barenet.model._layout import Layout
from barenet.model._network import Network
from barenet.model.layers import Dropout
from barenet.model.losses import logits_form
from barenet.optimization._penalties import Penalty


class DeviceBatch(NamedTuple):
    """A batch on the device, filled up to a fixed number of rows."""

    #: Inputs and targets in the network's dtype.
    X: Any
    y: Any
    #: Share of each row in the loss, wᵢ / Σ w; 0 for the rows that fill the batch up.
    shares: Any
    #: Σ w.
    weight: Any
    #: Whether each row belongs to the batch, as 1 or 0, shape (n_rows, 1); and their number.
    is_real: Any
    count: Any


class JaxModel:
    """The functions that a program is traced from."""

    def __init__(self, job: Job, precision: str) -> None:
        network = job.network
        loss, on_logits = logits_form(job.loss, network.output_activation)
        self.dtype = network.dtype
        self.layout = network.layout
        self.statistics_layout = network.statistics_layout
        self.per_row = loss_function(loss)
        self.frozen = job.frozen
        self.penalties = []
        for penalty in job.penalties:
            self.penalties.append(PenaltyFunction(penalty, network.layout))
        self.layers = []
        #: The numbers of the layers that draw random numbers, in the order of their keys.
        self.drawing: list[int] = drawing_layers(network)
        for layer in network.layers:
            activation = layer.activation
            if on_logits and layer is network.layers[-1]:
                activation = None
            self.layers.append(layer_function(layer, activation, precision))
        self.output_activation = None
        if on_logits:
            self.output_activation = activation_function(network.output_activation)

    def batch(self, data: Arrays, rows: Any, count: Any) -> DeviceBatch:
        """Gather rows from the data, of which the first `count` belong to the batch."""
        jnp = library.jnp
        if isinstance(data["X"], dict):
            X = dense_batch(data["X"], rows)
        else:
            X = data["X"][rows].astype(self.dtype)
        if "scale" in data:
            X = X * data["scale"]
        is_real = (jnp.arange(len(rows)) < count).astype(self.dtype)
        if "sample_weight" not in data:
            weight = count.astype(self.dtype)
            shares = is_real / jnp.maximum(weight, 1)
        else:
            weights = data["sample_weight"][rows] * is_real
            weight = weights.sum()
            largest = weights.max()
            # The sum of the unscaled weights may overflow; all of them may be 0.
            relative = weights / jnp.where(largest > 0, largest, 1)
            shares = relative / jnp.where(largest > 0, relative.sum(), 1)
        return DeviceBatch(
            X=X,
            y=data["y"][rows],
            shares=shares,
            weight=weight,
            is_real=is_real[:, None],
            count=count.astype(self.dtype),
        )

    def forward(
        self, parameters: Any, statistics: Any, batch: DeviceBatch, keys: Any = None
    ) -> tuple[Any, Any]:
        """Compute the output, or the logits of a loss on these, and the new statistics.

        With keys of the random numbers, the rows are trained, not evaluated.
        """
        learned = self.layout.views(parameters)
        measured = self.statistics_layout.views(statistics)
        output = batch.X
        for index, layer in enumerate(self.layers):
            rows = Rows(batch.is_real, batch.count, training=keys is not None)
            if keys is not None and index in self.drawing:
                rows = rows._replace(key=keys[self.drawing.index(index)])
            output, new = layer(learned[index], measured[index], output, rows)
            measured[index] = dict(new)
        return output, joined(measured, self.statistics_layout, statistics)

    def value_and_gradient(
        self, parameters: Any, statistics: Any, batch: DeviceBatch, keys: Any, strengths: Any
    ) -> tuple[Any, Any, Any]:
        """Compute the loss with the penalties, its gradient and the new statistics."""
        jnp = library.jnp

        def mean_loss(parameters: Any) -> tuple[Any, Any]:
            output, new_statistics = self.forward(parameters, statistics, batch, keys)
            # Rows that fill the batch up have the derivative 0, also where it would be infinite.
            output = jnp.where(batch.is_real > 0, output, 0)
            losses = self.per_row(output, batch.y)
            value = jnp.where(batch.is_real[:, 0] > 0, losses, 0) @ batch.shares
            return value, new_statistics

        differentiate = library.jax.value_and_grad(mean_loss, has_aux=True)
        (value, new_statistics), gradient = differentiate(parameters)
        for part in self.frozen:
            gradient = gradient.at[part].set(0)
        inverse_weight = jnp.where(batch.weight > 0, 1 / batch.weight, 0)
        for penalty, strengths_of_layers in zip(self.penalties, strengths, strict=True):
            value, gradient = penalty.add(
                parameters, value, gradient, strengths_of_layers, inverse_weight
            )
        return value, gradient, new_statistics

    def losses_and_outputs(
        self, parameters: Any, statistics: Any, batch: DeviceBatch
    ) -> tuple[Any, Any]:
        """Compute the loss of each row, without penalties, and the outputs."""
        output, _ = self.forward(parameters, statistics, batch)
        losses = self.per_row(output, batch.y)
        if self.output_activation is not None:
            output = self.output_activation(output)
        return losses, output


class PenaltyFunction:
    """A penalty on the weights of each layer, printed from its formula."""

    def __init__(self, penalty: Penalty, layout: Layout) -> None:
        self.by_batch = penalty.normalize_by_batch
        self.slots = weight_slots(layout)
        self.value = printed_function(penalty.formula, "W", "lam")
        self.derivative = printed_function(penalty.derivative_formula, "W", "lam")

    def add(
        self, parameters: Any, value: Any, gradient: Any, strengths: Any, inverse_weight: Any
    ) -> tuple[Any, Any]:
        """Add the terms to the loss and to its gradient."""
        for number, (start, stop) in enumerate(self.slots):
            strength = strengths[number]
            if self.by_batch:
                strength = strength * inverse_weight
            weights = parameters[start:stop]
            value = value + self.value(weights, strength)
            gradient = gradient.at[start:stop].add(self.derivative(weights, strength))
        return value, gradient


def weight_slots(layout: Layout) -> list[tuple[int, int]]:
    """List the starts and the ends of the weights of each layer in the parameters."""
    return [(slot.start, slot.stop) for slot in layout.slots if slot.name == "weights"]


def strengths_of(job: Job) -> list[Any]:
    """Return the strength of each penalty at the weights of each layer."""
    strengths = []
    starts = [start for start, _ in weight_slots(job.network.layout)]
    for penalty in job.penalties:
        strengths.append(job.strengths(penalty, job.network.dtype)[starts])
    return strengths


def drawing_layers(network: Network) -> list[int]:
    """Return the numbers of the layers that draw random numbers while they are trained."""
    numbers = []
    for number, layer in enumerate(network.layers):
        if isinstance(layer, Dropout) and layer.rate > 0:
            numbers.append(number)
    return numbers


def joined(arrays: Sequence[Arrays], layout: Layout, vector: Any) -> Any:
    """Join the arrays of the layers to a flat vector, which replaces another one."""
    parts = []
    for slot in layout.slots:
        parts.append(arrays[slot.layer][slot.name].ravel())
    if not parts:
        return vector
    return library.jnp.concatenate(parts)
