"""Hour: a page is left open while its network learns as fast as it can, and nothing may grow.

    python -m benchmarks.hour --minutes 60

Every half minute a line: what each process has in memory, what the page holds once its garbage is
collected, its elements and listeners, and the bytes on the line between the two. Exit status 1 if
the last third of the time holds more of anything than the third before it.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from barenet.storage._atomic_write import write_atomically
from benchmarks.machine import machine
from benchmarks.markdown import table
from benchmarks.processes import memory, waiting
from benchmarks.results import FOLDER
from benchmarks.watched import browser, served

__all__ = ["grown", "main", "report", "watch"]

#: All figures of a sample, with what each may grow by: memory and garbage come and go.
ROOM = {
    "trainer, MiB": 10, "server, MiB": 10, "page, MiB": 40, "painting, MiB": 20,
    "heap of the page, MiB": 2, "elements": 200, "listeners": 20, "bytes on the line": 2**16,
}  # fmt: skip
#: Where in the hour the report looks.
MARKS = (5, 15, 30, 45, 60)

#: Figures by their names; with "minute", "epoch" and "pictures".
Sample = dict[str, float]


def watch(minutes: float, every: float) -> Iterator[Sample]:
    """Leave a page open, and look at it now and then.

    Parameters
    ----------
    minutes : float
        How long.
    every : float
        Seconds between two samples.

    Yields
    ------
    dict of str to float
        A sample.
    """
    with served() as address, browser() as chromium:
        tab = chromium.new_page(viewport={"width": 1440, "height": 900})
        protocol = tab.context.new_cdp_session(tab)
        tab.goto(f"{address}#pace=0")
        tab.locator("#play").click()
        start = time.monotonic()
        while (passed := time.monotonic() - start) < 60 * minutes:
            tab.wait_for_timeout(1000 * min(every, 60 * minutes - passed))
            yield {"minute": (time.monotonic() - start) / 60, **_sample(tab, protocol, address)}


def _sample(tab: Any, protocol: Any, address: str) -> Sample:
    protocol.send("HeapProfiler.collectGarbage")
    heap = protocol.send("Runtime.getHeapUsage")["usedSize"] / 2**20
    there, held = protocol.send("Memory.getDOMCounters"), memory()
    epoch, pictures, unsent = tab.evaluate(
        "[barenet.panels[0].header.epoch, barenet.frames.drawn, barenet.line.socket.bufferedAmount]"
    )
    figures = (
        *(held[role] for role in ("trainer", "server", "page", "painting")),
        heap, there["nodes"], there["jsEventListeners"], unsent + waiting(address),
    )  # fmt: skip
    return {"epoch": epoch, "pictures": pictures, **dict(zip(ROOM, figures, strict=True))}


def grown(samples: Sequence[Sample]) -> list[str]:
    """Name what the last third of the samples has more of than the third before it.

    Parameters
    ----------
    samples : sequence of dict
        In order.

    Returns
    -------
    list of str
        A line each; the medians count.
    """
    third = len(samples) // 3
    parts = samples[third : 2 * third], samples[2 * third :]
    found = []
    for name, room in ROOM.items():
        before, after = (statistics.median(each[name] for each in part) for part in parts)
        if after > before + room:
            found.append(f"{name}: {before:,.0f} grew to {after:,.0f}")
    return found


def report(samples: Sequence[Sample], where: dict[str, Any], day: str) -> str:
    """Write the page.

    Parameters
    ----------
    samples : sequence of dict
        In order.
    where : dict
        From `machine`.
    day : str
        When.

    Returns
    -------
    str
        Markdown, with a heading of the first level.
    """
    marks = [m for m in MARKS if m <= samples[-1]["minute"] + 0.5] or [samples[-1]["minute"]]
    rows = [min(samples, key=lambda each: abs(each["minute"] - mark)) for mark in marks]
    cells = [[name, *(_shown(row[name]) for row in rows)] for name in samples[0]]
    return (
        "# A page that is left open\n\n"
        f"Measured on {day}, on {where['processor']}, {where['cores']} cores, {where['system']}, "
        f"{where['python']}; {len(samples)} samples. The default network learns as fast as it "
        "can.\n\n"
        f"{table(cells[0], cells[1:])}\n"
    )


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def main(
    arguments: Sequence[str] | None = None,
    look: Callable[[float, float], Iterator[Sample]] = watch,
) -> int:
    """Watch, and tell what has grown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hour", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long (default 60)")
    parser.add_argument("--every", type=float, default=30.0, help="seconds between two samples")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="where the page goes")
    options = parser.parse_args(arguments)
    samples: list[Sample] = []
    for sample in look(options.minutes, options.every):
        samples.append(sample)
        line = ", ".join(f"{name} {_shown(value)}" for name, value in sample.items())
        print(line, file=sys.stderr, flush=True)
    page = report(samples, machine(), date.today().isoformat())
    print(page, end="")
    folder = options.output or (FOLDER if options.minutes >= 60 else None)
    if folder:
        write_atomically(folder / "hour.md", page.encode())
    more = grown(samples)
    print(*more, sep="\n", end="\n" if more else "")
    return 1 if more else 0


if __name__ == "__main__":
    sys.exit(main())
