"""Hour: a page is left open while its network learns, and nothing may grow.

    python -m benchmarks.hour --minutes 60

Every half minute a line: what each process has in memory, what the page holds after its garbage is
collected, its elements and listeners, and the bytes that wait on the line between the two.
Exit status 1 if anything has grown since the warm-up by more than a tenth and 10 MiB (or 100).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from typing import Any

from benchmarks.tables import table
from benchmarks.watched import browser, memory, served, waiting

#: Epochs as fast as it can; all rows a step, so that there are many.
ADDRESS = "#pace=0"
HEADS = ("minute", "epoch", "pictures", "trainer MiB", "server MiB", "page MiB", "painting MiB",
         "heap MiB", "elements", "listeners", "waiting bytes")  # fmt: skip


def sample(tab: Any, protocol: Any, address: str, minute: float) -> dict[str, float]:
    """Take all figures."""
    protocol.send("HeapProfiler.collectGarbage")
    heap = protocol.send("Runtime.getHeapUsage")["usedSize"] / 2**20
    elements = protocol.send("Memory.getDOMCounters")
    used = memory()
    epoch, drawn, buffered = tab.evaluate(
        "[barenet.lanes[0].header.epoch, barenet.frames.drawn, barenet.line.socket.bufferedAmount]"
    )
    values = (minute, epoch, drawn, *(used[role] for role in ("trainer", "server", "page", "painting")),
              heap, elements["nodes"], elements["jsEventListeners"], buffered + waiting(address))  # fmt: skip
    return dict(zip(HEADS, values, strict=True))


def watch(minutes: float, every: float, say: Any) -> list[dict[str, float]]:
    """Leave a page open."""
    samples = []
    with served() as address, browser() as chromium:
        tab = chromium.new_page(viewport={"width": 1440, "height": 900})
        protocol = tab.context.new_cdp_session(tab)
        tab.goto(address + ADDRESS)
        tab.locator("#play").click()
        start = time.monotonic()
        while (passed := time.monotonic() - start) < 60 * minutes:
            tab.wait_for_timeout(1000 * min(every, max(60 * minutes - passed, 1)))
            samples.append(sample(tab, protocol, address, (time.monotonic() - start) / 60))
            say(samples[-1])
    return samples


def grown(samples: list[dict[str, float]]) -> list[str]:
    """Name what the last third holds more of than the second, by the medians."""
    third = len(samples) // 3
    found = []
    for name in HEADS[3:]:
        before, after = (
            statistics.median(each[name] for each in part)
            for part in (samples[third : 2 * third], samples[2 * third :])
        )
        room = 10 if name.endswith("MiB") else 100
        if after - before > room and after > 1.1 * before:
            found.append(f"{name}: {before:,.0f}, then {after:,.0f}")
    return found


def shown(samples: list[dict[str, float]]) -> str:
    """Write samples as a table."""
    rows = [
        [f"{value:,.1f}" if "MiB" in name or name == "minute" else f"{value:,.0f}"
         for name, value in each.items()]
        for each in samples
    ]  # fmt: skip
    return table(HEADS, rows)


def main() -> int:
    """Watch, and tell what has grown."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.hour", description=__doc__)
    options.add_argument("--minutes", type=float, default=60.0)
    options.add_argument("--every", type=float, default=30.0, help="seconds between two samples")
    asked = options.parse_args()
    print(*HEADS, sep="\t")
    samples = watch(asked.minutes, asked.every, lambda one: print(*one.values(), sep="\t", flush=True))
    marks = [0, *(len(samples) * part // 4 - 1 for part in (1, 2, 3, 4))]
    print(shown([samples[mark] for mark in marks]))
    more = grown(samples)
    print(*more, sep="\n")
    return 1 if more else 0


if __name__ == "__main__":
    sys.exit(main())
