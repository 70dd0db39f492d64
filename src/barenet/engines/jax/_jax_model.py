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
from barenet.model._layout import Layout, Slot
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

    def __init__(self, job: Job) -> None:
        network = job.network
        loss, on_logits = logits_form(job.loss, network.output_activation)
        self.dtype = network.dtype
        self.layout = network.layout
        self.statistics_layout = network.statistics_layout
        self.per_row = loss_function(loss)
        self.is_frozen = frozen_arrays(job)
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
            self.layers.append(layer_function(layer, activation))
        self.output_activation = None
        if on_logits:
            self.output_activation = activation_function(network.output_activation)

    def batch(self, data: Arrays, rows: Any, count: Any) -> DeviceBatch:
        """Gather rows from the data, of which the first `count` belong to the batch."""
        jnp = library.jnp
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
        self, parameters: list[Any], statistics: Any, batch: DeviceBatch, keys: Any = None
    ) -> tuple[Any, Any]:
        """Compute the output, or the logits of a loss on these, and the new statistics.

        The parameters are a list of the arrays of all layers. With keys of the random numbers, the
        rows are trained, not evaluated.
        """
        learned = by_layer(parameters, self.layout)
        measured = self.statistics_layout.views(statistics)
        output = batch.X
        for index, layer in enumerate(self.layers):
            rows = Rows(batch.is_real, batch.count, training=keys is not None)
            if keys is not None and index in self.drawing:
                rows = rows._replace(key=keys[self.drawing.index(index)])
            output, new = layer(learned[index], measured[index], output, rows)
            measured[index] = dict(new)
        new_arrays = [measured[slot.layer][slot.name] for slot in self.statistics_layout.slots]
        return output, joined(new_arrays, self.statistics_layout, statistics)

    def value_and_gradients(
        self,
        parameters: list[Any],
        statistics: Any,
        batch: DeviceBatch,
        keys: Any,
        strengths: Any,
    ) -> tuple[Any, list[Any], Any]:
        """Compute the loss with the penalties, its gradients and the new statistics.

        There is a gradient for each array of the parameters. For that of a flat vector, JAX would
        pad the gradient of each array with zeros to the length of the vector, and add them all up.
        """
        jnp = library.jnp

        def mean_loss(parameters: list[Any]) -> tuple[Any, Any]:
            output, new_statistics = self.forward(parameters, statistics, batch, keys)
            # Rows that fill the batch up have the derivative 0, also where it would be infinite.
            output = jnp.where(batch.is_real > 0, output, 0)
            losses = self.per_row(output, batch.y)
            value = jnp.where(batch.is_real[:, 0] > 0, losses, 0) @ batch.shares
            return value, new_statistics

        differentiate = library.jax.value_and_grad(mean_loss, has_aux=True)
        (value, new_statistics), gradients = differentiate(parameters)
        for number, is_frozen in enumerate(self.is_frozen):
            if is_frozen:
                gradients[number] = jnp.zeros_like(gradients[number])
        inverse_weight = jnp.where(batch.weight > 0, 1 / batch.weight, 0)
        for penalty, strengths_of_layers in zip(self.penalties, strengths, strict=True):
            value = penalty.add(parameters, value, gradients, strengths_of_layers, inverse_weight)
        return value, gradients, new_statistics

    def losses_and_outputs(
        self, parameters: Any, statistics: Any, batch: DeviceBatch
    ) -> tuple[Any, Any]:
        """Compute the loss of each row, without penalties, and the outputs."""
        arrays = divided(parameters, self.layout)
        output, _ = self.forward(arrays, statistics, batch)
        losses = self.per_row(output, batch.y)
        if self.output_activation is not None:
            output = self.output_activation(output)
        return losses, output


class PenaltyFunction:
    """A penalty on the weights of each layer, printed from its formula."""

    def __init__(self, penalty: Penalty, layout: Layout) -> None:
        self.by_batch = penalty.normalize_by_batch
        self.numbers_of_weights = weight_arrays(layout)
        self.value = printed_function(penalty.formula, "W", "lam")
        self.derivative = printed_function(penalty.derivative_formula, "W", "lam")

    def add(
        self,
        parameters: list[Any],
        value: Any,
        gradients: list[Any],
        strengths: Any,
        inverse_weight: Any,
    ) -> Any:
        """Add the derivatives to the gradients, in place, and return the loss with the terms."""
        for number, strength in zip(self.numbers_of_weights, strengths, strict=True):
            if self.by_batch:
                strength = strength * inverse_weight
            weights = parameters[number]
            value = value + self.value(weights, strength)
            gradients[number] = gradients[number] + self.derivative(weights, strength)
        return value


def weight_arrays(layout: Layout) -> list[int]:
    """Return the numbers of the arrays that are the weights of a layer."""
    return [number for number, slot in enumerate(layout.slots) if slot.name == "weights"]


def strengths_of(job: Job) -> list[Any]:
    """Return the strength of each penalty at the weights of each layer."""
    layout = job.network.layout
    starts = [layout.slots[number].start for number in weight_arrays(layout)]
    return [job.strengths(penalty, job.network.dtype)[starts] for penalty in job.penalties]


def drawing_layers(network: Network) -> list[int]:
    """Return the numbers of the layers that draw random numbers while they are trained."""
    numbers = []
    for number, layer in enumerate(network.layers):
        if isinstance(layer, Dropout) and layer.rate > 0:
            numbers.append(number)
    return numbers


def frozen_arrays(job: Job) -> list[bool]:
    """Return whether each array of the parameters is frozen."""
    return [slice(slot.start, slot.stop) in job.frozen for slot in job.network.layout.slots]


def divided(vectors: Any, layout: Layout) -> list[Any]:
    """Divide a flat vector into its arrays, in their order.

    Of several vectors in a tree, such as the moments of an optimizer, each item of the list has an
    array of each vector, in a tree of the same structure.
    """
    return [_part_of(vectors, slot) for slot in layout.slots]


def joined(arrays: Sequence[Any], layout: Layout, vectors: Any) -> Any:
    """Return flat vectors with these arrays: the inverse of `divided`.

    Each array is written into a copy of `vectors`. On a processor, XLA takes up to fifty times as
    long to concatenate them.
    """
    for slot, array in zip(layout.slots, arrays, strict=True):
        vectors = _with_part(vectors, slot, array)
    return vectors


def _part_of(vectors: Any, slot: Slot) -> Any:
    """Return the array of a slot in each vector."""

    def part_of(vector: Any) -> Any:
        return vector[slot.start : slot.stop].reshape(slot.shape)

    return library.jax.tree.map(part_of, vectors)


def _with_part(vectors: Any, slot: Slot, arrays: Any) -> Any:
    """Return each vector with another array in a slot."""

    def with_part(vector: Any, array: Any) -> Any:
        return vector.at[slot.start : slot.stop].set(array.ravel())

    return library.jax.tree.map(with_part, vectors, arrays)


def by_layer(arrays: Sequence[Any], layout: Layout) -> list[dict[str, Any]]:
    """Name the arrays of each layer."""
    layers: list[dict[str, Any]] = [{} for _ in layout.shapes]
    for slot, array in zip(layout.slots, arrays, strict=True):
        layers[slot.layer][slot.name] = array
    return layers
