"""Recorded step: one training step by the reference engine, with all that went through it.

The step is taken on copies. The arguments and results of layers, penalties, clipping and optimizer
are recorded on the way; nothing is computed a second time, besides the finite differences.
"""

import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.engines import Job
from barenet.engines._reference import ReferenceEngine
from barenet.insight._gradient_check import slopes
from barenet.insight.explain._neuron import Neuron
from barenet.insight.explain._number_format import LARGEST_ENTRIES
from barenet.model._activations import Activation, Identity
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import Cache, FloatArray
from barenet.model._network import Objective
from barenet.model._randomness import derive_key
from barenet.model.layers import Layer
from barenet.optimization.optimizers import LBFGS, SGD


class Recorder:
    """Records the call of a method: its arguments before and after, and its result."""

    def __init__(self, owner: Any, method: str) -> None:
        self.method = getattr(owner, method)
        vars(owner)[method] = self

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.before = copy.deepcopy(arguments)
        result = self.method(*arguments, **options)
        self.after, self.result = copy.deepcopy(arguments), copy.deepcopy(result)
        return result


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


@dataclass(frozen=True, eq=False)
class RecordedStep:
    """One training step with all rows of a job."""

    #: The job before and after the step.
    job: Job
    after: Job
    #: Steps that were taken before.
    first_step: int
    layers: list[RecordedLayer]
    #: For each penalty, the calls that compute its value and its gradient.
    penalties: list[tuple[Recorder, Recorder]]
    #: The call that clips the gradient.
    clip: Recorder | None
    #: The moments of the optimizer before the step.
    moments: dict[str, FloatArray]


#: Parts of a job that a step may change, besides the network.
_CHANGED = ("optimizer", "penalties", "clipping")


def record_step(job: Job, first_step: int = 0) -> RecordedStep:
    """Take a step with all rows of a job, on copies, and record it."""
    if getattr(job.optimizer, "average", 0):  # the step is from parameters that are not averaged
        job = replace(job, network=job.network.copy(), optimizer=copy.deepcopy(job.optimizer))
        job.network.parameters[:] = ReferenceEngine(job).raw_parameters()
        vars(job.optimizer)["average"] = 0.0
    before, network = job.network.copy(), job.network.copy()
    copied = {name: copy.deepcopy(getattr(job, name)) for name in _CHANGED}
    twin = replace(job, network=network, **copied)
    passes = [(Recorder(each, "forward"), Recorder(each, "backward")) for each in network.layers]
    penalties = [(Recorder(each, "value"), Recorder(each, "gradient")) for each in twin.penalties]
    clip = None if twin.clipping is None else Recorder(twin.clipping, "clip")
    moments = _run(twin, first_step)
    parameters = before.layout.views(before.parameters)
    statistics = before.statistics_layout.views(before.statistics)
    layers = []
    for index, (forward, backward) in enumerate(passes):
        arrays, layer = parameters[index] | statistics[index], network.layers[index]
        X, (output, cache), d_output = forward.before[0], forward.result, backward.before[1]
        ends = X, output, cache, d_output, backward.after[2], backward.result
        layers.append(RecordedLayer(index, layer, arrays, *ends))
    return RecordedStep(job, twin, first_step, layers, penalties, clip, moments)


def _run(job: Job, first_step: int) -> dict[str, FloatArray]:
    """Take the step and return the moments before; with L-BFGS, compute the gradient alone."""
    engine = ReferenceEngine(job)
    if isinstance(job.optimizer, LBFGS):
        engine.value_and_gradient()
        return {}
    job.optimizer.prepare(job.network.parameters)
    moments = copy.deepcopy(job.optimizer.moments)
    n_rows = len(job.rows.X)
    engine.run(np.arange(n_rows), n_rows, np.array([job.optimizer.learning_rate]), first_step)
    return moments


class Differences:
    """Finite differences of the loss of a step, without its penalties, in float64.

    Where an intermediate result is changed, the forward pass resumes from it.
    """

    def __init__(self, step: RecordedStep, limit: int, neuron: Neuron | None = None) -> None:
        self.step, self.limit, self.neuron = _in_float64(step), limit, neuron
        job = self.step.job
        self.network = job.network.copy()
        self.objective = Objective(self.network, job.loss)
        self.key = derive_key(job.seed, step.first_step)

    def by_parameter(self, layer: int, name: str) -> NDArray[np.float64]:
        """Differences with respect to an array of a layer's parameters."""
        views = self.network.layout.views(self.network.parameters)
        return self._slopes(layer, views[layer][name], self.step.layers[layer].gradients[name])

    def by_output(self, index: int, *, of_sum: bool = False) -> NDArray[np.float64]:
        """Differences with respect to a layer's output, or to a dense layer's weighted sums."""
        recorded, layer = self.step.layers[index], vars(self.network.layers[index])
        result, analytic = recorded.output, recorded.d_output
        activation: Activation = Identity()
        if of_sum:
            _, result, A, activation = recorded.cache
            analytic = activation.backward(result, A, analytic)
        moved = result.copy()
        layer["forward"] = lambda *_, **__: (activation.forward(moved), None)
        try:
            return self._slopes(index, moved, analytic)
        finally:
            del layer["forward"]

    def _slopes(self, layer: int, moved: FloatArray, analytic: FloatArray) -> NDArray[np.float64]:
        """Compute the differences of all entries, or of the largest."""
        flat, rows = analytic.ravel(), self.step.job.rows
        indices: NDArray[np.intp] = np.arange(analytic.size).reshape(analytic.shape)
        if self.neuron is not None:
            mine = slice(self.neuron.column, self.neuron.column + 1)
            indices = indices[..., mine if layer in self.neuron.layers else slice(0)]
        indices = indices.ravel()
        if indices.size > self.limit:
            indices = indices[np.argsort(-np.abs(flat[indices]), kind="stable")[:LARGEST_ENTRIES]]

        def loss() -> float:
            return self.objective.value_and_output(rows, training=True, rng_key=self.key)[0]

        return slopes(loss, moved.reshape(-1), flat, indices=indices).reshape(analytic.shape)


def _in_float64(recorded: RecordedStep) -> RecordedStep:
    """The step in float64, as finite differences in float32 have no correct digit."""
    job = recorded.job
    if job.network.dtype == np.float64:
        return recorded
    network, rows = job.network.copy("float64"), job.rows
    weights = None if rows.sample_weight is None else rows.sample_weight.astype(np.float64)
    wide = ArrayDataset(rows.inputs(network.dtype), rows.y.astype(np.float64), weights)
    # The optimizer has no part in the gradients, and its moments may be of float32.
    job = replace(job, network=network, rows=wide, optimizer=SGD(), clipping=None)
    return record_step(job, recorded.first_step)
