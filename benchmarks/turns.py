"""Turns: all peers do a work side by side, each in its own process, one at a time.

A machine whose speed drifts is so unfair to none. Of several turns the fastest counts: what slows
a program down is noise, and nothing makes it faster than it is.
"""

import contextlib
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.child import Child, PeerError
from benchmarks.peers import Peer
from benchmarks.threads import n_cores
from benchmarks.works import Work

__all__ = ["Contestant", "Measured", "candidates", "fastest", "take_turns", "warm_up"]

#: Most units in a turn; and seconds between turns: the threads of some libraries go on spinning for
#: 0.2 s after their work, and would take a core from who comes next.
MOST, PAUSE = 1000, 0.3


@dataclass(frozen=True)
class Measured:
    """What a peer needed: seconds for a unit of the work.

    Attributes
    ----------
    peer, threads : str
        Who, and with which choice of threads.
    seconds : float
        Of the fastest turn.
    median : float
        Of the turn in the middle.
    first : float
        Of the very first unit, compilation included.
    peak : float
        The most memory that its process held, in MiB.
    units : int
        Units in a turn.
    about : str
        What it says of itself.
    """

    peer: str
    threads: str
    seconds: float
    median: float
    first: float
    peak: float
    units: int
    about: str


@dataclass
class Contestant:
    """A child on a work, and what its turns took."""

    child: Child
    first: float = 0.0
    units: int = 1
    turns: list[float] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Who it is, in a line about it."""
        threads = "one thread" if self.child.threads == "one" else "all threads"
        return f"{self.child.peer.name} on {threads}"

    def warm_up(self, turn: float) -> None:
        """Compile, then find how many units fill a turn of so many seconds; the last one counts."""
        self.first = self.child.ask("first")["seconds"]
        self.take_turn()
        while (spent := self.turns.pop() * self.units) < turn / 2 and self.units < MOST:
            self.units = min(MOST, max(2 * self.units, int(self.units * turn / spent)))
            self.take_turn()
        self.turns.append(spent / self.units)

    def take_turn(self) -> None:
        """Do the work, and note the seconds for each unit."""
        seconds = self.child.ask("turn", times=self.units)["seconds"]
        self.turns.append(seconds / self.units)

    def measured(self) -> Measured:
        """Ask for the rest, and sum up."""
        about = self.child.ask("about")
        return Measured(
            peer=self.child.peer.name,
            threads=self.child.threads,
            seconds=min(self.turns),
            median=statistics.median(self.turns),
            first=self.first,
            peak=about["peak"],
            units=self.units,
            about=about["about"],
        )


def candidates(peers: Iterable[Peer], work: Work) -> list[tuple[Peer, str]]:
    """Who takes part in a work, once for each choice of threads that may matter."""
    return [
        (peer, threads)
        for peer in peers
        if peer.does(work.name)
        for threads in (peer.threads[:1] if work.tiny or n_cores() == 1 else peer.threads)
    ]


def warm_up(
    children: Iterable[Child],
    request: Mapping[str, Any],
    turn: float,
    leave_out: Callable[[str], None],
) -> list[Contestant]:
    """Let each child, one after the other, make ready, compile, and find its pace."""
    ready = []
    for contestant in map(Contestant, children):
        with _unless_it_fails(contestant, leave_out):
            contestant.child.ask("prepare", **request)
            contestant.warm_up(turn)
            ready.append(contestant)
    return ready


def take_turns(
    contestants: Sequence[Contestant], rounds: int, leave_out: Callable[[str], None]
) -> list[Measured]:
    """Go round and round; who fails is left out from there on."""
    going = list(contestants)
    for _ in range(rounds):
        starting, going = going, []
        for contestant in starting:
            time.sleep(PAUSE)
            with _unless_it_fails(contestant, leave_out):
                contestant.take_turn()
                going.append(contestant)
    measured = []
    for contestant in going:
        with _unless_it_fails(contestant, leave_out):
            measured.append(contestant.measured())
    return measured


@contextlib.contextmanager
def _unless_it_fails(contestant: Contestant, leave_out: Callable[[str], None]) -> Iterator[None]:
    """Do the block up to where the peer fails, and say so."""
    try:
        yield
    except PeerError as error:
        leave_out(f"{contestant.name} is left out: {error}")


def fastest(measured: Iterable[Measured]) -> dict[str, Measured]:
    """Each peer's better choice of threads, the fastest peer first."""
    best: dict[str, Measured] = {}
    for one in sorted(measured, key=lambda one: one.seconds):
        best.setdefault(one.peer, one)
    return best
