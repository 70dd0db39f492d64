"""The libraries that are compared, each with code as its users write it.

`PEERS` holds them by name, and `DEVICE_PEERS` those that compute on a GPU, if there is one. A
library is only imported in the process that measures it.
"""

import importlib
import importlib.util
from dataclasses import dataclass, replace

from benchmarks.peers.job import Job, OneRow
from benchmarks.rows import Rows
from benchmarks.works import Work

__all__ = ["DEVICE_PEERS", "PEERS", "Peer"]


@dataclass(frozen=True)
class Peer:
    """A library.

    Attributes
    ----------
    name : str
        Its name in tables.
    library : str
        The name to import.
    module : str
        The module here whose `JOBS` has a class for each task.
    tasks : tuple of str
        The tasks that it has a job for.
    works : tuple of str
        The names of the works that it does; empty for all.
    threads : tuple of str
        The choices that are tried, of "one" and "all"; the better one counts.
    compiles : bool
        Whether its first unit of work includes compilation.
    on_device : bool
        Whether its process sees the GPUs of the machine.
    """

    name: str
    library: str
    module: str
    tasks: tuple[str, ...]
    works: tuple[str, ...] = ()
    threads: tuple[str, ...] = ("one", "all")
    compiles: bool = False
    on_device: bool = False

    @property
    def installed(self) -> bool:
        """Whether the library can be imported."""
        return importlib.util.find_spec(self.library) is not None

    def does(self, work: Work) -> bool:
        """Whether it takes part in a work."""
        return work.task in self.tasks and (not self.works or work.name in self.works)

    def job(self, work: Work, rows: Rows, engine: str = "auto") -> Job:
        """Import the library, and make its job for a work."""
        jobs = importlib.import_module(f"benchmarks.peers.{self.module}").JOBS
        if work.task == "row":
            return OneRow(jobs["epoch"](work, rows, engine))
        return jobs[work.task](work, rows, engine)


_NETWORK = ("epoch", "steps", "row")
_ESTIMATOR = ("predict_proba", "fit", "predict", "partial_fit", "warm_start", "bagging", "search")

#: Every library by its name. barenet chooses its threads itself, as it does for its users.
PEERS: dict[str, Peer] = {
    peer.name: peer
    for peer in (
        Peer(
            *("barenet", "barenet", "with_barenet"),
            (*_NETWORK, "population", *_ESTIMATOR, "ensemble"),
            threads=("all",),
            compiles=True,
        ),
        Peer("JAX", "jax", "with_jax", (*_NETWORK, "population"), compiles=True),
        Peer(
            *("JAX, unrolled", "jax", "with_jax_unrolled", _NETWORK), works=("sine",), compiles=True
        ),
        Peer("PyTorch", "torch", "with_pytorch", (*_NETWORK, "population", "predict_proba")),
        Peer(
            "scikit-learn",
            "sklearn",
            "with_scikit_learn",
            (*_NETWORK, "population", *_ESTIMATOR),
        ),
        Peer("tutorial", "numpy", "tutorial", _NETWORK, works=("mnist-16", "sine")),
    )
}

#: The libraries that compute on the device that they find: a GPU, or else the processor.
DEVICE_PEERS: dict[str, Peer] = {
    peer.name: peer
    for peer in (
        Peer(
            *("barenet, JAX engine", "jax", "with_jax_engine", ("epoch", "population", "ensemble")),
            threads=("all",),
            compiles=True,
            on_device=True,
        ),
        replace(PEERS["JAX"], name="JAX by hand", on_device=True),
        replace(PEERS["PyTorch"], name="PyTorch's loop", on_device=True),
    )
}
