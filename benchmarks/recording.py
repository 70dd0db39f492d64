"""Recording: how long a frame of recorded digits takes on a phone, beside a plain loop.

    python -m benchmarks.recording

The page is as large as a phone, whose processor is a quarter as fast. A frame is shown once for
each recorded epoch in turn; the loop multiplies and adds as often as the forward pass of the
output's picture. Both run in the same page, so that their ratio depends little on the machine.
"""

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from barenet.playground._recording import record, write_recording
from barenet.playground.data._data_sources import prepare_named
from barenet.playground.state._address import read_address
from benchmarks.machine import machine
from benchmarks.markdown import table
from benchmarks.watched import browser

__all__ = ["main", "measure", "report"]

EPOCHS = 100
TURNS = 5
PHONE = {"width": 390, "height": 844}
SLOWDOWN = 4

#: The milliseconds of 30 frames: the fastest and the median.
FRAMES = """() => {
  const times = [];
  for (let frame = 0; frame < 30; frame++) {
    const start = performance.now();
    barenet.go(2 * frame);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { fastest: times[0], median: times[15] };
}"""
#: The milliseconds of the loop, the fastest of ten.
LOOP = """() => {
  const { large, layout, inputs } = barenet.recording;
  const values = new Float64Array(1024).fill(0.5);
  const first = inputs.features ? layout[0].n_in : 2;
  let count = 0;
  layout.forEach(({ n_in, n_out }, place) => (count += (place ? n_in : first) * n_out));
  count *= large.length / first;
  let fastest = Infinity;
  for (let turn = 0; turn < 10; turn++) {
    const start = performance.now();
    let sum = 0;
    for (let i = 0; i < count; i++) sum += values[i & 1023] * values[(i + 7) & 1023];
    window.sum = sum;
    fastest = Math.min(fastest, performance.now() - start);
  }
  return fastest;
}"""


def measure(turns: int) -> list[dict[str, float]]:
    """Show frames and run the loop, in turns.

    Parameters
    ----------
    turns : int
        How often; each turn has a new page.

    Returns
    -------
    list of dict
        Milliseconds of each turn: of the fastest frame, of the median frame and of the loop.
    """
    state = read_address("data=digits")
    prepared = prepare_named(state.data)
    content = record(state, prepared, EPOCHS) | {"text": [], "lesson": False}
    found = []
    with tempfile.TemporaryDirectory() as folder, browser() as chromium:
        path = Path(folder, "recording.html")
        path.write_bytes(write_recording("Digits", content))
        found.extend(_turn(chromium, path) for _ in range(turns))
    return found


def _turn(chromium: Any, path: Path) -> dict[str, float]:
    page = chromium.new_page(viewport=PHONE, device_scale_factor=2)
    page.goto(path.as_uri())
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    frames = page.evaluate(FRAMES)
    loop = page.evaluate(LOOP)
    page.close()
    return {**frames, "loop": loop}


def report(found: list[dict[str, float]], where: dict[str, Any]) -> str:
    """Write the page.

    Parameters
    ----------
    found : list of dict
        From `measure`.
    where : dict
        From `machine`.

    Returns
    -------
    str
        Markdown, with a heading of the first level.
    """
    rows = []
    for name in ("fastest", "median"):
        times = [turn[name] for turn in found]
        ratios = [turn[name] / turn["loop"] for turn in found]
        row = [
            f"{name} frame",
            f"{statistics.median(times):.1f}",
            f"{statistics.median(ratios):.1f}",
        ]
        rows.append(row)
    loop = statistics.median(turn["loop"] for turn in found)
    rows.append(["plain loop", f"{loop:.1f}", "1.0"])
    heads = ("of 30 frames", "ms", "times the loop")
    return (
        "# A frame of recorded digits on a phone\n\n"
        f"On {where['processor']}, {where['cores']} cores, {where['system']}, slowed down "
        f"{SLOWDOWN} times. Medians of {len(found)} turns.\n\n{table(heads, rows)}\n"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and show."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recording", description=__doc__)
    parser.add_argument("--turns", type=int, default=TURNS, help=f"how many (default {TURNS})")
    options = parser.parse_args(arguments)
    print(report(measure(options.turns), machine()), end="")


if __name__ == "__main__":
    main()
