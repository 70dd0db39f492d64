"""Engines: implementations of the training steps. `ENGINES` holds each by its name."""

from barenet._constraints import check_count
from barenet._registry import build, lookup
from barenet.engines._block_rows import BlockRows
from barenet.engines._engine import ChunkResult, Engine, Job
from barenet.engines._reference import ReferenceEngine
from barenet.engines.compiled._compiled_engine import CompiledEngine
from barenet.engines.compiled._compiled_network import (
    CompiledNetwork,
    compiled_outputs,
    joined_programs,
)
from barenet.engines.jax._jax_engine import JaxEngine, JaxOptions
from barenet.errors import ArgumentError
from barenet.model._ensemble import register_joint_programs
from barenet.model._network import register_output_function

__all__ = [
    "ENGINES", "ChunkResult", "CompiledEngine", "CompiledNetwork", "Engine", "JaxEngine", "Job",
    "ReferenceEngine", "check_engine", "choose_engine", "is_jax",
]  # fmt: skip

register_output_function(CompiledEngine.name, compiled_outputs)
register_joint_programs(CompiledEngine.name, joined_programs)

#: Every engine by its name.
ENGINES: dict[str, type[ReferenceEngine] | type[CompiledEngine] | type[JaxEngine]] = {
    ReferenceEngine.name: ReferenceEngine,
    CompiledEngine.name: CompiledEngine,
    JaxEngine.name: JaxEngine,
}


def choose_engine(name: str, job: Job, threads: int | None = None) -> Engine:
    """Choose the engine for a job: "auto" is the compiled one, unless it refuses the job.

    The name of the JAX engine may have options, as in "jax:precision=tf32".

    Examples
    --------
    >>> choose_engine("fast", None)
    Traceback (most recent call last):
    barenet.errors.ArgumentError: engine: unknown 'fast' (choose from auto, ...
    """
    jax_options = None
    is_plain = isinstance(name, str) and name in ("auto", "compiled", "reference")
    if not is_plain:
        jax_options = check_engine(name)
    if threads is not None:
        threads = check_count(threads, "threads")
    if isinstance(job.rows, BlockRows):
        engine_of_rows = job.rows.make_engine(name, job, threads)
        if engine_of_rows is not None:
            return engine_of_rows
    if jax_options is not None:
        return JaxEngine(job, threads, jax_options)
    if name == "auto":
        try:
            return CompiledEngine(job, threads)
        except ArgumentError:  # a part of the job has no kernel
            return ReferenceEngine(job, threads)
    return ENGINES[name](job, threads)


def check_engine(name: str) -> JaxOptions | None:
    """Check the name of an engine, and return the options of the JAX engine if it is that one."""
    if is_jax(name):
        return build(JaxOptions, {JaxOptions.name: JaxOptions}, name, "engine")
    lookup({"auto": CompiledEngine, **ENGINES}, name, "engine")
    return None


def is_jax(name: object) -> bool:
    """Return whether this is the name of the JAX engine, with or without options."""
    return isinstance(name, str) and name.partition(":")[0].strip() == JaxOptions.name
