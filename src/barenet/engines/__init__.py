"""Engines: the implementations of the arithmetic. `ENGINES` holds each by its name."""

from __future__ import annotations

from barenet.engines.compiled.compiled_engine import CompiledEngine
from barenet.engines.compiled_network import CompiledNetwork, compiled_outputs
from barenet.engines.engine import ChunkResult, Engine, Job
from barenet.engines.reference import ReferenceEngine
from barenet.errors import ArgumentError
from barenet.model.network import Network
from barenet.registry import lookup

__all__ = [
    "ENGINES",
    "ChunkResult",
    "CompiledEngine",
    "CompiledNetwork",
    "Engine",
    "Job",
    "ReferenceEngine",
    "choose_engine",
]

Network._fast_outputs = staticmethod(compiled_outputs)

#: Every engine by its name.
ENGINES: dict[str, type[Engine]] = {kind.name: kind for kind in (ReferenceEngine, CompiledEngine)}


def choose_engine(name: str, job: Job, threads: int | None = None) -> Engine:
    """Choose an engine for a job.

    Examples
    --------
    >>> choose_engine("fast", None)
    Traceback (most recent call last):
    barenet.errors.ArgumentError: engine: unknown 'fast' (choose from auto, compiled, reference)
    """
    if isinstance(name, str) and name == "auto":
        name = ReferenceEngine.name if CompiledEngine.refusal(job) else CompiledEngine.name
    choices: dict[str, type[Engine]] = {"auto": Engine, **ENGINES}
    kind = lookup(choices, name, "engine")
    refusal = kind.refusal(job)
    if refusal is not None:
        raise ArgumentError(f"{name} cannot run this: {refusal}", argument="engine", value=name)
    return kind(job, threads)
