"""Recorded step: a training step by the reference engine, with all intermediate results.

The step is taken on copies. The arguments and results of layers, penalties, clipping and optimizer
are recorded on the way; only the finite differences need further computations. A table holds the
quantities of the step by name, and the equations between them.
"""

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet._expressions import Expression
from barenet.engines import Job, ReferenceEngine
from barenet.insight._gradient_check import finite_differences
from barenet.insight.explain._document import Equation, Name, Quantity
from barenet.insight.explain._number_format import LARGEST_ENTRIES
from barenet.model._activations import Activation, Identity
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import Arrays, Cache, FloatArray, Forward
from barenet.model._layout import Slot
from barenet.model._network import Objective
from barenet.model._randomness import derive_key
from barenet.model.layers import ActivationLayer, BatchNorm, Dense, Layer, LayerNorm, PReLU
from barenet.model.losses import logits_form
from barenet.optimization.optimizers import LBFGS, SGD


class Recorder:
    """Records the call of a method: its arguments before and after, and its result."""

    def __init__(self, owner: Any, method: str) -> None:
        self.method = getattr(owner, method)
        vars(owner)[method] = self

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.before = copy.deepcopy(arguments)
        result = self.method(*arguments, **options)
        self.after = copy.deepcopy(arguments)
        self.result = copy.deepcopy(result)
        return result


class LayerCalls(NamedTuple):
    """The recorded calls of a layer."""

    forward: Recorder
    backward: Recorder


class PenaltyCalls(NamedTuple):
    """The recorded calls that compute the value and the gradient of a penalty."""

    value: Recorder
    gradient: Recorder


@dataclass(frozen=True, eq=False)
class RecordedLayer:
    """The forward and the backward pass of a layer."""

    index: int
    #: The layer after the step.
    layer: Layer
    #: Parameters and statistics before the step.
    arrays: dict[str, FloatArray]
    X: FloatArray
    output: FloatArray
    cache: Cache
    d_output: FloatArray
    gradients: dict[str, FloatArray]
    d_input: FloatArray


@dataclass(frozen=True, eq=False, kw_only=True)
class RecordedStep:
    """One training step with all rows of a job."""

    #: The job before and after the step.
    job: Job
    after: Job
    #: Number of earlier steps.
    first_step: int
    layers: list[RecordedLayer]
    penalties: list[PenaltyCalls]
    #: The call that clips the gradient.
    clip: Recorder | None
    #: The moments of the optimizer before the step.
    moments: dict[str, FloatArray]

    @property
    def losses(self) -> tuple[float, float]:
        """The loss of the rows before and after the step, with penalties and the same dropout."""
        rows = np.arange(len(self.job.rows.X))

        def loss(job: Job) -> float:
            engine = ReferenceEngine(replace(job, network=job.network.copy()))
            value, _ = engine.value_and_gradient(rows, self.first_step)
            return value

        before = loss(self.job)
        if isinstance(self.job.optimizer, LBFGS):
            return before, np.nan
        return before, loss(self.after)


def record_step(job: Job, first_step: int = 0) -> RecordedStep:
    """Take a step with all rows of a job, on copies, and record it."""
    # steps are taken from parameters that are not averaged
    if getattr(job.optimizer, "average", 0):
        optimizer = copy.deepcopy(job.optimizer)
        job = replace(job, network=job.network.copy(), optimizer=optimizer)
        job.network.parameters[:] = ReferenceEngine(job).raw_parameters()
        vars(job.optimizer)["average"] = 0.0
    network = job.network.copy()
    twin = replace(
        job,
        network=network,
        optimizer=copy.deepcopy(job.optimizer),
        penalties=copy.deepcopy(job.penalties),
        clipping=copy.deepcopy(job.clipping),
    )
    layer_calls = []
    for layer in network.layers:
        forward = Recorder(layer, "forward")
        backward = Recorder(layer, "backward")
        layer_calls.append(LayerCalls(forward, backward))
    penalties = []
    for penalty in twin.penalties:
        value = Recorder(penalty, "value")
        gradient = Recorder(penalty, "gradient")
        penalties.append(PenaltyCalls(value, gradient))
    clip = Recorder(twin.clipping, "clip") if twin.clipping is not None else None
    moments = _run(twin, first_step)
    layers = []
    for index, calls in enumerate(layer_calls):
        layer_before = job.network.layers[index]
        names = (*layer_before.parameter_shapes, *layer_before.statistic_shapes)
        arrays = {name: vars(layer_before)[name] for name in names}
        [X] = calls.forward.before
        output, cache = calls.forward.result
        # The arguments of the backward pass: the cache, the gradient of the output, and the
        # gradients of the parameters, which it fills.
        _, d_output, _ = calls.backward.before
        _, _, gradients = calls.backward.after
        recorded_layer = RecordedLayer(
            index=index,
            layer=network.layers[index],
            arrays=arrays,
            X=X,
            output=output,
            cache=cache,
            d_output=d_output,
            gradients=gradients,
            d_input=calls.backward.result,
        )
        layers.append(recorded_layer)
    return RecordedStep(
        job=job,
        after=twin,
        first_step=first_step,
        layers=layers,
        penalties=penalties,
        clip=clip,
        moments=moments,
    )


