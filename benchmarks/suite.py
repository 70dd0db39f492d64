"""A suite: what one run of the benchmarks was asked for, and what every part of it shares."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.peers import PEERS, Peer
from benchmarks.works import WORKS

__all__ = ["PARTS", "Suite"]

#: What can be measured, in this order.
PARTS = (*(work.name for work in WORKS), "start", "accuracy", "scaling")


@dataclass
class Suite:
    """One run.

    Attributes
    ----------
    parts : tuple of str
        What of `PARTS` is measured.
    rounds : int
        Turns of each peer.
    turn : float
        Seconds that a turn should take, where a unit of the work is shorter.
    quick : bool
        Whether the sweeps are short.
    engine : str
        The engine that barenet is asked for.
    folder : Path
        For what lives only as long as the run.
    say : callable
        Tells what is going on.
    left_out : list of str
        Lines about what could not be measured.
    """

    parts: tuple[str, ...] = PARTS
    rounds: int = 9
    turn: float = 0.25
    quick: bool = False
    engine: str = "auto"
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="barenet-bench-")))
    say: Callable[[str], None] = lambda text: None
    left_out: list[str] = field(default_factory=list)

    @property
    def peers(self) -> list[Peer]:
        """Those that are installed."""
        return [peer for peer in PEERS.values() if peer.installed]

    def leave_out(self, line: str) -> None:
        """Say once what is missing, and keep it for the report."""
        if line not in self.left_out:
            self.left_out.append(line)

    def miss(self) -> None:
        """Leave out the peers that are not installed."""
        for library in dict.fromkeys(p.library for p in PEERS.values() if not p.installed):
            self.leave_out(f"{library} is not installed, so it is left out: pip install {library}")
