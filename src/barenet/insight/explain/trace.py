"""Trace: one step of training, taken by the code that trains, with all that went through it.

The reference engine takes the step, on copies. What the layers, the penalties, the clipping and the
optimizer are given and give back is written down on the way; nothing is computed a second time.
"""

from __future__ import annotations

import copy
import functools
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from barenet.engines import Job
from barenet.engines.reference import ReferenceEngine
from barenet.model.arrays import Cache, FloatArray
from barenet.model.layers import Layer
from barenet.model.losses import Loss, logits_form
from barenet.model.network import Network
from barenet.optimization.optimizers import LBFGS

__all__ = ["LayerTrace", "PenaltyTrace", "Trace", "take_step"]


class Call(NamedTuple):
    """What went through a method: its arguments before, its arguments after, what it returned."""

    given: tuple[Any, ...]
    left: tuple[Any, ...]
    result: Any


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """What went through a layer.

    Attributes
    ----------
    index : int
        The layer's position in the network.
    layer : Layer
        The layer, as it is after the step.
    X, output : ndarray of shape (n_samples, n_in) and (n_samples, n_out)
        What `forward` was given, and gave.
    cache : object
        What it kept.
    d_output, d_input : ndarray of the same shapes
        What `backward` was given, and gave.
    parameters, gradients : dict of str to ndarray
        The layer's parameters before the step, and what `backward` wrote for each.
    statistics : dict of str to ndarray
        What it had measured before the step.
    """

    index: int
    layer: Layer
    X: FloatArray
    output: FloatArray
    cache: Cache
    d_output: FloatArray
    d_input: FloatArray
    parameters: dict[str, FloatArray]
    gradients: dict[str, FloatArray]
    statistics: dict[str, FloatArray]


class PenaltyTrace(NamedTuple):
    """What a penalty added: its price, its strengths, its gradient."""

    value: float
    strengths: FloatArray
    gradient: FloatArray


@dataclass(frozen=True, eq=False)
class Trace:
    """A step that was taken.

    Attributes
    ----------
    network : Network
        As it is after the step.
    before : ndarray of shape (n_parameters,)
        The parameters before the step.
    loss : Loss
        What was computed; from the logits if `logits`.
    logits : bool
        Whether the last layer left its activation out.
    y : ndarray of shape (n_samples, n_outputs)
        The targets.
    sample_weight : ndarray of shape (n_samples,), optional
        How much each sample counts.
    value : float
        The loss with its penalties.
    layers : list of LayerTrace
        What went through each.
    penalties : list of PenaltyTrace
        What each added.
    clipped : tuple of ndarray, optional
        The gradient before and after the clipping.
    gradient : ndarray of shape (n_parameters,)
        What the optimizer was given; with L-BFGS, the gradient that its search starts from.
    moments : tuple of dict of str to ndarray
        What the optimizer remembered before and after the step.
    n_steps : int
        Steps that the optimizer has taken, this one among them.
    """

    network: Network
    before: FloatArray
    loss: Loss
    logits: bool
    y: FloatArray
    sample_weight: FloatArray | None
    value: float
    layers: list[LayerTrace]
    penalties: list[PenaltyTrace]
    clipped: tuple[FloatArray, FloatArray] | None
    gradient: FloatArray
    moments: tuple[dict[str, FloatArray], dict[str, FloatArray]]
    n_steps: int


def take_step(job: Job, first_step: int = 0) -> Trace:
    """Take a step with all rows of a job."""
    twin = Job(
        network=job.network.copy(),
        rows=job.rows,
        loss=job.loss,
        optimizer=copy.deepcopy(job.optimizer),
        penalties=copy.deepcopy(list(job.penalties)),
        clipping=copy.deepcopy(job.clipping),
        seed=job.seed,
    )
    calls = {
        name: [_watch(layer, name) for layer in twin.network.layers]
        for name in ("forward", "backward")
    }
    prices = [(_watch(each, "value"), _watch(each, "gradient")) for each in twin.penalties]
    clip = _watch(twin.clipping, "clip") if twin.clipping is not None else []
    value, gradient, moments = _run(twin, first_step)
    loss, logits = logits_form(job.loss, job.network.output_activation)
    return Trace(
        network=twin.network,
        before=job.network.parameters.copy(),
        loss=loss,
        logits=logits,
        y=job.rows.y,
        sample_weight=job.rows.sample_weight,
        value=value,
        layers=_layers(job.network, twin.network, calls),
        penalties=[
            PenaltyTrace(value.result, value.given[1], gradient.result)
            for ((value,), (gradient,)) in prices
        ],
        clipped=(clip[0].given[0], clip[0].left[0]) if clip else None,
        gradient=gradient,
        moments=moments,
        n_steps=getattr(twin.optimizer, "n_steps", 0),
    )


def _run(
    job: Job, first_step: int
) -> tuple[float, FloatArray, tuple[dict[str, Any], dict[str, Any]]]:
    """Let the reference engine take the step; L-BFGS asks it for the gradient alone."""
    engine = ReferenceEngine(job)
    if isinstance(job.optimizer, LBFGS):
        return *engine.value_and_gradient(), ({}, {})
    job.optimizer.prepare(job.network.parameters)
    before = copy.deepcopy(job.optimizer.moments)
    steps = _watch(job.optimizer, "step")
    n_rows = len(job.rows.X)
    rates = np.array([job.optimizer.learning_rate])
    report = engine.run(np.arange(n_rows), n_rows, rates, first_step)
    return float(report.losses[0]), steps[0].given[1], (before, job.optimizer.moments)


def _watch(owner: Any, method: str) -> list[Call]:
    """Let a method write down each of its calls, for this one object."""
    calls: list[Call] = []
    original = getattr(owner, method)

    @functools.wraps(original)
    def recorded(*arguments: Any, **options: Any) -> Any:
        given = copy.deepcopy(arguments)
        result = original(*arguments, **options)
        calls.append(Call(given, copy.deepcopy(arguments), copy.deepcopy(result)))
        return result

    vars(owner)[method] = recorded
    return calls


def _layers(
    before: Network, after: Network, calls: dict[str, list[list[Call]]]
) -> list[LayerTrace]:
    """Put together what is known of each layer."""
    traces = []
    parameters = before.layout.views(before.parameters.copy())
    statistics = before.statistics_layout.views(before.statistics.copy())
    for index, layer in enumerate(after.layers):
        (forward,), (backward,) = calls["forward"][index], calls["backward"][index]
        traces.append(
            LayerTrace(
                index=index,
                layer=layer,
                X=forward.given[0],
                output=forward.result[0],
                cache=forward.result[1],
                d_output=backward.given[1],
                d_input=backward.result,
                parameters=parameters[index],
                gradients=backward.left[2],
                statistics=statistics[index],
            )
        )
    return traces
