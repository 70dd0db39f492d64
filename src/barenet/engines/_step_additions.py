"""Additions to the steps of a job: limits, an average and frozen parts of the parameters."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TypeAlias

from barenet.engines._engine import Engine
from barenet.model._arrays import FloatArray
from barenet.optimization.optimizers import Optimizer

#: Changes the parameters after a step.
AfterStep: TypeAlias = Callable[[], None]


@contextmanager
def step_additions(engine: Engine) -> Iterator[list[AfterStep]]:
    """Prepare for the steps of a chunk, and yield the functions to call after each; often none."""
    job = engine.job
    optimizer = job.optimizer
    assert isinstance(optimizer, Optimizer)
    if not optimizer.elementwise:
        optimizer.layout = job.network.layout
    after_step: list[AfterStep] = []
    with ExitStack() as chunk:
        if job.limits is not None:
            after_step.append(partial(job.limits.project, job.network.parameters))
        if optimizer.average:
            after_step.append(chunk.enter_context(averaged_parameters(engine, optimizer)))
        if job.frozen:
            after_step.append(restore_frozen(engine, optimizer))
        yield after_step


@contextmanager
def averaged_parameters(engine: Engine, optimizer: Optimizer) -> Iterator[AfterStep]:
    """Average the parameters after each step; the average starts as the mean over all steps.

    Between chunks, the network has the average. The steps are taken from the parameters themselves,
    so these are in the network until the end of the chunk, or until a step fails.
    """
    parameters = engine.job.network.parameters
    raw = engine.raw_parameters()
    average = optimizer.moments["average"]
    parameters[:] = raw

    def update_average() -> None:
        share = max(1 - optimizer.average, 1 / optimizer.n_steps)
        average[:] += share * (parameters - average)

    try:
        yield update_average
    finally:
        raw[:] = parameters
        parameters[:] = average


def restore_frozen(engine: Engine, optimizer: Optimizer) -> AfterStep:
    """Copy the frozen parts of the parameters and the moments, to restore them after each step.

    An optimizer may change a parameter whose gradient is 0, by its momentum or by weight decay.
    """
    parameters = engine.job.network.parameters
    optimizer.prepare(parameters)
    copies: list[tuple[FloatArray, FloatArray]] = []
    for vector in (parameters, *optimizer.moments.values()):
        copies.extend((vector[part], vector[part].copy()) for part in engine.job.frozen)

    def restore() -> None:
        for view, copy in copies:
            view[:] = copy

    return restore
