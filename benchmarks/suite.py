"""A suite: the options of one run of the benchmarks, which all parts share."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.peers import PEERS, Peer

__all__ = ["Part", "Suite"]


@dataclass
class Suite:
    """One run.

    Attributes
    ----------
    quick : bool
        Whether grids are coarse and turns few.
    engine : str
        The engine of barenet.
    libraries : sequence of Peer
        The libraries to compare, also those that are not installed.
    folder : Path
        For temporary files.
    say : callable
        Shows the progress.
    left_out : list of str
        Lines about everything that could not be measured.
    """

    quick: bool = False
    engine: str = "auto"
    libraries: Sequence[Peer] = field(default_factory=lambda: tuple(PEERS.values()))
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="barenet-bench-")))
    say: Callable[[str], None] = lambda text: None
    left_out: list[str] = field(default_factory=list)

    @property
    def peers(self) -> list[Peer]:
        """The libraries that are installed."""
        return [peer for peer in self.libraries if peer.installed]

    def leave_out(self, line: str) -> None:
        """Keep a line about a missing figure for the report, once."""
        if line not in self.left_out:
            self.left_out.append(line)

    def note_missing(self) -> None:
        """Leave out the libraries that are not installed."""
        for peer in self.libraries:
            if not peer.installed:
                name = peer.library
                self.leave_out(f"{name} is not installed, so it is left out: pip install {name}")


@dataclass(frozen=True)
class Part:
    """A part of the benchmarks.

    Attributes
    ----------
    measure : callable
        Measures with a suite, and returns what JSON can hold.
    report : callable
        Writes it as Markdown, with headings of the second level.
    figures : callable
        Names the figures that have goals, by which `benchmarks.check` finds them.
    """

    measure: Callable[[Suite], Any]
    report: Callable[[Any], str]
    figures: Callable[[Any], dict[str, float]] = lambda results: {}
