"""Engines: where the arithmetic runs. `ENGINES` holds every one by its name."""

from __future__ import annotations

from barenet.engines.compiled.engine import CompiledEngine
from barenet.engines.compiled_network import CompiledNetwork, compiled_outputs
from barenet.engines.engine import ChunkResult, Engine, Job
from barenet.engines.reference import ReferenceEngine
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
    """Choose the engine that does a job.

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
        raise ValueError(f"engine: {name} can't do this: {refusal}")
    return kind(job, threads)
