"""Playground: what a page that is open costs the training, and how many pictures a second it draws.

    python -m benchmarks.playground

The default network learns as fast as it can, in turns: while nobody looks, while a bare client
takes every picture and draws none, and while a page in Chromium draws them. Beside the epochs a
second stand the seconds of processor time of each process, as all share the machine's cores.
"""

import argparse
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from barenet.storage._atomic_write import write_atomically
from benchmarks.machine import machine
from benchmarks.markdown import table
from benchmarks.processes import ROLES, used
from benchmarks.results import FOLDER
from benchmarks.watched import Meter, browser, served

__all__ = ["WATCHES", "main", "measure", "report"]

TURNS, SECONDS = 9, 4.0
#: The default network, as fast as it can.
STATE = {"pace": 0}

#: What one turn counted, by the second.
Turn = dict[str, float]


@contextmanager
def nobody(meter: Meter, address: str, tab: Any) -> Iterator[Callable[[], int]]:
    """Let nobody look."""
    yield lambda: 0


@contextmanager
def client(meter: Meter, address: str, tab: Any) -> Iterator[Callable[[], int]]:
    """Take every picture that there is, and draw none."""
    bare, taken, over = Meter(address, meter.session), 0, threading.Event()

    def take() -> None:
        nonlocal taken
        while not over.is_set():
            bare.picture()
            bare.answer()
            taken += 1

    thread = threading.Thread(target=take)
    thread.start()
    yield lambda: taken
    over.set()
    thread.join()
    bare.line.close()


@contextmanager
def page(meter: Meter, address: str, tab: Any) -> Iterator[Callable[[], int]]:
    """Open the page in Chromium, and let it join."""
    tab.goto(address)
    tab.wait_for_timeout(500)
    tab.evaluate(f"barenet.session = '{meter.session}'; barenet.line.socket.close()")
    while not tab.evaluate(f"barenet.session === '{meter.session}' && barenet.playing"):
        tab.wait_for_timeout(50)
    tab.wait_for_timeout(500)
    yield lambda: tab.evaluate("barenet.frames.drawn")
    tab.goto("about:blank")


WATCHES = {"nobody": nobody, "a bare client": client, "a page": page}


def measure(turns: int, seconds: float) -> dict[str, list[Turn]]:
    """Let each look in turn, to and fro, so that a machine that drifts is unfair to none.

    Parameters
    ----------
    turns : int
        How often.
    seconds : float
        How long each time.

    Returns
    -------
    dict of str to list of dict
        By the names of `WATCHES`: epochs, pictures and each process's processor seconds, by the
        second.
    """
    found: dict[str, list[Turn]] = {who: [] for who in WATCHES}
    with served() as address, browser() as chromium:
        tab = chromium.new_page(viewport={"width": 1440, "height": 900})
        meter = Meter(address, state=STATE)
        meter.say("play")
        time.sleep(seconds)
        for turn in range(turns):
            for who in list(WATCHES)[:: -1 if turn % 2 else 1]:
                with WATCHES[who](meter, address, tab) as drawn:
                    found[who].append(_turn(meter, drawn, seconds))
    return found


def _turn(meter: Meter, drawn: Callable[[], int], seconds: float) -> Turn:
    pictures, spent, epochs = drawn(), used(), meter.epoch()
    started = time.perf_counter()
    time.sleep(seconds)
    epochs, passed = meter.epoch() - epochs, time.perf_counter() - started
    pictures, now = drawn() - pictures, used()
    counts = {"epochs": epochs, "pictures": pictures, **{r: now[r] - spent[r] for r in ROLES}}
    return {name: count / passed for name, count in counts.items()}


def report(found: dict[str, list[Turn]], where: dict[str, Any], day: str, load: float) -> str:
    """Write the page.

    Parameters
    ----------
    found : dict
        From `measure`.
    where : dict
        From `machine`.
    day : str
        When.
    load : float
        Processes that wanted the cores before it began.

    Returns
    -------
    str
        Markdown, with a heading of the first level.
    """
    heads = ("who looks", "epochs/s", "of nobody's", "epochs/core s", "pictures/s", *ROLES, "all")
    return (
        "# A page that looks\n\n"
        f"Measured on {day}, on {where['processor']}, {where['cores']} cores, {where['system']}, "
        f"{where['python']}, whose load was {load:.1f} before. "
        f"Medians of {len(found['nobody'])} turns; the epochs by the second, "
        "their share of those while nobody looked, and by the second of a core that the trainer "
        "had; then the seconds of a core that each process used in a second.\n\n"
        f"{table(heads, [_row(who, turns, found['nobody']) for who, turns in found.items()])}\n"
    )


def _row(who: str, turns: list[Turn], alone: list[Turn]) -> list[str]:
    median = statistics.median
    of = {name: median(turn[name] for turn in turns) for name in turns[0]}
    share = of["epochs"] / median(turn["epochs"] for turn in alone)
    work = median(turn["epochs"] / turn["trainer"] for turn in turns)
    together = median(sum(turn[role] for role in ROLES) for turn in turns)
    return [
        who, f"{of['epochs']:,.0f}", f"{100 * share:.0f} %", f"{work:,.0f}",
        f"{of['pictures']:.1f}", *(f"{of[role]:.2f}" for role in ROLES), f"{together:.2f}",
    ]  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, show and keep."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.playground", description=__doc__)
    parser.add_argument("--turns", type=int, default=TURNS, help=f"how many (default {TURNS})")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="where the page goes")
    options = parser.parse_args(arguments)
    load = os.getloadavg()[0]
    found = measure(options.turns, SECONDS)
    page = report(found, machine(), date.today().isoformat(), load)
    print(page, end="")
    folder = options.output or (FOLDER if options.turns == TURNS else None)
    if folder:
        write_atomically(folder / "playground.md", page.encode())


if __name__ == "__main__":
    main()
