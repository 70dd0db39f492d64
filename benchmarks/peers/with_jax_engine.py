"""barenet's JAX engine, through the same public functions as its other engines."""

from typing import Any

import jax

from benchmarks.peers import with_barenet
from benchmarks.peers.job import Job


def on_jax_engine(job: type[Job]) -> type[Job]:
    """Let a job of barenet use the JAX engine, and name the device in its remark."""

    class OnJaxEngine(job):  # type: ignore[misc, valid-type]
        def __init__(self, work: Any, rows: Any, engine: str = "jax") -> None:
            del engine  # that of the job which computes on the processor
            super().__init__(work, rows, "jax")

        def about(self) -> str:
            remark = super().about()
            device = jax.devices()[0].device_kind
            if not remark:
                return device
            return f"{device}, {remark}"

    return OnJaxEngine


#: The job of each task.
JOBS: dict[str, type[Job]] = {
    task: on_jax_engine(with_barenet.JOBS[task]) for task in ("epoch", "population", "ensemble")
}
