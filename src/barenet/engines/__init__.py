"""Engines: implementations of the training steps. `ENGINES` holds each by its name."""

from barenet._constraints import check_count
from barenet._registry import lookup
from barenet.engines._block_rows import BlockRows
from barenet.engines._compiled_network import CompiledNetwork, compiled_outputs
from barenet.engines._conformal_residuals import ConformalResiduals
from barenet.engines._engine import ChunkResult, Engine, Job
from barenet.engines._ensemble import Ensemble, Model, networks_of
from barenet.engines._reference import ReferenceEngine
from barenet.engines.compiled._compiled_engine import CompiledEngine, refusal
from barenet.model._network import register_output_function

__all__ = [
    "ENGINES", "ChunkResult", "CompiledEngine", "CompiledNetwork", "ConformalResiduals", "Engine",
    "Ensemble", "Job", "Model", "ReferenceEngine", "choose_engine", "networks_of",
]  # fmt: skip

register_output_function(CompiledEngine.name, compiled_outputs)

#: Every engine by its name.
ENGINES: dict[str, type[ReferenceEngine] | type[CompiledEngine]] = {
    ReferenceEngine.name: ReferenceEngine,
    CompiledEngine.name: CompiledEngine,
}


def choose_engine(name: str, job: Job, threads: int | None = None) -> Engine:
    """Choose the engine for a job: "auto" is the compiled one, unless it refuses the job.

    Examples
    --------
    >>> choose_engine("fast", None)
    Traceback (most recent call last):
    barenet.errors.ArgumentError: engine: unknown 'fast' (choose from auto, compiled, reference)
    """
    engine_class = lookup({"auto": CompiledEngine, **ENGINES}, name, "engine")
    if threads is not None:
        threads = check_count(threads, "threads")
    if isinstance(job.rows, BlockRows):
        engine_of_rows = job.rows.make_engine(name, job, threads)
        if engine_of_rows is not None:
            return engine_of_rows
    if name == "auto" and refusal(job):
        engine_class = ReferenceEngine
    return engine_class(job, threads)
