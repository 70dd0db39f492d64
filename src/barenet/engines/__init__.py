"""Engines: the implementations of the arithmetic. `ENGINES` holds each by its name."""

from __future__ import annotations

from barenet.constraints import check_count
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
    """Choose the engine for a job: "auto" is the compiled one, unless it refuses the job.

    Examples
    --------
    >>> choose_engine("fast", None)
    Traceback (most recent call last):
    barenet.errors.ArgumentError: engine: unknown 'fast' (choose from auto, compiled, reference)
    """
    choices: dict[str, type[Engine]] = {"auto": CompiledEngine, **ENGINES}
    kind = lookup(choices, name, "engine")
    refusal = kind.refusal(job)
    if refusal is not None:
        if name != "auto":
            raise ArgumentError(f"{name} cannot run this: {refusal}", argument="engine", value=name)
        kind = ReferenceEngine
    return kind(job, None if threads is None else check_count(threads, "threads"))
