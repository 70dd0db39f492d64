"""The peers: whoever does the same works, each written as its users would write it.

`PEERS` holds every one by its name. Nothing of a peer is imported before a worker is that peer.
"""

import importlib
import importlib.util
from dataclasses import dataclass

from benchmarks.peers.trainer import Trainer
from benchmarks.rows import Rows
from benchmarks.works import Work

__all__ = ["PEERS", "Peer"]


@dataclass(frozen=True)
class Peer:
    """Who is measured.

    Attributes
    ----------
    name : str
        What it is called in every table.
    library : str
        What it imports, and whose version is told.
    module : str
        Where its trainer is written.
    works : tuple of str
        The works that it can do; empty for all.
    threads : tuple of str
        The choices that are tried, of "one" and "all"; the better one counts.
    """

    name: str
    library: str
    module: str
    works: tuple[str, ...] = ()
    threads: tuple[str, ...] = ("one", "all")

    @property
    def installed(self) -> bool:
        """Whether its library can be imported."""
        return importlib.util.find_spec(self.library) is not None

    def does(self, work: str) -> bool:
        """Whether a work of that name is one of its own."""
        return not self.works or work in self.works

    def trainer(self, work: Work, rows: Rows, engine: str = "auto") -> Trainer:
        """Make its trainer, and import the library for it."""
        module = importlib.import_module(f"benchmarks.peers.{self.module}")
        return module.trainer(work, rows, engine)


#: Every peer by its name. barenet itself chooses its threads, as it does for its users.
PEERS: dict[str, Peer] = {
    peer.name: peer
    for peer in (
        Peer("barenet", "barenet", "with_barenet", threads=("all",)),
        Peer("JAX", "jax", "with_jax"),
        Peer("JAX, unrolled", "jax", "with_jax_unrolled", works=("sine",)),
        Peer("PyTorch", "torch", "with_pytorch"),
        Peer("scikit-learn", "sklearn", "with_scikit_learn"),
        Peer("tutorial", "numpy", "tutorial", works=("mnist-16", "sine")),
    )
}