def _run(job: Job, first_step: int) -> dict[str, FloatArray]:
    """Take the step and return the earlier moments; with L-BFGS, only compute the gradient."""
    engine = ReferenceEngine(job)
    if isinstance(job.optimizer, LBFGS):
        engine.value_and_gradient()
        return {}
    job.optimizer.prepare(job.network.parameters)
    moments = copy.deepcopy(job.optimizer.moments)
    n_rows = len(job.rows.X)
    batches = [np.arange(n_rows)]
    learning_rates = np.array([job.optimizer.learning_rate])
    engine.run(batches, n_rows, learning_rates, first_step)
    return moments


class MovedOutput(Layer):
    """Layer that returns f(Z) of values Z, whatever its input is.

    It takes the place of a layer whose output, or whose weighted sums, are moved to measure how the
    loss depends on them.
    """

    name: ClassVar[str] = "moved_output"
    function: Activation
    values: FloatArray

    def __init__(self, layer: Layer, function: Activation, values: FloatArray) -> None:
        self.activation = layer.activation  # that of the last layer is the output activation
        self.function = function
        self.values = values

    def forward(
        self, X: FloatArray, *, training: bool = False, rng_key: int = 0, logits: bool = False
    ) -> Forward:
        """Compute the output from the current values."""
        return self.function.forward(self.values), None

    def backward(self, cache: Cache, d_output: FloatArray, out: Arrays) -> FloatArray:
        """Not needed for finite differences."""
        raise NotImplementedError


class Differences:
    """Finite differences of the loss of a step, without its penalties, in float64.

    The forward pass resumes from an intermediate result that is changed.
    """

    def __init__(self, step: RecordedStep, limit: int) -> None:
        self.step = _in_float64(step)
        self.limit = limit
        job = self.step.job
        self.network = job.network.copy()
        self.objective = Objective(self.network, job.loss)
        self.rows = job.rows.take(dtype=self.network.dtype)
        self.key = derive_key(job.seed, step.first_step)

    def by_parameter(self, layer: int, name: str) -> NDArray[np.float64]:
        """Differences with respect to an array of a layer's parameters."""
        views = self.network.layout.views(self.network.parameters)
        gradient = self.step.layers[layer].gradients[name]
        return self._of_loss(views[layer][name], gradient)

    def by_output(self, index: int, *, of_sum: bool = False) -> NDArray[np.float64]:
        """Differences with respect to a layer's output, or to a dense layer's weighted sums."""
        recorded = self.step.layers[index]
        result = recorded.output
        analytic = recorded.d_output
        activation: Activation = Identity()
        if of_sum:
            _, result, A, activation = recorded.cache
            analytic = activation.backward(result, A, analytic)
        moved = result.copy()
        layers = self.network.layers
        layer = layers[index]
        layers[index] = MovedOutput(layer, activation, moved)
        try:
            return self._of_loss(moved, analytic)
        finally:
            layers[index] = layer

    def _of_loss(self, moved: FloatArray, analytic: FloatArray) -> NDArray[np.float64]:
        """Compute the differences of all entries, or of the largest."""
        flat = analytic.ravel()
        indices = np.arange(analytic.size)
        if indices.size > self.limit:
            sizes = np.abs(flat[indices])
            largest_first = np.argsort(-sizes, kind="stable")
            indices = indices[largest_first[:LARGEST_ENTRIES]]

        def loss() -> float:
            value, _ = self.objective.value_and_output(self.rows, training=True, rng_key=self.key)
            return value

        numeric = finite_differences(loss, moved.reshape(-1), flat, indices=indices)
        return numeric.reshape(analytic.shape)


