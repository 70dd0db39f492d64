"""Playground: what a page that is open costs the training, and how many pictures a second it draws.

    python -m benchmarks.playground

The default network learns as fast as it can, in turns: while nobody looks, while a bare client
takes every picture and draws none, and while a page in Chromium draws them. Beside the epochs a
second stand the seconds of processor time of each process.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.tables import table
from benchmarks.watched import Meter, browser, served, used

ROLES = ("trainer", "server", "page", "painting", "browser")
#: The default network, as fast as it can.
STATE = {"pace": 0}


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


def measure(turns: int, seconds: float, watches: tuple[str, ...]) -> dict[str, list[Any]]:
    """Let each look in turn."""
    found: dict[str, list[Any]] = {who: [] for who in watches}
    with served() as address, browser() as chromium:
        tab = chromium.new_page(viewport={"width": 1440, "height": 900})
        meter = Meter(address, state=STATE)
        meter.say("play")
        for _ in range(5):
            meter.epoch()
            time.sleep(0.5)
        for turn in range(turns):
            for who in watches[:: 1 if turn % 2 else -1]:
                with WATCHES[who](meter, address, tab) as drawn:
                    found[who].append(_turn(meter, drawn, seconds))
    return found


def _turn(meter: Meter, drawn: Callable[[], int], seconds: float) -> dict[str, float]:
    """Count what happens in some seconds, by the second."""
    before, pictures, spent = meter.epoch(), drawn(), used()
    started = time.perf_counter()
    time.sleep(seconds)
    passed = time.perf_counter() - started
    pictures, epochs = drawn() - pictures, meter.epoch() - before
    now = used()
    counts = {"epochs": epochs, "pictures": pictures, **{r: now[r] - spent[r] for r in ROLES}}
    return {name: count / passed for name, count in counts.items()}


def report(found: dict[str, list[Any]]) -> str:
    """Write the medians as a table."""
    base = [turn["epochs"] for turn in found["nobody"]]
    rows = []
    for who, turns in found.items():
        of = {name: statistics.median(turn[name] for turn in turns) for name in turns[0]}
        share = statistics.median(t["epochs"] / b for t, b in zip(turns, base, strict=True))
        rows.append([
            who, f"{of['epochs']:,.0f}", f"{100 * share:.0f} %", f"{of['pictures']:.1f}",
            *(f"{of[role]:.2f}" for role in ROLES), f"{sum(of[role] for role in ROLES):.2f}",
        ])  # fmt: skip
    heads = ["who looks", "epochs/s", "of them", "pictures/s", *ROLES, "together"]
    return table(heads, rows)


def main() -> None:
    """Measure and show."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.playground", description=__doc__)
    options.add_argument("--turns", type=int, default=7)
    options.add_argument("--seconds", type=float, default=3.0)
    asked = options.parse_args()
    found = measure(asked.turns, asked.seconds, tuple(WATCHES))
    print(report(found))


if __name__ == "__main__":
    sys.exit(main())
