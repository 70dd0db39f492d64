"""Recorded step: one training step by the reference engine, with all that went through it.

The step is taken on copies. The arguments and results of layers, penalties, clipping and optimizer
are recorded on the way; nothing is computed a second time.
"""

import copy
import functools
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from barenet.engines import Job
from barenet.engines._reference import ReferenceEngine
from barenet.model._arrays import Cache, FloatArray
from barenet.model._network import Network
from barenet.model.layers import Layer
from barenet.optimization.optimizers import LBFGS


class Call(NamedTuple):
    """A call of a method: its arguments before and after, and its result."""

    before: tuple[Any, ...]
    after: tuple[Any, ...]
    result: Any


@dataclass(frozen=True, eq=False)
class RecordedLayer:
    """The forward and the backward pass of a layer."""

    index: int
    #: The layer after the step.
    layer: Layer
    X: FloatArray
    output: FloatArray
    cache: Cache
    d_output: FloatArray
    d_input: FloatArray
    #: Parameters and statistics before the step.
    arrays: dict[str, FloatArray]
    gradients: dict[str, FloatArray]


@dataclass(frozen=True, eq=False)
class RecordedStep:
    """One training step with all rows of a job."""

    #: The job before and after the step.
    job: Job
    after: Job
    layers: list[RecordedLayer]
    #: For each penalty, the calls that compute its value and its gradient.
    penalties: list[tuple[Call, Call]]
    #: The call that clips the gradient.
    clip: Call | None
    #: The moments of the optimizer before the step.
    moments: dict[str, FloatArray]


#: Parts of a job that a step may change, besides the network.
_CHANGED = ("optimizer", "penalties", "clipping")


def record_step(job: Job, first_step: int = 0) -> RecordedStep:
    """Take a step with all rows of a job, on copies, and record it."""
    copied = {name: copy.deepcopy(getattr(job, name)) for name in _CHANGED}
    twin = replace(job, network=job.network.copy(), **copied)
    passes = [(_calls(each, "forward"), _calls(each, "backward")) for each in twin.network.layers]
    terms = [(_calls(each, "value"), _calls(each, "gradient")) for each in twin.penalties]
    clip = [] if twin.clipping is None else _calls(twin.clipping, "clip")
    moments = _run(twin, first_step)
    layers = _layers(job.network, twin.network, passes)
    penalties = [(value, gradient) for (value,), (gradient,) in terms]
    return RecordedStep(job, twin, layers, penalties, clip[0] if clip else None, moments)


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


def _calls(owner: Any, method: str) -> list[Call]:
    """Record the calls of a method of one object."""
    calls: list[Call] = []
    original = getattr(owner, method)

    @functools.wraps(original)
    def recorded(*arguments: Any, **options: Any) -> Any:
        before = copy.deepcopy(arguments)
        result = original(*arguments, **options)
        calls.append(Call(before, copy.deepcopy(arguments), copy.deepcopy(result)))
        return result

    vars(owner)[method] = recorded
    return calls


def _layers(
    before: Network, after: Network, passes: list[tuple[list[Call], list[Call]]]
) -> list[RecordedLayer]:
    """Collect the passes of each layer."""
    parameters = before.layout.views(before.parameters.copy())
    statistics = before.statistics_layout.views(before.statistics.copy())
    return [
        RecordedLayer(
            index=index,
            layer=after.layers[index],
            X=forward.before[0],
            output=forward.result[0],
            cache=forward.result[1],
            d_output=backward.before[1],
            d_input=backward.result,
            arrays=parameters[index] | statistics[index],
            gradients=backward.after[2],
        )
        for index, ((forward,), (backward,)) in enumerate(passes)
    ]