def _in_float64(recorded: RecordedStep) -> RecordedStep:
    """Copy the step in float64, because finite differences in float32 have no correct digit."""
    job = recorded.job
    if job.network.dtype == np.float64:
        return recorded
    network = job.network.copy("float64")
    rows = job.rows.take(dtype=network.dtype)
    weights = rows.sample_weight
    if weights is not None:
        weights = weights.astype(np.float64)
    wide = ArrayDataset(rows.X, rows.y.astype(np.float64), weights)
    # The optimizer is left out: it doesn't affect the gradients, and its moments may be float32.
    job = replace(job, network=network, rows=wide, optimizer=SGD(), clipping=None)
    return record_step(job, recorded.first_step)


#: The letters of a layer's arrays; a user-defined array has its own name.
_LETTERS: dict[type, dict[str, str]] = {
    Dense: {"weights": "W", "bias": "b"},
    BatchNorm: {"gain": "gamma", "bias": "beta", "mean": "mubar", "variance": "Vbar"},
    LayerNorm: {"gain": "gamma", "bias": "beta"},
    PReLU: {"slopes": "alpha"},
}


class QuantityTable(dict[Name, Quantity]):
    """The quantities of a step by their names, as they are collected."""

    def __init__(self, step: RecordedStep, limit: int) -> None:
        self.step = step
        self.differences = Differences(step, limit)
        self.rows = step.job.rows
        self.network = step.after.network
        self.loss, self.logits = logits_form(step.job.loss, self.network.output_activation)

    def add(self, name: Name, value: Any, *, by_sample: bool = False) -> Quantity:
        """Add a quantity, replacing an earlier one with the same name."""
        quantity = Quantity.of(name, value, by_sample=by_sample)
        self[name] = quantity
        return quantity

    @property
    def parameters(self) -> Iterator[tuple[Name, Slot]]:
        """The name and the place of every array of parameters."""
        for slot in self.network.layout.slots:
            yield self.name_of(slot.layer, slot.name), slot

    def name_of(self, layer: int, array: str) -> Name:
        """The name of a layer's array."""
        letters = _LETTERS.get(type(self.network.layers[layer]), {})
        return Name(letters.get(array, array), str(layer + 1))

    @property
    def loss_input(self) -> Name:
        """The name of the loss's input: the output of the network, or its logits."""
        last = self.step.layers[-1]
        if not self.logits:
            return Name("A", str(last.index + 1))
        if type(last.layer) is ActivationLayer:  # the logits are its input
            return Name("A", str(last.index))
        return Name("Z", str(last.index + 1))


class Formulas:
    """Writes equations whose letters stand for quantities of a table, or for numbers."""

    def __init__(
        self, table: QuantityTable, names: Mapping[str, Name], numbers: Mapping[str, float]
    ) -> None:
        self.table = table
        self.names = names
        self.numbers = numbers

    def name_of(self, letter: str) -> Name:
        """The quantity of a letter."""
        return self.names.get(letter, Name(letter))

    def equation(
        self,
        letter: str | Name,
        value: Any,
        text: str | None = None,
        *,
        by_sample: bool = False,
        differences: NDArray[np.float64] | None = None,
    ) -> Equation:
        """Add a quantity with its formula to the table."""
        formula = None
        operands = {}
        if text:
            formula = Expression.parse(text, **self.numbers)
            for word in re.findall(r"[A-Za-z]\w*", text):
                if word in formula.names:
                    operands[word] = self.table[self.name_of(word)]
        name = letter
        if isinstance(name, str):
            name = self.name_of(name)
        result = self.table.add(name, value, by_sample=by_sample)
        if differences is not None:
            differences = differences.reshape(result.value.shape)
            differences.flags.writeable = False
        return Equation(result, formula, operands, differences)
