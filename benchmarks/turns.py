"""Turns: all libraries do a work side by side, each in its own process, one at a time.

So a machine whose speed drifts affects all of them. Of several turns the fastest counts, because
noise only slows a program down.
"""

import contextlib
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.child import Child, Crew, PeerError
from benchmarks.peers import Peer
from benchmarks.rows import make_rows
from benchmarks.suite import Suite
from benchmarks.threads import n_cores
from benchmarks.works import Work

__all__ = ["Contestant", "Measured", "Pace", "candidates", "compare", "fastest", "ratio"]

#: The most units in a turn.
MOST = 1000


@dataclass(frozen=True)
class Pace:
    """How thoroughly a work is measured.

    Attributes
    ----------
    rounds : int
        Turns of each library, besides the one that finds its pace.
    turn : float
        Seconds that a turn should take, where a unit of the work is shorter.
    near : float
        Libraries slower than the fastest peer by this factor take no further turns.
    slow : float
        A library whose unit takes more seconds than this has a single turn after its compilation.
    patience : float
        A library that takes more seconds for a request is left out.
    """

    rounds: int = 9
    turn: float = 0.25
    near: float = float("inf")
    slow: float = float("inf")
    patience: float = 300.0


@dataclass(frozen=True)
class Measured:
    """The time of a library for a unit of work, in seconds.

    Attributes
    ----------
    peer, threads : str
        The library, and its choice of threads.
    seconds : float
        Of the fastest turn.
    median : float
        Of the turn in the middle.
    first : float
        Of the very first unit, compilation included.
    peak : float
        The peak memory of its process, in MiB.
    units : int
        Units in a turn.
    about : str
        The library's remark.
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
    """A worker on a work, and the seconds of a unit in each of its turns."""

    child: Child
    pace: Pace
    first: float = 0.0
    units: int = 1
    turns: list[float] = field(default_factory=list)

    def warm_up(self, request: dict[str, Any]) -> None:
        """Prepare and compile, then find the number of units that fills a turn; the last counts."""
        self.child.ask("prepare", patience=self.pace.patience, **request)
        self.take_turn()
        self.first = self.turns[0]
        if self.child.peer.compiles:
            self.turns.clear()
            self.take_turn()
        while (spent := self.turns[-1] * self.units) < self.pace.turn / 2 and self.units < MOST:
            self.units = min(MOST, max(2 * self.units, int(self.units * self.pace.turn / spent)))
            self.take_turn()
        del self.turns[:-1]

    def take_turn(self) -> None:
        """Do the work, and note the seconds of a unit."""
        answer = self.child.ask("turn", patience=self.pace.patience, times=self.units)
        self.turns.append(answer["seconds"] / self.units)

    def measured(self) -> Measured:
        """Request the rest, and sum up."""
        return Measured(
            peer=self.child.peer.name,
            threads=self.child.threads,
            seconds=min(self.turns),
            median=statistics.median(self.turns),
            first=self.first,
            units=self.units,
            **self.child.ask("about"),
        )


def candidates(peers: Iterable[Peer], work: Work) -> list[tuple[Peer, str]]:
    """List the libraries that do a work, once for each choice of threads that may matter."""
    choices = work.threads if n_cores() > 1 else ("one",)
    return [
        (peer, threads)
        for peer in peers
        if peer.does(work)
        for threads in (peer.threads if len(peer.threads) == 1 else choices)
    ]


def compare(
    suite: Suite, work: Work, pace: Pace, crew: Crew | None = None, *, saved: bool = True
) -> dict[str, Any]:
    """Measure a work by all libraries that are installed.

    Parameters
    ----------
    suite : Suite
        The libraries, barenet's engine, and the lines about failures.
    work : Work
        The task.
    pace : Pace
        How thoroughly.
    crew : Crew, optional
        Workers to use, of a former work as well; by default new ones.
    saved : bool
        Whether the rows are saved for all, or made by each worker.

    Returns
    -------
    dict
        "work", "origin" of its rows, and "measured", a `Measured` for each library and each choice
        of threads.
    """
    path, origin = None, ""
    if saved:
        rows = make_rows(work)
        path, origin = str(rows.save(suite.folder / "rows.npz")), rows.origin
    request = {"work": work.to_dict(), "rows": path, "engine": suite.engine}
    with contextlib.ExitStack() as stack:
        crew = crew or stack.enter_context(Crew())
        contestants = []
        for who in candidates(suite.peers, work):
            contestant = Contestant(crew.child(*who), pace)
            with _unless_it_fails(contestant, suite):
                contestant.warm_up(request)
                contestants.append(contestant)
        measured = take_turns(suite, contestants, pace)
    return {"work": work.to_dict(), "origin": origin, "measured": [asdict(one) for one in measured]}


def take_turns(suite: Suite, contestants: list[Contestant], pace: Pace) -> list[Measured]:
    """Go round and round; a library that fails is left out from there on."""
    standing = list(contestants)
    for _ in range(pace.rounds):
        for contestant in _worth_a_turn(standing, pace):
            with _unless_it_fails(contestant, suite, standing):
                contestant.take_turn()
    measured = []
    for contestant in standing:
        with _unless_it_fails(contestant, suite):
            measured.append(contestant.measured())
    return measured


def _worth_a_turn(standing: list[Contestant], pace: Pace) -> list[Contestant]:
    """Leave out the slow, whose further turns would change no ratio to the best peer."""
    best: dict[bool, float] = {}
    for one in standing:
        ours = one.child.peer.name == "barenet"
        best[ours] = min(best.get(ours, float("inf")), *one.turns)
    return [
        one
        for one in standing
        if min(one.turns) < pace.slow
        and min(one.turns) <= pace.near * best[one.child.peer.name == "barenet"]
    ]


@contextlib.contextmanager
def _unless_it_fails(
    contestant: Contestant, suite: Suite, standing: list[Contestant] | None = None
) -> Iterator[None]:
    """Do the block up to the failure of a library, which then no longer stands."""
    try:
        yield
    except PeerError as error:
        suite.leave_out(f"{contestant.child.name} is left out: {error}")
        if standing is not None:
            standing.remove(contestant)


def fastest(measured: Iterable[Measured | dict[str, Any]]) -> dict[str, Measured]:
    """Each library's better choice of threads, the fastest library first."""
    all_of_them = [one if isinstance(one, Measured) else Measured(**one) for one in measured]
    best: dict[str, Measured] = {}
    for one in sorted(all_of_them, key=lambda one: one.seconds):
        best.setdefault(one.peer, one)
    return best


def ratio(seconds: dict[str, float]) -> tuple[str, float] | None:
    """The best peer, and its time over barenet's; None where one of them is missing."""
    peers = {name: value for name, value in seconds.items() if name != "barenet"}
    if not peers or "barenet" not in seconds:
        return None
    best = min(peers, key=peers.__getitem__)
    return best, peers[best] / seconds["barenet"]
